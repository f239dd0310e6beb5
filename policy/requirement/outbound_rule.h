/* SPDX-License-Identifier: BSD-2-Clause */
/* A partner's `outbound` combined with the defaults: for policy/ only. */
#ifndef POLICY_REQUIREMENT_OUTBOUND_RULE_H
#define POLICY_REQUIREMENT_OUTBOUND_RULE_H

#include "policy/internal.h"
#include "policy/requirement/finding.h"

/* As require_pieces(), for what a partner requires of servers; the pieces have no certificates. */
size_t outbound_pieces(const struct policy *policy, const struct outbound *outbound,
                       struct piece piece[PIECES_MAX]);

/* Returns the mode of a partner's outbound rule at `now`, rollout included. */
enum mode outbound_in_force(const struct policy *policy, const struct outbound *outbound, int64_t now);

/* Returns an exception that is in force at `now`, or NULL. */
const struct exception *outbound_excepted(const struct outbound *outbound, int64_t now);

/* Returns what proves the partner's servers: its own `certificates`, or those of the defaults. */
const struct server_certificates *outbound_certificates(const struct policy *policy,
                                                        const struct outbound *outbound);

/* The versions and suites that a session with the partner's servers may have. */
struct server_terms {
    enum tls_version min, max; /* max: TLS_VERSION_1_3, or 1.2 if no suite of 1.3 satisfies */
    bool none;                 /* no suite of OpenSSL satisfies */
    bool listed;               /* the rule restricts suites beyond the weak ones: by a list, or by bits */
    bool forward_secrecy;
    bool unasked; /* TLS 1.3 is allowed, but Postfix cannot exclude some of its suites that do not satisfy */
    struct suite_set suites; /* those that satisfy */
};
struct server_terms outbound_terms(const struct policy *policy, const struct outbound *outbound);

/* Whether any suite of OpenSSL satisfies what is required of mail from the partner. */
bool require_has_suite(const struct policy *policy, const struct partner *partner);

/* Returns the next hops that a partner lists, and sets *count. NULL: none. */
const struct listed_hop *partner_hops(const struct policy *policy, const struct partner *partner,
                                      size_t *count);

/*
 * Adds a next hop. *other is the one that is there already with the same text, and nothing is added; or NULL.
 * False: out of memory.
 */
bool hops_add(struct policy *policy, const struct listed_hop *hop, const struct listed_hop **other);

/* Returns the partner that lists this next hop, or NULL. */
const struct partner *hops_find(const struct policy *policy, const char *text);

/* Describes an identity of a server in words: "name .contoso.com, until 2027-06-01". */
void server_identity_describe(const struct server_identity *identity, char *text, size_t size);

/* The same in a few words, without its dates: ".contoso.com", "the certificate of new.pem". */
void server_identity_name(const struct server_identity *identity, char *text, size_t size);

/* Returns "domain", "dane" or "none"; NULL for a list. */
const char *proof_name(enum proof proof);

/* Sets *mode to the mode of mail to the partner at `now`. False: the partner has no `outbound`. */
bool partner_outbound_mode(const struct policy *policy, const struct partner *partner, int64_t now,
                           enum mode *mode);

#endif
