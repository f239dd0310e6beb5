/* SPDX-License-Identifier: BSD-2-Clause */
/* What happens to old evidence. */
#ifndef POLICY_TOOL_EVIDENCE_RETENTION_H
#define POLICY_TOOL_EVIDENCE_RETENTION_H

#include <stdbool.h>
#include <stdint.h>
#include "policy/tool/evidence/database.h"

/*
 * Sums up clients older than 40 days by month, and kinds older than 400 days by day. Deletes what is older
 * than `keep` days (0: nothing). `now` is in milliseconds.
 */
void retention_apply(struct database *database, int64_t now, unsigned keep);

/* Deletes the words that no table refers to any more. False: out of memory. */
bool retention_words(struct database *database);

/* Returns the hour or day, since 1970, under which an hour or a day is kept at `now`. */
int64_t retention_span(bool hourly, int64_t span, int64_t now);

/* Returns the unit in which kinds of the time `at` are kept at `now`: an hour or a day, in milliseconds. */
int64_t retention_unit(int64_t at, int64_t now);

#endif
