/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the files that warn of a policy that loads share: whose rules are looked at, and how a warning is
 * reported.
 */
#ifndef POLICY_LANGUAGE_DOUBTS_H
#define POLICY_LANGUAGE_DOUBTS_H

#include "policy/internal.h"
#include "policy/language/identities.h"

enum { DAY = 86400, SOON = 30 * DAY };

/* One policy_warn(). */
struct doubts {
    const struct policy *policy;
    int64_t now;
    diag_fn *diag;
    void *arg;
    const char *kind, *name;       /* whose rules are looked at: "partner", "contoso" */
    const struct partner *partner; /* or NULL */
    uint64_t acknowledged; /* bit per warning of the partner that is acknowledged and was found here */
};

/* Reports a warning at the place, with whose rule it is in front, unless the partner acknowledges it. */
void doubts_report(struct doubts *doubts, struct place place, enum warning warning, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/*
 * Warns of the certificate in an identity's file that is not valid yet, has expired or expires soon; nothing
 * where the identity has no file. `who` shows it: "client" or "server".
 */
void doubt_certificate_file(struct doubts *doubts, const struct particulars *particulars, struct place place,
                            const char *who);

/* Warns where no identity of the list is in force, now or from some day on. The list has one at least. */
void doubt_identity_dates(struct doubts *doubts, const struct identities *list, struct place place);

/* Warns of clients of the partner that `exempt` covers, so that their mail is never judged. */
void doubt_exempt_partner(struct doubts *doubts, const struct partner *partner);

/* The same of the clients of a `require`; NULL is fine. */
void doubt_required_clients(struct doubts *doubts, const struct clients *clients);

/* Warns of the policy's sockets in directories that everybody may write. */
void doubt_sockets(struct doubts *doubts);

/* Warns of files of the policy whose changes `watch` does not see. */
void doubt_watched_files(struct doubts *doubts);

/* Those of a partner's `outbound`, also where there is none; and those of all of them together. */
void doubts_of_outbound(struct doubts *doubts, const struct partner *partner);
void doubts_of_all_outbound(struct doubts *doubts);

#endif
