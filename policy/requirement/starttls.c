/* SPDX-License-Identifier: BSD-2-Clause */
/* `tls`: the session has TLS. Not a key of the language: every partner requires it. */
#include "policy/requirement/requirement.h"

static void weigh(const struct weighing *weighing, struct finding *finding)
{
    switch (weighing->facts->tls) {
    case TLS_ON:
        requirement_found(finding, MET, REASON_NONE);
        break;
    case TLS_OFF:
        requirement_found(finding, UNMET, REASON_NO_TLS);
        break;
    default:
        requirement_found(finding, UNKNOWN, REASON_MTA_MACROS);
        break;
    }
}

static void wanted(struct growing *text, const struct weighing *weighing, const struct finding *finding)
{
    (void)weighing;
    (void)finding;
    growing_add(text, "TLS");
}

static bool found(struct growing *text, const struct weighing *weighing, const struct finding *finding)
{
    (void)finding;
    if (weighing->facts->tls != TLS_UNKNOWN)
        growing_add(text, "%s", weighing->facts->tls == TLS_ON ? "TLS" : "plaintext");
    return weighing->facts->tls != TLS_UNKNOWN;
}

/* clang-format off */
const struct requirement_row requirement_tls = {
    .always = true, .of_tls = true, .weigh = weigh, .wanted = wanted, .found = found,
    .reasons = {
        {REASON_NO_TLS, "530", "5.7.0", "4.7.0",
         "Must issue a STARTTLS command first: mail from this domain must come over TLS"},
        {REASON_MTA_MACROS, NULL, NULL, "4.3.5",
         "Local configuration problem, not yours: TLS state of this session not known, try again later"},
    }};
