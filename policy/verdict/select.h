/* SPDX-License-Identifier: BSD-2-Clause */
/* Which partners an identity selects: hashed lookups, the most specific entry first. */
#ifndef POLICY_VERDICT_SELECT_H
#define POLICY_VERDICT_SELECT_H

#include "policy/internal.h"

/*
 * Adds a selector of one kind. Its partner is the one that was added last. *other is the selector that has
 * this text and kind already, or NULL: only then the selector is added. False: out of memory.
 */
bool select_add(struct policy *policy, const struct selector *selector, const struct selector **other);

/*
 * Enters the name of a partner in `names`, an index that is no part of the policy. *other is the partner that
 * has the name already, or NULL. False: out of memory.
 */
bool select_add_name(struct slots *names, const struct policy *policy, size_t partner,
                     const struct partner **other);
const struct partner *select_by_name(const struct slots *names, const struct policy *policy,
                                     const char *name); /* NULL: none */

/* A walk from the most specific entry to the least. */
struct selection {
    const struct policy *policy;
    const char *domain;            /* the name looked up; NULL: none */
    const char *rest;              /* the part of it that is looked up next */
    const struct network *address; /* of a client */
    int stage, prefix;
    bool null_sender;
};

/*
 * By a sender's domain (NULL: it has none; only "*" is left). `null_sender`: the domain is a HELO name;
 * entries for its parent domains select, too.
 */
void select_domain(struct selection *selection, const struct policy *policy, const char *domain,
                   bool null_sender);

/* By the client's address and verified name; either may be NULL. */
void select_client(struct selection *selection, const struct policy *policy, const struct network *address,
                   const char *name);

/* The next partner; NULL: no more. */
const struct partner *select_next(struct selection *selection);

/*
 * The domain entry, without its leading dot, by which select_next() found the last partner; "*" for everyone.
 * Two walks that found the same entry find the same partners after it.
 */
const char *select_found_entry(const struct selection *selection);

/* The partners with an entry for exactly this domain [0], and for its subdomains [1]; NULL: none. */
void select_exact(const struct policy *policy, const char *domain, size_t length,
                  const struct partner *found[2]);

#endif
