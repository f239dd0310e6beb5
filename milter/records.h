/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What Postfix reported of messages, for a while. One counter numbers reports and
 * MAIL commands alike, so that a report counts for a message only if it came
 * behind that message's MAIL; no clock decides that. May be used by several threads.
 */
#ifndef MILTER_RECORDS_H
#define MILTER_RECORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "policy/delegation.h"

struct records;

/* At most `max` records, each for `seconds`: the oldest goes first. NULL: out of memory. */
struct records *records_new(size_t max, uint64_t seconds);
void records_free(struct records *records); /* NULL is fine */

/* A number greater than any before: of a report when it was read. */
uint64_t records_number(struct records *records);

/* The number last given away: at MAIL. */
uint64_t records_last(struct records *records);

/*
 * Keeps a report under its key, in the place of an older one. `now` is the time in seconds
 * by a clock that never goes back. False: out of memory.
 */
bool records_put(struct records *records, const struct delegation *report, uint64_t number, uint64_t now);

/* Copies the record of that key if its number is greater than `behind`. */
bool records_find(struct records *records, const struct delegation_key *key, uint64_t behind,
                  struct delegation *found);

/* How many there are. */
size_t records_count(struct records *records);

#endif
