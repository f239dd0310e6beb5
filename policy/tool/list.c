/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * list: the partners of a policy with what holds for each now, the requirement profiles, and the
 * certificates that a provider's customers share. It only shows, and judges nothing.
 */
#include <getopt.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>
#include "policy/language/rule.h"
#include "policy/names/date.h"
#include "policy/requirement/outbound_rule.h"
#include "policy/requirement/profiles.h"
#include "policy/names/json.h"
#include "policy/tool/partner_json.h"
#include "policy/tool/table.h"
#include "policy/tool/unicode_domain.h"
#include "policy/tool/verbs.h"

static const char help[] =
    "Usage: forcetls list [-c FILE] [--profiles|--providers] [--date DATE] [--json]\n\n"
    "Lists the partners of a policy: name, selectors, mode, action, contact,\n"
    "comment, rollout and acknowledged warnings.\n\n"
    "  -c FILE       the policy (default " POLICY_FILE ")\n"
    "  --profiles    instead: the policy's own and the built-in requirement profiles\n"
    "  --providers   instead: certificates that all customers of a provider share\n"
    "  --date DATE   show this date (2026-12-01 or RFC 3339) instead of now\n"
    "  --json        one JSON object instead of a table\n\n"
    "Exit status: 0 good, 64 usage, 78 the policy has errors.\n";

static const struct option options[] = {
    {"profiles", no_argument, NULL, 'p'},   {"providers", no_argument, NULL, 'r'},
    {"date", required_argument, NULL, 'd'}, {"json", no_argument, NULL, 'j'},
    {"help", no_argument, NULL, 'h'},       {NULL, 0, NULL, 0},
};

static const struct usage usage = {help, "c:h", options};

struct request {
    const char *file; /* NULL: no -c */
    int what;         /* 0: partners, 'p': profiles, 'r': providers */
    bool json;
    int64_t now;
    bool rollouts, acknowledged, outbound; /* some partner has any */
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
    char shown[UNICODE_DOMAIN_MAX];

    if (selectors->count++ < SELECTORS_SHOWN)
        fprintf(selectors->stream, "%s%s", selectors->count > 1 ? " " : "", unicode_domain(text, shown));
}

