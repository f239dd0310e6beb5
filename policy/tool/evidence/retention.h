/* SPDX-License-Identifier: BSD-2-Clause */
/* What becomes of evidence as it grows old. */
#ifndef POLICY_TOOL_EVIDENCE_RETENTION_H
#define POLICY_TOOL_EVIDENCE_RETENTION_H

#include <stdbool.h>
#include <stdint.h>
#include "policy/tool/evidence/database.h"

/*
 * Sums up clients that are older than 40 days by months, and kinds that are older than 400 days by days;
 * deletes what is older than `keep` days (0: nothing). `now` in milliseconds.
 */
void retention_apply(struct database *database, int64_t now, unsigned keep);

/* Deletes the words that nothing names any more. False: out of memory. */
bool retention_words(struct database *database);

/* The hour or day, since 1970, under which the sums of an hour or a day are kept by then. */
int64_t retention_span(bool hourly, int64_t span, int64_t now);

/* How long the hours or days are by then under which kinds of that time are kept; in milliseconds. */
int64_t retention_unit(int64_t at, int64_t now);

#endif
