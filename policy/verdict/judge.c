/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One partner of a transaction: exceptions, outcome, mode and action, and its place among the others in the
 * verdict. Pure. Does not know which entry selected the partner.
 */
#include "policy/verdict/judge.h"

#include <string.h>

/* ---- exceptions ---- */

/*
 * If the sender is of Sendmail's own host, Sendmail sends {mail_addr} without a domain: then only the
 * argument is read.
 */
static bool is_domainless(const struct facts *facts)
{
    const char *mail_addr = facts->macro[MACRO_MAIL_ADDR];

    return facts->senders > 1 && mail_addr != NULL && facts->sender[0].kind == ADDRESS_LOCAL
           && strchr(mail_addr, '@') == NULL;
}

/* Whether every reading of the sender matches one of the patterns. */
static bool senders_match(const struct exception *exception, const struct facts *facts)
{
    for (unsigned reading = is_domainless(facts); reading < facts->senders; reading++) {
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

/* Whether every recipient is among those of the exception. */
static bool recipients_match(const struct exception *exception, const struct recipients *recipients)
{
    const uint32_t *recipient = NULL;

    while ((recipient = recipients_next(recipients, recipient)) != NULL)
        if (!recipient_excepted(recipient, &exception->excepted))
            return false;
    return recipients->count > 0;
}

/*
 * MET: all selectors hold. PENDING: it depends on the recipients, which are not known yet. UNKNOWN: it
 * depends on the client, and *reason says why the client is not known.
 */
static enum met exception_holds(const struct exception *exception, const struct evaluation *e,
                                enum reason *reason)
{
    const struct facts *facts = e->facts;
    enum met client = exception->clients == NULL ? MET : clients_match(exception->clients, facts, reason);

    if (e->now >= exception->until || client == UNMET)
        return UNMET;
    if (exception->sender_count > 0 && !senders_match(exception, facts))
        return UNMET;
    if (exception->recipient_count == 0)
        return client;
    if (facts->recipients == NULL)
        return PENDING;
    return recipients_match(exception, facts->recipients) ? client : UNMET;
}

/* Whether an exception holds; judged->exception is the one that ends last. UNKNOWN: *reason says why. */
static enum met excepted(struct judged *judged, const struct evaluation *e, enum reason *reason)
{
    const struct terms *terms = judged->partner->terms;
    enum met best = UNMET;

    for (size_t i = 0; i < terms->exception_count; i++) {
        const struct exception *exception = &terms->exceptions[i];
        enum reason why;
        enum met holds = exception_holds(exception, e, &why);

        if (holds == MET && (judged->exception == NULL || exception->until > judged->exception->until))
            judged->exception = exception;
        if (holds == PENDING || (holds == UNKNOWN && best == UNMET))
            best = holds;
        if (holds == UNKNOWN)
            *reason = why;
    }
    return judged->exception != NULL ? MET : best;
}

/* ---- one partner ---- */

/* What happens in mode enforce. */
static enum action enforced_action(const struct judged *judged, const struct actions *actions)
{
    if (judged->outcome == OUTCOME_FAIL)
        return (enum action)actions->by_reason[judged->reason];
    return judged->outcome == OUTCOME_UNDECIDABLE ? ACTION_TEMPFAIL : ACTION_ACCEPT;
}

enum reason judge_content(const struct facts *facts)
{
    switch (facts->content) {
    case CONTENT_WITHHELD:
        return REASON_MTA_MACROS;
    case CONTENT_OUTDATED:
        return REASON_SESSION_OUTDATED;
    default:
        return REASON_NONE;
    }
}

static int severity(enum action action, enum outcome outcome, enum action would)
{
    return ((int)action * OUTCOME_COUNT + (int)outcome) * ACTION_COUNT + (int)would;
}

int judge_severity(const struct judged *judged)
{
    return severity(judged->action, judged->outcome, judged->would);
}

int judge_undecidable_severity(const struct evaluation *e, enum mode mode)
{
    enum action would = e->exempt ? ACTION_ACCEPT : ACTION_TEMPFAIL;
    enum action action = mode == MODE_ENFORCE ? would : ACTION_ACCEPT;

    return mode == MODE_NONE ? -1 : severity(action, OUTCOME_UNDECIDABLE, would);
}

int judge_floor(const struct verdict *verdict)
{
    int floor = verdict->partner_count < JUDGED_MAX ? -1 : judge_severity(&verdict->partner[0]);

    for (size_t i = 1; floor >= 0 && i < JUDGED_MAX; i++)
        if (judge_severity(&verdict->partner[i]) < floor)
            floor = judge_severity(&verdict->partner[i]);
    return floor;
}

static void enter(struct verdict *verdict, const struct judged *judged)
{
    size_t mildest = 0;

    if (verdict->partner_count < JUDGED_MAX) {
        verdict->partner[verdict->partner_count++] = *judged;
        return;
    }
    for (size_t i = 1; i < JUDGED_MAX; i++)
        if (judge_severity(&verdict->partner[i]) < judge_severity(&verdict->partner[mildest]))
            mildest = i;
    if (judge_severity(judged) > judge_severity(&verdict->partner[mildest]))
        verdict->partner[mildest] = *judged;
}

/* Makes the result undecidable: the facts that would decide are not known, and never will be. */
static void make_undecidable(struct judged *judged, enum reason reason)
{
    if (judged->finding[judged->finding_count - 1].requirement != REQUIRE_DECIDABLE)
        *weigh_add(judged, REQUIRE_DECIDABLE) =
            (struct finding){REQUIRE_DECIDABLE, UNKNOWN, reason, NULL, NULL, 0};
    judged->outcome = OUTCOME_UNDECIDABLE;
    judged->reason = reason;
}

/*
 * An exception overrides what the requirements say. PENDING: it depends on recipients that are still to come.
 * If it is not known whether an exception holds, the partner does not fail but is undecidable.
 */
static enum met apply_exceptions(const struct evaluation *e, struct judged *judged)
{
    enum reason reason = REASON_NONE;
    enum met holds = excepted(judged, e, &reason);

    if (holds == MET)
        judged->outcome = OUTCOME_EXCEPTED;
    if (holds == UNKNOWN && judged->outcome == OUTCOME_FAIL)
        make_undecidable(judged, reason);
    if (holds == PENDING && (e->facts->shown & NEED_RCPT) == 0)
        make_undecidable(judged, REASON_SESSION_OUTDATED);
    return holds == PENDING && (e->facts->shown & NEED_RCPT) != 0 ? PENDING : MET;
}

/* Judges a partner by the facts. Returns NEED_DATA if the result waits for DATA; else 0. */
static unsigned judge_facts(const struct evaluation *e, struct judged *judged)
{
    unsigned pending = 0;

    weigh_partner(e->policy, e->facts, e->now, judged);
    if (weigh_conclude(judged) == PENDING) {
        if ((e->facts->shown & NEED_DATA) != 0)
            pending = NEED_DATA;
        else
            make_undecidable(judged, REASON_SESSION_OUTDATED);
    }
    return pending;
}

/* It is not known whether this mail is the partner's: the facts do not matter then. */
static void judge_undecidable(struct judged *judged, enum reason reason)
{
    judged->piece_count = judged->finding_count = 0;
    *weigh_add(judged, REQUIRE_DECIDABLE) =
        (struct finding){REQUIRE_DECIDABLE, UNKNOWN, reason, NULL, NULL, 0};
    judged->outcome = OUTCOME_UNDECIDABLE;
    judged->reason = reason;
}

/*
 * Judges one partner. Returns what its result waits for, as NEED_*; 0: it is final. `undecidable`, unless
 * REASON_NONE, is why it is not known whose mail this is.
 */
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
    judged->would = e->exempt ? ACTION_ACCEPT : enforced_action(judged, actions);
    /* A milter can quarantine only at the end of the message. If that is not shown, mail is deferred. */
    if (judged->would == ACTION_QUARANTINE && judge_content(e->facts) != REASON_NONE) {
        if (judged->mode == MODE_ENFORCE)
            make_undecidable(judged, judge_content(e->facts));
        judged->would = ACTION_TEMPFAIL;
    }
    judged->action = judged->mode == MODE_ENFORCE ? judged->would : ACTION_ACCEPT;
    return e->exempt ? 0 : pending;
}

static struct judged *find_judged(struct verdict *verdict, const struct partner *partner)
{
    for (size_t i = 0; i < verdict->partner_count; i++)
        if (verdict->partner[i].partner == partner)
            return &verdict->partner[i];
    return NULL;
}

void judge_consider(const struct evaluation *e, const struct partner *partner, unsigned selected_by,
                    enum reason undecidable)
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
    judged.exception = NULL;
    pending = judge(e, &judged, undecidable);
    if (pending == 0 && judged.would > e->verdict->would)
        e->verdict->would = judged.would;
    if (pending != 0)
        e->verdict->pending |= pending;
    else if (before == NULL)
        enter(e->verdict, &judged);
    else if (judge_severity(&judged) > judge_severity(before))
        *before = judged;
}
