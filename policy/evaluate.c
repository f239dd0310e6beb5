/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The decision: (policy, facts, now) -> verdict. Which partners a transaction
 * selects, whether each got what it is owed, and what follows. Pure: no I/O, no
 * clock, no allocation; it neither logs nor knows how the answer is delivered.
 *
 * Read from the bottom: policy_evaluate() lets every identity select; what becomes of a
 * partner that is selected stands in judge.c, each requirement in weigh.c.
 */
#include <string.h>
#include "policy/judge.h"
#include "policy/select.h"

/* ---- selection ---- */

static bool lists(const struct partner *partner, unsigned identity)
{
    return identity == SELECTED_CLIENT
           || (partner->identities & (identity == SELECTED_HELO ? SELECTED_ENVELOPE_FROM : identity)) != 0;
}

static bool is_for(const struct partner *partner, const uint32_t *recipient)
{
    return partner->terms->recipient_count == 0 || recipient_in_scope(recipient, &partner->terms->scope);
}

/* Whether the partner is asked for by some recipient that is known; all of them may still come while none is. */
static bool may_be_for(const struct partner *partner, const struct facts *facts)
{
    return partner->terms->recipient_count == 0 || facts->recipients == NULL
           || recipients_in_scope(facts->recipients, &partner->terms->scope);
}

/* The first of the walk that applies, while no recipient is known: a partner that asks for some leaves it open. */
static void select_unaddressed(const struct evaluation *e, struct selection *selection, unsigned identity,
                               enum reason undecidable)
{
    const struct partner *partner;
    bool shown = (e->facts->shown & NEED_RCPT) != 0, open = false;

