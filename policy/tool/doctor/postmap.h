/* SPDX-License-Identifier: BSD-2-Clause */
/* The contents of Postfix's tables, as postmap(1) prints them. */
#ifndef POLICY_TOOL_DOCTOR_POSTMAP_H
#define POLICY_TOOL_DOCTOR_POSTMAP_H

#include <stdbool.h>
#include <stddef.h>

struct table_entry {
    const char *key, *value;
    size_t order; /* the place of its table in the list */
};

struct postmap;

/*
 * Asks every table of the list `maps` for each of `keys`, one a line. `keys` NULL: for all entries (tables
 * that cannot list their entries are skipped). `directory`: that of the configuration. NULL: it failed. *why
 * then says so in a line, to be freed, or is NULL (out of memory).
 */
struct postmap *postmap_ask(const char *directory, const char *maps, const char *keys, char **why);
void postmap_free(struct postmap *postmap); /* NULL is fine */

/* Returns the value in the first table that has the key. NULL: none has it. */
const char *postmap_find(const struct postmap *postmap, const char *key);

/* All entries, in the order of their keys. */
size_t postmap_count(const struct postmap *postmap);
const struct table_entry *postmap_entry(const struct postmap *postmap, size_t i);

#endif
