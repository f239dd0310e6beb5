/* SPDX-License-Identifier: BSD-2-Clause */
/* Encoded words (RFC 2047) as mail programs show them. */
#ifndef POLICY_FACTS_ENCODED_WORD_H
#define POLICY_FACTS_ENCODED_WORD_H

#include <stdbool.h>
#include <stddef.h>

/* How words are read. */
enum encoded_reading {
    ENCODED_APART,    /* leniently, and each is converted by itself, as RFC 2047 says */
    ENCODED_TOGETHER, /* leniently, and octets of neighbours in one character set are converted as one */
    ENCODED_STRICT,   /* what RFC 2047 does not permit is no word, but plain text */
    ENCODED_OCTETS,   /* leniently, and by a program that knows none of the character sets */
    ENCODED_SPACED,   /* leniently, and blanks between two words stay: addresses end there to some */
    ENCODED_READINGS
};

/*
 * Writes to *decoded the text with its encoded words in UTF-8, to be freed; NULL: it has none. A word may
 * stand anywhere (in quotation marks, in a domain), and have a language behind its character set (RFC 2231).
 * The lenient readings permit blanks in a word, and any octets, and a word without a character set. A word
 * without an end ends at the next blank, comma, "<" or ">", or where the next word begins. A character set
 * may have a name that some program knows it by: "u7", "utf-7//x". The octets of a word in an unknown
 * character set or encoding are copied. Blanks between two words are removed, and so is every NUL in a word.
 * The strict reading takes a word only if it has an end, a character set that is a token, the encoding "B" or
 * "Q", no "?" in its payload, and none but base64 letters and blanks in that of "B". False: out of memory,
 * and *decoded is NULL. The time is linear in the octets, and some microseconds a word.
 */
bool encoded_words_decode(const char *text, enum encoded_reading reading, char **decoded);

/* How often the text has what begins an encoded word: it has no more of them than that. */
size_t encoded_words_count(const char *text);

#endif
