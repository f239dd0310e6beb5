/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From an entry of the policy to the partners that it selects: for each recipient, the most specific one that
 * the mail is for. Does not know MAIL, HELO or From: evaluate.c and from_partners.c say which names and
 * addresses select. judge.c judges the partner.
 */
#include "policy/verdict/partners.h"

#include <string.h>
#include "policy/facts/mta.h"

bool partners_list(const struct partner *partner, unsigned identity)
{
    return identity == SELECTED_CLIENT
           || (partner->identities & (identity == SELECTED_HELO ? SELECTED_ENVELOPE_FROM : identity)) != 0;
}

static bool is_for(const struct partner *partner, const uint32_t *recipient)
{
    return partner->terms->recipient_count == 0 || recipient_in_scope(recipient, &partner->terms->scope);
}

bool partners_may_be_for(const struct partner *partner, const struct facts *facts)
{
    return partner->terms->recipient_count == 0 || facts->recipients == NULL
           || recipients_in_scope(facts->recipients, &partner->terms->scope);
}

/* Notes a partner whose selection depends on the recipients. */
static void note_scoped(struct verdict *verdict, const struct partner *partner)
{
    for (size_t i = 0; i < verdict->scoped_count; i++)
        if (verdict->scoped[i] == partner)
            return;
    if (verdict->scoped_count < JUDGED_MAX)
        verdict->scoped[verdict->scoped_count++] = partner;
}

/*
 * Before RCPT: judges the first partner that applies. A partner with a `recipients` list sets NEED_RCPT
 * instead, and the walk goes on; no partner after it is judged yet.
 */
static void select_unaddressed(const struct evaluation *e, struct selection *selection, unsigned identity,
                               enum reason undecidable)
{
    const struct partner *partner;
    bool shown = (e->facts->shown & NEED_RCPT) != 0, open = false;

    while ((partner = select_next(selection)) != NULL) {
        if (!partners_list(partner, identity))
            continue;
        if (partner->terms->recipient_count > 0 && !e->exempt && shown) {
            e->verdict->pending |= NEED_RCPT;
            note_scoped(e->verdict, partner);
            open = true;
            continue;
        }
        if (!open)
            judge_consider(e, partner, identity,
                           partner->terms->recipient_count > 0 && !e->exempt ? REASON_SESSION_OUTDATED
                                                                             : undecidable);
        return;
    }
}

static const struct partner *next_listing(struct selection *selection, unsigned identity)
{
    const struct partner *partner = select_next(selection);

    while (partner != NULL && !partners_list(partner, identity))
        partner = select_next(selection);
    return partner;
}

/*
 * Returns the walk that begins with `first`. `selection` is left after its last partner: a walk that is
 * longer than WALK_MAX goes on there.
 */
static struct walk follow(struct selection *selection, const struct partner *first, unsigned identity,
                          enum reason undecidable)
{
    struct walk walk = {.partner = {first}, .count = 1, .identity = identity, .undecidable = undecidable};

    while (walk.count < WALK_MAX && walk.partner[walk.count - 1]->terms->recipient_count > 0) {
        const struct partner *partner = next_listing(selection, identity);

        if (partner == NULL)
            break;
        walk.partner[walk.count++] = partner;
    }
    return walk;
}

static bool same_walk(const struct walk *a, const struct walk *b)
{
    bool same = a->count == b->count && a->identity == b->identity && a->undecidable == b->undecidable;

    for (unsigned i = 0; same && i < a->count; i++)
        same = a->partner[i] == b->partner[i];
    return same;
}

/*
 * Whether the same walk was done before; if not, notes it. A walk beyond WALK_MAX is never noted: two of them
 * may differ further on.
 */
static bool is_done(struct walks *walks, const struct walk *walk)
{
    if (walk->count == WALK_MAX && walk->partner[WALK_MAX - 1]->terms->recipient_count > 0)
        return false;
    for (size_t i = 0; i < walks->count; i++)
        if (same_walk(&walks->walk[i], walk))
            return true;
    if (walks->count < WALKS_MAX)
        walks->walk[walks->count++] = *walk;
    return false;
}

