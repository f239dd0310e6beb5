/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The decision: (policy, facts, now) -> verdict. Which partners a transaction
 * selects, whether each got what it is owed, and what follows. Pure: no I/O, no
 * clock, no allocation; it neither logs nor knows how the answer is delivered.
 *
 * Read from the bottom: policy_evaluate() lets every identity select, judge()
 * concludes for one partner; its requirements are weighed in weigh.c.
 */
#include <string.h>
#include "policy/internal.h"
#include "policy/select.h"

struct evaluation {
    const struct policy *policy;
    const struct facts *facts;
    int64_t now;
    bool exempt;
    struct verdict *verdict;
};

/* ---- exceptions ---- */

/* Every reading of the sender matches one of the patterns. */
static bool senders_match(const struct exception *exception, const struct facts *facts)
{
    for (unsigned reading = 0; reading < facts->senders; reading++) {
        const struct address *sender = &facts->sender[reading];
        bool matches = false;

        for (size_t i = 0; i < exception->sender_count && !matches; i++)
            matches = exception->senders[i].null ? sender->kind == ADDRESS_NULL
                                                 : address_matches(sender, &exception->senders[i].address);
        if (!matches)
            return false;
    }
    return facts->senders > 0;
}

/* Whether the recipient is among the patterns: by every one of its readings, or by any. */
static bool recipient_matches(const struct recipient *recipient, const struct address_pattern *patterns, size_t count, bool every)
{
    for (unsigned reading = 0; reading < recipient->given; reading++) {
        bool matches = false;

        for (size_t i = 0; i < count && !matches; i++)
            matches = address_matches(&recipient->address[reading], &patterns[i]);
        if (matches != every)
            return matches;
    }
    return every;
}

/* MET: all selectors hold; PENDING: it hangs on the recipients, which are not known yet. */
static enum met exception_holds(const struct exception *exception, const struct evaluation *e)
{
    const struct facts *facts = e->facts;
    enum reason reason;

    if (e->now >= exception->until)
        return UNMET;
    if (exception->clients != NULL && clients_match(exception->clients, facts, &reason) != MET)
        return UNMET;
    if (exception->sender_count > 0 && !senders_match(exception, facts))
        return UNMET;
    if (exception->recipient_count == 0)
        return MET;
    if (facts->recipients == NULL)
        return PENDING;
    for (size_t i = 0; i < facts->recipient_count; i++)
        if (!recipient_matches(&facts->recipients[i], exception->recipients, exception->recipient_count, true))
            return UNMET;
    return facts->recipient_count > 0 ? MET : UNMET;
}

static enum met excepted(const struct partner *partner, const struct evaluation *e)
{
    enum met best = UNMET;

    for (size_t i = 0; i < partner->extras->exception_count; i++) {
        enum met holds = exception_holds(&partner->extras->exceptions[i], e);

        if (holds == MET)
            return MET;
        best = holds == PENDING ? PENDING : best;
    }
    return best;
}

/* ---- one partner ---- */

/* Outcome and deciding reason from the findings. PENDING: a requirement waits for facts that are still to come. */
static enum met conclude(struct judged *judged)
{
    enum reason unmet = REASON_COUNT, unknown = REASON_COUNT;
    bool pending = false;

    for (size_t i = 0; i < judged->finding_count; i++) {
        const struct finding *finding = &judged->finding[i];

        if (finding->met == UNMET && finding->reason < unmet)
            unmet = finding->reason;
        if (finding->met == UNKNOWN && finding->reason < unknown)
            unknown = finding->reason;
        pending |= finding->met == PENDING;
    }
    judged->outcome = unmet != REASON_COUNT ? OUTCOME_FAIL : unknown != REASON_COUNT ? OUTCOME_UNDECIDABLE : OUTCOME_PASS;
    judged->reason = unmet != REASON_COUNT ? unmet : unknown != REASON_COUNT ? unknown : REASON_NONE;
    return pending && judged->outcome != OUTCOME_FAIL ? PENDING : MET;
}

