/* SPDX-License-Identifier: BSD-2-Clause */
/* What Postfix's tables have, as postmap(1) prints it. */
#ifndef POLICY_TOOL_DOCTOR_POSTMAP_H
#define POLICY_TOOL_DOCTOR_POSTMAP_H

#include <stdbool.h>
#include <stddef.h>

struct table_entry {
    const char *key, *value;
    size_t order; /* of the table that has it in the list */
};

struct postmap;

/*
 * Asks every table of the list `maps` for each key, one a line, or, where `keys` is NULL, for all that it has
 * (tables that cannot list their entries are passed over). `directory`: of the configuration. NULL where it
 * cannot be had: *why says so in a line, to be freed, or is NULL (out of memory).
 */
struct postmap *postmap_ask(const char *directory, const char *maps, const char *keys, char **why);
void postmap_free(struct postmap *postmap); /* NULL is fine */

/* What the first table that has the key says of it; NULL: none has it. */
const char *postmap_find(const struct postmap *postmap, const char *key);

/* All entries, in the order of their keys. */
size_t postmap_count(const struct postmap *postmap);
const struct table_entry *postmap_entry(const struct postmap *postmap, size_t i);

#endif
