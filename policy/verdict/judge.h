/* SPDX-License-Identifier: BSD-2-Clause */
/* One partner of a transaction: from what it is owed and what was seen to what follows. */
#ifndef POLICY_VERDICT_JUDGE_H
#define POLICY_VERDICT_JUDGE_H

#include "policy/requirement/weigh.h"
#include "policy/verdict/verdict.h"

enum { WALK_MAX = 4, WALKS_MAX = 64 };

/*
 * The partners that an identity's walk meets, the most specific first, up to the first that judges all
 * mail. The walks of many From addresses are the same, and need not go through the recipients again.
 */
struct walk {
    const struct partner *partner[WALK_MAX];
    unsigned count;
    unsigned identity;
    enum reason undecidable;
};

/* Those that are done. */
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
 * Judges a partner that the identities `selected_by` select, and adds its result to the verdict; where
 * events are still missing, it only sets bits in verdict->pending. `undecidable`, unless REASON_NONE, is
 * why it is not known whether this mail is the partner's. A partner that is selected both with and without
 * doubt keeps the worse result.
 */
void judge_consider(const struct evaluation *e, const struct partner *partner, unsigned selected_by,
                    enum reason undecidable);

/* Why the rest of the message is not known; REASON_NONE: it is shown, or still may be. */
enum reason judge_content(const struct facts *facts);

/* How much a partner's result weighs beside others: first what happens, then why, then what would happen. */
int judge_severity(const struct judged *judged);

/* The severity of "undecidable" for a partner in this mode; -1: the partner is switched off. */
int judge_undecidable_severity(const struct evaluation *e, enum mode mode);

/* A result that is more severe than this finds a place in the verdict; -1: every one does. */
int judge_floor(const struct verdict *verdict);

#endif
