/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a policy needs from the MTA: whether any rule needs verified names, a
 * fingerprint, headers or client names, which TLS sessions would pass, who is
 * exempt. It sums up what the partners require, with defaults and profiles. It
 * does not know how an MTA is configured.
 */
#include "policy/language/survey.h"

#include <stdio.h>
#include "policy/requirement/weigh.h"
#include "policy/verdict/exemption.h"

/* One call of policy_survey(). */
struct look {
    const struct policy *policy;
    int64_t now;
    struct survey *survey;
};

static void first(const char **of, bool holds, const struct partner *partner)
{
    if (holds && *of == NULL)
        *of = partner->name;
}

static void survey_certificates(const struct look *look, const struct partner *partner,
                                const struct certificates *certificates)
{
    struct survey *survey = look->survey;
    bool names = certificates->trusted, pins = false, in_force = certificates->trusted;

    first(&survey->trusted, certificates->trusted, partner);
    for (unsigned i = 0; i < certificates->count; i++) {
        const struct identity *identity = &certificates->identities[i];
        const struct particulars *particulars = identity_particulars(look->policy, identity);
        bool by_names = identity->kind == IDENTITY_NAMES;

        if (look->now >= particulars->until)
            continue; /* an identity that has ended needs nothing */
        names |= by_names;
        pins |= !by_names;
        in_force |= particulars->from <= look->now;
        first(&survey->trusted, by_names && identity->issuer == 0, partner);
        first(&survey->pins, identity->kind == IDENTITY_FINGERPRINT, partner);
        first(&survey->key_pins, identity->kind == IDENTITY_KEY_FINGERPRINT, partner);
    }
    first(&survey->names, names, partner);
    first(&survey->names_alone, names && !pins, partner);
    first(&survey->dates, !in_force, partner);
}

/* The strictest mode of the partner, now or at a later step of its rollout. */
static enum mode strictest_mode(const struct look *look, const struct partner *partner)
{
    const struct actions *actions;
    enum mode mode = partner_in_force(look->policy, partner, look->now, &actions);

    for (size_t i = 0; i < partner->terms->step_count; i++) {
        const struct step *step = &partner->terms->steps[i];

        if (step->from > look->now && step->mode != MODE_COUNT && step->mode > mode)
            mode = step->mode;
    }
    return mode;
}

static bool holds_mail(const struct actions *actions)
{
    for (int reason = REASON_NONE + 1; reason < REASON_FIRST_UNKNOWN; reason++)
        if (actions->by_reason[reason] == ACTION_QUARANTINE)
            return true;
    return false;
}

static void survey_actions(const struct look *look, const struct partner *partner)
{
    const struct actions *actions;
    bool holds;

    partner_in_force(look->policy, partner, look->now, &actions);
    holds = holds_mail(actions);
    for (size_t i = 0; i < partner->terms->step_count; i++) {
        const struct step *step = &partner->terms->steps[i];

        holds |= step->from > look->now && step->actions != NULL && holds_mail(step->actions);
    }
    first(&look->survey->quarantine, holds, partner);
}

/* Whether a list of clients has names; NULL: there is no list. */
static bool has_names(const struct clients *clients)
{
    return clients != NULL && clients->name_count > 0;
}

static void survey_clients(const struct look *look, const struct partner *partner)
{
    const unsigned by_name = 1u << SELECT_CLIENT_NAME | 1u << SELECT_CLIENT_SUFFIX;
    size_t count;
    const struct selector *selectors = partner_selectors(look->policy, partner, &count);
    bool names = false;

    for (size_t i = 0; i < count; i++)
        names |= (selectors[i].kinds & by_name) != 0;
    for (size_t i = 0; i < partner->terms->exception_count; i++) {
        const struct exception *exception = &partner->terms->exceptions[i];

        names |= exception->until > look->now && has_names(exception->clients);
    }
    first(&look->survey->client_names, names, partner);
}

static void survey_recipients(const struct look *look, const struct partner *partner)
{
    for (size_t i = 0; i < partner->terms->recipient_count; i++)
        first(&look->survey->mailboxes, partner->terms->recipients[i].local != NULL, partner);
}

