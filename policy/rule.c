/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A partner's rule as lines of text, for `show` and `diff`. Knows how defaults
 * and profiles combine and how the language writes things; judges nothing and
 * asks no clock.
 */
#include "policy/language/rule.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "policy/names/date.h"
#include "policy/internal.h"

enum { VALUE_OCTETS = 2048 };

/* Somebody who is called for each line. */
struct listener {
    const struct policy *policy;
    rule_fn *line;
    void *arg;
};

static void give(const struct listener *to, const char *key, const char *from, const char *value)
{
    to->line(to->arg, &(struct rule_line){key, value, from, false});
}

static void give_item(const struct listener *to, const char *key, const char *from, const char *value)
{
    to->line(to->arg, &(struct rule_line){key, value, from, true});
}

__attribute__((format(printf, 2, 3))) static void add(char value[VALUE_OCTETS], const char *format, ...)
{
    size_t length = strlen(value);
    va_list args;

    va_start(args, format);
    vsnprintf(value + length, VALUE_OCTETS - length, format, args);
    va_end(args);
}

/* ---- who and what for ---- */

/* A list of the partner's selectors of these kinds. */
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

static void add_address(char value[VALUE_OCTETS], const struct address_pattern *pattern)
{
    if (pattern->local != NULL)
        add(value, "%s@", pattern->local);
    add(value, "%s%s", pattern->suffix ? "." : "", pattern->domain);
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
        char value[VALUE_OCTETS] = "";

        add_address(value, &partner->terms->recipients[i]);
        give_item(to, "recipients", "", value);
    }
}

/* ---- requirements ---- */

static size_t add_profiles(const struct policy *policy, const struct require *require, struct rule_set *sets,
                           size_t count)
{
    for (size_t i = 0; i < require->profile_count; i++) {
        const struct profile *profile = require->profiles[i];

        if (profile->require->keys != 0 && count < RULE_SETS_MAX) {
            sets[count] =
                (struct rule_set){profile->require, arena_at(&policy->arena, profile->require->certificates),
                                  profile->require->keys, profile->builtin, ""};
            snprintf(sets[count].from, sizeof sets[count].from, "profile %s", profile->name);
            count++;
        }
        count = add_profiles(policy, profile->require, sets, count);
    }
    return count;
}

size_t rule_sets(const struct policy *policy, const struct partner *partner,
                 struct rule_set sets[RULE_SETS_MAX])
{
    const struct require *own = &partner->terms->require, *defaults = &policy->require;

    sets[0] = (struct rule_set){own, arena_at(&policy->arena, partner->certificates), own->keys, NULL, ""};
    sets[1] = (struct rule_set){defaults, arena_at(&policy->arena, defaults->certificates),
                                defaults->keys & ~own->keys, NULL, "defaults"};
    return add_profiles(policy, own->has_profiles ? own : defaults, sets, 2);
}

static unsigned number_of(const struct require *require, enum requirement requirement)
{
    return requirement == REQUIRE_MIN_TLS_VERSION   ? require->min_tls_version
           : requirement == REQUIRE_MIN_CIPHER_BITS ? require->min_cipher_bits
                                                    : require->forward_secrecy;
}

const struct rule_set *rule_strictest(const struct rule_set *sets, size_t count, enum requirement requirement)
{
    const struct rule_set *strictest = NULL;

    for (size_t i = 0; i < count; i++)
        if ((sets[i].keys & 1u << requirement) != 0
            && (strictest == NULL
                || number_of(sets[i].require, requirement) > number_of(strictest->require, requirement)))
            strictest = &sets[i];
    return strictest;
}

static void give_strictest(const struct listener *to, const struct rule_set *sets, size_t count,
                           enum requirement requirement)
{
    const struct rule_set *strictest = rule_strictest(sets, count, requirement);
    char value[32];

    if (strictest == NULL)
        return;
    if (requirement == REQUIRE_MIN_TLS_VERSION)
        snprintf(value, sizeof value, "%s", tls_version_name(strictest->require->min_tls_version));
    else if (requirement == REQUIRE_MIN_CIPHER_BITS)
        snprintf(value, sizeof value, "%u", strictest->require->min_cipher_bits);
    else
        snprintf(value, sizeof value, "%s", strictest->require->forward_secrecy ? "true" : "false");
    give(to, requirement_name(requirement), strictest->from, value);
}

static void give_set(const struct listener *to, const struct rule_set *set)
{
    char value[VALUE_OCTETS];

    if ((set->keys & 1u << REQUIRE_CIPHERS) != 0)
        give_item(to, "ciphers", set->from, set->require->ciphers->text);
    if ((set->keys & 1u << REQUIRE_CERTIFICATES) != 0 && set->certificates->trusted)
        give_item(to, "certificates", set->from, "trusted");
    for (unsigned i = 0; (set->keys & 1u << REQUIRE_CERTIFICATES) != 0 && i < set->certificates->count; i++) {
        identity_describe(to->policy, &set->certificates->identities[i], value, sizeof value);
        give_item(to, "certificates", set->from, value);
    }
    if ((set->keys & 1u << REQUIRE_CLIENTS) != 0 && set->require->clients != NULL)
        give_item(to, "require.clients", set->from, set->require->clients->text);
}

