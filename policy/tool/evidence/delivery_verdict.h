/* SPDX-License-Identifier: BSD-2-Clause */
/* Whether a delivery by Postfix met the outbound rule of the recipient's partner, as far as the log shows. */
#ifndef POLICY_TOOL_EVIDENCE_DELIVERY_VERDICT_H
#define POLICY_TOOL_EVIDENCE_DELIVERY_VERDICT_H

#include <stdbool.h>
#include <stdint.h>
#include "policy/policy.h"
#include "policy/tool/evidence/delivery_line.h"

enum delivery_tls {
    DELIVERY_TLS_UNKNOWN, /* the log does not show it */
    DELIVERY_TLS_NONE,
    DELIVERY_TLS_ON
};

/* What Postfix did with the recipient. */
enum delivery_end {
    DELIVERY_SENT,
    DELIVERY_DEFERRED,  /* because of TLS */
    DELIVERY_BOUNCED,   /* because of TLS */
    DELIVERY_UNFINISHED /* deferred or bounced for another reason, or the address was only probed */
};

struct delivery_shown {
    const char *recipient;
    enum delivery_tls tls;
    /* Set only if tls is ON. */
    const char *version, *cipher, *bits;
    enum delivery_label label;
    bool mismatch; /* the certificate has none of the names that Postfix required */
    enum delivery_end end;
    const char *text; /* if it was not sent: why */
};

struct delivery_verdict {
    const char *partner; /* memory of the policy; NULL: no partner has the recipient */
    bool unread;         /* memory ran out */
    enum mode mode;
    enum outcome outcome;
    enum action action, would;
    unsigned reasons; /* bits of enum reason */
    int64_t until;    /* the end of the exception, while the outcome is excepted */
};

/*
 * Returns how a delivery ended. `status` is "sent", "deferred" or "bounced"; `text` follows it in the line.
 */
enum delivery_end delivery_end(const char *status, const char *dsn, const char *text);

/* Judges a delivery at `now`, in seconds. Its end must not be UNFINISHED. */
void delivery_judge(struct delivery_verdict *verdict, const struct policy *policy,
                    const struct delivery_shown *shown, int64_t now);

#endif
