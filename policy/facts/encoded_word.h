/* SPDX-License-Identifier: BSD-2-Clause */
/* Encoded words (RFC 2047) as mail programs show them. */
#ifndef POLICY_FACTS_ENCODED_WORD_H
#define POLICY_FACTS_ENCODED_WORD_H

#include <stdbool.h>
#include <stddef.h>

/* How words are read; all but ENCODED_STRICT are lenient. */
enum encoded_reading {
    ENCODED_APART,    /* each word is converted by itself, as RFC 2047 says */
    ENCODED_TOGETHER, /* the octets of adjacent words in one character set are converted together */
    ENCODED_STRICT,   /* a word that RFC 2047 does not permit is plain text */
    ENCODED_OCTETS,   /* as a program reads them that knows no character set: the octets are copied */
    ENCODED_SPACED,   /* blanks between two words stay: for some programs an address ends there */
    ENCODED_READINGS
};

/*
 * Decodes the encoded words of a text to UTF-8. *decoded is the whole text, to be freed; NULL: it has no
 * encoded words. A word may be anywhere (in quotation marks, in a domain), and may have a language after its
 * character set (RFC 2231).
 * The lenient readings accept blanks and any octets in a word, and a word without a character set. A word
 * without an end ends at the next blank, comma, "<" or ">", or before the next word. A character set may have
 * a name that only some programs know: "u7", "utf-7//x". The octets of a word in an unknown character set or
 * encoding are copied. Blanks between two words are removed, and so is every NUL in a word.
 * The strict reading takes a word only if it has an end, a character set that is a token, the encoding "B" or
 * "Q", no "?" in its payload, and with "B" only base64 letters, "=" and blanks. False: out of memory, and
 * *decoded is NULL. The time is linear in the octets, plus some microseconds per word.
 */
bool encoded_words_decode(const char *text, enum encoded_reading reading, char **decoded);

/* How often "=?" occurs in the text: it has at most so many encoded words. */
size_t encoded_words_count(const char *text);

#endif
