/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A partner's rule as lines of text, for `show` and `diff`. Knows how the language writes things; judges
 * nothing and reads no clock.
 */
#include "policy/language/rule.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "policy/array.h"
#include "policy/language/rule_sets.h"
#include "policy/names/date.h"
#include "policy/requirement/outbound_rule.h"
#include "policy/requirement/requirement.h"
#include "policy/text.h"

enum { VALUE_OCTETS = 2048 }; /* for values of limited length */

/* A callback for each line. */
struct listener {
    const struct policy *policy;
    rule_fn *line;
    void *arg;
    const char *prefix; /* before every key */
    bool *exhausted;
};

static void pass_on(const struct listener *to, const char *key, const char *from, const char *value,
                    bool item)
{
    char whole[64];

    snprintf(whole, sizeof whole, "%s%s", to->prefix, key);
    to->line(to->arg, &(struct rule_line){whole, value, from, item});
}

static void give(const struct listener *to, const char *key, const char *from, const char *value)
{
    pass_on(to, key, from, value, false);
}

static void give_item(const struct listener *to, const char *key, const char *from, const char *value)
{
    pass_on(to, key, from, value, true);
}

/* Passes the text on, and frees it. */
static void give_text(const struct listener *to, const char *key, const char *from,
                      struct growing_text *value, bool item)
{
    if (value->failed)
        *to->exhausted = true;
    else
        pass_on(to, key, from, value->text != NULL ? value->text : "", item);
    free(value->text);
    *value = (struct growing_text){0};
}

/* ---- lists in one value ---- */

/* Adds "c, a, b" as "a, b, c": the order of a list has no meaning. */
static void add_sorted(struct growing_text *value, const char *list)
{
    char *copy = strdup(list), **items = calloc(strlen(list) / 2 + 1, sizeof *items), *rest = copy;
    size_t count = 0;

    while (items != NULL && rest != NULL) {
        char *comma = strstr(rest, ", ");

        items[count++] = rest;
        if (comma != NULL)
            *comma = '\0';
        rest = comma != NULL ? comma + 2 : NULL;
    }
    if (count > 0)
        qsort(items, count, sizeof *items, array_compare_texts);
    for (size_t i = 0; i < count; i++)
        text_print(value, "%s%s", i > 0 ? ", " : "", items[i]);
    if (count == 0)
        value->failed = true; /* out of memory */
    free(items);
    free(copy);
}

static void give_sorted(const struct listener *to, const char *key, const char *from, const char *list)
{
    struct growing_text value = {0};

    add_sorted(&value, list);
    give_text(to, key, from, &value, true);
}

enum { CLIENT_TEXT = DOMAIN_MAX + 64 };

/* Writes a client by its number: the networks come first, then the names. False: there is no such client. */
static bool client_text(const struct clients *clients, size_t number, char text[CLIENT_TEXT])
{
    const struct client_name *name;

    if (number < clients->network_count) {
        network_format(&clients->networks[number], text);
        return true;
    }
    if (number - clients->network_count >= clients->name_count)
        return false;
    name = &clients->names[number - clients->network_count];
    snprintf(text, CLIENT_TEXT, "%s%s", name->suffix ? "." : "", name->domain);
    return true;
}

static void add_clients(struct growing_text *value, const struct clients *clients)
{
    struct growing_text list = {0};
    char client[CLIENT_TEXT];

    for (size_t i = 0; client_text(clients, i, client); i++)
        text_print(&list, "%s%s", i > 0 ? ", " : "", client);
    if (list.failed)
        value->failed = true;
    else
        add_sorted(value, list.text != NULL ? list.text : "");
    free(list.text);
}

static void give_each_client(const struct listener *to, const char *key, const char *from,
                             const struct clients *clients)
{
    char client[CLIENT_TEXT];

    for (size_t i = 0; client_text(clients, i, client); i++)
        give_item(to, key, from, client);
}

/* Gives one of several lists, each of which must have the client. */
static void give_list_of_clients(const struct listener *to, const char *key, const char *from,
                                 const struct clients *clients)
{
    struct growing_text value = {0};

    text_print(&value, "one of ");
    add_clients(&value, clients);
    give_text(to, key, from, &value, true);
}

