/* SPDX-License-Identifier: BSD-2-Clause */
/* `clients` of a `require`: the client is one of these, by its address or its verified name. */
#include "policy/requirement/requirement.h"

#include <string.h>

static void read_value(struct loading *loading, const struct node *node, void *into)
{
    struct require *require = into;

    require->clients = compile_clients(loading, node);
    compile_doubt_clients(loading, node, require->clients);
    requirement_given(require, REQUIRE_CLIENTS);
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

static void weigh(const struct weighing *weighing, struct finding *finding)
{
    enum reason reason;
    enum met met =
        finding->clients == NULL ? UNMET : clients_match(finding->clients, weighing->facts, &reason);

    requirement_found(finding, met, met == UNKNOWN ? reason : REASON_CLIENT_NOT_ALLOWED);
}

static void wanted(struct growing *text, const struct weighing *weighing, const struct finding *finding)
{
    (void)weighing;
    growing_add(text, "%s", finding->clients == NULL ? "" : finding->clients->text);
}

static bool found(struct growing *text, const struct weighing *weighing, const struct finding *finding)
{
    const struct facts *facts = weighing->facts;
    char address[64];

    (void)finding;
    if (!facts->client_known)
        return false;
    network_format(&facts->client, address);
    growing_add(text, "%s", address);
    if (facts->client_name_state == CLIENT_NAME_VERIFIED)
        growing_add(text, " (%s)", facts->client_name.text);
    return true;
}

/* clang-format off */
const struct requirement_row requirement_clients = {
    .combination = COMBINE_EACH, .read = read_value, .weigh = weigh, .wanted = wanted, .found = found,
    .reasons = {
        {REASON_CLIENT_NOT_ALLOWED, "554", "5.7.1", "4.7.1",
         "Client host not allowed to send mail from this domain"},
        {REASON_CLIENT_NAME_TEMPORARY, NULL, NULL, "4.3.5",
         "Local problem, not yours: name of the client host could not be looked up, try again later"},
    }};
