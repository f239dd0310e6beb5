/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Writes the guard files: the keys for which Postfix asks the daemon. Mail for any other key is sent without
 * the daemon; mail for these keys is deferred while the daemon is down. Knows Postfix's map lines and
 * regexp_table(5).
 */
#include <string.h>
#include "policy/tool/export/export.h"

#define PORT "(:[0-9a-z_-]*)?"

/* ---- outbound_exact ---- */

struct exact {
    struct export *export;
    FILE *stream;
    const char *asked; /* the key that the daemon is asked for */
};

static void write_line(void *arg, const char *key)
{
    struct exact *exact = arg;

    fprintf(exact->stream, "%s %s\n", key, exact->asked);
    exact->export->keys++;
}

static void write_partner(struct exact *exact, const struct partner *partner)
{
    const struct policy *policy = exact->export->policy;
    size_t selectors, hops;
    const struct selector *entry = partner_selectors(policy, partner, &selectors);
    const struct listed_hop *hop = partner_hops(policy, partner, &hops);

    for (; selectors-- > 0; entry++) {
        exact->asked = arena_get(&policy->arena, entry->text);
        if ((entry->kinds & 1u << SELECT_DOMAIN) != 0 && hops_find(policy, exact->asked) == NULL)
            spell_key(exact->asked, false, write_line, exact);
    }
    for (; hops-- > 0; hop++) {
        exact->asked = arena_get(&policy->arena, hop->text);
        spell_key(exact->asked, true, write_line, exact);
    }
}

void write_exact(struct export *export, FILE *stream)
{
    struct exact exact = {export, stream, NULL};
    const struct policy *policy = export->policy;

    fputs("# Written by forcetls export postfix. Changes are lost when it runs again.\n", stream);
    for (size_t i = 0; i < policy->partner_count; i++)
        if (export_covers(export, &policy->partners[i]))
            write_partner(&exact, &policy->partners[i]);
}

/* ---- outbound_suffixes ---- */

static void write_hole(FILE *stream, const struct hole *hole)
{
    fputs(!hole->below ? "if !/^" : hole->itself ? "if !/(^|" SPELLED_DOT ")" : "if !/" SPELLED_DOT, stream);
    spell_pattern(stream, hole->domain);
    fputs(PORT "$/\n", stream);
}

static void write_suffix(struct export *export, const struct holes *holes, const char *suffix, FILE *stream)
{
    size_t count;
    const struct hole *hole = holes_of(holes, suffix, &count);

    for (size_t i = 0; i < count; i++)
        write_hole(stream, &hole[i]);
    fputs("/^([^.].*" SPELLED_DOT, stream);
    spell_pattern(stream, suffix);
    fputs(PORT ")$/ $1\n", stream);
    for (size_t i = 0; i < count; i++)
        fputs("endif\n", stream);
    export->patterns++;
}

/* Matches a domain with a port or with other dots: the daemon reads both as the domain. */
static void write_respelled(struct export *export, const char *domain, FILE *stream)
{
    fputs("/^(", stream);
    spell_pattern(stream, domain);
    fputs(PORT ")$/ $1\n", stream);
    export->patterns++;
}

/* Exempts a next hop that the patterns would match. */
static void write_hop_hole(FILE *stream, const char *hop)
{
    fputs("if !/^", stream);
    spell_hop_pattern(stream, hop);
    fputs("$/\n", stream);
}

/* Writes next hops whose port or dots are spelled otherwise than in outbound_exact. */
static void write_hops(struct export *export, FILE *stream)
{
    const struct policy *policy = export->policy;
    bool any = false;

    for (size_t i = 0; i < policy->hop_count; i++) {
        const char *hop = arena_get(&policy->arena, policy->hops[i].text);

        if (!export_covers(export, &policy->partners[policy->hops[i].partner]))
            continue;
        fputs(any ? "/^" : "if /:(0[0-9]*)?$|。|．|｡/\n/^", stream);
        spell_hop_pattern(stream, hop);
        fprintf(stream, "$/ %s\n", hop);
        export->patterns++;
        any = true;
    }
    fputs(any ? "endif\n" : "", stream);
}

static size_t write_hop_holes(const struct export *export, FILE *stream)
{
    const struct policy *policy = export->policy;
    size_t count = 0;

    for (size_t i = 0; i < policy->hop_count; i++) {
        if (!hop_is_hole(export, &policy->hops[i]))
            continue;
        write_hop_hole(stream, arena_get(&policy->arena, policy->hops[i].text));
        count++;
    }
    return count;
}

/* Writes the entries of one kind, of the partners that are written. */
static void write_entries(struct export *export, const struct holes *holes, enum selector_kind kind,
                          FILE *stream)
{
    const struct policy *policy = export->policy;

    for (size_t i = 0; i < policy->selector_count; i++) {
        const struct selector *entry = &policy->selectors[i];
        const char *domain;

        if ((entry->kinds & 1u << kind) == 0 || !export_covers(export, &policy->partners[entry->partner]))
            continue;
        domain = arena_get(&policy->arena, entry->text);
        if (kind == SELECT_DOMAIN)
            write_respelled(export, domain, stream);
        else
            write_suffix(export, holes, domain, stream);
    }
}

void write_suffixes(struct export *export, const struct holes *holes, FILE *stream)
{
    size_t wrapped;

    fputs("# Written by forcetls export postfix. Changes are lost when it runs again.\n", stream);
    write_hops(export, stream);
    wrapped = write_hop_holes(export, stream);
    write_entries(export, holes, SELECT_SUBDOMAINS, stream);
    fputs("if /^[^[].*(:[0-9a-z_-]*$|。|．|｡)/\n", stream);
    write_entries(export, holes, SELECT_DOMAIN, stream);
    fputs("endif\n", stream);
    while (wrapped-- > 0)
        fputs("endif\n", stream);
}
