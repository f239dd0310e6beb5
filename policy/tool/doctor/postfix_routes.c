/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where Postfix sends the mail of each partner. Postfix asks with the next hop, not with the recipient, so a
 * manual route takes mail past its rule. Knows how trivial-rewrite(8) chooses a transport and a next hop.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "policy/names/next_hop.h"
#include "policy/outbound/outbound.h"
#include "policy/tool/doctor/endpoint.h"
#include "policy/tool/doctor/outbound.h"
#include "policy/tool/doctor/postmap.h"
#include "policy/tool/doctor/relay_domains.h"
#include "policy/verdict/select.h"

/* Where mail goes if transport_maps does not route it. */
struct usual {
    struct route route;    /* relayhost included */
    const char *name;      /* the parameter that gives the next hop */
    const char *by_sender; /* the table that chooses the next hop by the sender; NULL: none does */
};

/* An examination of routes. */
struct routes {
    const struct postfix *postfix;
    struct transports *transports;
    struct postmap *table;         /* the entries of transport_maps for the partners */
    struct usual usual, relay;     /* by default_transport; by relay_transport */
    struct relay_domains *relayed; /* the domains whose mail goes by relay_transport */
    struct detour detour[ROUTES_MAX];
    size_t count;
};

bool transports_has(const struct transports *transports, const char *name)
{
    for (size_t i = 0; i < transports->count; i++)
        if (strcmp(transports->name[i], name) == 0)
            return true;
    return false;
}

static void add_transport(struct transports *transports, const char *name)
{
    if (transports->count < ROUTES_MAX && !transports_has(transports, name))
        snprintf(transports->name[transports->count++], TRANSPORT_MAX, "%s", name);
}

/* Reads "smtp:[relay.example]", "smtp:", ":[relay.example]" or "smtp". */
static struct route read_route(const char *text)
{
    struct route route;
    size_t length = strcspn(text, ":");

    snprintf(route.transport, sizeof route.transport, "%.*s", (int)length, text);
    snprintf(route.hop, sizeof route.hop, "%s", text[length] == ':' ? text + length + 1 : "");
    return route;
}

/* ---- services ---- */

static const struct service *find_service(const struct postfix *postfix, const char *name)
{
    for (size_t i = 0; i < postconf_service_count(postfix->postconf); i++) {
        const struct service *service = postconf_service(postfix->postconf, i);

        if (strcmp(service->name, name) == 0 && strcmp(service->type, "inet") != 0)
            return service;
    }
    return NULL;
}

/* What a service does with TLS policies. */
enum kind {
    KIND_ASKS,  /* smtp(8) asks by smtp_tls_policy_maps */
    KIND_STAYS, /* the mail does not leave */
    KIND_LMTP,  /* lmtp(8) has tables of its own */
    KIND_OTHER  /* pipe(8) and others ask no table */
};

static enum kind kind_of(const struct routes *routes, const char *transport)
{
    static const char *const stays[] = {"local", "virtual", "error", "discard", NULL};
    const struct service *service = find_service(routes->postfix, transport);

    if (service == NULL || strcmp(service->command, "smtp") == 0)
        return KIND_ASKS; /* a service that does not exist sends nothing */
    if (strcmp(service->command, "lmtp") == 0)
        return *postconf_text(routes->postfix->postconf, service, "lmtp_tls_policy_maps") ? KIND_STAYS
                                                                                          : KIND_LMTP;
    for (size_t i = 0; stays[i] != NULL; i++)
        if (strcmp(service->command, stays[i]) == 0)
            return KIND_STAYS;
    return KIND_OTHER;
}

/* ---- whether a route leads past the rule ---- */

/* Whether every destination of the list is a key of the partner. If not, *why says what is wrong. */
static bool is_covered(const struct routes *routes, const struct partner *partner, const char *hops,
                       enum detour_kind *why)
{
    const struct examination *examination = routes->postfix->examination;
    struct element hop;
    bool spelled = true;

    while (element_next(&hop, &hops)) {
        struct outbound_choice choice;

        outbound_choose(&choice, examination->policy, hop.text, strlen(hop.text), examination->now);
        *why = DETOUR_HOP;
        if (choice.partner != partner)
            return false;
        spelled &= choice.domain[0] != '\0' || doctor_hop_is_exported(routes->postfix, hop.text);
    }
    *why = DETOUR_SPELLING;
    return spelled;
}

static void add_detour(struct routes *routes, const struct detour *detour)
{
    for (size_t i = 0; i < routes->count; i++) {
        struct detour *there = &routes->detour[i];

        if (there->why != detour->why || strcmp(there->parameter, detour->parameter) != 0
            || (detour->own && there->partner != detour->partner)
            || strcmp(there->route.transport, detour->route.transport) != 0
            || strcmp(there->route.hop, detour->route.hop) != 0)
            continue;
        there->domains++;
        if (detour->mode > there->mode)
            there->mode = detour->mode;
        return;
    }
    if (routes->count < ROUTES_MAX)
        routes->detour[routes->count++] = *detour;
}

