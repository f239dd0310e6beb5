/* SPDX-License-Identifier: BSD-2-Clause */
/* Mail of the past, judged again: what a policy says of it, and when nothing can be said. */
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

/* A word for each, as JSON has it, and a sentence for people. */
const char *why_name(enum why why);
const char *why_text(enum why why);

/* What a policy says of mail at a time. */
struct answer {
    enum action action;
    enum reason reason;
    unsigned pending;     /* NEED_*: what the evidence does not have */
    bool senders;         /* the deciding partner has exceptions by sender */
    enum outcome overall; /* of the mail */
    enum outcome outcome; /* of the row's own partner; OUTCOME_NO_PARTNER: the mail does not select it */
    enum action own;      /* what happens to the mail for that partner's sake */
};

/* Asks the policy about the facts of a row; `at` in milliseconds. */
struct answer answer_ask(const struct policy *policy, const struct past_facts *facts, int64_t at);

/*
 * Why nothing can be said of a row; `changed`: its answer is not the one of then. WHY_COUNT: it can be
 * judged.
 */
enum why answer_doubt(const struct past *past, const struct answer *answer, bool changed);

#endif
