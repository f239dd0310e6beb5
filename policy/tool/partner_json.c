/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A partner as JSON, in the words and the form of the policy language, with defaults and profiles applied.
 * Judges nothing.
 */
#include "policy/tool/partner_json.h"

#include <stdio.h>
#include "policy/language/rule_sets.h"
#include "policy/names/date.h"
#include "policy/requirement/requirement.h"
#include "policy/requirement/profiles.h"
#include "policy/tool/partner_json_parts.h"
#include "policy/tool/unicode_domain.h"

/* ---- selectors and addresses ---- */

static void json_selectors(struct json *json, const struct policy *policy, const struct partner *partner,
                           unsigned kinds, bool unicode)
{
    size_t count;
    const struct selector *entry = partner_selectors(policy, partner, &count);
    char text[DOMAIN_MAX + 64], shown[UNICODE_DOMAIN_MAX];

    json_open(json, '[');
    for (; count-- > 0; entry++)
        for (unsigned kind = 0; kind < SELECT_COUNT; kind++) {
            if ((entry->kinds & kinds & 1u << kind) == 0)
                continue;
            selector_format(policy, entry, kind, text, sizeof text);
            json_string(json, unicode ? unicode_domain(text, shown) : text);
        }
    json_close(json, ']');
}

static void json_address(struct json *json, const struct address_pattern *pattern)
{
    char text[2 * DOMAIN_MAX + 600];

    snprintf(text, sizeof text, "%s%s%s%s", pattern->local != NULL ? pattern->local : "",
             pattern->local != NULL ? "@" : "", pattern->suffix ? "." : "", pattern->domain);
    json_string(json, text);
}

static void json_addresses(struct json *json, const char *key, const struct address_pattern *patterns,
                           size_t count)
{
    json_open_list(json, key);
    for (size_t i = 0; i < count; i++)
        json_address(json, &patterns[i]);
    json_close(json, ']');
}

static void json_clients(struct json *json, const char *key, const struct clients *clients)
{
    char text[DOMAIN_MAX + 64];

    json_open_list(json, key);
    for (size_t i = 0; i < clients->network_count; i++) {
        network_format(&clients->networks[i], text);
        json_string(json, text);
    }
    for (size_t i = 0; i < clients->name_count; i++) {
        snprintf(text, sizeof text, "%s%s", clients->names[i].suffix ? "." : "", clients->names[i].domain);
        json_string(json, text);
    }
    json_close(json, ']');
}

/* ---- requirements ---- */

/* A name as the language writes it: a text, or a map of attributes. */
static void json_name(struct json *json, const struct name_pattern *pattern)
{
    if (pattern->count == 1 && pattern->attributes[0].type == NULL) {
        json_string(json, pattern->attributes[0].value);
        return;
    }
    json_open(json, '{');
    for (size_t i = 0; i < pattern->count; i++)
        json_member(json, pattern->attributes[i].type == NULL ? "CN" : pattern->attributes[i].type,
                    pattern->attributes[i].value);
    json_close(json, '}');
}

static void json_rule(struct json *json, const char *key, const struct name_rule *rule)
{
    if (rule->count == 0)
        return;
    json_key(json, key);
    if (rule->count > 1)
        json_open(json, '[');
    for (size_t i = 0; i < rule->count; i++)
        json_name(json, &rule->patterns[i]);
    if (rule->count > 1)
        json_close(json, ']');
}

static void json_identity(struct json *json, const struct policy *policy, const struct identity *identity)
{
    const struct particulars *particulars = identity_particulars(policy, identity);
    char fingerprint[FINGERPRINT_TEXT];
    struct lone_name lone;
    struct name_rule rule;

    json_open(json, '{');
    if (identity->kind == IDENTITY_NAMES) {
        rule = identity_subject(policy, identity, &lone);
        json_rule(json, "subject", &rule);
        rule = identity_issuer(policy, identity, &lone);
        json_rule(json, "issuer", &rule);
    } else {
        fingerprint_format(particulars->fingerprint, fingerprint);
        json_member(json, identity->kind == IDENTITY_FINGERPRINT ? "fingerprint" : "key_fingerprint",
                    fingerprint);
        json_member_if(json, "file", particulars->file);
    }
    json_member_date(json, "from", particulars->from, DATE_BEGIN);
    json_member_date(json, "until", particulars->until, DATE_END);
    json_close(json, '}');
}

static void json_certificates(struct json *json, const struct policy *policy,
                              const struct certificates *certificates)
{
    json_key(json, "certificates");
    if (certificates->trusted) {
        json_string(json, "trusted");
        return;
    }
    json_open(json, '[');
    for (unsigned i = 0; i < certificates->count; i++)
        json_identity(json, policy, &certificates->identities[i]);
    json_close(json, ']');
}

static void json_set(struct json *json, const struct policy *policy, const struct rule_set *set,
                     unsigned keys)
{
    keys &= set->keys;
    if ((keys & 1u << REQUIRE_CIPHERS) != 0)
        json_ciphers(json, set);
    if ((keys & 1u << REQUIRE_CERTIFICATES) != 0)
        json_certificates(json, policy, set->certificates);
    if ((keys & 1u << REQUIRE_CLIENTS) != 0)
        json_clients(json, "clients", set->require->clients);
}

