/* SPDX-License-Identifier: BSD-2-Clause */
/* Lists of Postfix with something added or taken out. The rest stays as it is written. */
#ifndef POLICY_TOOL_DOCTOR_MERGE_H
#define POLICY_TOOL_DOCTOR_MERGE_H

#include <stdbool.h>
#include <stddef.h>
#include "policy/tool/doctor/endpoint.h"

/*
 * Returns how many elements to take out, beginning with this one: 0 keeps it, 2 takes out a restriction with
 * its argument. `next` is the following element, or NULL.
 */
typedef unsigned merge_fn(const void *arg, const struct element *element, const struct element *next);

/*
 * Returns the list without what `drop` picks (NULL: nothing); to be freed. *dropped: how many elements were
 * taken out. NULL: out of memory.
 */
char *merge_without(const char *list, merge_fn *drop, const void *arg, size_t *dropped);

/* Returns "first, list", or "first" if the list is empty; to be freed. NULL: out of memory. */
char *merge_with_first(const char *first, const char *list);

/*
 * Takes out the option of a filter that `arg` names: "default_action=accept", "{ default_action = accept }".
 */
merge_fn merge_drop_option;
/* Takes out the word `arg`, in any case. */
merge_fn merge_drop_word;

#endif
