/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a partner and its `outbound` have in common as JSON: dates, values of requirements, suites, actions,
 * steps.
 */
#include "policy/tool/partner_json_parts.h"

#include <stdio.h>
#include <string.h>
#include "policy/names/date.h"
#include "policy/requirement/profiles.h"
#include "policy/requirement/requirement.h"

void json_member_if(struct json *json, const char *key, const char *text)
{
    if (text != NULL)
        json_member(json, key, text);
}

void json_member_date(struct json *json, const char *key, int64_t date, int64_t none)
{
    char text[32];

    if (date == none)
        return;
    date_format(date, text);
    json_member(json, key, text);
}

void json_ciphers(struct json *json, const struct rule_set *set)
{
    const char *text = set->require->ciphers->text;

    json_open_list(json, "ciphers");
    for (size_t i = 0; set->builtin != NULL && set->builtin->ciphers[i] != NULL; i++)
        json_string(json, set->builtin->ciphers[i]);
    while (set->builtin == NULL && *text != '\0') {
        size_t length = strcspn(text, ",");
        char entry[512];

        snprintf(entry, sizeof entry, "%.*s", (int)length, text);
        json_string(json, entry);
        text += length + (text[length] == ',');
        text += strspn(text, " ");
    }
    json_close(json, ']');
}

static void json_value(struct json *json, enum requirement requirement, unsigned value)
{
    char text[32];

    json_key(json, requirement_name(requirement));
    switch (requirement_row(requirement)->value_kind) {
    case VALUE_NUMBER:
        json_number(json, value);
        break;
    case VALUE_TRUTH:
        json_bool(json, value != 0);
        break;
    default:
        requirement_write_value(requirement, value, text, sizeof text);
        json_string(json, text);
        break;
    }
}

void json_strictest(struct json *json, const struct rule_set *sets, size_t count)
{
    for (int i = 0; i < REQUIREMENT_COUNT; i++) {
        enum requirement requirement = (enum requirement)i;
        const struct rule_set *set = requirement_row(requirement)->combination == COMBINE_GREATEST
                                         ? rule_strictest(sets, count, requirement)
                                         : NULL;

        if (set != NULL)
            json_value(json, requirement, set->require->value[requirement]);
    }
}

void json_actions(struct json *json, const struct actions *actions)
{
    if (!actions->mapped) {
        json_string(json, action_name(actions->otherwise));
        return;
    }
    json_open(json, '{');
    json_member(json, "default", action_name(actions->otherwise));
    for (int reason = 1; reason < REASON_FIRST_UNKNOWN; reason++)
        if (actions->by_reason[reason] != actions->otherwise)
            json_member(json, reason_name((enum reason)reason),
                        action_name((enum action)actions->by_reason[reason]));
    json_close(json, '}');
}

void json_steps(struct json *json, const struct step *steps, size_t count)
{
    json_open_list(json, "rollout");
    for (size_t i = 0; i < count; i++) {
        json_open(json, '{');
        json_member_date(json, "from", steps[i].from, DATE_BEGIN);
        if (steps[i].mode != MODE_COUNT)
            json_member(json, "mode", mode_name(steps[i].mode));
        if (steps[i].actions != NULL) {
            json_key(json, "action");
            json_actions(json, steps[i].actions);
        }
        json_close(json, '}');
    }
    json_close(json, ']');
}
