/* SPDX-License-Identifier: BSD-2-Clause */
/* The identities of one list, of clients or of servers, and their dates. */
#ifndef POLICY_LANGUAGE_IDENTITIES_H
#define POLICY_LANGUAGE_IDENTITIES_H

#include <stddef.h>
#include <stdint.h>
#include "policy/internal.h"

/* Alternatives of one list. */
struct identities {
    const struct policy *policy;
    const struct identity *clients; /* NULL: of servers */
    const struct server_identity *servers;
    size_t count;
};

struct identities identities_of_clients(const struct policy *policy, const struct certificates *certificates);
struct identities identities_of_servers(const struct policy *policy,
                                        const struct server_certificates *certificates);

const struct particulars *identities_dates(const struct identities *list, size_t i);

/* Returns the index of the identity in force at `date` that began last, or `count`. */
size_t identities_in_force(const struct identities *list, int64_t date);

/* Returns the index of the identity that is the next to begin after `date`, or `count`. */
size_t identities_next(const struct identities *list, int64_t date);

/*
 * Returns until when, from `at` on, some identity is in force without a break; `at` itself if none is in
 * force then.
 */
int64_t identities_covered_until(const struct identities *list, int64_t at);

#endif
