/* SPDX-License-Identifier: BSD-2-Clause */
/* The SMTP reply of a refusal. */
#ifndef POLICY_VERDICT_REPLY_H
#define POLICY_VERDICT_REPLY_H

#include <stdbool.h>
#include "policy/facts/facts.h"
#include "policy/verdict/verdict.h"

struct policy;

/* An SMTP reply: "530", "5.7.0" and printable ASCII without CR or LF, at most 500 octets. */
struct reply {
    char code[4];
    char status[6];
    char text[512];
};

/*
 * The reply to a transaction that `verdict` refuses. True: the action is reject or tempfail, and *reply is
 * filled; else false. The class of code and status is always 5 for reject, 4 for tempfail.
 */
bool reply_make(struct reply *reply, const struct policy *policy, const struct verdict *verdict,
                const struct facts *facts);

/* The same for verdict->would: the reply if all partners in testing mode were enforced. */
bool reply_make_enforced(struct reply *reply, const struct policy *policy, const struct verdict *verdict,
                         const struct facts *facts);

#endif
