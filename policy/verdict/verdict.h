/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the policy says of a transaction: a value. The room finds the partners of a transaction, judges
 * each and puts the result into words. It knows the policy and the facts. It does not know how they were
 * read, nor how the answer is delivered.
 */
#ifndef POLICY_VERDICT_VERDICT_H
#define POLICY_VERDICT_VERDICT_H

#include "policy/requirement/finding.h"
#include "policy/words.h"

enum { JUDGED_MAX = 8 };

/*
 * A value, about 8 KiB; valid while the policy and the facts it was made from are.
 * partner[0] is the deciding one. Where more than JUDGED_MAX partners were selected, the most severe are
 * kept.
 */
struct verdict {
    enum outcome outcome;
    enum action action;
    enum action
        would; /* the most severe of all partners that were judged, whether they are kept below or not */
    enum reason reason;
    enum exempt exempt;
    unsigned pending; /* NEED_RCPT, NEED_DATA, NEED_HEADERS: what may still change this; 0: final */
    size_t partner_count;
    struct judged partner[JUDGED_MAX];
    size_t scoped_count; /* while NEED_RCPT is pending: partners that judge mail to some recipients only */
    const struct partner *scoped[JUDGED_MAX];
};

#endif
