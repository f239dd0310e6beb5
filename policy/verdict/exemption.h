/* SPDX-License-Identifier: BSD-2-Clause */
/* Mail that is never judged, by the policy's `exempt` section. */
#ifndef POLICY_VERDICT_EXEMPTION_H
#define POLICY_VERDICT_EXEMPTION_H

#include <stddef.h>
#include "policy/facts/facts.h"
#include "policy/words.h"

struct policy;

/* Why this mail is exempt; EXEMPT_NOT: it is not. */
enum exempt exemption_find(const struct policy *policy, const struct facts *facts);

/*
 * The rule that exempts it, in the words of the policy: "exempt.clients: 127.0.0.0/8", "exempt.daemons:
 * submission", "exempt.authenticated: true". "" for EXEMPT_NOT. At most size - 1 octets.
 */
void exemption_describe(const struct policy *policy, const struct facts *facts, enum exempt exempt,
                        char *text, size_t size);

#endif
