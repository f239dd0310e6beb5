/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A TLS session with a partner's server, as Sendmail shows it before each recipient (the map "sendmail"), and
 * what happens to the recipient. Pure: no I/O, no clock.
 */
#ifndef POLICY_OUTBOUND_SERVER_SESSION_H
#define POLICY_OUTBOUND_SERVER_SESSION_H

#include <stdbool.h>
#include <stdint.h>
#include "policy/outbound/outbound.h"
#include "policy/verdict/reply.h"

/* What Sendmail's ruleset sends, in this order. */
enum session_field {
    SESSION_QUEUE_ID,
    SESSION_SENDER,
    SESSION_RECIPIENT,
    SESSION_SERVER, /* the name of the MX host */
    SESSION_SERVER_ADDRESS,
    SESSION_TLS_VERSION,
    SESSION_CIPHER,
    SESSION_CIPHER_BITS,
    SESSION_VERIFY,
    SESSION_CN_SUBJECT,
    SESSION_CN_ISSUER,
    SESSION_CERT_SUBJECT,
    SESSION_CERT_ISSUER,
    SESSION_CERT_FP,
    SESSION_ALTERNATIVE, /* the server's name, if the certificate has it as an alternative name */
    SESSION_FIELDS
};

/* The octet between two fields: $| of a ruleset. */
#define SESSION_SEPARATOR 0x9b

/*
 * Returns how a ruleset writes a field: "$&i". NULL for the recipient and the alternative name, which the
 * ruleset computes.
 */
const char *session_field_macro(enum session_field field);

struct server_session {
    const char *field[SESSION_FIELDS]; /* NULL: empty. Borrowed */
};

/* Splits a request by writing NULs into it. False: it has fewer or more fields. */
bool server_session_read(struct server_session *session, char *text);

/* What happens to the recipient. Points into the policy and the session. */
struct server_judgement {
    struct outbound_choice choice; /* partner NULL: no partner's mail, or it is not known whose */
    struct facts facts;
    struct verdict verdict; /* of at most one partner */
    bool deferred;
    struct reply reply; /* if deferred: what Sendmail logs for the recipient */
};

/*
 * Judges. If memory runs out, the recipient is deferred, even if it is not known whose mail it is. The caller
 * clears *judgement.
 */
void server_session_judge(struct server_judgement *judgement, const struct policy *policy,
                          const struct server_session *session, int64_t now);
void server_judgement_clear(struct server_judgement *judgement);

#endif
