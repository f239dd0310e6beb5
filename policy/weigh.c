/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a partner is owed against what was seen: one small function for each
 * requirement, met, unmet or unknown. Pure, like the evaluator whose hands
 * these are; knows nothing of selection, modes and actions.
 */
#include <string.h>
#include "policy/internal.h"

/* ---- one requirement each ---- */

static void found(struct finding *finding, enum met met, enum reason reason)
{
    finding->met = met;
    finding->reason = met == MET ? REASON_NONE : reason;
}

static void weigh_tls(struct finding *finding, const struct facts *facts)
{
    if (facts->tls == TLS_ON)
        found(finding, MET, REASON_NONE);
    else if (facts->tls == TLS_OFF)
        found(finding, UNMET, REASON_NO_TLS);
    else
        found(finding, UNKNOWN, REASON_MTA_MACROS);
}

static void weigh_version(struct finding *finding, const struct facts *facts, enum tls_version wanted)
{
    if (facts->tls_version == TLS_VERSION_UNREADABLE)
        found(finding, UNKNOWN, REASON_MTA_MACROS);
    else
        found(finding, facts->tls_version >= wanted ? MET : UNMET, REASON_TLS_VERSION);
}

/* Weak suites are in no list that does not name them; without a list they are not wanted either. */
static void weigh_ciphers(struct finding *finding, const struct suites *suites, const struct facts *facts,
                          const struct judged *judged)
{
    const char *name = facts->macro[MACRO_CIPHER];
    bool listed = false;
    int suite;

    if (name == NULL || !suites_is_name(name)) {
        found(finding, UNKNOWN, REASON_MTA_MACROS);
        return;
    }
    suite = suites_find(suites, name);
    if (suite < 0) { /* what is in no table may be as good as any, unless its name says otherwise */
        found(finding, suites_name_is_weak(name) ? UNMET : UNKNOWN,
              suites_name_is_weak(name) ? REASON_CIPHER : REASON_MTA_MACROS);
        return;
    }
    for (size_t i = 0; i < judged->piece_count; i++) {
        const struct piece *piece = &judged->piece[i];

        if ((piece->keys & 1u << REQUIRE_CIPHERS) == 0)
            continue;
        listed = true;
        if (!suite_set_has(&piece->require->ciphers->set, suite)) {
            found(finding, UNMET, REASON_CIPHER);
            return;
        }
    }
    found(finding, listed || !suites_is_weak(suites, suite) ? MET : UNMET, REASON_CIPHER);
}

static void weigh_bits(struct finding *finding, const struct facts *facts, unsigned wanted)
{
    if (facts->cipher_bits < 0)
        found(finding, UNKNOWN, REASON_MTA_MACROS);
    else
        found(finding, (unsigned)facts->cipher_bits >= wanted ? MET : UNMET, REASON_CIPHER_BITS);
}

static void weigh_forward_secrecy(struct finding *finding, const struct suites *suites,
                                  const struct facts *facts)
{
    const char *name = facts->macro[MACRO_CIPHER];
    int suite;

    if (name == NULL || !suites_is_name(name)) {
        found(finding, UNKNOWN, REASON_MTA_MACROS);
        return;
    }
    suite = suites_find(suites, name);
    if (suite >= 0)
        found(finding, suites_is_ephemeral(suites, suite) ? MET : UNMET, REASON_FORWARD_SECRECY);
    else if (facts->tls_version == TLS_VERSION_1_3 || suites_name_is_ephemeral(name))
        found(finding, MET, REASON_NONE);
    else
        found(finding, UNKNOWN, REASON_MTA_MACROS);
}

enum met clients_match(const struct clients *clients, const struct facts *facts, enum reason *reason)
{
    enum client_name_state state = facts->client_name_state;

    *reason = REASON_MTA_MACROS;
    for (size_t i = 0; facts->client_known && i < clients->network_count; i++)
        if (network_contains(&clients->networks[i], &facts->client))
            return MET;
    for (size_t i = 0; state == CLIENT_NAME_VERIFIED && i < clients->name_count; i++) {
        const struct client_name *name = &clients->names[i];

        if (name->suffix ? domain_below(facts->client_name.text, name->domain)
                         : strcmp(facts->client_name.text, name->domain) == 0)
            return MET;
    }
    if (clients->network_count > 0 && !facts->client_known)
        return UNKNOWN;
    if (clients->name_count == 0 || state == CLIENT_NAME_VERIFIED || state == CLIENT_NAME_NONE)
        return UNMET;
    if (state == CLIENT_NAME_TEMPORARY)
        *reason = REASON_CLIENT_NAME_TEMPORARY;
    return UNKNOWN;
}