/* Follows the route of a domain's mail, and notes a detour. */
static void follow(struct routes *routes, struct detour *taken)
{
    const struct route *route = &taken->route;

    add_transport(routes->transports, route->transport);
    switch (kind_of(routes, route->transport)) {
    case KIND_STAYS:
        return;
    case KIND_ASKS:
        if (*route->hop == '\0' || is_covered(routes, taken->partner, route->hop, &taken->why))
            return;
        break;
    default:
        taken->why = DETOUR_TRANSPORT;
    }
    add_detour(routes, taken);
}

/* ---- the route of a domain ---- */

/* Writes an address and a domain as transport_maps is asked for them. */
static void name_keys(const struct outbound_domain *domain, char address[HOP_MAX], char name[HOP_MAX])
{
    snprintf(name, HOP_MAX, "%s%.250s", domain->below ? "forcetls." : "", domain->domain);
    snprintf(address, HOP_MAX, "postmaster@%.300s", name);
}

/*
 * Returns the value in transport_maps for a domain. *own: the entry is for this domain
 * alone, or for what is below it.
 */
static const char *look_up(const struct routes *routes, const struct outbound_domain *domain, bool *own)
{
    char address[HOP_MAX], name[HOP_MAX];
    const char *value, *at = name;

    name_keys(domain, address, name);
    *own = true;
    value = postmap_find(routes->table, address);
    while (value == NULL && at != NULL) {
        *own = at == name || strcmp(at + 1, domain->domain) == 0;
        value = postmap_find(routes->table, at);
        at = strchr(at + 1, '.');
    }
    if (value != NULL)
        return value;
    *own = false;
    return postmap_find(routes->table, "*");
}

/* Returns where a domain's mail goes if transport_maps does not route it. */
static const struct usual *usual_of(const struct routes *routes, const struct outbound_domain *domain)
{
    char address[HOP_MAX], name[HOP_MAX];

    name_keys(domain, address, name);
    return relay_domains_has(routes->relayed, name) ? &routes->relay : &routes->usual;
}

static void examine_domain(void *arg, const struct outbound_domain *domain)
{
    struct routes *routes = arg;
    const struct usual *elsewhere = usual_of(routes, domain);
    struct detour taken = {
        .parameter = "transport_maps", .mode = domain->mode, .partner = domain->partner, .domains = 1};
    const char *value = look_up(routes, domain, &taken.own);
    bool usual = value == NULL || strcmp(value, ":") == 0;

    snprintf(taken.domain, sizeof taken.domain, "%s%s", domain->below ? "." : "", domain->domain);
    taken.route = usual ? elsewhere->route : read_route(value);
    if (*taken.route.transport == '\0')
        memcpy(taken.route.transport, elsewhere->route.transport, sizeof taken.route.transport);
    if (usual) {
        taken.parameter = elsewhere->name;
        taken.own = false;
    }
    follow(routes, &taken);
    if (!usual || elsewhere->by_sender == NULL)
        return;
    taken.parameter = elsewhere->by_sender;
    taken.why = DETOUR_SENDER;
    add_detour(routes, &taken);
}

/* Whether the policy lists the domain of a key, so that transport_maps was asked for it. */
static bool is_listed(const struct policy *policy, const char *domain, bool dotted)
{
    const struct partner *found[2];
    struct next_hop hop;

    if (next_hop_read(&hop, domain, strlen(domain)) != NEXT_HOP_DOMAIN)
        return true; /* not a domain */
    select_exact(policy, hop.domain.text, hop.domain.length, found);
    return found[dotted] != NULL;
}

/* Chooses the partner of an address, or of a key that the policy does not list itself. */
static void choose_by_entry(const struct routes *routes, const char *key, struct outbound_choice *choice)
{
    const struct examination *examination = routes->postfix->examination;
    const char *at = strrchr(key, '@'), *domain = at != NULL ? at + 1 : key;
    bool dotted = *domain == '.';
    char name[HOP_MAX];

    *choice = (struct outbound_choice){.mode = MODE_NONE};
    if (at == NULL && is_listed(examination->policy, domain + dotted, dotted))
        return;
    snprintf(name, sizeof name, "%s%.300s", dotted ? "forcetls" : "", domain);
    outbound_choose(choice, examination->policy, name, strlen(name), examination->now);
}

/*
 * Examines entries of transport_maps for one address of a partner, or for a part of what is below its domain.
 */
