/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files that write a partner as JSON share. */
#ifndef POLICY_TOOL_PARTNER_JSON_PARTS_H
#define POLICY_TOOL_PARTNER_JSON_PARTS_H

#include <stddef.h>
#include <stdint.h>
#include "policy/language/rule_sets.h"
#include "policy/requirement/outbound_rule.h"
#include "policy/names/json.h"

/* A key and its text, nothing if that is NULL; a key and its date, nothing if that is `none`. */
void json_member_if(struct json *json, const char *key, const char *text);
void json_member_date(struct json *json, const char *key, int64_t date, int64_t none);

/* An action: a word, or a map by reason. */
void json_actions(struct json *json, const struct actions *actions);

/* The strictest value of each requirement that has one; the suites of one set; the steps of a rollout. */
void json_strictest(struct json *json, const struct rule_set *sets, size_t count);
void json_ciphers(struct json *json, const struct rule_set *set);
void json_steps(struct json *json, const struct step *steps, size_t count);

/* The key `outbound`, null if the partner has none. */
void partner_json_outbound(struct json *json, const struct policy *policy, const struct partner *partner,
                           int64_t now);

#endif
