/* SPDX-License-Identifier: BSD-2-Clause */
/* Judges one partner of a transaction: from its requirements and the facts to the outcome and the action. */
#ifndef POLICY_VERDICT_JUDGE_H
#define POLICY_VERDICT_JUDGE_H

#include "policy/requirement/weigh.h"
#include "policy/verdict/verdict.h"

enum { WALK_MAX = 4, WALKS_MAX = 64 };

/*
 * The partners that an identity selects, the most specific first, up to the first without a `recipients`
 * list. Many From addresses have the same walk: the recipients are gone through only once for it.
 */
struct walk {
    const struct partner *partner[WALK_MAX];
    unsigned count;
    unsigned identity;
    enum reason undecidable;
};

/* The walks that are done. */
struct walks {
    size_t count;
    struct walk walk[WALKS_MAX];
};

/* One call of policy_evaluate(). */
struct evaluation {
    const struct policy *policy;
    const struct facts *facts;
    int64_t now;
    bool exempt;
    struct verdict *verdict;
    struct walks *walks;
};

/*
 * Judges a partner that the identities `selected_by` select, and adds its result to the verdict. If events
 * are still missing, it only sets bits in verdict->pending. `undecidable`, unless REASON_NONE, is why it is
 * not known whether this mail is the partner's. A partner that is selected both with and without doubt keeps
 * the worse result.
 */
void judge_consider(const struct evaluation *e, const struct partner *partner, unsigned selected_by,
                    enum reason undecidable);

/* Why the rest of the message will not be known; REASON_NONE: the MTA shows it, or still may. */
enum reason judge_content(const struct facts *facts);

/*
 * Ranks the results of partners: by action, then by outcome, then by the action that would follow in mode
 * enforce.
 */
int judge_severity(const struct judged *judged);

/* The severity of "undecidable" for a partner in this mode; -1: the partner is switched off. */
int judge_undecidable_severity(const struct evaluation *e, enum mode mode);

/* Only a result that is more severe than this enters the verdict; -1: every result does. */
int judge_floor(const struct verdict *verdict);

#endif
