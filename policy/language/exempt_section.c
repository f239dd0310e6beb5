/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The section `exempt`: reads it, refuses clients that would exempt other people's hosts, and finds the
 * clients of a partner that it covers. Mail of an exempt client is never judged, whatever a partner requires.
 */
#include "policy/language/compile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "policy/language/doubts.h"
#include "policy/names/domain.h"
#include "policy/names/suffixes.h"

/* ---- the section ---- */

/* Reports a block that holds other people's servers. */
static void refuse_wide(struct loading *loading, const struct node *item)
{
    struct network network;

    if (network_check(&network, item->text) == NULL && network_is_wide(&network))
        loading_error(loading, item,
                      "\"%.64s\" would exempt a large part of the internet, partners among it: name your own "
                      "hosts and networks, or write [] to exempt nobody",
                      item->text);
}

/* Reports a name below which anyone can register a name. */
static void refuse_suffix(struct loading *loading, const struct node *item)
{
    const char *name = item->text + (item->text[0] == '.');
    struct domain domain;
    const char *kind =
        domain_normalise(&domain, name, strlen(name)) == DOMAIN_VALID ? suffix_kind(domain.text) : NULL;

    if (kind != NULL)
        loading_error(loading, item,
                      "\"%.255s\" would exempt other people's hosts: %s is %s; name your own hosts",
                      item->text, domain.text, kind);
}

static void refuse_strangers(struct loading *loading, const struct node *list)
{
    for (const struct node *item = list->first; item != NULL; item = item->next) {
        if (item->kind != NODE_SCALAR)
            continue;
        if (network_looks_like(item->text))
            refuse_wide(loading, item);
        else
            refuse_suffix(loading, item);
    }
}

/* Sorts the blocks and drops those inside others, for overlap_network(). */
static void sort_networks(struct loading *loading, struct clients *clients)
{
    size_t count = clients->network_count, kept = 0;
    struct network *networks = loading_alloc(loading, count * sizeof *networks);

    if (networks == NULL || count == 0)
        return;
    memcpy(networks, clients->networks, count * sizeof *networks);
    qsort(networks, count, sizeof *networks, network_compare);
    for (size_t i = 0; i < count; i++)
        if (kept == 0 || !network_contains(&networks[kept - 1], &networks[i]))
            networks[kept++] = networks[i];
    clients->networks = networks;
    clients->network_count = kept;
}

static void read_exempt_clients(struct loading *loading, const struct node *node, void *into)
{
    struct policy *policy = into;
    const struct clients *clients;

    if (node->kind == NODE_SEQUENCE && node->count == 0) {
        policy->exempt_clients = (struct clients){0};
        return;
    }
    clients = compile_clients(loading, node);
    if (clients == NULL)
        return;
    policy->exempt_clients = *clients;
    refuse_strangers(loading, node);
    sort_networks(loading, &policy->exempt_clients);
}

static void read_exempt_authenticated(struct loading *loading, const struct node *node, void *into)
{
    compile_boolean(loading, node, &((struct policy *)into)->exempt_authenticated);
}

/* Whether an MTA can send the name as {daemon_name}. False: reported. */
static bool is_daemon_name(struct loading *loading, const struct node *item)
{
    if (item->text[0] == '\0') {
        loading_error(loading, item, "an empty name is no listener's");
        return false;
    }
    if (strpbrk(item->text, ",;") != NULL) {
        loading_error(loading, item, "\"%.255s\" is several names in one; write each as an entry of its own",
                      item->text);
        return false;
    }
    if (strpbrk(item->text, "*?") == NULL)
        return true;
    loading_error(loading, item, "\"%.255s\": there are no wildcards in exempt.daemons; write each name",
                  item->text);
    return false;
}

static void read_exempt_daemons(struct loading *loading, const struct node *node, void *into)
{
    struct policy *policy = into;
    const struct node *item = NULL;
    const char **daemons;

    policy->exempt_daemon_count = 0;
    if (node->kind == NODE_SEQUENCE && node->count == 0)
        return;
    daemons = loading_alloc(loading, compile_list(loading, node, false, &item) * sizeof *daemons);
    for (; daemons != NULL && item != NULL; item = item->next) {
        const char *text;

        if (compile_text(loading, item, &text) && is_daemon_name(loading, item))
            daemons[policy->exempt_daemon_count++] = loading_text(loading, text);
    }
    policy->exempt_daemons = daemons;
}

void compile_exempt(struct loading *loading, const struct node *node)
{
    static const struct key keys[] = {{"clients", read_exempt_clients},
                                      {"authenticated", read_exempt_authenticated},
                                      {"daemons", read_exempt_daemons},
                                      {NULL, NULL}};

    compile_mapping(loading, node, keys, loading->policy, "exempt");
}

/* ---- clients of partners that are exempt ---- */

/* What an exempt entry and a partner's client have in common. */
enum overlap { OVERLAP_NONE, OVERLAP_PART, OVERLAP_WHOLE };

/* A client of a partner, and the exempt entry that it overlaps, as both are shown. */
struct overlapping {
    char client[DOMAIN_MAX + 3], exempt[DOMAIN_MAX + 3];
};

