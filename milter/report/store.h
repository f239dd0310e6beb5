/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Postfix's reports, stored until their message comes to DATA. Each report has a
 * serial, and a message notes the last serial at its MAIL: only a report with a
 * greater one can be about it. No clock decides that. May be used by several threads.
 */
#ifndef MILTER_REPORT_STORE_H
#define MILTER_REPORT_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "policy/facts/postfix_report.h"

struct report_store;

/* Stores at most `max` reports, each for `seconds`; drops the oldest first. NULL: out of memory. */
struct report_store *report_store_new(size_t max, uint64_t seconds);
void report_store_free(struct report_store *store); /* NULL is fine */

/* Returns a new serial, greater than all before: for a report that was just read. */
uint64_t report_store_next_serial(struct report_store *store);

/* The serial that was returned last; 0: none was. */
uint64_t report_store_last_serial(struct report_store *store);

/*
 * Copies a report into the store; an older one with the same key is dropped. `now` is the time in
 * seconds by a clock that never goes back. False: out of memory.
 */
bool report_store_put(struct report_store *store, const struct postfix_report *report, uint64_t serial,
                      uint64_t now);

/* Copies the report with that key to *found if its serial is greater than `after`; else returns false. */
bool report_store_find(struct report_store *store, const struct report_key *key, uint64_t after,
                       struct postfix_report *found);

/* The number of reports in the store. */
size_t report_store_count(struct report_store *store);

#endif
