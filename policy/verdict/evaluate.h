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
 * Judges a transaction by what is known of it at `now` (seconds since 1970).
 * Pure: no I/O, no allocation, no clock. Recipients and header From that are
 * not known yet, and pins that are PIN_PENDING, make the verdict `pending`
 * where they matter; a refusal is final all the same, and so is anything with pending 0.
 */
void policy_evaluate(const struct policy *policy, const struct facts *facts, int64_t now,
                     struct verdict *verdict);

/*
 * True only if no partner can be selected, whatever later events show. In doubt false. Reads no more of
 * the facts than facts_read_sender() sets.
 */
bool policy_is_stranger(const struct policy *policy, const struct facts *facts);

#endif
