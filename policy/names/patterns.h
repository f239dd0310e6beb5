/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The recipient patterns of a policy, as numbers. Each different pattern has one number, however many
 * partners list it, so that a recipient is looked up once and not once for each list.
 */
#ifndef POLICY_NAMES_PATTERNS_H
#define POLICY_NAMES_PATTERNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "policy/arena.h"
#include "policy/names/address.h"
#include "policy/slots.h"

/* The number in a list that has a pattern without a local part: local mail is always in its scope. */
enum { PATTERN_ANY_LOCAL = 0 };

/* Zeroed when empty, but for the arena. */
struct patterns {
    struct arena *arena; /* of the policy: holds the texts */
    struct slots slots;
    size_t count;
    uint32_t *texts;     /* malloc'd: number n is texts[n - 1], an arena_ref */
    size_t local_max;    /* octets of the longest local part */
    unsigned labels_max; /* labels of the longest suffix */
};

/* A list of patterns: their numbers in ascending order. */
struct pattern_set {
    size_t count;
    const uint32_t *numbers;
};

/*
 * Finds the number of a pattern, and gives it one if it is new. A pattern with a local part and the domain ""
 * stands for that local part at any domain. False: out of memory.
 */
bool patterns_add(struct patterns *patterns, const struct address_pattern *pattern, uint32_t *number);

/* Finds the number of "local@domain", "@domain" or "@.suffix". False: no list has that pattern. */
bool patterns_find(const struct patterns *patterns, const char *text, size_t length, uint32_t *number);

bool pattern_set_has(const struct pattern_set *set, uint32_t number);

void patterns_free(struct patterns *patterns);

#endif
