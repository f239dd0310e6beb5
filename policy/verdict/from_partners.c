/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The partners that From fields select: by the domains of their addresses and, if a field does not parse, by
 * the names in it. A stranger writes the fields: the time and the number of partners are bounded.
 * header_from.c reads the fields.
 */
#include <string.h>
#include "policy/facts/mta.h"
#include "policy/verdict/partners.h"

/* No real message has From fields that select more entries than this. */
enum { ENTRIES_MOST = 64 };

/* The entries of the policy that the From fields have selected so far: each is judged once. */
struct header_search {
    const struct evaluation *evaluation;
    size_t count;
    struct {
        const struct partner *partner;
        const char *entry; /* NULL: any entry of the partner */
    } seen[ENTRIES_MOST];
};

/* Whether an entry was selected before; TOO_MANY: there is no place for it. */
enum novelty { SEEN, NEW, TOO_MANY };

/*
 * Notes an entry. Which entry selects a partner with a `recipients` list matters: the less specific partners
 * after it depend on the entry. For other partners `entry` is NULL.
 */
static enum novelty see(struct header_search *search, const struct partner *partner, const char *entry)
{
    for (size_t i = 0; i < search->count; i++)
        if (search->seen[i].partner == partner
            && (entry == NULL || search->seen[i].entry == NULL || strcmp(search->seen[i].entry, entry) == 0))
            return SEEN;
    if (search->count == ENTRIES_MOST)
        return TOO_MANY;
    search->seen[search->count].partner = partner;
    search->seen[search->count++].entry = entry;
    return NEW;
}

/* Selects by the domain of an address. False: too many entries. */
static bool select_by_address(void *arg, const char *name, size_t length)
{
    struct header_search *search = arg;
    const struct evaluation *e = search->evaluation;
    const struct partner *partner;
    struct selection selection, start;
    enum novelty novelty;

    (void)length;
    select_domain(&start, e->policy, name, false);
    selection = start;
    do
        partner = select_next(&selection);
    while (partner != NULL && !partners_list(partner, SELECTED_HEADER_FROM));
    if (partner == NULL)
        return true;
    novelty =
        see(search, partner, partner->terms->recipient_count == 0 ? NULL : select_found_entry(&selection));
    if (novelty == NEW)
        partners_select(e, &start, SELECTED_HEADER_FROM, REASON_NONE);
    return novelty != TOO_MANY;
}

/* Selects the partners with exactly this entry, a name in a field that does not parse. False: too many. */
static bool select_by_part(void *arg, const char *name, size_t length)
{
    struct header_search *search = arg;
    const struct evaluation *e = search->evaluation;
    const struct partner *found[2];

    select_exact(e->policy, name, length, found);
    for (size_t i = 0; i < 2; i++) {
        enum novelty novelty = SEEN;

        if (found[i] != NULL && partners_list(found[i], SELECTED_HEADER_FROM))
            novelty = see(search, found[i], NULL);
        if (novelty == TOO_MANY)
            return false;
        if (novelty == NEW && partners_may_be_for(found[i], e->facts))
            judge_consider(e, found[i], SELECTED_HEADER_FROM, REASON_HEADER_FROM);
    }
    return true;
}

/* A message without From, or with an empty one, may get the envelope sender as From. */
static void select_by_missing_header(const struct evaluation *e)
{
    const struct facts *facts = e->facts;

    for (unsigned i = 0; mta_rewrites(facts->mta) && i < facts->senders; i++)
        if (facts->sender[i].kind == ADDRESS_DOMAIN)
            partners_select_domain(e, &facts->sender[i].domain, SELECTED_HEADER_FROM);
}

/* Selects by what the fields contain. False: not all of it was looked at. */
static bool select_by_fields(const struct evaluation *e, const struct header_from *from)
{
    struct header_search addresses, parts;
    struct selection everyone;
    bool all;

    addresses.evaluation = parts.evaluation = e;
    addresses.count = parts.count = 0;
    all = header_from_each_domain(from, select_by_address, &addresses);
    if (!from->unparsed)
        return all;
    all = header_from_each_name(from, &e->policy->labels, select_by_part, &parts) && all;
    select_domain(&everyone, e->policy, NULL, false);
    partners_select(e, &everyone, SELECTED_HEADER_FROM, REASON_NONE);
    return all;
}

void partners_select_from(const struct evaluation *e)
{
    const struct header_from *from = e->facts->header_from;
    bool all;

    if ((e->policy->needs & NEED_HEADERS) == 0)
        return;
    if (from == NULL && e->exempt)
        return;
    if ((e->facts->shown & NEED_HEADERS) == 0) {
        partners_select_all(e, SELECTED_HEADER_FROM, REASON_SESSION_OUTDATED);
        return;
    }
    if (from == NULL && judge_content(e->facts) != REASON_NONE) {
        partners_select_all(e, SELECTED_HEADER_FROM, judge_content(e->facts));
        return;
    }
    if (from == NULL) {
        e->verdict->pending |= NEED_HEADERS;
        return;
    }
    if (!from->present)
        select_by_missing_header(e);
    all = select_by_fields(e, from) && !from->cut && !from->too_much && !from->expands;
    if (from->exhausted)
        partners_select_all(e, SELECTED_HEADER_FROM, REASON_INTERNAL);
    if (!all)
        partners_select_all(e, SELECTED_HEADER_FROM, REASON_HEADER_FROM);
}