/*
 * Whether the block is loopback, which is exempt by default. A larger block of a partner does not mean
 * loopback.
 */
static bool is_loopback(const struct network *network)
{
    static const struct network v4 = {0, 8, {127}}, v6 = {1, 128, {[15] = 1}};

    return network_contains(&v4, network) || network_contains(&v6, network);
}

/*
 * Finds the exempt block that contains `block`, else the first one inside it. sort_networks() has sorted
 * them, and none contains another.
 */
static enum overlap overlap_network(const struct clients *exempt, const struct network *block,
                                    struct overlapping *found)
{
    size_t low = 0, high = exempt->network_count;
    enum overlap overlap = OVERLAP_WHOLE;

    while (low < high) { /* finds the first that sorts after the block */
        size_t middle = low + (high - low) / 2;

        if (network_compare(&exempt->networks[middle], block) <= 0)
            low = middle + 1;
        else
            high = middle;
    }
    if (low > 0 && network_contains(&exempt->networks[low - 1], block)) {
        low--;
    } else {
        overlap = OVERLAP_PART;
        while (low < exempt->network_count && is_loopback(&exempt->networks[low]))
            low++;
        if (low == exempt->network_count || !network_contains(block, &exempt->networks[low]))
            return OVERLAP_NONE;
    }
    network_format(block, found->client);
    network_format(&exempt->networks[low], found->exempt);
    return overlap;
}

/* Whether `name` matches every host that `other` matches. */
static bool name_covers(const struct client_name *name, const struct client_name *other)
{
    if (strcmp(name->domain, other->domain) == 0)
        return name->suffix == other->suffix;
    return name->suffix && domain_below(other->domain, name->domain);
}

static void show_name(const struct client_name *name, char text[DOMAIN_MAX + 3])
{
    snprintf(text, DOMAIN_MAX + 3, "%s%.253s", name->suffix ? "." : "", name->domain);
}

static enum overlap overlap_name(const struct clients *exempt, const struct client_name *name,
                                 struct overlapping *found)
{
    for (size_t i = 0; i < exempt->name_count; i++) {
        bool whole = name_covers(&exempt->names[i], name);

        if (!whole && !name_covers(name, &exempt->names[i]))
            continue;
        show_name(name, found->client);
        show_name(&exempt->names[i], found->exempt);
        return whole ? OVERLAP_WHOLE : OVERLAP_PART;
    }
    return OVERLAP_NONE;
}

/* Compares one entry of a partner's `domains` and `clients` with `exempt`. A domain overlaps nothing. */
static enum overlap overlap_selector(const struct policy *policy, const struct selector *entry,
                                     struct overlapping *found)
{
    const void *text = arena_get(&policy->arena, entry->text);
    enum overlap overlap = OVERLAP_NONE;

    if ((entry->kinds & 1u << SELECT_NETWORK) != 0)
        return overlap_network(&policy->exempt_clients, text, found);
    for (unsigned kind = SELECT_CLIENT_NAME; overlap == OVERLAP_NONE && kind <= SELECT_CLIENT_SUFFIX;
         kind++) {
        const struct client_name name = {text, kind == SELECT_CLIENT_SUFFIX};

        if ((entry->kinds & 1u << kind) != 0)
            overlap = overlap_name(&policy->exempt_clients, &name, found);
    }
    return overlap;
}

void doubt_exempt_partner(struct doubts *doubts, const struct partner *partner)
{
    const struct policy *policy = doubts->policy;
    struct overlapping found, first = {"", ""};
    size_t count, whole = 0;
    const struct selector *entry = partner_selectors(policy, partner, &count);

    for (size_t i = 0; i < count; i++) {
        enum overlap overlap = overlap_selector(policy, &entry[i], &found);

        whole += overlap == OVERLAP_WHOLE;
        if (overlap != OVERLAP_NONE && first.client[0] == '\0')
            first = found;
    }
    if (first.client[0] == '\0')
        return;
    if (whole == count)
        doubts_report(doubts, partner_place(policy, partner), WARNING_EXEMPT_OVERLAP,
                      ": all its clients are exempt (exempt.clients: %s): its mail is never judged",
                      first.exempt);
    else
        doubts_report(doubts, partner_place(policy, partner), WARNING_EXEMPT_OVERLAP,
                      ": its client %s overlaps %s of exempt.clients: mail from there is never judged",
                      first.client, first.exempt);
}

void doubt_required_clients(struct doubts *doubts, const struct clients *clients)
{
    const struct clients *exempt = &doubts->policy->exempt_clients;
    struct overlapping found;
    enum overlap overlap = OVERLAP_NONE;

    if (clients == NULL)
        return;
    for (size_t i = 0; overlap == OVERLAP_NONE && i < clients->network_count; i++)
        overlap = overlap_network(exempt, &clients->networks[i], &found);
    for (size_t i = 0; overlap == OVERLAP_NONE && i < clients->name_count; i++)
        overlap = overlap_name(exempt, &clients->names[i], &found);
    if (overlap != OVERLAP_NONE)
        doubts_report(doubts, clients->place, WARNING_EXEMPT_OVERLAP,
                      ": require.clients %s overlaps %s of exempt.clients: mail from there is never judged",
                      found.client, found.exempt);
}
