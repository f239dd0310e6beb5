/* SPDX-License-Identifier: BSD-2-Clause */
/* The decision: a policy and facts, to a verdict. */
#ifndef POLICY_VERDICT_EVALUATE_H
#define POLICY_VERDICT_EVALUATE_H

#include <stdbool.h>
#include <stdint.h>
#include "policy/facts/facts.h"
#include "policy/verdict/verdict.h"

struct policy;

/*
 * Judges a transaction by what is known of it at `now` (seconds since 1970). Pure: no I/O, no allocation, no
 * clock. Recipients and header From that are not known yet, and pins that are PIN_PENDING, make the verdict
 * `pending` if they matter. A refusal is final even then, and so is every verdict with pending 0.
 */
void policy_evaluate(const struct policy *policy, const struct facts *facts, int64_t now,
                     struct verdict *verdict);

/*
 * True only if no partner can be selected, whatever later events show. If in doubt, false. Reads only those
 * facts that facts_read_sender() sets.
 */
bool policy_is_stranger(const struct policy *policy, const struct facts *facts);

#endif