static void examine_entries(struct routes *routes, const struct postmap *all)
{
    for (size_t i = 0; i < postmap_count(all); i++) {
        const struct table_entry *entry = postmap_entry(all, i);
        struct detour taken = {.parameter = "transport_maps", .own = true, .domains = 1};
        struct outbound_choice choice;

        if (strcmp(entry->value, ":") == 0)
            continue;
        choose_by_entry(routes, entry->key, &choice);
        if (choice.partner == NULL || choice.mode == MODE_NONE)
            continue;
        taken.partner = choice.partner;
        taken.mode = choice.mode;
        snprintf(taken.domain, sizeof taken.domain, "%.300s", entry->key);
        taken.route = read_route(entry->value);
        if (*taken.route.transport == '\0')
            memcpy(taken.route.transport, routes->usual.route.transport, sizeof taken.route.transport);
        follow(routes, &taken);
    }
}

/* ---- the examination ---- */

/* Writes the keys of a domain, a line each. */
static void write_keys(void *arg, const struct outbound_domain *domain)
{
    char address[HOP_MAX], name[HOP_MAX];

    name_keys(domain, address, name);
    fprintf(arg, "%s\n%s\n", address, name);
    for (const char *dot = strchr(name, '.'); dot != NULL; dot = strchr(dot + 1, '.'))
        fprintf(arg, "%s\n", dot);
}

/* Writes only the name of a domain. */
static void write_names(void *arg, const struct outbound_domain *domain)
{
    char address[HOP_MAX], name[HOP_MAX];

    name_keys(domain, address, name);
    fprintf(arg, "%s\n", name);
}

/* Returns what `write` writes for all domains, and `last`; to be freed. NULL: out of memory. */
static char *collect(const struct examination *examination,
                     void (*write)(void *arg, const struct outbound_domain *domain), const char *last)
{
    char *text = NULL;
    size_t size;
    FILE *stream = open_memstream(&text, &size);

    if (stream == NULL)
        return NULL;
    policy_each_outbound_domain(examination->policy, examination->now, write, stream);
    fputs(last, stream);
    if (fclose(stream) == 0)
        return text;
    free(text);
    return NULL;
}

static void report_unread(const struct postfix *postfix, const char *parameter, char *why)
{
    struct remarks *remarks = &postfix->examination->remarks;

    if (why == NULL) {
        remarks->exhausted = true;
        return;
    }
    remark(remarks, LEVEL_WARNING, parameter, "%s cannot be asked where mail to partners leaves: %s",
           postfix_text(postfix, parameter), why);
    remark_change(remarks, "Correct what postmap names, and run doctor as root.");
    free(why);
}

static void read_usual(struct usual *usual, const struct postfix *postfix, const char *transport,
                       const char *const by_sender[])
{
    usual->route = read_route(postfix_text(postfix, transport));
    usual->name = transport;
    for (; *by_sender != NULL && usual->by_sender == NULL; by_sender++)
        if (*postfix_text(postfix, *by_sender) != '\0')
            usual->by_sender = *by_sender;
    if (*usual->route.hop)
        return;
    usual->name = "relayhost";
    snprintf(usual->route.hop, sizeof usual->route.hop, "%s", postfix_text(postfix, "relayhost"));
}

static void read_relayed(struct routes *routes)
{
    static const char *const by_sender[] = {"sender_dependent_relayhost_maps", NULL};
    const struct postfix *postfix = routes->postfix;
    char *names = collect(postfix->examination, write_names, ""), *why = NULL;

    read_usual(&routes->relay, postfix, "relay_transport", by_sender);
    if (*read_route(postfix_text(postfix, "relay_transport")).hop != '\0')
        routes->relay.by_sender = NULL; /* this next hop has precedence */
    routes->relayed = names == NULL ? NULL : relay_domains_read(postfix, names, &why);
    if (routes->relayed == NULL)
        report_unread(postfix, "relay_domains", why);
    free(names);
}

void doctor_postfix_routes(const struct postfix *postfix, struct transports *transports)
{
    struct examination *examination = postfix->examination;
    static const char *const by_sender[] = {"sender_dependent_relayhost_maps",
                                            "sender_dependent_default_transport_maps", NULL};
    struct routes routes = {.postfix = postfix, .transports = transports};
    const char *list = postfix_text(postfix, "transport_maps"),
               *directory = postconf_directory(postfix->postconf);
    char *keys = collect(examination, write_keys, "*\n"), *why = NULL;
    struct postmap *all = keys != NULL ? postmap_ask(directory, list, NULL, &why) : NULL;

    transports->count = 0;
    read_usual(&routes.usual, postfix, "default_transport", by_sender);
    read_relayed(&routes);
    routes.table = all != NULL ? postmap_ask(directory, list, keys, &why) : NULL;
    if (routes.table == NULL) {
        report_unread(postfix, "transport_maps", why);
        routes.table = postmap_ask(directory, "", "", &why);
    }
    if (routes.table != NULL) {
        policy_each_outbound_domain(examination->policy, examination->now, examine_domain, &routes);
        if (all != NULL)
            examine_entries(&routes, all);
    }
    for (size_t i = 0; i < routes.count; i++)
        doctor_detour(postfix, &routes.detour[i]);
    relay_domains_free(routes.relayed);
    postmap_free(routes.table);
    postmap_free(all);
    free(keys);
}
