/* SPDX-License-Identifier: BSD-2-Clause */
/* What a scalar of the policy language may mean, and which word a misspelt one is near. */
#ifndef POLICY_NAMES_SCALAR_H
#define POLICY_NAMES_SCALAR_H

#include <stdbool.h>
#include <stddef.h>

/*
 * The type that a YAML reader (1.1 or 1.2) could give a plain scalar instead of
 * text: "a boolean" (no, on, True), "a number" (1.10, 010, 0x1F), "null" (~,
 * empty); NULL where it is text. Such a value must be quoted where text is meant.
 */
const char *scalar_other_type(const char *text);

/*
 * The text as a policy writes it: plain where no reader of YAML can take it for something else, else in
 * double quotes. Cut where it does not fit.
 */
void scalar_write(char *to, size_t size, const char *text);

/* true or false, to the letter. */
bool scalar_boolean(const char *text, bool *value);

/* A decimal number without sign, leading zero or anything behind, at most `max`. */
bool scalar_number(const char *text, unsigned max, unsigned *value);

/*
 * How many letters must be added, dropped, changed or swapped with their neighbour to make one text of
 * the other, case ignored; most + 1 where that is more than `most`, or where a text is longer than 64
 * octets.
 */
unsigned scalar_distance(const char *a, const char *b, unsigned most);

/*
 * The word that a misspelt one most likely stands for, case ignored. It may differ in a third of the
 * shorter word's letters, at most 3; in words of 1 or 2 letters in none. Or it is the beginning of one
 * word alone, at least three letters of it. NULL: none is near. `words` ends with NULL.
 */
const char *scalar_nearest(const char *text, const char *const *words);

#endif
