/* SPDX-License-Identifier: BSD-2-Clause */
/* An index of numbered things by hash; the things, and when two are the same, are the caller's. */
#ifndef POLICY_SLOTS_H
#define POLICY_SLOTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Zeroed when empty. Open addressing, at most two thirds full. */
struct slots {
    size_t count, room; /* room: a power of two, or 0 */
    uint32_t *numbers;
    unsigned char *tags; /* 0: free; else some bits of the hash, so that few other entries are compared */
};

/* The hash that is meant; any octets. */
uint32_t slots_hash(const void *octets, size_t count);

/* Makes room for so many in an index that is zeroed, so that it need not grow. False: out of memory. */
bool slots_reserve(struct slots *slots, size_t count);

/*
 * Makes room for one more. `hash_of` returns the hash of a number that was added. False: out of memory,
 * and nothing has changed.
 */
bool slots_grow(struct slots *slots, uint32_t (*hash_of)(const void *owner, uint32_t number),
                const void *owner);

/* Adds a number; there is room. */
void slots_add(struct slots *slots, uint32_t hash, uint32_t number);

/*
 * The candidates for a hash, one by one: *at is 0 at first. False: no more. What was added for that hash is
 * among them, and seldom anything else.
 */
bool slots_next(const struct slots *slots, uint32_t hash, size_t *at, uint32_t *number);

/* Takes everything out; the room stays. */
void slots_empty(struct slots *slots);

void slots_free(struct slots *slots);

#endif
