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
 * The text with its encoded words decoded to UTF-8, to be freed; NULL: it has none. Reads leniently: a word may
 * stand anywhere (also in quotation marks, in a domain), hold blanks, lack its end (then it ends at the next
 * blank, comma, "<" or ">"), and have a language behind its character set (RFC 2231). The octets of a word in an
 * unknown character set or encoding are copied. Blanks between two words go, and every NUL that a word hides.
 * False: out of memory, and *decoded is NULL. Takes time linear in the octets, and some microseconds a word.
 */
bool encoded_words_decode(const char *text, enum encoded_join join, char **decoded);

/* How often the text has what begins an encoded word: it has no more of them than that. */
size_t encoded_words_count(const char *text);

#endif
