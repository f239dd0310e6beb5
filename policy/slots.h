/* SPDX-License-Identifier: BSD-2-Clause */
/* An index of numbered things by hash. The caller owns the things, and decides when two are the same. */
#ifndef POLICY_SLOTS_H
#define POLICY_SLOTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Empty when zeroed. Uses open addressing, at most two thirds full. */
struct slots {
    size_t count, room; /* room: a power of two, or 0 */
    uint32_t *numbers;
    unsigned char *tags; /* 0: free; else some bits of the hash, so that few other entries are compared */
};

/* The hash function for an index; takes any octets. */
uint32_t slots_hash(const void *octets, size_t count);

/* Makes room for `count` numbers in a zeroed index, so that it need not grow. False: out of memory. */
bool slots_reserve(struct slots *slots, size_t count);

/*
 * Makes room for one more. `hash_of` returns the hash of a number that was added. False: out of memory,
 * and nothing has changed.
 */
bool slots_grow(struct slots *slots, uint32_t (*hash_of)(const void *owner, uint32_t number),
                const void *owner);

/* Adds a number. The caller has made room for it. */
void slots_add(struct slots *slots, uint32_t hash, uint32_t number);

/*
 * Returns the candidates for a hash in *number, one for each call; *at is 0 before the first. False: no more.
 * All numbers that were added for that hash are among them, and few others.
 */
bool slots_next(const struct slots *slots, uint32_t hash, size_t *at, uint32_t *number);

/* Removes all numbers; keeps the memory. */
void slots_empty(struct slots *slots);

void slots_free(struct slots *slots);

#endif
