/* SPDX-License-Identifier: BSD-2-Clause */
/* The ids that logs, replies, JSON and the policy language share. */
#include "policy/words.h"

const char *outcome_name(enum outcome outcome)
{
    static const char *const names[OUTCOME_COUNT] = {
        [OUTCOME_NO_PARTNER] = "no_partner",
        [OUTCOME_EXEMPT] = "exempt",
        [OUTCOME_OFF] = "off",
        [OUTCOME_EXCEPTED] = "excepted",
        [OUTCOME_PASS] = "pass",
        [OUTCOME_UNDECIDABLE] = "undecidable",
        [OUTCOME_FAIL] = "fail",
    };

    return names[outcome];
}

const char *mode_name(enum mode mode)
{
    static const char *const names[MODE_COUNT] = {
        [MODE_NONE] = "none",
        [MODE_TESTING] = "testing",
        [MODE_ENFORCE] = "enforce",
    };

    return names[mode];
}

const char *action_name(enum action action)
{
    static const char *const names[ACTION_COUNT] = {
        [ACTION_ACCEPT] = "accept",
        [ACTION_QUARANTINE] = "quarantine",
        [ACTION_TEMPFAIL] = "tempfail",
        [ACTION_REJECT] = "reject",
    };

    return names[action];
}

const char *reason_name(enum reason reason)
{
#define REASON_ID(NAME, id) [REASON_##NAME] = #id,
    static const char *const names[REASON_COUNT] = {REASONS(REASON_ID)};

    return names[reason];
}

const char *requirement_name(enum requirement requirement)
{
#define REQUIREMENT_ID(NAME, name, most) [REQUIRE_##NAME] = #name,
    static const char *const names[REQUIREMENT_COUNT] = {REQUIREMENTS(REQUIREMENT_ID)};

    return names[requirement];
}

const char *selected_by_name(unsigned flag)
{
    switch (flag) {
    case SELECTED_ENVELOPE_FROM:
        return "envelope_from";
    case SELECTED_HEADER_FROM:
        return "header_from";
    case SELECTED_HELO:
        return "helo";
    default:
        return "client";
    }
}
