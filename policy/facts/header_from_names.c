/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a message's From fields say: the domains of addresses, the names in
 * fields that do not parse, and what it costs to read them. Knows no syntax of fields.
 */
#include "policy/facts/header_from_internal.h"
#include "policy/names/ascii.h"

/* In octets of plain text: what one message may cost (some milliseconds), and what a conversion costs. */
enum { EFFORT_MOST = 1 << 18, EFFORT_CONVERSION = 64 };

bool header_from_spend(struct header_from *from, size_t effort)
{
    if (effort > EFFORT_MOST - from->effort)
        from->too_much = true;
    else
        from->effort += effort;
    return !from->too_much;
}

enum domain_form header_from_normalise(struct header_from *from, struct domain *domain, const char *name,
                                       size_t length)
{
    enum domain_form form = DOMAIN_PLAIN;

    domain->length = 0;
    domain->text[0] = '\0';
    if (ascii_only(name, length) || header_from_spend(from, EFFORT_CONVERSION))
        form = domain_normalise(domain, name, length);
    from->exhausted |= form == DOMAIN_UNREAD;
    return form;
}

bool header_from_each_domain(const struct header_from *from, header_from_name_fn *found, void *arg)
{
    const char *name;
    size_t at = 0, length;
    bool more = true;
    char kind;

    while (more && (name = name_set_next(&from->names, &at, &length, &kind)) != NULL)
        if (kind == HEADER_FROM_DOMAIN)
            more = found(arg, name, length);
    return more;
}

/* The arguments of header_from_each_name(). */
struct label_search {
    const struct label_counts *counts;
    header_from_name_fn *found;
    void *arg;
};

/* Reports the wanted runs of labels that end at `end`; label `number` of the name, from 0, is their last. */
static bool each_run(const char *const starts[], size_t number, const char *end,
                     const struct label_search *search)
{
    bool more = true;

    for (unsigned i = 0; more && i < search->counts->count; i++) {
        size_t labels = search->counts->labels[i];
        const char *start;

        if (labels > number + 1)
            continue;
        start = starts[(number + 1 - labels) % (DOMAIN_LABELS_MAX + 1)];
        if (end - start <= DOMAIN_MAX)
            more = search->found(search->arg, start, (size_t)(end - start));
    }
    return more;
}

bool header_from_each_name(const struct header_from *from, const struct label_counts *counts,
                           header_from_name_fn *found, void *arg)
{
    const struct label_search search = {counts, found, arg};
    const char *starts[DOMAIN_LABELS_MAX + 1], *name; /* of the labels read last */
    size_t at = 0, length;
    bool more = true;
    char kind;

    while (more && (name = name_set_next(&from->names, &at, &length, &kind)) != NULL) {
        size_t number = 0;

        starts[0] = name;
        for (const char *end = name; kind == HEADER_FROM_NAMES && more && end <= name + length; end++) {
            if (*end != '.' && *end != '\0')
                continue;
            more = each_run(starts, number++, end, &search);
            starts[number % (DOMAIN_LABELS_MAX + 1)] = end + 1;
        }
    }
    return more;
}

void header_from_clear(struct header_from *from)
{
    name_set_free(&from->names);
    *from = (struct header_from){0};
}
