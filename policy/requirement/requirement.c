/* SPDX-License-Identifier: BSD-2-Clause */
/* The table of requirements, and what its rows have in common. Knows no single requirement. */
#include "policy/requirement/requirement.h"

#include <stdio.h>

const struct requirement_row *requirement_row(enum requirement requirement)
{
#define REQUIREMENT_ADDRESS(NAME, name, most) [REQUIRE_##NAME] = &requirement_##name,
    static const struct requirement_row *const rows[REQUIREMENT_COUNT] = {REQUIREMENTS(REQUIREMENT_ADDRESS)};

    return rows[requirement];
}

const struct reason_words *requirement_reason(enum reason reason)
{
    for (int i = 0; i < REQUIREMENT_COUNT; i++) {
        const struct reason_words *words = requirement_row((enum requirement)i)->reasons;

        for (; words->reason != REASON_NONE; words++)
            if (words->reason == reason)
                return words;
    }
    return NULL;
}

void requirement_write_value(enum requirement requirement, unsigned value, char *text, size_t size)
{
    const struct requirement_row *row = requirement_row(requirement);

    if (row->value_kind == VALUE_NUMBER)
        snprintf(text, size, "%u", value);
    else
        snprintf(text, size, "%s",
                 row->value_kind == VALUE_TEXT ? row->value_text(value)
                 : value != 0                  ? "true"
                                               : "false");
}

void requirement_found(struct finding *finding, enum met met, enum reason reason)
{
    finding->met = met;
    finding->reason = met == MET ? REASON_NONE : reason;
}

static const struct finding *deciding(const struct judged *judged)
{
    for (size_t i = 0; i < judged->finding_count; i++)
        if (judged->finding[i].met != MET && judged->finding[i].reason == judged->reason)
            return &judged->finding[i];
    return NULL;
}

void requirement_detail(const struct weighing *weighing, char *detail, size_t size)
{
    const struct finding *finding = deciding(weighing->judged);
    struct growing text = growing_begin(detail, size);

    if (finding != NULL && requirement_row(finding->requirement)->detail != NULL)
        requirement_row(finding->requirement)->detail(&text, weighing, finding);
}

void requirement_given(struct require *require, enum requirement requirement)
{
    require->keys |= 1u << requirement;
}

bool requirement_show_macro(struct growing *text, const struct facts *facts, enum macro macro)
{
    if (facts->macro[macro] != NULL)
        growing_add(text, "%s", facts->macro[macro]);
    return facts->macro[macro] != NULL;
}

const char *requirement_suite_seen(const struct weighing *weighing)
{
    const struct suites *suites = weighing->policy->suites;
    const char *name = weighing->facts->macro[MACRO_CIPHER];
    int suite = name == NULL ? -1 : suites_find(suites, name);

    return suite < 0 ? "unknown suite" : suites_name(suites, suite);
}

void requirement_detail_unknown_suite(struct growing *text, const struct weighing *weighing)
{
    const struct facts *facts = weighing->facts;
    const char *name = facts->macro[MACRO_CIPHER];

    if (facts->tls == TLS_ON && suites_is_name(name) && suites_find(weighing->policy->suites, name) < 0)
        growing_add(text, ": unknown suite seen");
}
