/* SPDX-License-Identifier: BSD-2-Clause */
/* What a partner's `outbound` says together with the defaults: for policy/ only. */
#ifndef POLICY_REQUIREMENT_OUTBOUND_RULE_H
#define POLICY_REQUIREMENT_OUTBOUND_RULE_H

#include "policy/internal.h"
#include "policy/requirement/finding.h"

/* As require_pieces(), of what a partner requires of servers; the pieces have no certificates. */
size_t outbound_pieces(const struct policy *policy, const struct outbound *outbound,
                       struct piece piece[PIECES_MAX]);

/* Mode of a partner's outbound rule at `now`, rollout included. */
enum mode outbound_in_force(const struct policy *policy, const struct outbound *outbound, int64_t now);

/* The exception that is in force at `now`, or NULL. */
const struct exception *outbound_excepted(const struct outbound *outbound, int64_t now);

/* What proves the partner's servers: its own `certificates`, or the defaults'. */
const struct server_certificates *outbound_certificates(const struct policy *policy,
                                                        const struct outbound *outbound);

/* What a session with the partner's servers may be, as far as versions and suites go. */
struct server_terms {
    enum tls_version min, max; /* max: TLS_VERSION_1_3, or 1.2 where no suite of 1.3 satisfies */
    bool none;                 /* no suite that OpenSSL has satisfies */
    bool listed;               /* `suites` are fewer than those that are not weak */
    bool forward_secrecy;
    bool
        unasked; /* of TLS 1.3, which is allowed, some suites do not satisfy: Postfix cannot leave them out */
    struct suite_set suites; /* those that satisfy */
};
struct server_terms outbound_terms(const struct policy *policy, const struct outbound *outbound);

/* Whether any suite that OpenSSL has satisfies what is required of mail from the partner. */
bool require_has_suite(const struct policy *policy, const struct partner *partner);

/* The further keys of a partner, and how many; NULL where there are none. */
const struct listed_hop *partner_hops(const struct policy *policy, const struct partner *partner,
                                      size_t *count);

/* Adds a further key; *other is the one that is the same already, or NULL. False: out of memory. */
bool hops_add(struct policy *policy, const struct listed_hop *hop, const struct listed_hop **other);

/* The partner that lists this text, or NULL. */
const struct partner *hops_find(const struct policy *policy, const char *text);

/* An identity of a server in words: "name .contoso.com, until 2027-06-01". */
void server_identity_describe(const struct server_identity *identity, char *text, size_t size);

/* The same in a few words, without its dates: ".contoso.com", "the certificate of new.pem". */
void server_identity_name(const struct server_identity *identity, char *text, size_t size);

/* "domain", "dane", "none"; NULL for a list. */
const char *proof_name(enum proof proof);

/* The mode of mail to the partner at `now`. False: the partner has no `outbound`. */
bool partner_outbound_mode(const struct policy *policy, const struct partner *partner, int64_t now,
                           enum mode *mode);

#endif
