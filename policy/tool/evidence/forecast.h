/* SPDX-License-Identifier: BSD-2-Clause */
/* What the mail of a week would meet at a date of a policy. */
#ifndef POLICY_TOOL_EVIDENCE_FORECAST_H
#define POLICY_TOOL_EVIDENCE_FORECAST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "policy/policy.h"
#include "policy/tool/evidence/database.h"

/* One date of a partner, and the mails that the evidence can judge. */
struct forecast {
    const char *partner;
    int64_t date;          /* the first second from which the new state holds */
    int64_t judged, fails; /* mails; fails: those that fall short, or are refused, only from then on */
};

/*
 * Adds the mail of a database with `since` <= time < `until` (milliseconds) to each of the forecasts.
 * Mail that the policy cannot judge without what is not logged does not count. False: out of memory, or
 * stderr says why.
 */
bool forecast_add(struct forecast list[], size_t count, const struct policy *policy,
                  struct database *database, int64_t since, int64_t until);

#endif
