/* SPDX-License-Identifier: BSD-2-Clause */
/* A verdict shown: for people, or as the JSON that forcetls(1) fixes. */
#ifndef POLICY_TOOL_EXPLAIN_ANSWER_H
#define POLICY_TOOL_EXPLAIN_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include "policy/policy.h"

/* What `explain` found out; borrowed. */
struct answer {
    const struct policy *policy;
    const struct facts *facts;
    const struct verdict *verdict;
    const struct verdict
        *unaddressed; /* as before any recipient is known; NULL: the question has recipients */
};

/* A partner's recipients in words: "a@example.com, .example.org and 3 others"; at most size - 1 octets. */
void answer_recipients(const struct policy *policy, const struct partner *partner, char *text, size_t size);

/* Both write to stdout and answer the exit status: 0 accepted, 10 tempfail, 11 reject, 12 quarantine. */
int answer_show(const struct answer *answer);
int answer_json(const struct answer *answer);

/* One requirement with its result, as JSON. `found` NULL: there is nothing to show. */
struct json;
void answer_json_finding(struct json *json, const struct finding *finding, const char *wanted,
                         const char *found);

struct question;

/* The same of `--outbound`: 0, or 10 where the answer is TEMP. Reads the policy. */
int answer_outbound(const struct question *question);
/* Behind Sendmail: 10 where the recipient is deferred. */
int answer_session(const struct question *question);

#endif
