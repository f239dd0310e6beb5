/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The decision: (policy, facts, now) -> verdict. Finds the partners that a transaction selects, judges
 * whether each requirement is met, and says what follows. Pure: no I/O, no clock, no allocation. It logs
 * nothing and does not know how the answer is delivered.
 *
 * Read from the bottom: policy_evaluate() lets every identity select. partners.c finds the partners of an
 * entry, from_partners.c those of the From fields. judge.c judges one partner, the files of
 * policy/requirement/ one requirement each.
 */
#include "policy/verdict/evaluate.h"

#include <string.h>
#include "policy/verdict/exemption.h"
#include "policy/verdict/partners.h"

/* ---- the identities ---- */

/* The null sender has no domain: the last HELO name selects in its place. */
static void select_by_helo(const struct evaluation *e)
{
    struct selection selection;
    struct domain helo = {.length = 0};

    if ((e->policy->needs & NEED_HELO & ~e->facts->shown) != 0 && !e->exempt) {
        partners_select_all(e, SELECTED_HELO, REASON_SESSION_OUTDATED);
        return;
    }
    if (e->facts->helo != NULL
        && domain_normalise(&helo, e->facts->helo, strlen(e->facts->helo)) == DOMAIN_UNREAD) {
        partners_select_all(e, SELECTED_HELO, REASON_INTERNAL);
        return;
    }
    select_domain(&selection, e->policy, helo.length == 0 ? NULL : helo.text, true);
    partners_select(e, &selection, SELECTED_HELO, REASON_NONE);
}

/*
 * Whether the MTA may take this sender for the null sender, the only one for which it sends no {mail_addr}.
 * Postfix takes "<,>" for the null sender, and a source route without an address after it
 * ("<@contoso.com:>").
 */
static bool may_be_null(const struct facts *facts, const struct address *sender)
{
    const bool is_route = *sender->local == '\0' || *sender->local == '@';

    return facts->macro[MACRO_MAIL_ADDR] == NULL
           && (sender->kind == ADDRESS_LOCAL || (sender->kind == ADDRESS_DOMAIN && is_route));
}

/* Both readings of the sender, {mail_addr} and the argument, select. */
static void select_by_sender(const struct evaluation *e)
{
    const struct facts *facts = e->facts;

    for (unsigned i = 0; i < facts->senders; i++) {
        const struct address *sender = &facts->sender[i];
        struct selection selection;

        if (sender->kind == ADDRESS_DOMAIN) {
            partners_select_domain(e, &sender->domain, SELECTED_ENVELOPE_FROM);
        } else if (sender->kind != ADDRESS_NULL) {
            select_domain(&selection, e->policy, NULL, false);
            partners_select(e, &selection, SELECTED_ENVELOPE_FROM, REASON_NONE);
        }
        if (sender->kind == ADDRESS_NULL || may_be_null(facts, sender))
            select_by_helo(e);
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
    partners_select(e, &selection, SELECTED_CLIENT, REASON_NONE);
}

/* ---- the whole ---- */

/* Moves the most severe result to the front: it gives the verdict. */
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

        if (sender->kind != ADDRESS_DOMAIN || may_be_null(facts, sender)
            || address_uucp(&sender->domain, NULL))
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

    verdict->exempt = exemption_find(policy, facts);
    evaluation.exempt = verdict->exempt != EXEMPT_NOT;
    walks.count = 0;
    verdict->partner_count = verdict->scoped_count = 0;
    verdict->pending = 0;
    verdict->would = ACTION_ACCEPT;
    select_by_sender(&evaluation);
    partners_select_from(&evaluation);
    select_by_client(&evaluation);
    decide(&evaluation);
}
