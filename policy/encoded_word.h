/* SPDX-License-Identifier: BSD-2-Clause */
/* Encoded words (RFC 2047) as mail programs show them. */
#ifndef POLICY_ENCODED_WORD_H
#define POLICY_ENCODED_WORD_H

#include <stdbool.h>
#include <stddef.h>

/* What becomes of two words of one character set with nothing but blanks between them. */
enum encoded_join {
    ENCODED_APART,   /* each is converted by itself, as RFC 2047 says */
    ENCODED_TOGETHER /* their octets are converted as one, as some mail programs do */
};

/*
 * Writes to *decoded the text with its encoded words in UTF-8, to be freed; NULL: it has none. Reads
 * leniently: a word may stand anywhere (in quotation marks, in a domain), hold blanks, and have a language
 * behind its character set (RFC 2231). A word without an end ends at the next blank, comma, "<" or ">". The
 * octets of a word in an unknown character set or encoding are copied. Blanks between two words are removed,
 * and so is every NUL in a word. False: out of memory, and *decoded is NULL. The time is linear in the
 * octets, and some microseconds a word.
 */
bool encoded_words_decode(const char *text, enum encoded_join join, char **decoded);

/* How often the text has what begins an encoded word: it has no more of them than that. */
size_t encoded_words_count(const char *text);

#endif
