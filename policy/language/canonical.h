/* SPDX-License-Identifier: BSD-2-Clause */
/* Octets that are the same for everything that means the same: the input of a digest. */
#ifndef POLICY_LANGUAGE_CANONICAL_H
#define POLICY_LANGUAGE_CANONICAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Ready when zeroed. After a failed allocation, nothing more is written, and `exhausted` is set. */
struct canonical {
    unsigned char *octets; /* malloc'd */
    size_t length, room;
    size_t *starts; /* malloc'd: offsets at which the members of the open sets begin */
    size_t start_count;
    bool exhausted;
};

/* A set that is being written. Its members may hold sets. */
struct canonical_set {
    size_t at;    /* offset of its count */
    size_t first; /* index of its first member in `starts` */
};

void canonical_number(struct canonical *to, uint64_t number);
void canonical_text(struct canonical *to, const char *text);  /* with its NUL */
void canonical_lower(struct canonical *to, const char *text); /* the same with ASCII letters in lower case */
void canonical_octets(struct canonical *to, const void *octets, size_t count); /* for a fixed length */

/*
 * A set: call canonical_member() before each member; all that is written until the next call or
 * canonical_end() belongs to that member. canonical_end() sorts the members and drops duplicates.
 */
struct canonical_set canonical_begin(struct canonical *to);
void canonical_member(struct canonical *to);
void canonical_end(struct canonical *to, struct canonical_set set);

/* Empties it for other content; keeps the memory. */
void canonical_reset(struct canonical *to);
void canonical_free(struct canonical *to);

#endif
