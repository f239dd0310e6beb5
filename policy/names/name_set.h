/* SPDX-License-Identifier: BSD-2-Clause */
/* A set of names in little memory: the texts one after the other, each once, and an index of them. */
#ifndef POLICY_NAMES_NAME_SET_H
#define POLICY_NAMES_NAME_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* No one writes more than that into a From field. Text and index take at most 128 KiB each. */
enum { NAME_SET_OCTETS = 1 << 17, NAME_SET_NAMES = 1 << 14 };

/* Zeroed when empty. */
struct name_set {
    char *text; /* of each name: its kind (one octet, not NUL), its octets, a NUL */
    size_t length, room;
    size_t open;     /* where the name that is being built begins */
    uint32_t *index; /* places in `text`, plus 1; 0: free */
    size_t index_room, count;
    bool full;      /* a name was left out: there are too many */
    bool exhausted; /* a name was left out: memory ran out */
};

/* The same name of two kinds is two names. Octets: any but NUL. */
void name_set_add(struct name_set *set, char kind, const char *name, size_t length);

/* A name in pieces: begin, put as often as needed, end. */
void name_set_begin(struct name_set *set, char kind);
void name_set_put(struct name_set *set, const char *octets, size_t length);
void name_set_end(struct name_set *set);

/* Removes the names that were added since the set's length was `length`. */
void name_set_cut(struct name_set *set, size_t length);

/* Returns the name at *at (0 at first), its length and kind, and moves *at to the next. NULL: no more. */
const char *name_set_next(const struct name_set *set, size_t *at, size_t *length, char *kind);

void name_set_free(struct name_set *set); /* zeroes it */

#endif
