/* SPDX-License-Identifier: BSD-2-Clause */
/* Lists of Postfix's with something added or taken out, so that the rest stays as it is written. */
#ifndef POLICY_TOOL_DOCTOR_MERGE_H
#define POLICY_TOOL_DOCTOR_MERGE_H

#include <stdbool.h>
#include <stddef.h>
#include "policy/tool/doctor/endpoint.h"

/*
 * How many elements to take out, beginning with this one: 0 keeps it, 2 takes out a restriction with its
 * argument. `next` is the following element, or NULL.
 */
typedef unsigned merge_fn(const void *arg, const struct element *element, const struct element *next);

/*
 * The list without what `drop` picks (NULL: nothing); *dropped says how many elements. To be freed; NULL when
 * out of memory.
 */
char *merge_without(const char *list, merge_fn *drop, const void *arg, size_t *dropped);

/* "first, list", or "first" where the list is empty. To be freed; NULL when out of memory. */
char *merge_with_first(const char *first, const char *list);

/*
 * Takes out an option of a filter's element, "default_action=accept" or "{ default_action = accept }", by its
 * name.
 */
merge_fn merge_drop_option;
/* Takes out a word, without regard to case. */
merge_fn merge_drop_word;

#endif
