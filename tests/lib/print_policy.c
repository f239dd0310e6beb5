/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From struct policy back to the policy language. Every text goes out in double
 * quotes, every selector of a partner on a line of its own.
 */
#include "tests/lib/print_policy.h"

#include <string.h>
#include <unicode/utf8.h>
#include "policy/requirement/requirement.h"
#include "policy/names/date.h"
#include "policy/requirement/profiles.h"

/* ---- scalars ---- */

/* A local part is quoted for the address, too. */
static void print_octets(FILE *to, const char *text, bool in_address)
{
    const uint8_t *octets = (const uint8_t *)text;
    size_t length = strlen(text), at = 0, start;
    UChar32 letter;

    while (at < length) {
        start = at;
        U8_NEXT(octets, at, length, letter);
        if (letter < 0) {
            letter = octets[start];
            at = start + 1;
        }
        if (in_address && (letter == '"' || letter == '\\'))
            fputs("\\\\", to);
        if (letter == '"' || letter == '\\')
            fprintf(to, "\\%c", (char)letter);
        else if (letter >= 0x20 && letter < 0x7F)
            fputc((int)letter, to);
        else
            fprintf(to, "\\U%08X", (unsigned)letter);
    }
}

static void print_text(FILE *to, const char *text)
{
    fputc('"', to);
    print_octets(to, text, false);
    fputc('"', to);
}

/* A key and its text on a line of its own, `lead` in front; nothing where there is no text. */
static void print_key_text(FILE *to, const char *lead, const char *key, const char *text)
{
    if (text == NULL || *text == '\0')
        return;
    fprintf(to, "%s%s: ", lead, key);
    print_text(to, text);
    fputc('\n', to);
}

static void print_date(FILE *to, const char *key, int64_t date)
{
    char text[32];

    date_format(date, text);
    print_key_text(to, "          ", key, text);
}

/* ---- lists ---- */

static void print_clients(FILE *to, const struct clients *clients)
{
    char text[64];

    fputc('[', to);
    for (size_t i = 0; i < clients->network_count; i++) {
        network_format(&clients->networks[i], text);
        fprintf(to, "%s\"%s\"", i == 0 ? "" : ", ", text);
    }
    for (size_t i = 0; i < clients->name_count; i++)
        fprintf(to, "%s\"%s%s\"", i == 0 && clients->network_count == 0 ? "" : ", ",
                clients->names[i].suffix ? "." : "", clients->names[i].domain);
    fputc(']', to);
}

static void print_address(FILE *to, const struct address_pattern *pattern)
{
    fputc('"', to);
    if (pattern->local != NULL) {
        fputs("\\\"", to);
        print_octets(to, pattern->local, true);
        fputs("\\\"@", to);
    }
    fprintf(to, "%s%s\"", pattern->suffix ? "." : "", pattern->domain);
}

static void print_addresses(FILE *to, const char *key, const struct address_pattern *patterns, size_t count)
{
    if (count == 0)
        return;
    fprintf(to, "%s: [", key);
    for (size_t i = 0; i < count; i++) {
        fputs(i == 0 ? "" : ", ", to);
        print_address(to, &patterns[i]);
    }
    fputs("]\n", to);
}

/* ---- requirements ---- */

static void print_ciphers(FILE *to, const struct policy *policy, const struct ciphers *ciphers)
{
    bool any = false;

    for (int suite = 0; suite < (int)suites_count(policy->suites); suite++)
        if (suite_set_has(&ciphers->set, suite)) {
            fprintf(to, "%s%s", any ? ", " : "", suites_name(policy->suites, suite));
            any = true;
        }
}

static void print_rule(FILE *to, const char *key, const struct name_rule *rule)
{
    if (rule->count == 0)
        return;
    fprintf(to, "          %s: [", key);
    for (size_t i = 0; i < rule->count; i++) {
        fputs(i == 0 ? "{" : ", {", to);
        for (size_t k = 0; k < rule->patterns[i].count; k++) {
            const struct name_attribute *attribute = &rule->patterns[i].attributes[k];

            fprintf(to, "%s%s: ", k == 0 ? "" : ", ", attribute->type == NULL ? "CN" : attribute->type);
            print_text(to, attribute->value);
        }
        fputc('}', to);
    }
    fputs("]\n", to);
}

