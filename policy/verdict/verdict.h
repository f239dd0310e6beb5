/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The verdict of a policy on a transaction. The files of this directory find the partners of a transaction,
 * judge each and put the result into words. They know the policy and the facts, but not how the facts were
 * read or how the answer is delivered.
 */
#ifndef POLICY_VERDICT_VERDICT_H
#define POLICY_VERDICT_VERDICT_H

#include "policy/requirement/finding.h"
#include "policy/words.h"

enum { JUDGED_MAX = 8 };

/*
 * About 8 KiB. Valid as long as the policy and the facts that it was made from. partner[0] is the deciding
 * one. If more than JUDGED_MAX partners were selected, the most severe are kept.
 */
struct verdict {
    enum outcome outcome;
    enum action action;
    enum action
        would; /* the most severe of all partners that were judged, whether they are kept below or not */
    enum reason reason;
    enum exempt exempt;
    unsigned pending; /* NEED_RCPT, NEED_DATA, NEED_HEADERS: what may still change the verdict; 0: final */
    size_t partner_count;
    struct judged partner[JUDGED_MAX];
    size_t scoped_count; /* while NEED_RCPT is pending: partners that judge mail to some recipients only */
    const struct partner *scoped[JUDGED_MAX];
};

#endif