static void give_requirements(const struct listener *to, const struct partner *partner)
{
    const struct require *own = &partner->terms->require, *named;
    struct rule_set sets[RULE_SETS_MAX];
    size_t count = rule_sets(to->policy, partner, sets);

    give_strictest(to, sets, count, REQUIRE_MIN_TLS_VERSION);
    give_strictest(to, sets, count, REQUIRE_MIN_CIPHER_BITS);
    give_strictest(to, sets, count, REQUIRE_FORWARD_SECRECY);
    for (size_t i = 0; i < count; i++)
        give_set(to, &sets[i]);
    named = own->has_profiles ? own : &to->policy->require;
    for (size_t i = 0; i < named->profile_count; i++)
        give_item(to, "profile", own->has_profiles ? "" : "defaults", named->profiles[i]->name);
}

/* ---- conduct ---- */

static void add_actions(char value[VALUE_OCTETS], const struct actions *actions)
{
    add(value, "%s%s", actions->mapped ? "default: " : "", action_name(actions->otherwise));
    for (int reason = 1; reason < REASON_FIRST_UNKNOWN; reason++)
        if (actions->by_reason[reason] != actions->otherwise)
            add(value, ", %s: %s", reason_name((enum reason)reason),
                action_name((enum action)actions->by_reason[reason]));
}

static void give_conduct(const struct listener *to, const struct partner *partner)
{
    const struct terms *terms = partner->terms;
    const struct actions *actions = terms->actions != NULL ? terms->actions : to->policy->actions;
    char value[VALUE_OCTETS] = "", date[32];

    give(to, "mode", partner->mode == MODE_COUNT ? "defaults" : "",
         mode_name(partner->mode == MODE_COUNT ? to->policy->mode : (enum mode)partner->mode));
    add_actions(value, actions);
    give(to, "action", terms->actions != NULL ? "" : "defaults", value);
    for (size_t i = 0; i < terms->step_count; i++) {
        const struct step *step = &terms->steps[i];

        value[0] = '\0';
        date_format(step->from, date);
        add(value, "from %s", date);
        if (step->mode != MODE_COUNT)
            add(value, ", mode %s", mode_name(step->mode));
        if (step->actions != NULL) {
            add(value, ", action ");
            add_actions(value, step->actions);
        }
        give_item(to, "rollout", "", value);
    }
}

static void give_exception(const struct listener *to, const struct exception *exception)
{
    char value[VALUE_OCTETS] = "", date[32];

    if (exception->clients != NULL)
        add(value, "clients %s, ", exception->clients->text);
    for (size_t i = 0; i < exception->sender_count; i++) {
        add(value, "%s", i == 0 ? "senders " : "or ");
        if (exception->senders[i].null)
            add(value, "<>");
        else
            add_address(value, &exception->senders[i].address);
        add(value, "%s", i + 1 < exception->sender_count ? " " : ", ");
    }
    for (size_t i = 0; i < exception->recipient_count; i++) {
        add(value, "%s", i == 0 ? "recipients " : "or ");
        add_address(value, &exception->recipients[i]);
        add(value, "%s", i + 1 < exception->recipient_count ? " " : ", ");
    }
    date_format(exception->until, date);
    add(value, "until %s: %s", date, exception->reason);
    give_item(to, "exceptions", "", value);
}

void rule_each(const struct policy *policy, const struct partner *partner, rule_fn *line, void *arg)
{
    const struct listener to = {policy, line, arg};
    const struct terms *terms = partner->terms;

    give_whom(&to, partner);
    give_conduct(&to, partner);
    give_requirements(&to, partner);
    for (size_t i = 0; i < terms->exception_count; i++)
        give_exception(&to, &terms->exceptions[i]);
    if (partner_message(policy, partner) != NULL)
        give(&to, "message", terms->message != NULL ? "" : "defaults", partner_message(policy, partner));
    if (terms->contact != NULL)
        give(&to, "contact", "", terms->contact);
    if (terms->comment != NULL)
        give(&to, "comment", "", terms->comment);
    for (size_t i = 0; i < terms->acknowledgement_count; i++) {
        char value[VALUE_OCTETS] = "";

        add(value, "%s: %s", warning_id(terms->acknowledgements[i].warning),
            terms->acknowledgements[i].reason);
        give_item(&to, "acknowledge", "", value);
    }
}

void rule_each_setting(const struct policy *policy, rule_fn *line, void *arg)
{
    static const char *const mtas[] = {"auto", "postfix", "sendmail"}; /* the order of enum mta */
    const struct listener to = {policy, line, arg};

    give(&to, "milter.socket", "", policy->milter.socket);
    if (policy->milter.postfix_facts != NULL)
        give(&to, "milter.postfix_facts", "", policy->milter.postfix_facts);
    give(&to, "milter.mta", "", mtas[policy->milter.mta]);
    give(&to, "milter.recipient_delimiter", "", policy->milter.recipient_delimiter);
    if (policy->exempt_clients.text != NULL)
        give(&to, "exempt.clients", "", policy->exempt_clients.text);
    give(&to, "exempt.authenticated", "", policy->exempt_authenticated ? "true" : "false");
    for (size_t i = 0; i < policy->exempt_daemon_count; i++)
        give_item(&to, "exempt.daemons", "", policy->exempt_daemons[i]);
}
