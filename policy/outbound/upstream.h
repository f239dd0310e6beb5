/* SPDX-License-Identifier: BSD-2-Clause */
/* How a TLS policy of the upstream map adds to a partner's rule. */
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
 * Returns the key for the upstream map: a domain as in the DNS, in A-labels, without a final dot and without
 * port 25, because that map knows no other spelling of a domain. Other next hops are returned unchanged.
 * NULL: out of memory.
 */
const char *upstream_key(struct next_hop *hop, const char *key, size_t length);

enum upstream_worth upstream_worth(const struct upstream *upstream);

/* Adds the upstream policy to `text`, without its protocols and suites, which the partner's rule sets. */
void upstream_add(struct growing_text *text, const struct upstream *upstream);

#endif
