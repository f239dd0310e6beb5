/* SPDX-License-Identifier: BSD-2-Clause */
/* Until when a certificate can satisfy a partner's rule, for code that warns of the end. */
#ifndef POLICY_LANGUAGE_IDENTITY_END_H
#define POLICY_LANGUAGE_IDENTITY_END_H

#include <stdint.h>
#include "policy/policy.h"

/*
 * Returns until when, from `now` on, each list of identities that applies to the partner has one in force
 * without a break: the partner's own list, and those of its profiles and the defaults. If a list has none in
 * force, it ended with its last one, or at `now` if none has begun yet. The earliest end counts. DATE_END:
 * none ends, or there are no identities.
 */
int64_t policy_identity_end(const struct policy *policy, const struct partner *partner, int64_t now);

#endif
