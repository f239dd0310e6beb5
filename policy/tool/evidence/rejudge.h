/* SPDX-License-Identifier: BSD-2-Clause */
/* Judges mail of the past again: what a policy says of it, and when it can say nothing. */
#ifndef POLICY_TOOL_EVIDENCE_REJUDGE_H
#define POLICY_TOOL_EVIDENCE_REJUDGE_H

#include "policy/policy.h"
#include "policy/tool/evidence/past.h"
#include "policy/verdict/verdict.h"

/* Why mail cannot be judged. */
enum why {
    WHY_RECIPIENTS,
    WHY_HEADER_FROM,
    WHY_PINS,
    WHY_SENDERS,
    WHY_AUTHENTICATION,
    WHY_VALUES,
    WHY_DATES,
    WHY_SESSION,
    WHY_OLD,
    WHY_COUNT
};

/* The word for JSON, and the sentence for humans. */
const char *why_name(enum why why);
const char *why_text(enum why why);

/* What a policy says of mail at a given time. */
struct answer {
    enum action action;
    enum reason reason;
    unsigned pending;     /* NEED_*: what the evidence lacks */
    bool senders;         /* the deciding partner has exceptions by sender */
    enum outcome overall; /* for the whole mail */
    enum outcome outcome; /* of the row's own partner; OUTCOME_NO_PARTNER: the mail does not select it */
    enum action own;      /* what happens to the mail because of that partner */
};

/* Evaluates the policy for the facts of a row; `at` in milliseconds. */
struct answer answer_ask(const struct policy *policy, const struct past_facts *facts, int64_t at);

/*
 * Returns why a row cannot be judged; `changed`: the answer differs from the original one. WHY_COUNT: it can
 * be judged.
 */
enum why answer_doubt(const struct past *past, const struct answer *answer, bool changed);

#endif