/* ---- who and what for ---- */

/* Gives the partner's selectors of these kinds. */
static void give_selectors(const struct listener *to, const struct partner *partner, const char *key,
                           unsigned kinds)
{
    size_t count;
    const struct selector *entry = partner_selectors(to->policy, partner, &count);
    char value[DOMAIN_MAX + 64];

    for (; count-- > 0; entry++)
        for (unsigned kind = 0; kind < SELECT_COUNT; kind++)
            if ((entry->kinds & kinds & 1u << kind) != 0) {
                selector_format(to->policy, entry, kind, value, sizeof value);
                give_item(to, key, "", value);
            }
}

static void add_address(struct growing_text *value, const struct address_pattern *pattern)
{
    if (pattern->local != NULL)
        text_print(value, "%s@", pattern->local);
    text_print(value, "%s%s", pattern->suffix ? "." : "", pattern->domain);
}

static void give_whom(const struct listener *to, const struct partner *partner)
{
    unsigned domains = 1u << SELECT_DOMAIN | 1u << SELECT_SUBDOMAINS | 1u << SELECT_EVERYONE;

    give_selectors(to, partner, "domains", domains);
    give_selectors(to, partner, "clients", ~domains);
    if ((partner->identities & SELECTED_ENVELOPE_FROM) != 0)
        give_item(to, "identities", "", "envelope_from");
    if ((partner->identities & SELECTED_HEADER_FROM) != 0)
        give_item(to, "identities", "", "header_from");
    for (size_t i = 0; i < partner->terms->recipient_count; i++) {
        struct growing_text value = {0};

        add_address(&value, &partner->terms->recipients[i]);
        give_text(to, "recipients", "", &value, true);
    }
}

/* ---- requirements ---- */

static void give_strictest(const struct listener *to, const struct rule_set *sets, size_t count,
                           enum requirement requirement)
{
    const struct rule_set *strictest = rule_strictest(sets, count, requirement);
    char value[32];

    if (strictest == NULL)
        return;
    requirement_write_value(requirement, strictest->require->value[requirement], value, sizeof value);
    give(to, requirement_name(requirement), strictest->from, value);
}

/* Gives the whole description, however long it is. */
static void give_identity(const struct listener *to, const char *from, const struct identity *identity)
{
    size_t size = 256;
    char *text = malloc(size);

    while (text != NULL) {
        identity_describe(to->policy, identity, text, size);
        if (strlen(text) + 1 < size)
            break;
        free(text);
        size *= 4;
        text = malloc(size);
    }
    if (text != NULL)
        give_item(to, "certificates", from, text);
    else
        *to->exhausted = true;
    free(text);
}

static bool has_clients(const struct rule_set *set)
{
    return (set->keys & 1u << REQUIRE_CLIENTS) != 0 && set->require->clients != NULL;
}

static void give_set(const struct listener *to, const struct rule_set *set, bool lone_clients)
{
    if ((set->keys & 1u << REQUIRE_CIPHERS) != 0)
        give_sorted(to, "ciphers", set->from, set->require->ciphers->text);
    if ((set->keys & 1u << REQUIRE_CERTIFICATES) != 0 && set->certificates->trusted)
        give_item(to, "certificates", set->from, "trusted");
    for (unsigned i = 0; (set->keys & 1u << REQUIRE_CERTIFICATES) != 0 && i < set->certificates->count; i++)
        give_identity(to, set->from, &set->certificates->identities[i]);
    if (has_clients(set))
        (lone_clients ? give_each_client : give_list_of_clients)(to, "require.clients", set->from,
                                                                 set->require->clients);
}

static void give_sets(const struct listener *to, const struct rule_set *sets, size_t count)
{
    size_t lists = 0; /* of clients */

    for (int i = 0; i < REQUIREMENT_COUNT; i++)
        if (requirement_row((enum requirement)i)->combination == COMBINE_GREATEST)
            give_strictest(to, sets, count, (enum requirement)i);
    for (size_t i = 0; i < count; i++)
        lists += has_clients(&sets[i]);
    for (size_t i = 0; i < count; i++)
        give_set(to, &sets[i], lists == 1);
}

