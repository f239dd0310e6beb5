/* SPDX-License-Identifier: BSD-2-Clause */
/* Shows a verdict to people, or as the JSON that forcetls(1) specifies. */
#ifndef POLICY_TOOL_EXPLAIN_ANSWER_H
#define POLICY_TOOL_EXPLAIN_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include "policy/policy.h"

/* What `explain` has found; borrowed. */
struct answer {
    const struct policy *policy;
    const struct facts *facts;
    const struct verdict *verdict;
    const struct verdict *unaddressed; /* before any recipient is known; NULL: the question has recipients */
};

/*
 * Writes a partner's recipients in words, at most size - 1 octets:
 * "a@example.com, .example.org and 3 others".
 */
void answer_recipients(const struct policy *policy, const struct partner *partner, char *text, size_t size);

/* Both write to stdout and return the exit status: 0 accepted, 10 tempfail, 11 reject, 12 quarantine. */
int answer_show(const struct answer *answer);
int answer_json(const struct answer *answer);

/* Writes one requirement with its result as JSON. `found` NULL: there is nothing to show. */
struct json;
void answer_json_finding(struct json *json, const struct finding *finding, const char *wanted,
                         const char *found);

struct question;

/*
 * Loads the policy, and answers `--outbound` behind Postfix. Returns the exit
 * status: 10 if the answer is TEMP.
 */
int answer_outbound(const struct question *question);
/* The same behind Sendmail: 10 if the recipient is deferred. */
int answer_session(const struct question *question);

#endif
