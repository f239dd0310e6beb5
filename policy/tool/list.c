/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * list: the partners of a policy with what holds for each now, the
 * requirement profiles, the certificates that a provider's customers share.
 * It shows what policy.h and profiles.h tell and judges nothing.
 */
#include <getopt.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>
#include "policy/date.h"
#include "policy/profiles.h"
#include "policy/tool/json.h"
#include "policy/tool/table.h"
#include "policy/tool/verbs.h"

static const char help[] =
    "Usage: forcetls list [-c FILE] [--profiles|--providers] [--date DATE] [--json]\n\n"
    "Lists the partners of a policy: name, selectors, mode, action, contact,\n"
    "comment.\n\n"
    "  -c FILE       the policy (default " POLICY_FILE ")\n"
    "  --profiles    instead: the policy's own and the built-in requirement profiles\n"
    "  --providers   instead: certificates that all customers of a provider share\n"
    "  --date DATE   what holds then (2026-12-01 or RFC 3339) instead of now\n"
    "  --json        one JSON object instead of a table\n\n"
    "Exit status: 0 good, 64 usage, 78 the policy has errors.\n";

static const struct option options[] = {
    {"profiles", no_argument, NULL, 'p'},   {"providers", no_argument, NULL, 'r'},
    {"date", required_argument, NULL, 'd'}, {"json", no_argument, NULL, 'j'},
    {"help", no_argument, NULL, 'h'},       {NULL, 0, NULL, 0},
};

struct request {
    const char *file; /* NULL: none given */
    int what;         /* 0, 'p' or 'r' */
    bool json;
    int64_t now;
};

enum { SELECTORS_SHOWN = 3 };

/* The first selectors of a partner, and how many there are. */
struct selectors {
    FILE *stream;
    size_t count;
};

static void shorten_selector(void *arg, const char *text)
{
    struct selectors *selectors = arg;

    if (selectors->count++ < SELECTORS_SHOWN)
        fprintf(selectors->stream, "%s%s", selectors->count > 1 ? " " : "", text);
}

static char *short_selectors(const struct policy *policy, const struct partner *partner)
{
    char *text = NULL;
    size_t size;
    struct selectors selectors = {open_memstream(&text, &size), 0};

    if (!selectors.stream)
        return NULL;
    partner_each_selector(policy, partner, shorten_selector, &selectors);
    if (selectors.count > SELECTORS_SHOWN)
        fprintf(selectors.stream, " and %zu more", selectors.count - SELECTORS_SHOWN);
    if (fclose(selectors.stream) != 0) {
        free(text);
        return NULL;
    }
    return text;
}

static int partner_table(const struct policy *policy, const struct request *request)
{
    struct table *table = table_new(6, 0);

    table_row(table, (const char *const[]){"NAME", "SELECTORS", "MODE", "ACTION", "CONTACT", "COMMENT"});
    for (size_t i = 0; i < policy_partner_count(policy); i++) {
        const struct partner *partner = policy_partner(policy, i);
        char *selectors = short_selectors(policy, partner);
        enum action action;
        char action_text[64];
        bool by_reason = partner_action(policy, partner, request->now, &action);

        snprintf(action_text, sizeof(action_text), "%s%s", by_reason ? "by reason, else " : "",
                 action_name(action));
        table_row(table,
                  (const char *const[]){partner_name(partner), selectors,
                                        mode_name(partner_mode(policy, partner, request->now)), action_text,
                                        partner_contact(partner), partner_comment(partner)});
        free(selectors);
    }
    return table_print(table, stdout);
}

static void json_member(struct json *json, const char *key, const char *text)
{
    json_key(json, key);
    json_string(json, text);
}

static void json_selector(void *arg, const char *text)
{
    json_string(arg, text);
}

static void json_partner(struct json *json, const struct policy *policy, const struct partner *partner,
                         int64_t now)
{
    struct place place = partner_place(policy, partner);
    enum action action;
    bool by_reason = partner_action(policy, partner, now, &action);

    json_open(json, '{');
    json_member(json, "name", partner_name(partner));
    json_key(json, "selectors");
    json_open(json, '[');
    partner_each_selector(policy, partner, json_selector, json);
    json_close(json, ']');
    json_member(json, "mode", mode_name(partner_mode(policy, partner, now)));
    json_member(json, "action", action_name(action));
    json_key(json, "action_by_reason");
    json_bool(json, by_reason);
    json_member(json, "contact", partner_contact(partner));
    json_member(json, "comment", partner_comment(partner));
    json_member(json, "file", place.file);
    json_key(json, "line");
    json_number(json, place.line);
    json_close(json, '}');
}

static int json_partners(const struct policy *policy, const struct request *request)
{
    struct json json = {stdout, false};

    json_open(&json, '{');
    json_key(&json, "partners");
    json_open(&json, '[');
    for (size_t i = 0; i < policy_partner_count(policy); i++)
        json_partner(&json, policy, policy_partner(policy, i), request->now);
    json_close(&json, ']');
    json_close(&json, '}');
    puts("");
    return 0;
}