    while ((partner = select_next(selection)) != NULL) {
        if (!lists(partner, identity))
            continue;
        if (partner->terms->recipient_count > 0 && !e->exempt && shown) {
            e->verdict->pending |= NEED_RCPT;
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

    while (partner != NULL && !lists(partner, identity))
        partner = select_next(selection);
    return partner;
}

/* The walk from `first` on. `selection` is left where it goes on, if it is longer than WALK_MAX. */
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

/* Whether the same walk was done before; notes that it is done now. Longer ones may differ further on. */
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

/* What becomes of a recipient that none of the walk's first WALK_MAX partners is for. */
static void consider_rest(const struct evaluation *e, struct selection rest, const uint32_t *recipient,
                          const struct walk *walk)
{
    const struct partner *partner = next_listing(&rest, walk->identity);

    while (partner != NULL && !is_for(partner, recipient))
        partner = next_listing(&rest, walk->identity);
    if (partner != NULL)
        judge_consider(e, partner, walk->identity, walk->undecidable);
}

/* The first partner of the walk that each recipient is for. */
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

/* The most specific partner that applies, for each recipient. `selection` stands at its start. */
static void select_partners(const struct evaluation *e, const struct selection *selection, unsigned identity,
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

/* Whether the partner is selected by domains at all, not only by clients. */
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

/*
 * Whose mail this is cannot be told: it may be any partner's who has domains. There may be very many of them.
 * One whose result would find no place in the verdict is not judged.
 */
static void select_all(const struct evaluation *e, unsigned identity, enum reason undecidable)
{
    int most = judge_undecidable_severity(e, MODE_ENFORCE), floor = judge_floor(e->verdict);

    for (size_t i = 0; i < e->policy->partner_count && floor < most; i++) {
        const struct partner *partner = &e->policy->partners[i];
        const struct actions *actions;

        if (!lists(partner, identity)
            || judge_undecidable_severity(e, partner_in_force(e->policy, partner, e->now, &actions)) <= floor)
            continue;
        if (has_domains(e->policy, partner) && may_be_for(partner, e->facts)) {
            judge_consider(e, partner, identity, undecidable);
            floor = judge_floor(e->verdict);
        }
    }
}

/* The null sender is who the client said it is: the HELO name last given. */
static void select_by_helo(const struct evaluation *e)
{
    struct selection selection;
    struct domain helo = {.length = 0};

    if ((e->policy->needs & NEED_HELO & ~e->facts->shown) != 0 && !e->exempt) {
        select_all(e, SELECTED_HELO, REASON_SESSION_OUTDATED);
        return;
    }
    if (e->facts->helo != NULL
        && domain_normalise(&helo, e->facts->helo, strlen(e->facts->helo)) == DOMAIN_UNREAD) {
        select_all(e, SELECTED_HELO, REASON_INTERNAL);
        return;
    }
    select_domain(&selection, e->policy, helo.length == 0 ? NULL : helo.text, true);
    select_partners(e, &selection, SELECTED_HELO, REASON_NONE);
}

/* The partners of a domain. Sendmail may turn "x.y.UUCP" into "x.y": it selects as both. */
static void select_by_domain(const struct evaluation *e, const struct domain *domain, unsigned identity)
{
    struct selection selection;
    struct domain within;

    select_domain(&selection, e->policy, domain->text, false);
    select_partners(e, &selection, identity, REASON_NONE);
    if (e->facts->mta == MTA_POSTFIX || !address_uucp(domain, &within))
        return;
    select_domain(&selection, e->policy, within.text, false);
    select_partners(e, &selection, identity, REASON_NONE);
}

/* Both readings of the sender select. */
static void select_by_sender(const struct evaluation *e)
{
    const struct facts *facts = e->facts;

    for (unsigned i = 0; i < facts->senders; i++) {
        const struct address *sender = &facts->sender[i];
        struct selection selection;

        if (sender->kind == ADDRESS_NULL) {
            select_by_helo(e);
        } else if (sender->kind == ADDRESS_DOMAIN) {
            select_by_domain(e, &sender->domain, SELECTED_ENVELOPE_FROM);
        } else {
            select_domain(&selection, e->policy, NULL, false);
            select_partners(e, &selection, SELECTED_ENVELOPE_FROM, REASON_NONE);
        }
    }
}

static void select_by_client(const struct evaluation *e)
{
    const struct facts *facts = e->facts;
    struct selection selection;

    if ((e->policy->needs & NEED_CONNECT) == 0)
        return;
    select_client(&selection, e->policy, facts->client_known ? &facts->client : NULL,
                  facts->client_name_state == CLIENT_NAME_VERIFIED ? facts->client_name.text : NULL);
    select_partners(e, &selection, SELECTED_CLIENT, REASON_NONE);
}

/* ---- header From ---- */

/* From fields that select more entries than this are more than anyone writes. */
enum { ENTRIES_MOST = 64 };

/* The entries of the policy that the From fields selected so far, each to be looked at once. */
struct header_search {
    const struct evaluation *evaluation;
    size_t count;
    struct {
        const struct partner *partner;
        const char *entry; /* NULL: it does not matter by which */
    } seen[ENTRIES_MOST];
};

/* What to do with an entry. */
enum novelty { SEEN, NEW, TOO_MANY };

/* The entry of a partner that is asked for by recipient matters: who else is, hangs on it. */
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

/* The domain of an address. False: that is too many. */
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
    while (partner != NULL && !lists(partner, SELECTED_HEADER_FROM));
    if (partner == NULL)
        return true;
    novelty =
        see(search, partner, partner->terms->recipient_count == 0 ? NULL : select_found_entry(&selection));
    if (novelty == NEW)
        select_partners(e, &start, SELECTED_HEADER_FROM, REASON_NONE);
    return novelty != TOO_MANY;
}

/* A name in a field that does not parse: the partners with exactly that entry. False: that is too many. */
static bool select_by_part(void *arg, const char *name, size_t length)
{
    struct header_search *search = arg;
    const struct evaluation *e = search->evaluation;
    const struct partner *found[2];

    select_exact(e->policy, name, length, found);
    for (size_t i = 0; i < 2; i++) {
        enum novelty novelty = SEEN;

        if (found[i] != NULL && lists(found[i], SELECTED_HEADER_FROM))
            novelty = see(search, found[i], NULL);
        if (novelty == TOO_MANY)
            return false;
        if (novelty == NEW && may_be_for(found[i], e->facts))
            judge_consider(e, found[i], SELECTED_HEADER_FROM, REASON_HEADER_FROM);
    }
    return true;
}

/* Behind Sendmail a message without From, or with an empty one, gets the envelope sender as From. */
static void select_by_missing_header(const struct evaluation *e)
{
    const struct facts *facts = e->facts;

    for (unsigned i = 0; facts->mta != MTA_POSTFIX && i < facts->senders; i++)
        if (facts->sender[i].kind == ADDRESS_DOMAIN)
            select_by_domain(e, &facts->sender[i].domain, SELECTED_HEADER_FROM);
}

/* What the fields say. False: not all is looked at. */
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
    select_partners(e, &everyone, SELECTED_HEADER_FROM, REASON_NONE);
    return all;
}

static void select_by_header(const struct evaluation *e)
{
    const struct header_from *from = e->facts->header_from;
    bool all;

    if ((e->policy->needs & NEED_HEADERS) == 0)
        return;
    if (from == NULL && e->exempt)
        return;
    if ((e->facts->shown & NEED_HEADERS) == 0) {
        select_all(e, SELECTED_HEADER_FROM, REASON_SESSION_OUTDATED);
        return;
    }
    if (from == NULL && judge_content(e->facts) != REASON_NONE) {
        select_all(e, SELECTED_HEADER_FROM, judge_content(e->facts));
        return;
    }
    if (from == NULL) {
        e->verdict->pending |= NEED_HEADERS;
        return;
    }
    if (!from->present)
        select_by_missing_header(e);
    all = select_by_fields(e, from) && !from->cut && !from->too_much;
    if (from->exhausted)
        select_all(e, SELECTED_HEADER_FROM, REASON_INTERNAL);
    if (!all)
        select_all(e, SELECTED_HEADER_FROM, REASON_HEADER_FROM);
}

/* ---- the whole ---- */

static enum exempt exemption(const struct policy *policy, const struct facts *facts)
{
    const char *daemon = facts->macro[MACRO_DAEMON_NAME];
    enum reason reason;

