/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the files with warnings about a policy that loads share: whose rules are checked, and how a warning is
 * reported.
 */
#ifndef POLICY_LANGUAGE_DOUBTS_H
#define POLICY_LANGUAGE_DOUBTS_H

#include "policy/internal.h"
#include "policy/language/identities.h"

enum { DAY = 86400, SOON = 30 * DAY };

/* One call of policy_warn(). */
struct doubts {
    const struct policy *policy;
    int64_t now;
    diag_fn *diag;
    void *arg;
    const char *kind, *name;       /* whose rules are checked: "partner", "contoso" */
    const struct partner *partner; /* or NULL */
    uint64_t acknowledged; /* bit per warning of the partner that is acknowledged and was found here */
};

/*
 * Reports a warning at the place, beginning with whose rule it is about, unless the partner acknowledges it.
 */
void doubts_report(struct doubts *doubts, struct place place, enum warning warning, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/*
 * Warns if the certificate in an identity's file is not valid yet, has expired or expires soon. Does nothing
 * if the identity has no file. `who` shows the certificate: "client" or "server".
 */
void doubt_certificate_file(struct doubts *doubts, const struct particulars *particulars, struct place place,
                            const char *who);

/* Warns if no identity of the list is in force, now or from some day on. The list must not be empty. */
void doubt_identity_dates(struct doubts *doubts, const struct identities *list, struct place place);

/* Warns of clients of the partner that `exempt` covers, so that their mail is never judged. */
void doubt_exempt_partner(struct doubts *doubts, const struct partner *partner);

/* The same for the clients of a `require`; NULL is fine. */
void doubt_required_clients(struct doubts *doubts, const struct clients *clients);

/* Warns of the policy's sockets in directories that everybody may write to. */
void doubt_sockets(struct doubts *doubts);

/* Warns of files of the policy whose changes `watch` does not see. */
void doubt_watched_files(struct doubts *doubts);

/* Warn about a partner's `outbound`, even if it has none, and about all of them together. */
void doubts_of_outbound(struct doubts *doubts, const struct partner *partner);
void doubts_of_all_outbound(struct doubts *doubts);

#endif