static void own_profile_row(void *arg, const char *name)
{
    table_row(arg, (const char *const[]){name, NULL, NULL, NULL, "this policy", NULL});
}

static int profile_table(const struct policy *policy)
{
    struct table *table = table_new(6, 0);

    table_row(table, (const char *const[]){"NAME", "VERSIONS", "SUITES", "DATE", "SOURCE", "NOTE"});
    if (policy)
        policy_each_profile(policy, own_profile_row, table);
    for (size_t i = 0; i < builtin_profile_count; i++) {
        const struct builtin_profile *profile = &builtin_profiles[i];
        char versions[32], suites[32];
        size_t count = 0;

        while (profile->ciphers[count])
            count++;
        snprintf(versions, sizeof(versions), "%s%s", tls_version_name(profile->min_tls_version),
                 profile->min_tls_version < TLS_VERSION_1_3 ? " and up" : "");
        snprintf(suites, sizeof(suites), "%zu", count);
        table_row(table, (const char *const[]){profile->name, versions, suites, profile->date,
                                               profile->source, profile->note});
    }
    return table_print(table, stdout);
}

static void json_own_profile(void *arg, const char *name)
{
    struct json *json = arg;

    json_open(json, '{');
    json_member(json, "name", name);
    json_key(json, "builtin");
    json_bool(json, false);
    json_close(json, '}');
}

static int json_profiles(const struct policy *policy)
{
    struct json json = {stdout, false};

    json_open(&json, '{');
    json_key(&json, "profiles");
    json_open(&json, '[');
    if (policy)
        policy_each_profile(policy, json_own_profile, &json);
    for (size_t i = 0; i < builtin_profile_count; i++) {
        const struct builtin_profile *profile = &builtin_profiles[i];

        json_open(&json, '{');
        json_member(&json, "name", profile->name);
        json_key(&json, "builtin");
        json_bool(&json, true);
        json_member(&json, "min_tls_version", tls_version_name(profile->min_tls_version));
        json_key(&json, "ciphers");
        json_open(&json, '[');
        for (size_t j = 0; profile->ciphers[j]; j++)
            json_string(&json, profile->ciphers[j]);
        json_close(&json, ']');
        json_member(&json, "source", profile->source);
        json_member(&json, "date", profile->date);
        json_member(&json, "note", profile->note);
        json_close(&json, '}');
    }
    json_close(&json, ']');
    json_close(&json, '}');
    puts("");
    return 0;
}

static int provider_table(void)
{
    struct table *table = table_new(4, 0);

    table_row(table, (const char *const[]){"PROVIDER", "SUBJECT", "ISSUERS", "NOTE"});
    for (size_t i = 0; i < provider_count; i++)
        table_row(table, (const char *const[]){providers[i].name, providers[i].subject, providers[i].issuers,
                                               providers[i].note});
    return table_print(table, stdout);
}

static int json_providers(void)
{
    struct json json = {stdout, false};

    json_open(&json, '{');
    json_key(&json, "providers");
    json_open(&json, '[');
    for (size_t i = 0; i < provider_count; i++) {
        json_open(&json, '{');
        json_member(&json, "name", providers[i].name);
        json_member(&json, "subject", providers[i].subject);
        json_member(&json, "issuers", providers[i].issuers);
        json_member(&json, "note", providers[i].note);
        json_close(&json, '}');
    }
    json_close(&json, ']');
    json_close(&json, '}');
    puts("");
    return 0;
}

static int list(const struct request *request)
{
    struct policy *policy = NULL;
    int answer;

    if (request->what == 'r') {
        answer = request->json ? json_providers() : provider_table();
    } else {
        /* The built-in profiles are there to be read before the first policy is written. */
        if (request->file || request->what != 'p' || access(POLICY_FILE, F_OK) == 0) {
            policy = load_policy(request->file ? request->file : POLICY_FILE);
            if (!policy)
                return EX_CONFIG;
        }
        if (request->what == 'p')
            answer = request->json ? json_profiles(policy) : profile_table(policy);
        else
            answer = request->json ? json_partners(policy, request) : partner_table(policy, request);
    }
    policy_unref(policy);
    if (answer != 0) {
        fputs("forcetls list: out of memory\n", stderr);
        return EX_OSERR;
    }
    return EX_OK;
}

int verb_list(int argc, char **argv)
{
    struct request request = {NULL, 0, false, present()};
    int option;

    while ((option = getopt_long(argc, argv, "c:h", options, NULL)) != -1) {
        switch (option) {
        case 'c':
            request.file = optarg;
            break;
        case 'j':
            request.json = true;
            break;
        case 'h':
            fputs(help, stdout);
            return EX_OK;
        case 'd':
            if (!date_parse(optarg, &request.now))
                return usage_error(argv[0], "not a date", optarg);
            break;
        case 'p':
        case 'r':
            if (request.what != 0 && request.what != option)
                return usage_error(argv[0], "--profiles and --providers exclude each other", NULL);
            request.what = option;
            break;
        default:
            return usage_error(argv[0], NULL, NULL);
        }
    }
    if (optind < argc)
        return usage_error(argv[0], "takes no such argument", argv[optind]);
    return list(&request);
}