    if (policy->exempt_authenticated && facts->authenticated)
        return EXEMPT_AUTHENTICATED;
    for (size_t i = 0; daemon != NULL && i < policy->exempt_daemon_count; i++)
        if (strcmp(policy->exempt_daemons[i], daemon) == 0)
            return EXEMPT_DAEMON;
    return clients_match(&policy->exempt_clients, facts, &reason) == MET ? EXEMPT_CLIENT : EXEMPT_NOT;
}

/* The most severe result goes to the front and gives the verdict. */
static void decide(const struct evaluation *e)
{
    struct verdict *verdict = e->verdict;
    struct judged first;
    size_t worst = 0;

    verdict->outcome = e->exempt ? OUTCOME_EXEMPT : OUTCOME_NO_PARTNER;
    verdict->action = ACTION_ACCEPT;
    verdict->reason = REASON_NONE;
    if (verdict->partner_count == 0)
        return;
    for (size_t i = 1; i < verdict->partner_count; i++)
        if (judge_severity(&verdict->partner[i]) > judge_severity(&verdict->partner[worst]))
            worst = i;
    if (worst != 0) {
        first = verdict->partner[worst];
        verdict->partner[worst] = verdict->partner[0];
        verdict->partner[0] = first;
    }
    if (e->exempt || verdict->partner[0].outcome == OUTCOME_OFF)
        return;
    verdict->outcome =
        verdict->partner[0].outcome == OUTCOME_EXCEPTED ? OUTCOME_PASS : verdict->partner[0].outcome;
    verdict->action = verdict->partner[0].action;
    verdict->reason = verdict->partner[0].reason;
}

bool policy_is_stranger(const struct policy *policy, const struct facts *facts)
{
    struct selection selection;

    if ((policy->needs & (NEED_CONNECT | NEED_HEADERS)) != 0)
        return false;
    for (unsigned i = 0; i < facts->senders; i++) {
        const struct address *sender = &facts->sender[i];

        if (sender->kind != ADDRESS_DOMAIN || address_uucp(&sender->domain, NULL))
            return false;
        if (i > 0 && strcmp(sender->domain.text, facts->sender[0].domain.text) == 0)
            continue;
        select_domain(&selection, policy, sender->domain.text, false);
        if (select_next(&selection) != NULL)
            return false;
    }
    return facts->senders > 0;
}

void policy_evaluate(const struct policy *policy, const struct facts *facts, int64_t now,
                     struct verdict *verdict)
{
    struct walks walks;
    struct evaluation evaluation = {policy, facts, now, false, verdict, &walks};

    verdict->exempt = exemption(policy, facts);
    evaluation.exempt = verdict->exempt != EXEMPT_NOT;
    walks.count = 0;
    verdict->partner_count = 0;
    verdict->pending = 0;
    select_by_sender(&evaluation);
    select_by_header(&evaluation);
    select_by_client(&evaluation);
    decide(&evaluation);
}
