/* SPDX-License-Identifier: BSD-2-Clause */
/* How the mail of a week would fare from a date of a policy on. */
#ifndef POLICY_TOOL_EVIDENCE_FORECAST_H
#define POLICY_TOOL_EVIDENCE_FORECAST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "policy/policy.h"
#include "policy/tool/evidence/database.h"

/* One date of a partner, and the mails that can be judged by the evidence. */
struct forecast {
    const char *partner;
    int64_t date;          /* the first second of the new state */
    int64_t judged, fails; /* mails; fails: those that fail, or are refused, only from then on */
};

/*
 * Adds the mail of a database with `since` <= time < `until` (milliseconds) to each forecast. Mail does not
 * count if its verdict depends on something that is not logged. False: out of memory, or stderr says why.
 */
bool forecast_add(struct forecast list[], size_t count, const struct policy *policy,
                  struct database *database, int64_t since, int64_t until);

#endif