static void print_identity(FILE *to, const struct policy *policy, const struct identity *identity)
{
    const struct particulars *particulars = identity_particulars(policy, identity);
    char fingerprint[FINGERPRINT_TEXT];
    struct lone_name lone;
    struct name_rule rule;

    fputs("        -\n", to);
    if (identity->kind == IDENTITY_NAMES) {
        rule = identity_subject(policy, identity, &lone);
        print_rule(to, "subject", &rule);
        rule = identity_issuer(policy, identity, &lone);
        print_rule(to, "issuer", &rule);
    } else {
        fingerprint_format(particulars->fingerprint, fingerprint);
        print_key_text(to, "          ",
                       identity->kind == IDENTITY_FINGERPRINT ? "fingerprint" : "key_fingerprint",
                       fingerprint);
    }
    print_date(to, "from", particulars->from);
    print_date(to, "until", particulars->until);
}

static void print_certificates(FILE *to, const struct policy *policy, const struct certificates *certificates)
{
    fputs(certificates->trusted ? "      certificates: trusted\n" : "      certificates:\n", to);
    for (unsigned i = 0; i < certificates->count; i++)
        print_identity(to, policy, &certificates->identities[i]);
}

static void print_require(FILE *to, const struct policy *policy, const struct require *require,
                          arena_ref certificates)
{
    unsigned keys = require->keys;

    if (keys == 0 && !require->has_profiles)
        fputs(" {}", to);
    fputc('\n', to);
    for (int i = 0; i < REQUIREMENT_COUNT; i++)
        if ((keys & 1u << i) != 0 && requirement_row((enum requirement)i)->combination == COMBINE_GREATEST) {
            char value[32];

            requirement_write_value((enum requirement)i, require->value[i], value, sizeof value);
            fprintf(to, "      %s: %s\n", requirement_name((enum requirement)i), value);
        }
    if ((keys & 1u << REQUIRE_CIPHERS) != 0) {
        fputs("      ciphers: [", to);
        print_ciphers(to, policy, require->ciphers);
        fputs("]\n", to);
    }
    if ((keys & 1u << REQUIRE_CLIENTS) != 0) {
        fputs("      clients: ", to);
        print_clients(to, require->clients);
        fputc('\n', to);
    }
    if (require->has_profiles) {
        fputs("      profile: [", to);
        for (size_t i = 0; i < require->profile_count; i++)
            fprintf(to, "%s\"%s\"", i == 0 ? "" : ", ", require->profiles[i]->name);
        fputs("]\n", to);
    }
    if ((keys & 1u << REQUIRE_CERTIFICATES) != 0)
        print_certificates(to, policy, arena_at(&policy->arena, certificates));
}

/* ---- conduct ---- */

static void print_actions(FILE *to, const struct actions *actions)
{
    if (!actions->mapped) {
        fputs(action_name(actions->otherwise), to);
        return;
    }
    fprintf(to, "{default: %s", action_name(actions->otherwise));
    for (int reason = 1; reason < REASON_FIRST_UNKNOWN; reason++)
        fprintf(to, ", %s: %s", reason_name((enum reason)reason),
                action_name((enum action)actions->by_reason[reason]));
    fputc('}', to);
}

static void print_steps(FILE *to, const struct terms *terms)
{
    if (terms->step_count > 0)
        fputs("    rollout:\n", to);
    for (size_t i = 0; i < terms->step_count; i++) {
        fputs("        -\n", to);
        print_date(to, "from", terms->steps[i].from);
        if (terms->steps[i].mode != MODE_COUNT)
            fprintf(to, "          mode: %s\n", mode_name(terms->steps[i].mode));
        if (terms->steps[i].actions != NULL) {
            fputs("          action: ", to);
            print_actions(to, terms->steps[i].actions);
            fputc('\n', to);
        }
    }
}

static void print_exceptions(FILE *to, const struct terms *terms)
{
    if (terms->exception_count > 0)
        fputs("    exceptions:\n", to);
    for (size_t i = 0; i < terms->exception_count; i++) {
        const struct exception *exception = &terms->exceptions[i];

        fputs("        -\n", to);
        print_key_text(to, "          ", "reason", exception->reason);
        print_date(to, "until", exception->until);
        if (exception->clients != NULL) {
            fputs("          clients: ", to);
            print_clients(to, exception->clients);
            fputc('\n', to);
        }
        for (size_t k = 0; k < exception->sender_count; k++) {
            fputs(k == 0 ? "          senders: [" : ", ", to);
            if (exception->senders[k].null)
                fputs("\"<>\"", to);
            else
                print_address(to, &exception->senders[k].address);
        }
        fputs(exception->sender_count > 0 ? "]\n" : "", to);
        print_addresses(to, "          recipients", exception->recipients, exception->recipient_count);
    }
}

/* ---- partners ---- */

