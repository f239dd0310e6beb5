/* SPDX-License-Identifier: BSD-2-Clause */
/* One partner of a transaction: from what it is owed and what was seen to what follows. */
#ifndef POLICY_JUDGE_H
#define POLICY_JUDGE_H

#include "policy/internal.h"

/* One call of policy_evaluate(). */
struct evaluation {
    const struct policy *policy;
    const struct facts *facts;
    int64_t now;
    bool exempt;
    struct verdict *verdict;
};

/*
 * A partner that was selected by the identities `selected_by`: enters its result into the verdict, or what
 * the result waits for into `pending`. `undecidable`, if given, is why it cannot be told whether this
 * mail is the partner's. However often a partner is selected, it is judged once for what is certain and once
 * for what is not, and the worse result counts.
 */
void judge_consider(const struct evaluation *e, const struct partner *partner, unsigned selected_by,
                    enum reason undecidable);

/* How much a partner's result weighs beside others: first what happens, then why. */
int judge_severity(const struct judged *judged);

/* Whether the recipient is among the patterns: by every one of its readings, or by any. */
bool judge_recipient_matches(const struct recipient *recipient, const struct address_pattern *patterns,
                             size_t count, bool every);

#endif
