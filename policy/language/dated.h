/* SPDX-License-Identifier: BSD-2-Clause */
/* Everything in a policy that has a date, for tools that show what begins and ends. */
#ifndef POLICY_LANGUAGE_DATED_H
#define POLICY_LANGUAGE_DATED_H

#include <stdbool.h>
#include <stdint.h>
#include "policy/policy.h"

enum dated_kind {
    DATED_IDENTITY_BEGINS,  /* `from` of a certificate identity */
    DATED_IDENTITY_ENDS,    /* its `until` */
    DATED_CERTIFICATE_ENDS, /* the end of the certificate in its `file`: the last second of its validity */
    DATED_ROLLOUT,          /* a step of `rollout` */
    DATED_EXCEPTION_ENDS    /* `until` of an exception */
};

/* What happens to one partner at one time; valid during the call. */
struct dated {
    int64_t date;
    const char *partner;
    bool outbound; /* it concerns mail to the partner */
    enum dated_kind kind;
    const char *subject; /* what begins or ends, a stable name: "mail.contoso.com by DigiCert" */
    const char *text;    /* one sentence for people, without a full stop */
};

/* "identity_begins", "rollout", ... */
const char *dated_kind_name(enum dated_kind kind);

/*
 * Calls `found` for everything that has a date, in the past or the future: by partner in the order of the
 * files, not sorted by date. Dates of defaults and profiles are reported for every partner to which they
 * apply.
 */
void policy_each_dated(const struct policy *policy, void (*found)(void *arg, const struct dated *dated),
                       void *arg);

#endif