static void survey_partner(const struct look *look, const struct partner *partner)
{
    struct piece piece[PIECES_MAX];
    size_t count = require_pieces(look->policy, partner, piece);
    struct survey *survey = look->survey;
    const struct actions *actions;

    survey->enforcing += partner_in_force(look->policy, partner, look->now, &actions) == MODE_ENFORCE;
    if (strictest_mode(look, partner) == MODE_NONE)
        return;
    first(&survey->header_from, (partner->identities & SELECTED_HEADER_FROM) != 0, partner);
    survey_actions(look, partner);
    survey_clients(look, partner);
    survey_recipients(look, partner);
    for (size_t i = 0; i < count && i < PIECES_MAX; i++) {
        if ((piece[i].keys & 1u << REQUIRE_CERTIFICATES) != 0)
            survey_certificates(look, partner, piece[i].certificates);
        if ((piece[i].keys & 1u << REQUIRE_CLIENTS) != 0)
            first(&survey->client_names, has_names(piece[i].require->clients), partner);
    }
}

struct survey policy_survey(const struct policy *policy, int64_t now)
{
    struct survey survey = {.partners = policy->partner_count,
                            .exempt_names = has_names(&policy->exempt_clients),
                            .authenticated_exempt = policy->exempt_authenticated};
    const struct look look = {policy, now, &survey};

    for (size_t i = 0; i < policy->partner_count; i++)
        survey_partner(&look, &policy->partners[i]);
    return survey;
}

/* ---- sessions that would pass ---- */

/* Whether the requirement is about the TLS session alone. */
static bool is_about_tls(enum requirement requirement)
{
    return requirement <= REQUIRE_FORWARD_SECRECY;
}

/* Returns the first finding about TLS that is not met. NULL: the offer passes. */
static const struct finding *weigh_offer(const struct policy *policy, const struct tls_offer *offer,
                                         struct judged *judged)
{
    struct facts facts;

    facts_begin(&facts);
    facts.tls = TLS_ON;
    facts.tls_version = offer->version;
    facts.cipher_bits = offer->bits;
    facts.macro[MACRO_CIPHER] = offer->cipher;
    weigh_partner(policy, &facts, 0, judged);
    for (size_t i = 0; i < judged->finding_count; i++)
        if (is_about_tls(judged->finding[i].requirement) && judged->finding[i].met != MET)
            return &judged->finding[i];
    return NULL;
}

/* Whether any offer passes. If none does, the nearest offer says what is missing. */
static bool is_served(const struct policy *policy, const struct partner *partner,
                      const struct tls_offers *offers, struct unserved *unserved)
{
    struct unserved nearest = {partner->name, REASON_NO_TLS, "TLS"};

    for (size_t i = 0; i < offers->count; i++) {
        struct judged judged = {.partner = partner};
        const struct finding *finding = weigh_offer(policy, &offers->offer[i], &judged);

        if (finding == NULL)
            return true;
        if (finding->reason <= nearest.reason || finding->reason >= REASON_FIRST_UNKNOWN)
            continue;
        nearest.reason = finding->reason;
        finding_wanted(policy, &judged, finding, nearest.wanted, sizeof nearest.wanted);
    }
    *unserved = nearest;
    return false;
}

bool policy_unserved(const struct policy *policy, int64_t now, const struct tls_offers *offers,
                     struct unserved *unserved)
{
    const struct look look = {policy, now, NULL};

    for (size_t i = 0; i < policy->partner_count; i++) {
        const struct partner *partner = &policy->partners[i];

        if (strictest_mode(&look, partner) != MODE_NONE && !is_served(policy, partner, offers, unserved))
            return true;
    }
    return false;
}

bool policy_exempts_client(const struct policy *policy, const struct network *address)
{
    const struct facts facts = {
        .client_known = true, .client = *address, .client_name_state = CLIENT_NAME_NONE};

    return exemption_find(policy, &facts) == EXEMPT_CLIENT;
}

bool policy_exempts_daemon(const struct policy *policy, const char *name)
{
    const struct facts facts = {.macro[MACRO_DAEMON_NAME] = name, .client_name_state = CLIENT_NAME_NONE};

    return exemption_find(policy, &facts) == EXEMPT_DAEMON;
}

size_t policy_file_count(const struct policy *policy)
{
    return policy->file_count;
}

const char *policy_file(const struct policy *policy, size_t i)
{
    return policy->files[i];
}