static enum action action_of(const struct judged *judged, const struct actions *actions)
{
    if (judged->mode != MODE_ENFORCE)
        return ACTION_ACCEPT;
    if (judged->outcome == OUTCOME_FAIL)
        return (enum action)actions->by_reason[judged->reason];
    return judged->outcome == OUTCOME_UNDECIDABLE ? ACTION_TEMPFAIL : ACTION_ACCEPT;
}

/* How much a partner's result weighs beside others: first what happens, then why. */
static int severity(const struct judged *judged)
{
    return (int)judged->action * OUTCOME_COUNT + (int)judged->outcome;
}

static void enter(struct verdict *verdict, const struct judged *judged)
{
    size_t mildest = 0;

    if (verdict->partner_count < JUDGED_MAX) {
        verdict->partner[verdict->partner_count++] = *judged;
        return;
    }
    for (size_t i = 1; i < JUDGED_MAX; i++)
        if (severity(&verdict->partner[i]) < severity(&verdict->partner[mildest]))
            mildest = i;
    if (severity(judged) > severity(&verdict->partner[mildest]))
        verdict->partner[mildest] = *judged;
}

/* What would decide is still to come, in a session that will not show it. */
static void give_up_waiting(struct judged *judged)
{
    if (judged->finding[judged->finding_count - 1].requirement != REQUIRE_DECIDABLE)
        *weigh_add(judged, REQUIRE_DECIDABLE) = (struct finding){REQUIRE_DECIDABLE, UNKNOWN, REASON_SESSION_OUTDATED, NULL, NULL, 0};
    judged->outcome = OUTCOME_UNDECIDABLE;
    judged->reason = REASON_SESSION_OUTDATED;
}

/* An exception lifts what the requirements say; PENDING: it hangs on recipients that are still to come. */
static enum met apply_exceptions(const struct evaluation *e, struct judged *judged)
{
    enum met holds = excepted(judged->partner, e);

    if (holds == MET)
        judged->outcome = OUTCOME_EXCEPTED;
    if (holds == PENDING && (e->facts->shown & NEED_RCPT) == 0)
        give_up_waiting(judged);
    return holds == PENDING && (e->facts->shown & NEED_RCPT) != 0 ? PENDING : MET;
}

/* Outcome of a partner that got its facts; NEED_*: what it still waits for. */
static unsigned judge_facts(const struct evaluation *e, struct judged *judged)
{
    unsigned pending = 0;

    weigh_partner(e->policy, e->facts, e->now, judged);
    if (conclude(judged) == PENDING) {
        if ((e->facts->shown & NEED_DATA) != 0)
            pending = NEED_DATA;
        else
            give_up_waiting(judged);
    }
    return pending;
}

/* Whether this mail is the partner's cannot be told: then its facts do not matter. */
static void judge_undecidable(struct judged *judged, enum reason reason)
{
    judged->piece_count = judged->finding_count = 0;
    *weigh_add(judged, REQUIRE_DECIDABLE) = (struct finding){REQUIRE_DECIDABLE, UNKNOWN, reason, NULL, NULL, 0};
    judged->outcome = OUTCOME_UNDECIDABLE;
    judged->reason = reason;
}

/* One partner. NEED_*: what its result waits for; 0: it is final. `undecidable`, if given, is why it cannot be told whose mail this is. */
static unsigned judge(const struct evaluation *e, struct judged *judged, enum reason undecidable)
{
    const struct actions *actions;
    unsigned pending = 0;

    judged->mode = partner_in_force(e->policy, judged->partner, e->now, &actions);
    if (undecidable == REASON_NONE)
        pending = judge_facts(e, judged);
    else
        judge_undecidable(judged, undecidable);
    if (judged->mode == MODE_NONE) {
        judged->outcome = OUTCOME_OFF;
        pending = 0;
    } else if (judged->outcome != OUTCOME_PASS || pending != 0) {
        if (apply_exceptions(e, judged) == PENDING)
            pending |= NEED_RCPT;
        else if (judged->outcome == OUTCOME_EXCEPTED)
            pending = 0;
    }
    judged->action = e->exempt ? ACTION_ACCEPT : action_of(judged, actions);
    return e->exempt ? 0 : pending;
}

