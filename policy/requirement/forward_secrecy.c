/* SPDX-License-Identifier: BSD-2-Clause */
/* `forward_secrecy`: the key exchange of the session is ephemeral. */
#include "policy/requirement/requirement.h"

static void read_value(struct loading *loading, const struct node *node, void *into)
{
    struct require *require = into;
    bool value;

    if (!compile_boolean(loading, node, &value))
        return;
    require->value[REQUIRE_FORWARD_SECRECY] = value;
    requirement_given(require, REQUIRE_FORWARD_SECRECY);
}

static void weigh(const struct weighing *weighing, struct finding *finding)
{
    const struct suites *suites = weighing->policy->suites;
    const char *name = weighing->facts->macro[MACRO_CIPHER];
    int suite;

    if (name == NULL || !suites_is_name(name)) {
        requirement_found(finding, UNKNOWN, REASON_MTA_MACROS);
        return;
    }
    suite = suites_find(suites, name);
    if (suite >= 0)
        requirement_found(finding, suites_is_ephemeral(suites, suite) ? MET : UNMET, REASON_FORWARD_SECRECY);
    else if (weighing->facts->tls_version == TLS_VERSION_1_3 || suites_name_is_ephemeral(name))
        requirement_found(finding, MET, REASON_NONE);
    else
        requirement_found(finding, UNKNOWN, REASON_MTA_MACROS);
}

static bool found(struct growing *text, const struct weighing *weighing, const struct finding *finding)
{
    if (weighing->facts->tls != TLS_ON || finding->met == UNKNOWN)
        return false;
    growing_add(text, "%s", finding->met == MET ? "true" : "false");
    return true;
}

static void detail(struct growing *text, const struct weighing *weighing, const struct finding *finding)
{
    if (finding->reason == REASON_FORWARD_SECRECY)
        growing_add(text, ": %s seen", requirement_suite_seen(weighing));
    else if (finding->reason == REASON_MTA_MACROS)
        requirement_detail_unknown_suite(text, weighing);
}

/* clang-format off */
const struct requirement_row requirement_forward_secrecy = {
    .combination = COMBINE_GREATEST, .of_tls = true, .read = read_value, .value_kind = VALUE_TRUTH,
    .weigh = weigh, .found = found, .detail = detail,
    .reasons = {{REASON_FORWARD_SECRECY, "554", "5.7.0", "4.7.0",
                 "TLS without forward secrecy not accepted for mail from this domain"}}};
