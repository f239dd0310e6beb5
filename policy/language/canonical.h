/* SPDX-License-Identifier: BSD-2-Clause */
/* Octets that are the same for everything that means the same: what a digest is computed of. */
#ifndef POLICY_LANGUAGE_CANONICAL_H
#define POLICY_LANGUAGE_CANONICAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A zeroed one is ready. After a failed allocation nothing more is written, and `exhausted` is set. */
struct canonical {
    unsigned char *octets; /* malloc'd */
    size_t length, room;
    size_t *starts; /* malloc'd: where the members of the open sets begin */
    size_t start_count;
    bool exhausted;
};

/* A set that is being written. Its members may hold sets. */
struct canonical_set {
    size_t at;    /* where its count stands */
    size_t first; /* its first member in `starts` */
};

void canonical_number(struct canonical *to, uint64_t number);
void canonical_text(struct canonical *to, const char *text);  /* with its NUL */
void canonical_lower(struct canonical *to, const char *text); /* the same with ASCII letters in lower case */
void canonical_octets(struct canonical *to, const void *octets, size_t count); /* of a length that is known */

/*
 * A set: canonical_member() stands in front of each member, and all that is written until the next one or the
 * end belongs to it. The end sorts the members and drops those that are there twice.
 */
struct canonical_set canonical_begin(struct canonical *to);
void canonical_member(struct canonical *to);
void canonical_end(struct canonical *to, struct canonical_set set);

/* Ready for other content; keeps the memory. */
void canonical_reset(struct canonical *to);
void canonical_free(struct canonical *to);

#endif
