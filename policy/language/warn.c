/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Warnings about a policy that loads: what is valid, but probably not what was meant, or not for long. The
 * readers of keys report what the line that they read shows. This file reports what depends on the present
 * time, the MTA or several partners.
 */
#include <stdio.h>
#include <string.h>
#include "policy/language/doubts.h"
#include "policy/language/identity_end.h"
#include "policy/names/date.h"
#include "policy/policy.h"
#include "policy/requirement/outbound_rule.h"
#include "policy/requirement/weigh.h"
#include "policy/verdict/select.h"

/* ---- identities ---- */

static struct place place_of(const struct doubts *doubts, const struct certificates *certificates)
{
    return (struct place){doubts->policy->files[certificates->file], certificates->line,
                          certificates->column};
}

static struct place place_of_identity(const struct doubts *doubts, const struct certificates *certificates,
                                      const struct identity *identity)
{
    return (struct place){doubts->policy->files[certificates->file], identity->line, identity->column};
}

static bool names_attributes(const struct name_rule *rule)
{
    for (size_t i = 0; i < rule->count; i++)
        for (size_t k = 0; k < rule->patterns[i].count; k++)
            if (rule->patterns[i].attributes[k].type != NULL)
                return true;
    return false;
}

static bool identity_names_attributes(const struct policy *policy, const struct identity *identity)
{
    struct lone_name lone_subject, lone_issuer;
    struct name_rule subject = identity_subject(policy, identity, &lone_subject);
    struct name_rule issuer = identity_issuer(policy, identity, &lone_issuer);

    return names_attributes(&subject) || names_attributes(&issuer);
}

/* Warns of what the policy's MTA can never show. */
static void warn_unshown(struct doubts *doubts, const struct identity *identity, struct place place)
{
    const struct policy *policy = doubts->policy;
    enum mta mta = policy->milter.mta;
    bool pin = identity->kind != IDENTITY_NAMES;

    if (mta != MTA_SENDMAIL && !pin && identity_names_attributes(policy, identity))
        doubts_report(
            doubts, place, WARNING_NOT_SHOWN,
            ": Postfix shows a milter no attribute of a name but CN; mail is deferred for this rule "
            "(mta_facts)");
    if (mta != MTA_SENDMAIL && pin && policy->milter.postfix_facts == NULL)
        doubts_report(
            doubts, place, WARNING_NOT_SHOWN,
            ": Postfix shows a milter no fingerprint; without milter.postfix_facts mail is deferred for "
            "this rule (mta_facts)");
    if (mta == MTA_SENDMAIL && identity->kind == IDENTITY_KEY_FINGERPRINT)
        doubts_report(
            doubts, place, WARNING_NOT_SHOWN,
            ": Sendmail shows no fingerprint of the key; mail is deferred for this rule (mta_facts)");
}

static void warn_certificates(struct doubts *doubts, arena_ref ref)
{
    const struct certificates *certificates = arena_at(&doubts->policy->arena, ref);

    if (certificates == NULL)
        return;
    for (unsigned i = 0; i < certificates->count; i++) {
        const struct identity *identity = &certificates->identities[i];
        struct place place = place_of_identity(doubts, certificates, identity);

        warn_unshown(doubts, identity, place);
        doubt_certificate_file(doubts, identity_particulars(doubts->policy, identity), place, "client");
    }
    if (certificates->count != 0) {
        const struct identities list = identities_of_clients(doubts->policy, certificates);

        doubt_identity_dates(doubts, &list, place_of(doubts, certificates));
    }
}

/* ---- partners ---- */

static void warn_exceptions(struct doubts *doubts, const struct partner *partner)
{
    char date[32];

    for (size_t i = 0; i < partner->terms->exception_count; i++) {
        const struct exception *exception = &partner->terms->exceptions[i];

        date_format(exception->until, date);
        if (exception->until <= doubts->now)
            doubts_report(doubts, exception->place, WARNING_EXCEPTION_EXPIRED,
                          ": this exception ended on %s and has no effect", date);
        if (exception->clients == NULL)
            doubts_report(doubts, exception->place, WARNING_EXCEPTION_WITHOUT_CLIENTS,
                          ": an exception without clients; anyone can write that %s",
                          exception->sender_count > 0 ? "sender" : "recipient");
    }
}

