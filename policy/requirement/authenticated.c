/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * `authenticated`: the session is authenticated by SASL. `exempt` decides whether such mail is judged at all.
 */
#include "policy/requirement/requirement.h"

static void read_value(struct loading *loading, const struct node *node, void *into)
{
    struct require *require = into;
    bool value;

    if (!compile_boolean(loading, node, &value))
        return;
    require->value[REQUIRE_AUTHENTICATED] = value;
    requirement_given(require, REQUIRE_AUTHENTICATED);
}

/* If the MTA did not get our list of macros, the session may be authenticated without showing it. */
static void weigh(const struct weighing *weighing, struct finding *finding)
{
    const struct facts *facts = weighing->facts;

    if (facts->authenticated)
        requirement_found(finding, MET, REASON_NONE);
    else if (facts->macros_asked)
        requirement_found(finding, UNMET, REASON_NOT_AUTHENTICATED);
    else
        requirement_found(finding, UNKNOWN, REASON_MTA_MACROS);
}

static bool found(struct growing *text, const struct weighing *weighing, const struct finding *finding)
{
    (void)weighing;
    if (finding->met != UNKNOWN)
        growing_add(text, "%s", finding->met == MET ? "true" : "false");
    return finding->met != UNKNOWN;
}

/* clang-format off */
const struct requirement_row requirement_authenticated = {
    .combination = COMBINE_GREATEST, .read = read_value, .value_kind = VALUE_TRUTH,
    .weigh = weigh, .found = found,
    .reasons = {{REASON_NOT_AUTHENTICATED, "530", "5.7.0", "4.7.0",
                 "Authentication required for mail from this domain"}}};
