/* SPDX-License-Identifier: BSD-2-Clause */
/* A partner as JSON: everything that the policy says of it (forcetls(1), JSON). */
#ifndef POLICY_TOOL_PARTNER_JSON_H
#define POLICY_TOOL_PARTNER_JSON_H

#include <stdint.h>
#include "policy/policy.h"
#include "policy/names/json.h"

/* Writes the partner as an object; mode and action are those in force at `now`. */
void partner_json(struct json *json, const struct policy *policy, const struct partner *partner, int64_t now);

#endif