static void print_selectors(FILE *to, const struct policy *policy, const struct partner *partner,
                            bool clients)
{
    size_t count;
    const struct selector *entry = partner_selectors(policy, partner, &count);
    const char *key = clients ? "    clients:\n" : "    domains:\n";
    char text[64];

    for (; count-- > 0; entry++)
        for (unsigned kind = 0; kind < SELECT_COUNT; kind++) {
            const void *of = arena_at(&policy->arena, entry->text);

            if ((entry->kinds & 1u << kind) == 0 || (kind >= SELECT_CLIENT_NAME) != clients)
                continue;
            if (kind == SELECT_NETWORK)
                network_format(of, text);
            fprintf(to, "%s      - \"%s%s\"\n", key,
                    kind == SELECT_SUBDOMAINS || kind == SELECT_CLIENT_SUFFIX ? "." : "",
                    kind == SELECT_NETWORK ? text : (const char *)of);
            key = "";
        }
}

static void print_partner(FILE *to, const struct policy *policy, const struct partner *partner)
{
    const struct terms *terms = partner->terms;

    fprintf(to, "  - name: \"%s\"\n", partner->name);
    print_selectors(to, policy, partner, false);
    print_selectors(to, policy, partner, true);
    fprintf(to, "    identities: [%s%s%s]\n",
            (partner->identities & SELECTED_ENVELOPE_FROM) != 0 ? "envelope_from" : "",
            partner->identities == (SELECTED_ENVELOPE_FROM | SELECTED_HEADER_FROM) ? ", " : "",
            (partner->identities & SELECTED_HEADER_FROM) != 0 ? "header_from" : "");
    if (partner->mode != MODE_COUNT)
        fprintf(to, "    mode: %s\n", mode_name((enum mode)partner->mode));
    if (terms->actions != NULL) {
        fputs("    action: ", to);
        print_actions(to, terms->actions);
        fputc('\n', to);
    }
    fputs("    require:", to);
    print_require(to, policy, &terms->require, partner->certificates);
    print_steps(to, terms);
    print_exceptions(to, terms);
    print_addresses(to, "    recipients", terms->recipients, terms->recipient_count);
    print_key_text(to, "    ", "message", terms->message);
    print_key_text(to, "    ", "contact", terms->contact);
    print_key_text(to, "    ", "comment", terms->comment);
    if (terms->acknowledgement_count > 0)
        fputs("    acknowledge:\n", to);
    for (size_t i = 0; i < terms->acknowledgement_count; i++) {
        fputs("      -\n", to);
        print_key_text(to, "          ", "warning", warning_id(terms->acknowledgements[i].warning));
        print_key_text(to, "          ", "reason", terms->acknowledgements[i].reason);
    }
}

/* ---- the whole ---- */

static void print_milter(FILE *to, const struct milter_settings *milter)
{
    static const char *const mtas[] = {"auto", "postfix", "sendmail"};

    fprintf(to, "milter:\n  mta: %s\n", mtas[milter->mta]);
    print_key_text(to, "  ", "socket", milter->socket);
    print_key_text(to, "  ", "postfix_facts", milter->postfix_facts);
    fprintf(to, "  watch: %s\n", milter->watch ? "true" : "false");
    fputs("  recipient_delimiter: ", to);
    print_text(to, milter->recipient_delimiter);
    fputc('\n', to);
}

static void print_exempt(FILE *to, const struct policy *policy)
{
    fprintf(to, "exempt:\n  authenticated: %s\n  clients: ", policy->exempt_authenticated ? "true" : "false");
    print_clients(to, &policy->exempt_clients);
    fputs("\n  daemons: [", to);
    for (size_t i = 0; i < policy->exempt_daemon_count; i++) {
        fputs(i == 0 ? "" : ", ", to);
        print_text(to, policy->exempt_daemons[i]);
    }
    fputs("]\n", to);
}

static void print_defaults(FILE *to, const struct policy *policy)
{
    fprintf(to, "defaults:\n    mode: %s\n    action: ", mode_name(policy->mode));
    print_actions(to, policy->actions);
    fputc('\n', to);
    print_key_text(to, "    ", "message", policy->message);
    fputs("    require:", to);
    print_require(to, policy, &policy->require, policy->require.certificates);
}

void print_policy(FILE *to, const struct policy *policy)
{
    fputs("version: 1\nallow_empty: true\n", to);
    print_milter(to, &policy->milter);
    print_exempt(to, policy);
    print_defaults(to, policy);
    if (policy->profile_count > builtin_profile_count)
        fputs("profiles:\n", to);
    for (size_t i = builtin_profile_count; i < policy->profile_count; i++) {
        const struct require *require = policy->profiles[i].require;

        fprintf(to, "    \"%s\":", policy->profiles[i].name);
        print_require(to, policy, require, require->certificates);
    }
    fputs(policy->partner_count > 0 ? "partners:\n" : "", to);
    for (size_t i = 0; i < policy->partner_count; i++)
        print_partner(to, policy, policy_partner(policy, i));
}
