/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files share that judge a session with a server. */
#ifndef POLICY_OUTBOUND_SERVER_INTERNAL_H
#define POLICY_OUTBOUND_SERVER_INTERNAL_H

#include "policy/outbound/server_session.h"
#include "policy/requirement/requirement.h"

/* What the server showed of its certificate. */
struct server_shown {
    const struct facts *facts;
    const char *alternative; /* a name that the certificate has beside its common name, or NULL */
    bool dane;               /* a TLSA record vouches for it */
};

/* Adds the finding about certificates, where the rule of the choice asks for one. */
void server_certificate_weigh(const struct server_shown *shown, const struct policy *policy,
                              const struct outbound_choice *choice, int64_t now, struct judged *judged);

/* The words for a recipient that is deferred. */
void server_reply_make(struct reply *reply, const struct policy *policy,
                       const struct server_judgement *judgement, int64_t now);

#endif
