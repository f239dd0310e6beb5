/* SPDX-License-Identifier: BSD-2-Clause */
/* `min_tls_version`: the TLS version of the session is at least this. */
#include "policy/requirement/requirement.h"

static void read_value(struct loading *loading, const struct node *node, void *into)
{
    static const char *const words[] = {"TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3", NULL};
    struct require *require = into;
    int word = compile_word(loading, node, words, "TLS version");

    if (word < 0)
        return;
    require->value[REQUIRE_MIN_TLS_VERSION] = (unsigned)(TLS_VERSION_1_0 + word);
    requirement_given(require, REQUIRE_MIN_TLS_VERSION);
}

static const char *value_text(unsigned value)
{
    return tls_version_name((enum tls_version)value);
}

static void weigh(const struct weighing *weighing, struct finding *finding)
{
    enum tls_version version = weighing->facts->tls_version;
    unsigned wanted;

    weigh_strictest(weighing->judged, REQUIRE_MIN_TLS_VERSION, &wanted);
    if (version == TLS_VERSION_UNREADABLE)
        requirement_found(finding, UNKNOWN, REASON_MTA_MACROS);
    else
        requirement_found(finding, version >= (enum tls_version)wanted ? MET : UNMET, REASON_TLS_VERSION);
}

static bool found(struct growing *text, const struct weighing *weighing, const struct finding *finding)
{
    (void)finding;
    return requirement_show_macro(text, weighing->facts, MACRO_TLS_VERSION);
}

static void detail(struct growing *text, const struct weighing *weighing, const struct finding *finding)
{
    unsigned wanted;

    weigh_strictest(weighing->judged, REQUIRE_MIN_TLS_VERSION, &wanted);
    if (finding->reason == REASON_TLS_VERSION)
        growing_add(text, ": %s seen, %s needed", tls_version_name(weighing->facts->tls_version),
                    value_text(wanted));
}

/* clang-format off */
const struct requirement_row requirement_min_tls_version = {
    .combination = COMBINE_GREATEST, .always = true, .of_tls = true, .read = read_value,
    .value_kind = VALUE_TEXT,
    .value_text = value_text, .weigh = weigh, .found = found, .detail = detail,
    .reasons = {{REASON_TLS_VERSION, "554", "5.7.0", "4.7.0",
                 "TLS version too old for mail from this domain"}}};
