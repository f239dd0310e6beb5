/* SPDX-License-Identifier: BSD-2-Clause */
/* Which mail is never judged, and by which entry of `exempt`. Knows no partner. */
#include "policy/verdict/exemption.h"

#include <stdio.h>
#include <string.h>
#include "policy/requirement/weigh.h"

enum exempt exemption_find(const struct policy *policy, const struct facts *facts)
{
    const char *daemon = facts->macro[MACRO_DAEMON_NAME];
    enum reason reason;

    if (policy->exempt_authenticated && facts->authenticated)
        return EXEMPT_AUTHENTICATED;
    for (size_t i = 0; daemon != NULL && i < policy->exempt_daemon_count; i++)
        if (strcmp(policy->exempt_daemons[i], daemon) == 0)
            return EXEMPT_DAEMON;
    return clients_match(&policy->exempt_clients, facts, &reason) == MET ? EXEMPT_CLIENT : EXEMPT_NOT;
}

/* Describes the first entry of the list that matches: tries each as a list of one. */
static void describe_client(const struct clients *list, const struct facts *facts, char *text, size_t size)
{
    enum reason reason;

    for (size_t i = 0; i < list->network_count; i++) {
        const struct clients one = {.network_count = 1, .networks = &list->networks[i]};
        char network[64];

        if (clients_match(&one, facts, &reason) != MET)
            continue;
        network_format(&list->networks[i], network);
        snprintf(text, size, "exempt.clients: %s", network);
        return;
    }
    for (size_t i = 0; i < list->name_count; i++) {
        const struct clients one = {.name_count = 1, .names = &list->names[i]};

        if (clients_match(&one, facts, &reason) != MET)
            continue;
        snprintf(text, size, "exempt.clients: %s%s", list->names[i].suffix ? "." : "", list->names[i].domain);
        return;
    }
}

void exemption_describe(const struct policy *policy, const struct facts *facts, enum exempt exempt,
                        char *text, size_t size)
{
    text[0] = '\0';
    if (exempt == EXEMPT_AUTHENTICATED)
        snprintf(text, size, "exempt.authenticated: true");
    else if (exempt == EXEMPT_DAEMON)
        snprintf(text, size, "exempt.daemons: %s", facts->macro[MACRO_DAEMON_NAME]);
    else if (exempt == EXEMPT_CLIENT)
        describe_client(&policy->exempt_clients, facts, text, size);
}
