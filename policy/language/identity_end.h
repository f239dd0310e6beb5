/* SPDX-License-Identifier: BSD-2-Clause */
/* Until when a certificate can prove a partner's mail, for those who warn of the end. */
#ifndef POLICY_LANGUAGE_IDENTITY_END_H
#define POLICY_LANGUAGE_IDENTITY_END_H

#include <stdint.h>
#include "policy/policy.h"

/*
 * Until when, from `now` on, some identity is in force without a break in each list that holds for the
 * partner, its profiles' and the defaults' included: the first of their ends. Where none of a list is in
 * force, the end of its last one; `now` where none has begun yet. DATE_END: none ends, or there are no
 * identities.
 */
int64_t policy_identity_end(const struct policy *policy, const struct partner *partner, int64_t now);

#endif
