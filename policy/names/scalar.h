/* SPDX-License-Identifier: BSD-2-Clause */
/* What a scalar of the policy language may mean, and which word is nearest to a misspelt one. */
#ifndef POLICY_NAMES_SCALAR_H
#define POLICY_NAMES_SCALAR_H

#include <stdbool.h>
#include <stddef.h>

/*
 * The type that a YAML reader (1.1 or 1.2) could give a plain scalar instead of
 * text: "a boolean" (no, on, True), "a number" (1.10, 010, 0x1F), "null" (~,
 * empty); NULL: it is text. A value of another type must be quoted if text is meant.
 */
const char *scalar_other_type(const char *text);

/*
 * Writes the text as a policy writes it: plain if no reader of YAML can take it for something else, else in
 * double quotes. Cuts it if it does not fit.
 */
void scalar_write(char *to, size_t size, const char *text);

/* Reads "true" or "false", exactly. False: the text is neither. */
bool scalar_boolean(const char *text, bool *value);

/* Reads a decimal number of at most `max`, without sign, leading zero or other text. */
bool scalar_number(const char *text, unsigned max, unsigned *value);

/*
 * How many letters must be added, dropped, changed or swapped with their neighbour to make one text of
 * the other, case ignored; most + 1 if that is more than `most`, or if a text is longer than 64
 * octets.
 */
unsigned scalar_distance(const char *a, const char *b, unsigned most);

/*
 * The word that a misspelt one most likely stands for, case ignored. They may differ in a third of the
 * shorter word's letters, at most 3; in words of 1 or 2 letters in none. Or `text` has at least three
 * letters, and only one word begins with it. NULL: none is near. `words` ends with NULL.
 */
const char *scalar_nearest(const char *text, const char *const *words);

#endif
