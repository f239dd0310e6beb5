/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A partner as JSON, in the words and the form of the policy language. What
 * holds is shown with defaults and profiles; it judges nothing.
 */
#include "policy/tool/partner_json.h"

#include <stdio.h>
#include <string.h>
#include "policy/names/date.h"
#include "policy/internal.h"
#include "policy/requirement/profiles.h"
#include "policy/tool/unicode_domain.h"

static void member(struct json *json, const char *key, const char *text)
{
    json_key(json, key);
    json_string(json, text);
}

static void member_if(struct json *json, const char *key, const char *text)
{
    if (text != NULL)
        member(json, key, text);
}

static void open_list(struct json *json, const char *key)
{
    json_key(json, key);
    json_open(json, '[');
}

static void member_date(struct json *json, const char *key, int64_t date, int64_t none)
{
    char text[32];

    if (date == none)
        return;
    date_format(date, text);
    member(json, key, text);
}

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
    open_list(json, key);
    for (size_t i = 0; i < count; i++)
        json_address(json, &patterns[i]);
    json_close(json, ']');
}

static void json_clients(struct json *json, const char *key, const struct clients *clients)
{
    char text[DOMAIN_MAX + 64];

    open_list(json, key);
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

/* A name as the language writes it: a text, a map of attributes. */
static void json_name(struct json *json, const struct name_pattern *pattern)
{
    if (pattern->count == 1 && pattern->attributes[0].type == NULL) {
        json_string(json, pattern->attributes[0].value);
        return;
    }
    json_open(json, '{');
    for (size_t i = 0; i < pattern->count; i++)
        member(json, pattern->attributes[i].type == NULL ? "CN" : pattern->attributes[i].type,
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
        member(json, identity->kind == IDENTITY_FINGERPRINT ? "fingerprint" : "key_fingerprint", fingerprint);
        member_if(json, "file", particulars->file);
    }
    member_date(json, "from", particulars->from, DATE_BEGIN);
    member_date(json, "until", particulars->until, DATE_END);
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

static void json_ciphers(struct json *json, const struct rule_set *set)
{
    const char *text = set->require->ciphers->text;

    open_list(json, "ciphers");
    for (size_t i = 0; set->builtin != NULL && set->builtin->ciphers[i] != NULL; i++)
        json_string(json, set->builtin->ciphers[i]);
    while (set->builtin == NULL && *text != '\0') {
        size_t length = strcspn(text, ",");
        char entry[512];

        snprintf(entry, sizeof entry, "%.*s", (int)length, text);
        json_string(json, entry);
        text += length + (text[length] == ',');
        text += strspn(text, " ");
    }
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

/* The strictest of the numbers. */
static void json_strictest(struct json *json, const struct rule_set *sets, size_t count)
{
    const struct rule_set *set = rule_strictest(sets, count, REQUIRE_MIN_TLS_VERSION);

    if (set != NULL)
        member(json, "min_tls_version", tls_version_name(set->require->min_tls_version));
    set = rule_strictest(sets, count, REQUIRE_MIN_CIPHER_BITS);
    if (set != NULL) {
        json_key(json, "min_cipher_bits");
        json_number(json, set->require->min_cipher_bits);
    }
    set = rule_strictest(sets, count, REQUIRE_FORWARD_SECRECY);
    if (set != NULL) {
        json_key(json, "forward_secrecy");
        json_bool(json, set->require->forward_secrecy);
    }
}

/* The first list of each kind stands in `require` itself; what must be met beside it, in `also`. */
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
    open_list(json, "profile");
    for (size_t i = 0; i < named->profile_count; i++)
        json_string(json, named->profiles[i]->name);
    json_close(json, ']');
    open_list(json, "also");
    for (size_t i = 0; i < count; i++)
        if (rest[i] != 0) {
            json_open(json, '{');
            member(json, "from", sets[i].from[0] == '\0' ? "partner" : sets[i].from);
            json_set(json, policy, &sets[i], rest[i]);
            json_close(json, '}');
        }
    json_close(json, ']');
    json_close(json, '}');
}

/* ---- conduct ---- */

/* A word, or a map by reason. */
static void json_actions(struct json *json, const struct actions *actions)
{
    if (!actions->mapped) {
        json_string(json, action_name(actions->otherwise));
        return;
    }
    json_open(json, '{');
    member(json, "default", action_name(actions->otherwise));
    for (int reason = 1; reason < REASON_FIRST_UNKNOWN; reason++)
        if (actions->by_reason[reason] != actions->otherwise)
            member(json, reason_name((enum reason)reason),
                   action_name((enum action)actions->by_reason[reason]));
    json_close(json, '}');
}

static void json_rollout(struct json *json, const struct terms *terms)
{
    open_list(json, "rollout");
    for (size_t i = 0; i < terms->step_count; i++) {
        json_open(json, '{');
        member_date(json, "from", terms->steps[i].from, DATE_BEGIN);
        if (terms->steps[i].mode != MODE_COUNT)
            member(json, "mode", mode_name(terms->steps[i].mode));
        if (terms->steps[i].actions != NULL) {
            json_key(json, "action");
            json_actions(json, terms->steps[i].actions);
        }
        json_close(json, '}');
    }
    json_close(json, ']');
}

static void json_exception(struct json *json, const struct exception *exception)
{
    json_open(json, '{');
    if (exception->clients != NULL)
        json_clients(json, "clients", exception->clients);
    if (exception->sender_count > 0) {
        open_list(json, "senders");
        for (size_t i = 0; i < exception->sender_count; i++)
            if (exception->senders[i].null)
                json_string(json, "<>");
            else
                json_address(json, &exception->senders[i].address);
        json_close(json, ']');
    }
    if (exception->recipient_count > 0)
        json_addresses(json, "recipients", exception->recipients, exception->recipient_count);
    member_date(json, "until", exception->until, DATE_END);
    member(json, "reason", exception->reason);
    json_close(json, '}');
}

static void json_notes(struct json *json, const struct policy *policy, const struct partner *partner)
{
    const struct terms *terms = partner->terms;

    open_list(json, "exceptions");
    for (size_t i = 0; i < terms->exception_count; i++)
        json_exception(json, &terms->exceptions[i]);
    json_close(json, ']');
    member(json, "message", partner_message(policy, partner));
    open_list(json, "acknowledge");
    for (size_t i = 0; i < terms->acknowledgement_count; i++) {
        json_open(json, '{');
        member(json, "warning", warning_id(terms->acknowledgements[i].warning));
        member(json, "reason", terms->acknowledgements[i].reason);
        json_close(json, '}');
    }
    json_close(json, ']');
}

/* What list showed from the first release on. */
static void json_summary(struct json *json, const struct policy *policy, const struct partner *partner,
                         int64_t now)
{
    struct place place = partner_place(policy, partner);
    const struct actions *actions;
    enum mode mode = partner_in_force(policy, partner, now, &actions);

    member(json, "name", partner->name);
    json_key(json, "selectors");
    json_selectors(json, policy, partner, ~0u, false);
    member(json, "mode", mode_name(mode));
    member(json, "action", action_name(actions->otherwise));
    json_key(json, "action_by_reason");
    json_bool(json, actions->mapped);
    member(json, "contact", partner->terms->contact);
    member(json, "comment", partner->terms->comment);
    member(json, "file", place.file);
    json_key(json, "line");
    json_number(json, place.line);
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
    open_list(json, "identities");
    if ((partner->identities & SELECTED_ENVELOPE_FROM) != 0)
        json_string(json, "envelope_from");
    if ((partner->identities & SELECTED_HEADER_FROM) != 0)
        json_string(json, "header_from");
    json_close(json, ']');
    json_addresses(json, "recipients", partner->terms->recipients, partner->terms->recipient_count);
    json_require(json, policy, partner);
    json_rollout(json, partner->terms);
    json_notes(json, policy, partner);
    json_close(json, '}');
}