static struct judged *find_judged(struct verdict *verdict, const struct partner *partner)
{
    for (size_t i = 0; i < verdict->partner_count; i++)
        if (verdict->partner[i].partner == partner)
            return &verdict->partner[i];
    return NULL;
}

/* A partner that was selected: judged once for what is certain and once for what is not; the worse result counts. */
static void consider(const struct evaluation *e, const struct partner *partner, unsigned selected_by, enum reason undecidable)
{
    struct judged *before = find_judged(e->verdict, partner), judged;
    unsigned pending;

    if (before != NULL) {
        bool was_certain = before->finding[0].requirement != REQUIRE_DECIDABLE;

        before->selected_by |= selected_by;
        selected_by = before->selected_by;
        if (was_certain == (undecidable == REASON_NONE))
            return;
    }
    judged.partner = partner;
    judged.selected_by = selected_by;
    pending = judge(e, &judged, undecidable);
    if (pending != 0)
        e->verdict->pending |= pending;
    else if (before == NULL)
        enter(e->verdict, &judged);
    else if (severity(&judged) > severity(before))
        *before = judged;
}

/* ---- selection ---- */

static bool lists(const struct partner *partner, unsigned identity)
{
    return identity == SELECTED_CLIENT || (partner->identities & (identity == SELECTED_HELO ? SELECTED_ENVELOPE_FROM : identity)) != 0;
}

static bool is_for(const struct partner *partner, const struct recipient *recipient)
{
    return partner->extras->recipient_count == 0
           || recipient_matches(recipient, partner->extras->recipients, partner->extras->recipient_count, false);
}

/* The first of the walk that applies, while no recipient is known: a partner that asks for some leaves it open. */
static void select_unaddressed(const struct evaluation *e, struct selection *selection, unsigned identity, enum reason undecidable)
{
    const struct partner *partner;
    bool shown = (e->facts->shown & NEED_RCPT) != 0, open = false;

    while ((partner = select_next(selection)) != NULL) {
        if (!lists(partner, identity))
            continue;
        if (partner->extras->recipient_count > 0 && !e->exempt && shown) {
            e->verdict->pending |= NEED_RCPT;
            open = true;
            continue;
        }
        if (!open)
            consider(e, partner, identity,
                     partner->extras->recipient_count > 0 && !e->exempt ? REASON_SESSION_OUTDATED : undecidable);
        return;
    }
}

/* The most specific partner that applies, for each recipient. `selection` stands at its start. */
static void select_partners(const struct evaluation *e, const struct selection *selection, unsigned identity, enum reason undecidable)
{
    const struct facts *facts = e->facts;
    const struct partner *partner;
    struct selection walk = *selection;
    bool by_recipient = false;

    if (facts->recipients == NULL) {
        select_unaddressed(e, &walk, identity, undecidable);
        return;
    }
    for (size_t i = 0; i == 0 || (by_recipient && i < facts->recipient_count); i++) {
        walk = *selection;
        while ((partner = select_next(&walk)) != NULL) {
            if (!lists(partner, identity))
                continue;
            by_recipient |= partner->extras->recipient_count > 0;
            if (facts->recipient_count == 0 ? partner->extras->recipient_count == 0 : is_for(partner, &facts->recipients[i]))
                break;
        }
        if (partner != NULL)
            consider(e, partner, identity, undecidable);
    }
}