/* Gives the profiles that `named` names: it is the partner's `own` require, or that of the defaults. */
static void give_profiles(const struct listener *to, const struct require *named, const struct require *own)
{
    for (size_t i = 0; i < named->profile_count; i++)
        give_item(to, "profile", named == own ? "" : "defaults", named->profiles[i]->name);
}

static void give_requirements(const struct listener *to, const struct partner *partner)
{
    const struct require *own = &partner->terms->require;
    struct rule_set sets[RULE_SETS_MAX];

    give_sets(to, sets, rule_sets(to->policy, partner, sets));
    give_profiles(to, own->has_profiles ? own : &to->policy->require, own);
}

/* ---- conduct ---- */

static void add_actions(struct growing_text *value, const struct actions *actions)
{
    text_print(value, "%s%s", actions->mapped ? "default: " : "", action_name(actions->otherwise));
    for (int reason = 1; reason < REASON_FIRST_UNKNOWN; reason++)
        if (actions->by_reason[reason] != actions->otherwise)
            text_print(value, ", %s: %s", reason_name((enum reason)reason),
                       action_name((enum action)actions->by_reason[reason]));
}

static void give_conduct(const struct listener *to, const struct partner *partner)
{
    const struct terms *terms = partner->terms;
    const struct actions *actions = terms->actions != NULL ? terms->actions : to->policy->actions;
    struct growing_text value = {0};
    char date[32];

    give(to, "mode", partner->mode == MODE_COUNT ? "defaults" : "",
         mode_name(partner->mode == MODE_COUNT ? to->policy->mode : (enum mode)partner->mode));
    add_actions(&value, actions);
    give_text(to, "action", terms->actions != NULL ? "" : "defaults", &value, false);
    for (size_t i = 0; i < terms->step_count; i++) {
        const struct step *step = &terms->steps[i];

        date_format(step->from, date);
        text_print(&value, "from %s", date);
        if (step->mode != MODE_COUNT)
            text_print(&value, ", mode %s", mode_name(step->mode));
        if (step->actions != NULL) {
            text_print(&value, ", action ");
            add_actions(&value, step->actions);
        }
        give_text(to, "rollout", "", &value, true);
    }
}

static void give_exception(const struct listener *to, const struct exception *exception)
{
    struct growing_text value = {0};
    char date[32];

    if (exception->clients != NULL) {
        text_print(&value, "clients ");
        add_clients(&value, exception->clients);
        text_print(&value, ", ");
    }
    for (size_t i = 0; i < exception->sender_count; i++) {
        text_print(&value, "%s", i == 0 ? "senders " : "or ");
        if (exception->senders[i].null)
            text_print(&value, "<>");
        else
            add_address(&value, &exception->senders[i].address);
        text_print(&value, "%s", i + 1 < exception->sender_count ? " " : ", ");
    }
    for (size_t i = 0; i < exception->recipient_count; i++) {
        text_print(&value, "%s", i == 0 ? "recipients " : "or ");
        add_address(&value, &exception->recipients[i]);
        text_print(&value, "%s", i + 1 < exception->recipient_count ? " " : ", ");
    }
    date_format(exception->until, date);
    text_print(&value, "until %s: %s", date, exception->reason);
    give_text(to, "exceptions", "", &value, true);
}

/* ---- outbound ---- */

static void give_outbound_conduct(const struct listener *to, const struct partner *partner)
{
    const struct outbound *outbound = partner->terms->outbound;
    const bool own = outbound->mode != MODE_COUNT;
    size_t count;
    const struct listed_hop *hop = partner_hops(to->policy, partner, &count);
    char value[VALUE_OCTETS], date[32];

    give(to, "mode", own ? "" : "defaults", mode_name(own ? outbound->mode : to->policy->outbound.mode));
    for (size_t i = 0; i < outbound->step_count; i++) {
        date_format(outbound->steps[i].from, date);
        snprintf(value, sizeof value, "from %s, mode %s", date, mode_name(outbound->steps[i].mode));
        give_item(to, "rollout", "", value);
    }
    for (; count-- > 0; hop++)
        give_item(to, "next_hops", "", arena_at(&to->policy->arena, hop->text));
}