static bool same_actions(const struct actions *a, const struct actions *b)
{
    return a == b
           || (a->otherwise == b->otherwise && memcmp(a->by_reason, b->by_reason, sizeof a->by_reason) == 0);
}

/* Warns of steps that change nothing: a later date or another word was probably meant. */
static void warn_rollout(struct doubts *doubts, const struct partner *partner)
{
    enum mode mode = partner->mode == MODE_COUNT ? doubts->policy->mode : (enum mode)partner->mode;
    const struct actions *actions = partner->terms->actions;
    char date[32];

    actions = actions == NULL ? doubts->policy->actions : actions;
    for (size_t i = 0; i < partner->terms->step_count; i++) {
        const struct step *step = &partner->terms->steps[i];
        enum mode next = step->mode == MODE_COUNT ? mode : step->mode;
        const struct actions *then = step->actions == NULL ? actions : step->actions;

        date_format(step->from, date);
        if (next == mode && same_actions(actions, then))
            doubts_report(
                doubts, step->place, WARNING_STEP_WITHOUT_EFFECT,
                ": the step of %s changes nothing: mode %s%s already in force; delete it, or write what it "
                "changes",
                date, mode_name(mode), step->actions == NULL ? " is" : " and this action are");
        mode = next;
        actions = then;
    }
}

static bool is_domain(unsigned kind)
{
    return kind == SELECT_DOMAIN || kind == SELECT_SUBDOMAINS;
}

/*
 * Begins the walk through the partners at an entry of that kind; for a domain, by `identity`. `below` is
 * memory for the name that is looked up: for a suffix, one that only suffixes match.
 */
static void select_entry(struct selection *selection, const struct policy *policy,
                         const struct selector *entry, unsigned kind, unsigned identity,
                         char below[DOMAIN_MAX + 3])
{
    const char *text = arena_at(&policy->arena, entry->text);

    if (kind == SELECT_NETWORK) {
        const struct network *network = arena_get(&policy->arena, entry->text);

        select_client(selection, policy, network, NULL);
        selection->prefix = network->prefix;
        return;
    }
    snprintf(below, DOMAIN_MAX + 3, "%s%.253s",
             kind == SELECT_SUBDOMAINS || kind == SELECT_CLIENT_SUFFIX ? "*." : "",
             text == NULL ? "" : text); /* gcc 14 warns of NULL here */
    if (is_domain(kind))
        select_domain(selection, policy, below, identity == SELECTED_HELO);
    else
        select_client(selection, policy, NULL, below);
}

/*
 * Returns the first less specific partner that enforces, from which an entry of that kind takes mail by that
 * identity; NULL: none.
 */
static const struct partner *shadowed(const struct doubts *doubts, const struct partner *partner,
                                      const struct selector *entry, unsigned kind, unsigned identity)
{
    unsigned listed = identity == SELECTED_HELO ? SELECTED_ENVELOPE_FROM : identity;
    struct selection selection;
    const struct partner *other;
    char below[DOMAIN_MAX + 3];

    if (is_domain(kind) != (identity != SELECTED_CLIENT)
        || (is_domain(kind) && (partner->identities & listed) == 0))
        return NULL;
    select_entry(&selection, doubts->policy, entry, kind, identity, below);
    while ((other = select_next(&selection)) != NULL)
        if (other != partner && (!is_domain(kind) || (other->identities & listed) != 0)
            && partner_mode(doubts->policy, other, doubts->now) == MODE_ENFORCE)
            return other;
    return NULL;
}

/* Returns the first such partner for any entry and identity; NULL: none. */
static const struct partner *shadowed_by_any(const struct doubts *doubts, const struct partner *partner)
{
    static const unsigned identities[] = {SELECTED_ENVELOPE_FROM, SELECTED_HEADER_FROM, SELECTED_HELO,
                                          SELECTED_CLIENT};
    const struct partner *other = NULL;
    size_t count;
    const struct selector *entry = partner_selectors(doubts->policy, partner, &count);

    for (; other == NULL && count-- > 0; entry++)
        for (unsigned kind = 0; kind < SELECT_COUNT; kind++)
            for (unsigned i = 0; other == NULL && i < 4; i++)
                if ((entry->kinds & 1u << kind) != 0 && kind != SELECT_EVERYONE)
                    other = shadowed(doubts, partner, entry, kind, identities[i]);
    return other;
}