/*
 * The first list of each kind goes into `require` itself. Further lists must be met as well, and go into
 * `also`.
 */
static void json_require(struct json *json, const struct policy *policy, const struct partner *partner)
{
    const unsigned lists = 1u << REQUIRE_CIPHERS | 1u << REQUIRE_CERTIFICATES | 1u << REQUIRE_CLIENTS;
    const struct require *own = &partner->terms->require, *named = own->has_profiles ? own : &policy->require;
    struct rule_set sets[RULE_SETS_MAX];
    size_t count = rule_sets(policy, partner, sets);
    unsigned shown = 0, rest[RULE_SETS_MAX];

    json_key(json, "require");
    json_open(json, '{');
    json_strictest(json, sets, count);
    for (size_t i = 0; i < count; i++) {
        json_set(json, policy, &sets[i], lists & ~shown);
        rest[i] = sets[i].keys & lists & shown;
        shown |= sets[i].keys & lists;
    }
    json_open_list(json, "profile");
    for (size_t i = 0; i < named->profile_count; i++)
        json_string(json, named->profiles[i]->name);
    json_close(json, ']');
    json_open_list(json, "also");
    for (size_t i = 0; i < count; i++)
        if (rest[i] != 0) {
            json_open(json, '{');
            json_member(json, "from", sets[i].from[0] == '\0' ? "partner" : sets[i].from);
            json_set(json, policy, &sets[i], rest[i]);
            json_close(json, '}');
        }
    json_close(json, ']');
    json_close(json, '}');
}

/* ---- exceptions, notes and the whole partner ---- */

static void json_exception(struct json *json, const struct exception *exception)
{
    json_open(json, '{');
    if (exception->clients != NULL)
        json_clients(json, "clients", exception->clients);
    if (exception->sender_count > 0) {
        json_open_list(json, "senders");
        for (size_t i = 0; i < exception->sender_count; i++)
            if (exception->senders[i].null)
                json_string(json, "<>");
            else
                json_address(json, &exception->senders[i].address);
        json_close(json, ']');
    }
    if (exception->recipient_count > 0)
        json_addresses(json, "recipients", exception->recipients, exception->recipient_count);
    json_member_date(json, "until", exception->until, DATE_END);
    json_member(json, "reason", exception->reason);
    json_close(json, '}');
}

static void json_notes(struct json *json, const struct policy *policy, const struct partner *partner)
{
    const struct terms *terms = partner->terms;

    json_open_list(json, "exceptions");
    for (size_t i = 0; i < terms->exception_count; i++)
        json_exception(json, &terms->exceptions[i]);
    json_close(json, ']');
    json_member(json, "message", partner_message(policy, partner));
    json_open_list(json, "acknowledge");
    for (size_t i = 0; i < terms->acknowledgement_count; i++) {
        json_open(json, '{');
        json_member(json, "warning", warning_id(terms->acknowledgements[i].warning));
        json_member(json, "reason", terms->acknowledgements[i].reason);
        json_close(json, '}');
    }
    json_close(json, ']');
}

/* The keys that list has had since the first release. */
static void json_summary(struct json *json, const struct policy *policy, const struct partner *partner,
                         int64_t now)
{
    struct place place = partner_place(policy, partner);
    const struct actions *actions;
    enum mode mode = partner_in_force(policy, partner, now, &actions);

    json_member(json, "name", partner->name);
    json_key(json, "selectors");
    json_selectors(json, policy, partner, ~0u, false);
    json_member(json, "mode", mode_name(mode));
    json_member(json, "action", action_name(actions->otherwise));
    json_member_bool(json, "action_by_reason", actions->mapped);
    json_member(json, "contact", partner->terms->contact);
    json_member(json, "comment", partner->terms->comment);
    json_member(json, "file", place.file);
    json_member_number(json, "line", place.line);
    json_key(json, "actions");
    json_actions(json, actions);
}

void partner_json(struct json *json, const struct policy *policy, const struct partner *partner, int64_t now)
{
    const unsigned domains = 1u << SELECT_DOMAIN | 1u << SELECT_SUBDOMAINS | 1u << SELECT_EVERYONE;

    json_open(json, '{');
    json_summary(json, policy, partner, now);
    json_key(json, "domains");
    json_selectors(json, policy, partner, domains, false);
    json_key(json, "domains_unicode");
    json_selectors(json, policy, partner, domains, true);
    json_key(json, "clients");
    json_selectors(json, policy, partner, ~domains, false);
    json_open_list(json, "identities");
    if ((partner->identities & SELECTED_ENVELOPE_FROM) != 0)
        json_string(json, "envelope_from");
    if ((partner->identities & SELECTED_HEADER_FROM) != 0)
        json_string(json, "header_from");
    json_close(json, ']');
    json_addresses(json, "recipients", partner->terms->recipients, partner->terms->recipient_count);
    json_require(json, policy, partner);
    json_steps(json, partner->terms->steps, partner->terms->step_count);
    partner_json_outbound(json, policy, partner, now);
    json_notes(json, policy, partner);
    json_close(json, '}');
}
