/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Finds keys that a written domain would match although they belong to a partner that is not written, because
 * the most specific entry decides. Knows how domains nest.
 */
#include <stdlib.h>
#include <string.h>
#include "policy/array.h"
#include "policy/names/next_hop.h"
#include "policy/tool/export/export.h"
#include "policy/verdict/select.h"

static bool add(struct holes *holes, const char *suffix, const char *domain, unsigned kinds)
{
    struct hole *list = array_grow(holes->list, holes->count, sizeof *list);

    if (list == NULL)
        return false;
    holes->list = list;
    list[holes->count++] = (struct hole){.suffix = suffix,
                                         .domain = domain,
                                         .itself = (kinds & 1u << SELECT_DOMAIN) != 0,
                                         .below = (kinds & 1u << SELECT_SUBDOMAINS) != 0};
    return true;
}

/* Whether ".suffix" is a domain of a partner that is written. */
static bool covers_below(const struct export *export, const char *suffix)
{
    const struct partner *found[2];

    select_exact(export->policy, suffix, strlen(suffix), found);
    return found[1] != NULL && export_covers(export, found[1]);
}

/* Adds the holes that an entry makes. */
static bool add_entry(struct holes *holes, const struct export *export, const struct selector *entry)
{
    const char *domain = arena_get(&export->policy->arena, entry->text);

    for (const char *dot = strchr(domain, '.'); dot != NULL; dot = strchr(dot + 1, '.'))
        if (covers_below(export, dot + 1) && !add(holes, dot + 1, domain, entry->kinds))
            return false;
    return true;
}

static int compare(const void *a, const void *b)
{
    const struct hole *one = a, *other = b;
    int order = strcmp(one->suffix, other->suffix);

    return order != 0 ? order : strcmp(one->domain, other->domain);
}

bool holes_find(struct holes *holes, const struct export *export)
{
    const struct policy *policy = export->policy;

    *holes = (struct holes){NULL, 0};
    for (size_t i = 0; i < policy->selector_count; i++) {
        const struct selector *entry = &policy->selectors[i];

        if ((entry->kinds & (1u << SELECT_DOMAIN | 1u << SELECT_SUBDOMAINS)) == 0
            || export_covers(export, &policy->partners[entry->partner]))
            continue;
        if (!add_entry(holes, export, entry))
            return false;
    }
    if (holes->count > 0)
        qsort(holes->list, holes->count, sizeof *holes->list, compare);
    return true;
}

const struct hole *holes_of(const struct holes *holes, const char *suffix, size_t *count)
{
    size_t first = 0, end = holes->count;

    while (first < end) {
        size_t middle = first + (end - first) / 2;

        if (strcmp(holes->list[middle].suffix, suffix) < 0)
            first = middle + 1;
        else
            end = middle;
    }
    for (*count = 0;
         first + *count < holes->count && strcmp(holes->list[first + *count].suffix, suffix) == 0;)
        ++*count;
    return *count == 0 ? NULL : &holes->list[first];
}

bool hop_is_hole(const struct export *export, const struct listed_hop *hop)
{
    const char *text = arena_get(&export->policy->arena, hop->text);
    struct selection selection;
    struct next_hop read;
    const struct partner *partner;

    if (export_covers(export, &export->policy->partners[hop->partner])
        || next_hop_read(&read, text, strlen(text)) != NEXT_HOP_DOMAIN)
        return false;
    select_domain(&selection, export->policy, read.domain.text, false);
    partner = select_next(&selection);
    return partner != NULL && export_covers(export, partner);
}

bool hop_is_below(const struct export *export, const struct listed_hop *hop)
{
    const char *text = arena_get(&export->policy->arena, hop->text);

    if (!hop->domain || export_covers(export, &export->policy->partners[hop->partner]))
        return false;
    for (const char *dot = strchr(text, '.'); dot != NULL; dot = strchr(dot + 1, '.'))
        if (covers_below(export, dot + 1))
            return true;
    return false;
}