static void give_server_certificates(const struct listener *to, const struct outbound *outbound)
{
    const struct server_certificates *certificates = outbound_certificates(to->policy, outbound);
    const char *from = outbound->require.certificates != NULL ? "" : "defaults";
    char value[VALUE_OCTETS];

    if (certificates->proof != PROOF_LIST)
        give_item(to, "certificates", from, proof_name(certificates->proof));
    for (size_t i = 0; i < certificates->count; i++) {
        server_identity_describe(&certificates->identities[i], value, sizeof value);
        give_item(to, "certificates", from, value);
    }
}

static void give_outbound(const struct listener *inbound, const struct partner *partner)
{
    const struct outbound *outbound = partner->terms->outbound;
    const struct require *named = &outbound->require.require;
    struct listener to = *inbound;
    struct rule_set sets[RULE_SETS_MAX];
    size_t count = outbound_sets(to.policy, outbound, sets);
    char value[VALUE_OCTETS], date[32];

    to.prefix = "outbound.";
    give_outbound_conduct(&to, partner);
    give_sets(&to, sets, count);
    give_server_certificates(&to, outbound);
    give_profiles(&to, named->has_profiles ? named : &to.policy->outbound.require.require, named);
    for (size_t i = 0; i < outbound->exception_count; i++) {
        date_format(outbound->exceptions[i].until, date);
        snprintf(value, sizeof value, "until %s: %s", date, outbound->exceptions[i].reason);
        give_item(&to, "exceptions", "", value);
    }
}

bool rule_each(const struct policy *policy, const struct partner *partner, rule_fn *line, void *arg)
{
    bool exhausted = false;
    const struct listener to = {policy, line, arg, "", &exhausted};
    const struct terms *terms = partner->terms;

    give_whom(&to, partner);
    give_conduct(&to, partner);
    give_requirements(&to, partner);
    for (size_t i = 0; i < terms->exception_count; i++)
        give_exception(&to, &terms->exceptions[i]);
    if (terms->outbound != NULL)
        give_outbound(&to, partner);
    if (partner_message(policy, partner) != NULL)
        give(&to, "message", terms->message != NULL ? "" : "defaults", partner_message(policy, partner));
    if (terms->contact != NULL)
        give(&to, "contact", "", terms->contact);
    if (terms->comment != NULL)
        give(&to, "comment", "", terms->comment);
    for (size_t i = 0; i < terms->acknowledgement_count; i++) {
        struct growing_text value = {0};

        text_print(&value, "%s: %s", warning_id(terms->acknowledgements[i].warning),
                   terms->acknowledgements[i].reason);
        give_text(&to, "acknowledge", "", &value, true);
    }
    return !exhausted;
}

bool rule_each_setting(const struct policy *policy, rule_fn *line, void *arg)
{
    bool exhausted = false;
    static const char *const mtas[] = {"auto", "postfix", "sendmail"}; /* the order of enum mta */
    const struct listener to = {policy, line, arg, "", &exhausted};

    give(&to, "milter.socket", "", policy->milter.socket);
    if (policy->milter.postfix_facts != NULL)
        give(&to, "milter.postfix_facts", "", policy->milter.postfix_facts);
    if (policy->milter.status != NULL)
        give(&to, "milter.status", "", policy->milter.status);
    give(&to, "milter.watch", "", policy->milter.watch ? "true" : "false");
    if (policy->milter.outbound != NULL)
        give(&to, "milter.outbound", "", policy->milter.outbound);
    if (policy->milter.outbound_upstream != NULL)
        give(&to, "milter.outbound_upstream", "", policy->milter.outbound_upstream);
    give(&to, "milter.shared_directory", "", policy->milter.shared_directory ? "true" : "false");
    give(&to, "milter.mta", "", mtas[policy->milter.mta]);
    give(&to, "milter.recipient_delimiter", "", policy->milter.recipient_delimiter);
    if (policy->exempt_clients.text != NULL)
        give_each_client(&to, "exempt.clients", "", &policy->exempt_clients);
    give(&to, "exempt.authenticated", "", policy->exempt_authenticated ? "true" : "false");
    for (size_t i = 0; i < policy->exempt_daemon_count; i++)
        give_item(&to, "exempt.daemons", "", policy->exempt_daemons[i]);
    return !exhausted;
}