/* `shown` is missing something: every partner with domains may be the one. */
static void select_all(const struct evaluation *e, unsigned identity, enum reason undecidable)
{
    for (size_t i = 0; i < e->policy->partner_count; i++) {
        const struct partner *partner = &e->policy->partners[i];
        bool applies = partner->extras->recipient_count == 0 || e->facts->recipients == NULL;

        for (size_t k = 0; !applies && k < e->facts->recipient_count; k++)
            applies = is_for(partner, &e->facts->recipients[k]);
        if (applies && lists(partner, identity))
            consider(e, partner, identity, undecidable);
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
    if (e->facts->helo != NULL)
        domain_normalise(&helo, e->facts->helo, strlen(e->facts->helo));
    select_domain(&selection, e->policy, helo.length == 0 ? NULL : helo.text, true);
    select_partners(e, &selection, SELECTED_HELO, REASON_NONE);
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
            continue;
        }
        select_domain(&selection, e->policy, sender->kind == ADDRESS_DOMAIN ? sender->domain.text : NULL, false);
        select_partners(e, &selection, SELECTED_ENVELOPE_FROM, REASON_NONE);
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

/* A name that stands in a From field that cannot be parsed: the partners of exactly that entry. */
static void select_by_part(void *arg, const char *name, size_t length)
{
    const struct evaluation *e = arg;
    static const enum selector_kind kinds[] = {SELECT_DOMAIN, SELECT_SUBDOMAINS};
    struct domain domain;

    if (domain_normalise(&domain, name, length) == DOMAIN_NONE)
        return;
    for (size_t i = 0; i < 2; i++) {
        const struct partner *partner = select_exact(e->policy, domain.text, kinds[i]);
        bool applies = partner != NULL && lists(partner, SELECTED_HEADER_FROM);

        if (applies && partner->extras->recipient_count > 0 && e->facts->recipients != NULL) {
            applies = false;
            for (size_t k = 0; !applies && k < e->facts->recipient_count; k++)
                applies = is_for(partner, &e->facts->recipients[k]);
        }
        if (applies)
            consider(e, partner, SELECTED_HEADER_FROM, REASON_HEADER_FROM);
    }
}

static void select_by_header(const struct evaluation *e)
{
    const struct header_from *from = e->facts->header_from;

    if ((e->policy->needs & NEED_HEADERS) == 0)
        return;
    if (from == NULL && e->exempt)
        return;
    if ((e->facts->shown & NEED_HEADERS) == 0) {
        select_all(e, SELECTED_HEADER_FROM, REASON_SESSION_OUTDATED);
        return;
    }
    if (from == NULL) {
        e->verdict->pending |= NEED_HEADERS;
        return;
    }
    for (size_t i = 0; i < from->count; i++) {
        struct selection selection;

        select_domain(&selection, e->policy, from->domains[i].text, false);
        select_partners(e, &selection, SELECTED_HEADER_FROM, REASON_NONE);
    }
    if (from->unparsed != NULL) {
        struct selection everyone;

        header_from_each_name(from, e->policy->labels_max, select_by_part, (void *)e);
        select_domain(&everyone, e->policy, NULL, false);
        select_partners(e, &everyone, SELECTED_HEADER_FROM, REASON_NONE);
    }
    if (from->cut || from->exhausted)
        select_all(e, SELECTED_HEADER_FROM, from->cut ? REASON_HEADER_FROM : REASON_INTERNAL);
}

/* ---- the whole ---- */

static bool is_exempt(const struct policy *policy, const struct facts *facts)
{
    const char *daemon = facts->macro[MACRO_DAEMON_NAME];
    enum reason reason;

    if (policy->exempt_authenticated && facts->authenticated)
        return true;
    for (size_t i = 0; daemon != NULL && i < policy->exempt_daemon_count; i++)
        if (strcmp(policy->exempt_daemons[i], daemon) == 0)
            return true;
    return clients_match(&policy->exempt_clients, facts, &reason) == MET;
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
        if (severity(&verdict->partner[i]) > severity(&verdict->partner[worst]))
            worst = i;
    if (worst != 0) {
        first = verdict->partner[worst];
        verdict->partner[worst] = verdict->partner[0];
        verdict->partner[0] = first;
    }
    if (e->exempt || verdict->partner[0].outcome == OUTCOME_OFF)
        return;
    verdict->outcome = verdict->partner[0].outcome == OUTCOME_EXCEPTED ? OUTCOME_PASS : verdict->partner[0].outcome;
    verdict->action = verdict->partner[0].action;
    verdict->reason = verdict->partner[0].reason;
}

void policy_evaluate(const struct policy *policy, const struct facts *facts, int64_t now, struct verdict *verdict)
{
    struct evaluation evaluation = {policy, facts, now, is_exempt(policy, facts), verdict};

    verdict->partner_count = 0;
    verdict->pending = 0;
    select_by_sender(&evaluation);
    select_by_header(&evaluation);
    select_by_client(&evaluation);
    decide(&evaluation);
}
