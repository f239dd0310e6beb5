/* SPDX-License-Identifier: BSD-2-Clause */
/* What a TLS policy of another map is worth beside a partner's rule. */
#ifndef POLICY_OUTBOUND_UPSTREAM_H
#define POLICY_OUTBOUND_UPSTREAM_H

#include "policy/names/next_hop.h"
#include "policy/outbound/outbound.h"
#include "policy/text.h"

enum upstream_worth {
    UPSTREAM_NOTHING,   /* none, or one that lets plaintext or any server through */
    UPSTREAM_DANE,      /* a TLSA record must match */
    UPSTREAM_NAMES,     /* a certificate must match */
    UPSTREAM_UNREADABLE /* no answer, or none that can be read */
};

/*
 * The key by which the other map is asked: a domain as name servers have it, in A-labels, without a final dot
 * and without port 25, because it knows no other spelling of a domain. Other next hops stay as they are.
 * NULL where memory ran out.
 */
const char *upstream_key(struct next_hop *hop, const char *key, size_t length);

enum upstream_worth upstream_worth(const struct upstream *upstream);

/* Adds the policy without what it says of protocols and suites. */
void upstream_add(struct growing_text *text, const struct upstream *upstream);

#endif