/*
 * For a recipient that is in the scope of none of the walk's first WALK_MAX partners: judges the next that it
 * is for.
 */
static void consider_rest(const struct evaluation *e, struct selection rest, const uint32_t *recipient,
                          const struct walk *walk)
{
    const struct partner *partner = next_listing(&rest, walk->identity);

    while (partner != NULL && !is_for(partner, recipient))
        partner = next_listing(&rest, walk->identity);
    if (partner != NULL)
        judge_consider(e, partner, walk->identity, walk->undecidable);
}

/* Judges, for each recipient, the first partner of the walk that it is for. */
static void consider_walk(const struct evaluation *e, const struct selection *rest, const struct walk *walk)
{
    const uint32_t *recipient = NULL;
    bool considered[WALK_MAX] = {false};

    while ((recipient = recipients_next(e->facts->recipients, recipient)) != NULL) {
        unsigned i = 0;

        while (i < walk->count && !is_for(walk->partner[i], recipient))
            i++;
        if (i == WALK_MAX)
            consider_rest(e, *rest, recipient, walk);
        else if (i < walk->count && !considered[i])
            judge_consider(e, walk->partner[i], walk->identity, walk->undecidable);
        if (i < walk->count)
            considered[i] = true;
    }
}

void partners_select(const struct evaluation *e, const struct selection *selection, unsigned identity,
                     enum reason undecidable)
{
    const struct recipients *recipients = e->facts->recipients;
    const struct partner *partner;
    struct selection next = *selection;
    struct walk walk;

    if (recipients == NULL) {
        select_unaddressed(e, &next, identity, undecidable);
        return;
    }
    partner = next_listing(&next, identity);
    while (partner != NULL && partner->terms->recipient_count > 0 && recipients->count == 0)
        partner = next_listing(&next, identity); /* no recipient was accepted */
    if (partner == NULL)
        return;
    if (partner->terms->recipient_count == 0) {
        judge_consider(e, partner, identity, undecidable);
        return;
    }
    walk = follow(&next, partner, identity, undecidable);
    if (!is_done(e->walks, &walk))
        consider_walk(e, &next, &walk);
}

/* Whether domains select the partner, not only clients. */
static bool has_domains(const struct policy *policy, const struct partner *partner)
{
    const unsigned domains = 1u << SELECT_DOMAIN | 1u << SELECT_SUBDOMAINS | 1u << SELECT_EVERYONE;
    size_t count;
    const struct selector *selector = partner_selectors(policy, partner, &count);

    for (size_t i = 0; i < count; i++)
        if ((selector[i].kinds & domains) != 0)
            return true;
    return false;
}

void partners_select_all(const struct evaluation *e, unsigned identity, enum reason undecidable)
{
    int most = judge_undecidable_severity(e, MODE_ENFORCE), floor = judge_floor(e->verdict);

    for (size_t i = 0; i < e->policy->partner_count && floor < most; i++) {
        const struct partner *partner = &e->policy->partners[i];
        const struct actions *actions;

        if (!partners_list(partner, identity)
            || judge_undecidable_severity(e, partner_in_force(e->policy, partner, e->now, &actions)) <= floor)
            continue;
        if (has_domains(e->policy, partner) && partners_may_be_for(partner, e->facts)) {
            judge_consider(e, partner, identity, undecidable);
            floor = judge_floor(e->verdict);
        }
    }
}

void partners_select_domain(const struct evaluation *e, const struct domain *domain, unsigned identity)
{
    struct selection selection;
    struct domain within;

    select_domain(&selection, e->policy, domain->text, false);
    partners_select(e, &selection, identity, REASON_NONE);
    if (!mta_rewrites(e->facts->mta) || !address_uucp(domain, &within))
        return;
    select_domain(&selection, e->policy, within.text, false);
    partners_select(e, &selection, identity, REASON_NONE);
}