static void weigh_clients(struct finding *finding, const struct facts *facts)
{
    enum reason reason;
    enum met met = finding->clients == NULL ? UNMET : clients_match(finding->clients, facts, &reason);

    found(finding, met, met == UNKNOWN ? reason : REASON_CLIENT_NOT_ALLOWED);
}

/* ---- all requirements of a partner ---- */

struct finding *weigh_add(struct judged *judged, enum requirement requirement)
{
    struct finding *finding = &judged->finding[judged->finding_count++];

    *finding = (struct finding){.requirement = requirement};
    return finding;
}

bool weigh_strictest(const struct judged *judged, enum requirement requirement, unsigned *value)
{
    bool given = false;

    *value = 0;
    for (size_t i = 0; i < judged->piece_count; i++) {
        const struct require *require = judged->piece[i].require;
        unsigned of_piece = requirement == REQUIRE_MIN_TLS_VERSION   ? (unsigned)require->min_tls_version
                            : requirement == REQUIRE_MIN_CIPHER_BITS ? require->min_cipher_bits
                                                                     : require->forward_secrecy;

        if ((judged->piece[i].keys & 1u << requirement) == 0)
            continue;
        given = true;
        *value = of_piece > *value ? of_piece : *value;
    }
    return given;
}

/* What stands and falls with TLS: without it, each is unmet for that reason. */
static bool without_tls(struct finding *finding, const struct facts *facts)
{
    weigh_tls(finding, facts);
    return finding->met != MET;
}

static void weigh_session(const struct suites *suites, const struct facts *facts, struct judged *judged)
{
    struct finding *finding = weigh_add(judged, REQUIRE_TLS);
    unsigned value;

    weigh_tls(finding, facts);
    weigh_strictest(judged, REQUIRE_MIN_TLS_VERSION, &value);
    finding = weigh_add(judged, REQUIRE_MIN_TLS_VERSION);
    if (!without_tls(finding, facts))
        weigh_version(finding, facts, (enum tls_version)value);
    finding = weigh_add(judged, REQUIRE_CIPHERS);
    if (!without_tls(finding, facts))
        weigh_ciphers(finding, suites, facts, judged);
    if (weigh_strictest(judged, REQUIRE_MIN_CIPHER_BITS, &value) && value > 0) {
        finding = weigh_add(judged, REQUIRE_MIN_CIPHER_BITS);
        if (!without_tls(finding, facts))
            weigh_bits(finding, facts, value);
    }
    if (weigh_strictest(judged, REQUIRE_FORWARD_SECRECY, &value) && value != 0) {
        finding = weigh_add(judged, REQUIRE_FORWARD_SECRECY);
        if (!without_tls(finding, facts))
            weigh_forward_secrecy(finding, suites, facts);
    }
}

static void weigh_lists(const struct policy *policy, const struct facts *facts, int64_t now,
                        struct judged *judged)
{
    for (size_t i = 0; i < judged->piece_count; i++) {
        const struct piece *piece = &judged->piece[i];

        if ((piece->keys & 1u << REQUIRE_CERTIFICATES) != 0) {
            struct finding *finding = weigh_add(judged, REQUIRE_CERTIFICATES);

            finding->certificates = piece->certificates;
            if (!without_tls(finding, facts))
                certificate_weigh(policy, facts, now, finding);
        }
    }
    for (size_t i = 0; i < judged->piece_count; i++)
        if ((judged->piece[i].keys & 1u << REQUIRE_CLIENTS) != 0) {
            struct finding *finding = weigh_add(judged, REQUIRE_CLIENTS);

            finding->clients = judged->piece[i].require->clients;
            weigh_clients(finding, facts);
        }
}

void weigh_partner(const struct policy *policy, const struct facts *facts, int64_t now, struct judged *judged)
{
    judged->piece_count = require_pieces(policy, judged->partner, judged->piece);
    judged->finding_count = 0;
    weigh_session(policy->suites, facts, judged);
    weigh_lists(policy, facts, now, judged);
}
