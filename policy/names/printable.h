/* SPDX-License-Identifier: BSD-2-Clause */
/* Text from outside, written so that it cannot disturb a terminal. */
#ifndef POLICY_NAMES_PRINTABLE_H
#define POLICY_NAMES_PRINTABLE_H

#include <stddef.h>
#include <stdio.h>

/*
 * The length of the printing character at `text`, which has `left` octets; *width: its columns. 0: there is
 * none, and the octet at `text` is shown as \xNN.
 */
size_t printable_character(const char *text, size_t left, int *width);

/* The columns that `length` octets of printable text take in a terminal. */
int text_width(const char *text, size_t length);

/* Writes `text`; an octet that does not print or is no UTF-8 becomes \xNN. */
void text_show(FILE *stream, const char *text);

#endif
