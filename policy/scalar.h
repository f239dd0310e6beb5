/* SPDX-License-Identifier: BSD-2-Clause */
/* What a scalar of the policy language may mean, and which word a misspelt one is near. */
#ifndef POLICY_SCALAR_H
#define POLICY_SCALAR_H

#include <stdbool.h>
#include <stddef.h>

/*
 * The type that a YAML reader (1.1 or 1.2) could give a plain scalar instead of
 * text: "a boolean" (no, on, True), "a number" (1.10, 010, 0x1F), "null" (~,
 * empty); NULL where it is text. Such a value must be quoted where text is meant.
 */
const char *scalar_other_type(const char *text);

/* true or false, to the letter. */
bool scalar_boolean(const char *text, bool *value);

/* A decimal number without sign, leading zero or anything behind, at most `max`. */
bool scalar_number(const char *text, unsigned max, unsigned *value);

/*
 * The word nearest to a misspelt one by edit distance (adjacent letters swapped count one; no
 * regard to case), at most a third of its length; NULL: none near. `words` ends with NULL.
 */
const char *scalar_nearest(const char *text, const char *const *words);

#endif