static void warn_shadow(struct doubts *doubts, const struct partner *partner)
{
    enum mode mode = partner_mode(doubts->policy, partner, doubts->now);
    const struct partner *other = mode == MODE_ENFORCE ? NULL : shadowed_by_any(doubts, partner);

    if (other != NULL)
        doubts_report(doubts, partner_place(doubts->policy, partner), WARNING_SHADOWS_ENFORCED,
                      " (mode %s) takes mail from partner %s, which enforces", mode_name(mode), other->name);
}

/* Warns of acknowledgements without a warning. Warnings that need name servers are not known here. */
static void warn_acknowledgements(struct doubts *doubts, const struct partner *partner)
{
    for (size_t i = 0; i < partner->terms->acknowledgement_count; i++) {
        const struct acknowledgement *one = &partner->terms->acknowledgements[i];
        struct place place = {doubts->policy->files[partner->file], one->line, one->column};

        if (!one->seen && !warning_is_online(one->warning)
            && (doubts->acknowledged & (uint64_t)1 << one->warning) == 0)
            doubts_report(doubts, place, WARNING_ACKNOWLEDGE_UNUSED,
                          ": the warning %s does not occur here; the acknowledgement has no effect",
                          warning_id(one->warning));
    }
}

/* Warns if authenticated mail is exempt: then no mail that is judged can meet `authenticated`. */
static void warn_authenticated(struct doubts *doubts, const struct partner *partner)
{
    struct piece piece[PIECES_MAX];
    size_t count = require_pieces(doubts->policy, partner, piece);
    bool required = false;

    for (size_t i = 0; i < count && i < PIECES_MAX; i++)
        required |= (piece[i].keys & 1u << REQUIRE_AUTHENTICATED) != 0
                    && piece[i].require->value[REQUIRE_AUTHENTICATED] != 0;
    if (required && doubts->policy->exempt_authenticated)
        doubts_report(doubts, partner_place(doubts->policy, partner), WARNING_AUTHENTICATED_EXEMPT,
                      ": require.authenticated has no use, because authenticated mail is exempt from every "
                      "requirement; write exempt: {authenticated: false}");
}

/* Lists, profiles and limits of several places may have no suite in common. */
static void warn_suites(struct doubts *doubts, const struct partner *partner)
{
    if (!require_has_suite(doubts->policy, partner))
        doubts_report(doubts, partner_place(doubts->policy, partner), WARNING_NO_SUITE,
                      ": no cipher suite satisfies require with the defaults and profiles, so every session "
                      "fails; see what \"forcetls show\" lists");
}

static void warn_partner(struct doubts *doubts, const struct partner *partner)
{
    doubts->name = partner->name;
    doubts->partner = partner;
    doubts->acknowledged = 0;
    warn_certificates(doubts, partner->certificates);
    doubt_exempt_partner(doubts, partner);
    doubt_required_clients(doubts, partner->terms->require.clients);
    warn_exceptions(doubts, partner);
    warn_rollout(doubts, partner);
    warn_shadow(doubts, partner);
    warn_authenticated(doubts, partner);
    warn_suites(doubts, partner);
    doubts_of_outbound(doubts, partner);
    warn_acknowledgements(doubts, partner);
}

void policy_warn(const struct policy *policy, int64_t now, diag_fn *diag, void *arg)
{
    struct doubts doubts = {
        .policy = policy, .now = now, .diag = diag, .arg = arg, .kind = "milter", .name = ""};

    doubt_sockets(&doubts);
    doubt_watched_files(&doubts);
    doubts.kind = "defaults";
    warn_certificates(&doubts, policy->require.certificates);
    doubt_required_clients(&doubts, policy->require.clients);
    doubts.kind = "profile";
    for (size_t i = 0; i < policy->profile_count; i++) {
        const struct profile *profile = &policy->profiles[i];

        doubts.name = profile->name;
        warn_certificates(&doubts, profile->require->certificates);
        doubt_required_clients(&doubts, profile->require->clients);
    }
    doubts.kind = "partner";
    for (size_t i = 0; i < policy->partner_count; i++)
        warn_partner(&doubts, &policy->partners[i]);
    doubts_of_all_outbound(&doubts);
}
