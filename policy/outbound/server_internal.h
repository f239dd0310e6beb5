/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files that judge a session with a server share. */
#ifndef POLICY_OUTBOUND_SERVER_INTERNAL_H
#define POLICY_OUTBOUND_SERVER_INTERNAL_H

#include "policy/outbound/server_session.h"
#include "policy/requirement/requirement.h"

/* What the server showed of its certificate. */
struct server_shown {
    const struct facts *facts;
    const char *alternative; /* an alternative name of the certificate, or NULL */
    bool dane;               /* a TLSA record vouches for it */
};

/*
 * Adds the finding about certificates. A rule that needs no certificate gets one only if no handshake
 * succeeded.
 */
void server_certificate_weigh(const struct server_shown *shown, const struct policy *policy,
                              const struct outbound_choice *choice, int64_t now, struct judged *judged);

/* Writes the reply for a deferred recipient. */
void server_reply_make(struct reply *reply, const struct policy *policy,
                       const struct server_judgement *judgement, int64_t now);

#endif
