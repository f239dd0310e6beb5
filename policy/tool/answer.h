/* SPDX-License-Identifier: BSD-2-Clause */
/* A verdict shown: for people, or as the JSON that forcetls(1) fixes. */
#ifndef POLICY_TOOL_ANSWER_H
#define POLICY_TOOL_ANSWER_H

#include <stdbool.h>
#include "policy/policy.h"

/* What `explain` found out; borrowed. */
struct answer {
    const struct policy *policy;
    const struct facts *facts;
    const struct verdict *verdict;
};

/* Both write to stdout and answer the exit status: 0 accepted, 10 tempfail, 11 reject, 12 quarantine. */
int answer_show(const struct answer *answer);
int answer_json(const struct answer *answer);

#endif