static char *short_selectors(const struct policy *policy, const struct partner *partner)
{
    char *text = NULL;
    size_t size;
    struct selectors selectors = {open_memstream(&text, &size), 0};

    if (selectors.stream == NULL)
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

/* Collects the items of one key of a partner's rule in one text. */
struct items {
    const char *key;
    FILE *stream;
    bool any;
};

static void add_item(void *arg, const struct rule_line *line)
{
    struct items *items = arg;

    if (strcmp(line->key, items->key) != 0)
        return;
    fprintf(items->stream, "%s%s", items->any ? "; " : "", line->value);
    items->any = true;
}

/* What the partner's rule says under a key, "" for nothing; to be freed. NULL: out of memory. */
static char *items_of(const struct policy *policy, const struct partner *partner, const char *key)
{
    char *text = NULL;
    size_t size;
    struct items items = {key, open_memstream(&text, &size), false};
    bool good;

    if (items.stream == NULL)
        return NULL;
    good = rule_each(policy, partner, add_item, &items);
    if (fclose(items.stream) != 0 || !good) {
        free(text);
        return NULL;
    }
    return text;
}

/* Whether any partner has a value under the key; if not, its column is not shown. */
static bool any_has(const struct policy *policy, const char *key)
{
    bool any = false;

    for (size_t i = 0; !any && i < policy_partner_count(policy); i++) {
        char *text = items_of(policy, policy_partner(policy, i), key);

        any = text != NULL && *text != '\0';
        free(text);
    }
    return any;
}

/* The mode of mail to the partner. NULL: there is no such column. */
static const char *outbound_mode(const struct policy *policy, const struct partner *partner,
                                 const struct request *request)
{
    enum mode mode;

    if (!request->outbound)
        return NULL;
    return partner_outbound_mode(policy, partner, request->now, &mode) ? mode_name(mode) : "-";
}

static void partner_row(struct table *table, const struct policy *policy, const struct partner *partner,
                        const struct request *request)
{
    char *selectors = short_selectors(policy, partner), *rollout = NULL, *acknowledge = NULL;
    enum action action;
    char action_text[64];
    bool by_reason = partner_action(policy, partner, request->now, &action);

    if (request->rollouts)
        rollout = items_of(policy, partner, "rollout");
    if (request->acknowledged)
        acknowledge = items_of(policy, partner, "acknowledge");
    snprintf(action_text, sizeof action_text, "%s%s", by_reason ? "by reason, else " : "",
             action_name(action));
    table_row(table,
              (const char *const[]){partner_name(partner), selectors,
                                    mode_name(partner_mode(policy, partner, request->now)), action_text,
                                    outbound_mode(policy, partner, request), partner_contact(partner),
                                    partner_comment(partner), rollout, acknowledge});
    free(selectors);
    free(rollout);
    free(acknowledge);
}

static int partner_table(const struct policy *policy, struct request *request)
{
    struct table *table = table_new(9, 0);

    request->rollouts = any_has(policy, "rollout");
    request->acknowledged = any_has(policy, "acknowledge");
    request->outbound = any_has(policy, "outbound.mode");
    table_row(table, (const char *const[]){"NAME", "SELECTORS", "MODE", "ACTION",
                                           request->outbound ? "OUTBOUND" : NULL, "CONTACT", "COMMENT",
                                           request->rollouts ? "ROLLOUT" : NULL,
                                           request->acknowledged ? "ACKNOWLEDGED" : NULL});
    for (size_t i = 0; i < policy_partner_count(policy); i++)
        partner_row(table, policy, policy_partner(policy, i), request);
    return table_print(table, stdout);
}

static int json_partners(const struct policy *policy, const struct request *request)
{
    struct json json = {stdout, false};

    json_open(&json, '{');
    json_open_list(&json, "partners");
    for (size_t i = 0; i < policy_partner_count(policy); i++)
        partner_json(&json, policy, policy_partner(policy, i), request->now);
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
    if (policy != NULL)
        policy_each_profile(policy, own_profile_row, table);
    for (size_t i = 0; i < builtin_profile_count; i++) {
        const struct builtin_profile *profile = &builtin_profiles[i];
        char versions[32], suites[32];
        size_t count = 0;

        while (profile->ciphers[count] != NULL)
            count++;
        snprintf(versions, sizeof versions, "%s%s", tls_version_name(profile->min_tls_version),
                 profile->min_tls_version < TLS_VERSION_1_3 ? " and up" : "");
        snprintf(suites, sizeof suites, "%zu", count);
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
    json_member_bool(json, "builtin", false);
    json_close(json, '}');
}

static int json_profiles(const struct policy *policy)
{
    struct json json = {stdout, false};

    json_open(&json, '{');
    json_open_list(&json, "profiles");
    if (policy != NULL)
        policy_each_profile(policy, json_own_profile, &json);
    for (size_t i = 0; i < builtin_profile_count; i++) {
        const struct builtin_profile *profile = &builtin_profiles[i];

        json_open(&json, '{');
        json_member(&json, "name", profile->name);
        json_member_bool(&json, "builtin", true);
        json_member(&json, "min_tls_version", tls_version_name(profile->min_tls_version));
        json_open_list(&json, "ciphers");
        for (size_t j = 0; profile->ciphers[j] != NULL; j++)
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
    json_open_list(&json, "providers");
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

static int list(struct request *request)
{
    struct policy *policy = NULL;
    int answer;

    if (request->what == 'r') {
        answer = request->json ? json_providers() : provider_table();
    } else {
        /* The built-in profiles can be read before the first policy is written. */
        if (request->file != NULL || request->what != 'p' || access(POLICY_FILE, F_OK) == 0) {
            policy = load_policy(request->file != NULL ? request->file : POLICY_FILE);
            if (policy == NULL)
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
    struct request request = {.now = present()};
    int option, status;

    while ((option = option_next(&usage, argc, argv, &status)) > 0) {
        switch (option) {
        case 'c':
            request.file = optarg;
            break;
        case 'j':
            request.json = true;
            break;
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
        }
    }
    if (option == 0)
        return status;
    if (optind < argc)
        return usage_surplus(argv[0], argv[optind]);
    return list(&request);
}
