/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * show: one partner's rule with defaults and profiles applied, and where each part comes from.
 * policy/language/rule.c makes the lines.
 */
#include <getopt.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sysexits.h>
#include "policy/language/rule.h"
#include "policy/names/scalar.h"
#include "policy/tool/partner_json.h"
#include "policy/tool/table.h"
#include "policy/tool/unicode_domain.h"
#include "policy/tool/verbs.h"

enum { NOT_FOUND = 1 };

static const char help[] = "Usage: forcetls show PARTNER [-c FILE] [--json]\n\n"
                           "Shows the complete rule of a partner, with defaults and profiles.\n\n"
                           "  -c FILE    the policy (default " POLICY_FILE ")\n"
                           "  --json     one JSON object instead of a table\n\n"
                           "Exit status: 0 good, 1 no such partner, 64 usage, 78 the policy has errors.\n";

static const struct option options[] = {
    {"json", no_argument, NULL, 'j'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

static const struct usage usage = {help, "c:h", options};

static void add_line(void *table, const struct rule_line *line)
{
    char shown[UNICODE_DOMAIN_MAX], value[UNICODE_DOMAIN_MAX + 300];
    const char *unicode =
        strstr(line->value, "xn--") == NULL || strlen(line->value) > 255 || strchr(line->value, ' ') != NULL
            ? line->value
            : unicode_domain(line->value, shown);

    if (unicode != line->value && strcmp(unicode, line->value) != 0) {
        snprintf(value, sizeof value, "%s (%s)", unicode, line->value);
        unicode = value;
    }
    table_row(table, (const char *const[]){line->key, unicode, line->from});
}

static int show_partner(const struct policy *policy, const struct partner *partner)
{
    struct table *table = table_new(3, 0);
    struct place place = partner_place(policy, partner);
    bool whole;

    printf("%s (", partner_name(partner));
    text_show(stdout, place.file);
    printf(":%u), now %s\n\n", place.line, mode_name(partner_mode(policy, partner, present())));
    table_row(table, (const char *const[]){"KEY", "VALUE", "FROM"});
    whole = rule_each(policy, partner, add_line, table);
    return table_print(table, stdout) != 0 || !whole;
}

/* A domain, and whether a partner has it. */
struct search {
    const char *domain;
    bool found;
};

static void look_at_line(void *into, const struct rule_line *line)
{
    struct search *search = into;

    if (strcmp(line->key, "domains") == 0 && strcasecmp(line->value, search->domain) == 0)
        search->found = true;
}

/* The name of the partner that lists the domain; NULL: none. */
static const char *partner_of(const struct policy *policy, const char *domain)
{
    struct search search = {domain, false};

    for (size_t i = 0; i < policy_partner_count(policy); i++) {
        rule_each(policy, policy_partner(policy, i), look_at_line, &search);
        if (search.found)
            return partner_name(policy_partner(policy, i));
    }
    return NULL;
}

static int no_partner(const struct policy *policy, const char *name)
{
    size_t count = policy_partner_count(policy);
    const char **names = calloc(count + 1, sizeof *names), *nearest = NULL;
    const char *owner = partner_of(policy, name);

    for (size_t i = 0; names != NULL && i < count; i++)
        names[i] = partner_name(policy_partner(policy, i));
    if (names != NULL)
        nearest = scalar_nearest(name, names);
    fputs("forcetls show: no such partner: ", stderr);
    text_show(stderr, name);
    if (owner != NULL)
        fprintf(stderr, "; it is a domain of '%s'", owner);
    else if (nearest != NULL)
        fprintf(stderr, "; did you mean '%s'?", nearest);
    fputc('\n', stderr);
    free(names);
    return NOT_FOUND;
}

static int show(const char *file, const char *name, bool json)
{
    struct policy *policy = load_policy(file);
    const struct partner *partner;
    int answer = EX_OK;

    if (policy == NULL)
        return EX_CONFIG;
    partner = policy_find_partner(policy, name);
    if (partner == NULL) {
        answer = no_partner(policy, name);
    } else if (json) {
        partner_json(&(struct json){stdout, false}, policy, partner, present());
        puts("");
    } else if (show_partner(policy, partner) != 0) {
        fputs("forcetls show: out of memory\n", stderr);
        answer = EX_OSERR;
    }
    policy_unref(policy);
    return answer;
}

int verb_show(int argc, char **argv)
{
    const char *file = POLICY_FILE;
    bool json = false;
    int option, status;

    while ((option = option_next(&usage, argc, argv, &status)) > 0) {
        switch (option) {
        case 'c':
            file = optarg;
            break;
        case 'j':
            json = true;
            break;
        }
    }
    if (option == 0)
        return status;
    if (optind == argc)
        return usage_error(argv[0], "the name of a partner is missing", NULL);
    if (optind + 1 < argc)
        return usage_surplus(argv[0], argv[optind + 1]);
    return show(file, argv[optind], json);
}
