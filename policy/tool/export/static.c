/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Writes outbound_static: the daemon's answers as a map of Postfix. If a rule has no answer now (no
 * certificate of its list is in force), its value is one that Postfix cannot parse. So mail is deferred, as
 * it is with the daemon.
 */
#include <stdlib.h>
#include <string.h>
#include "policy/outbound/outbound.h"
#include "policy/tool/export/export.h"

struct lines {
    struct export *export;
    FILE *stream;
    const char *answer, *before;
};

static void write_line(void *arg, const char *key)
{
    struct lines *lines = arg;

    fprintf(lines->stream, "%s %s%s\n", key, lines->before, lines->answer);
    lines->export->keys++;
}

/*
 * Replaces the placeholder domain "nexthop" in an answer by Postfix's words for the next hop, because a
 * dotted key does not say which domain is looked up. Frees the old text. NULL: out of memory.
 */
static void say_next_hop(char **answer)
{
    static const char made[] = "secure match=nexthop:.nexthop";
    static const char meant[] = "secure match=nexthop:dot-nexthop";
    const char *rest;
    char *text;

    if (*answer == NULL || strncmp(*answer, made, strlen(made)) != 0)
        return;
    rest = *answer + strlen(made);
    text = malloc(strlen(meant) + strlen(rest) + 1);
    if (text != NULL) {
        strcpy(text, meant);
        strcat(text, rest);
    }
    free(*answer);
    *answer = text;
}

/* `domain`: the domain that the certificate must name; "" for a next hop. */
static void write_key(struct lines *lines, const struct partner *partner, const char *domain, const char *key)
{
    const struct export *export = lines->export;
    const struct upstream none = {UPSTREAM_NOT_FOUND, NULL};
    struct outbound_choice choice = {
        .partner = partner, .rule = partner->terms->outbound, .mode = MODE_ENFORCE};
    struct outbound_answer answer;

    snprintf(choice.domain, sizeof choice.domain, "%s", domain);
    outbound_answer(&answer, export->policy, &choice, &none, export->now);
    if (key[0] == '.')
        say_next_hop(&answer.text);
    if (answer.text == NULL) {
        lines->export->failed = true;
        return;
    }
    lines->answer = answer.text;
    lines->before = answer.result == OUTBOUND_TEMP ? "TEMP " : "";
    spell_key(key, key[0] != '.', write_line, lines);
    free(answer.text);
}

static void write_suffix(struct lines *lines, const struct partner *partner, const char *domain)
{
    char key[DOMAIN_MAX + 4];

    snprintf(key, sizeof key, ".%s", domain);
    write_key(lines, partner, "nexthop", key);
}

static void write_partner(struct lines *lines, const struct partner *partner)
{
    const struct policy *policy = lines->export->policy;
    size_t selectors, hops;
    const struct selector *entry = partner_selectors(policy, partner, &selectors);
    const struct listed_hop *hop = partner_hops(policy, partner, &hops);

    for (; selectors-- > 0; entry++) {
        const char *domain = arena_get(&policy->arena, entry->text);

        if ((entry->kinds & 1u << SELECT_DOMAIN) != 0 && hops_find(policy, domain) == NULL)
            write_key(lines, partner, domain, domain);
        if ((entry->kinds & 1u << SELECT_SUBDOMAINS) != 0)
            write_suffix(lines, partner, domain);
    }
    for (; hops-- > 0; hop++)
        write_key(lines, partner, "", arena_get(&policy->arena, hop->text));
}

void write_static(struct export *export, FILE *stream)
{
    struct lines lines = {export, stream, NULL, NULL};
    const struct policy *policy = export->policy;

    fputs("# Written by forcetls export postfix. Changes are lost when it runs again.\n", stream);
    for (size_t i = 0; i < policy->partner_count; i++)
        if (export_covers(export, &policy->partners[i]))
            write_partner(&lines, &policy->partners[i]);
}
