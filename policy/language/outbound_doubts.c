/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Warnings about outbound rules: what no MTA can ask for, what only mail from the partner must show, what
 * ends. Knows the policy and the present time.
 */
#include "policy/language/doubts.h"

#include <string.h>
#include "policy/language/rule_sets.h"
#include "policy/names/date.h"
#include "policy/requirement/outbound_rule.h"
#include "policy/verdict/select.h"

enum { SUFFIXES_MANY = 1000 };

/* Whether the rule is enforced now or by a later step. */
static bool will_enforce(const struct doubts *doubts, const struct outbound *outbound)
{
    bool enforces = outbound_in_force(doubts->policy, outbound, doubts->now) == MODE_ENFORCE;

    for (size_t i = 0; i < outbound->step_count; i++)
        enforces |= outbound->steps[i].mode == MODE_ENFORCE && outbound->steps[i].from > doubts->now;
    return enforces;
}

/* ---- identities ---- */

static void warn_certificates(struct doubts *doubts, const struct outbound *outbound, const char *file)
{
    const struct server_certificates *certificates = outbound->require.certificates;

    if (certificates == NULL)
        return;
    for (size_t i = 0; i < certificates->count; i++) {
        const struct server_identity *identity = &certificates->identities[i];

        doubt_certificate_file(doubts, &identity->particulars,
                               (struct place){file, identity->line, identity->column}, "server");
        if (identity->kind == SERVER_KEY_FINGERPRINT && doubts->policy->milter.mta == MTA_SENDMAIL)
            doubts_report(doubts, (struct place){file, identity->line, identity->column},
                          WARNING_OUTBOUND_NOT_ASKED,
                          ": Sendmail shows no fingerprint of a server's key, so that mail is deferred "
                          "unless another identity matches; write fingerprint");
    }
    if (certificates->proof == PROOF_DANE && doubts->policy->milter.mta == MTA_SENDMAIL)
        doubts_report(doubts, certificates->place, WARNING_OUTBOUND_NOT_ASKED,
                      ": only a Sendmail that was built with DANE shows a TLSA record; Debian's was not, and "
                      "defers mail to the partner");
    if (certificates->proof == PROOF_LIST) {
        const struct identities list = identities_of_servers(doubts->policy, certificates);

        doubt_identity_dates(doubts, &list, certificates->place);
    }
}

/* ---- conduct ---- */

static void warn_exceptions(struct doubts *doubts, const struct outbound *outbound)
{
    char date[32];

    for (size_t i = 0; i < outbound->exception_count; i++) {
        date_format(outbound->exceptions[i].until, date);
        if (outbound->exceptions[i].until <= doubts->now)
            doubts_report(doubts, outbound->exceptions[i].place, WARNING_EXCEPTION_EXPIRED,
                          ": this exception of outbound ended on %s and has no effect", date);
    }
}

static void warn_rollout(struct doubts *doubts, const struct outbound *outbound)
{
    enum mode mode = outbound->mode == MODE_COUNT ? doubts->policy->outbound.mode : outbound->mode;
    char date[32];

    for (size_t i = 0; i < outbound->step_count; i++) {
        date_format(outbound->steps[i].from, date);
        if (outbound->steps[i].mode == mode)
            doubts_report(
                doubts, outbound->steps[i].place, WARNING_STEP_WITHOUT_EFFECT,
                ": the step of %s changes nothing: mode %s is already in force; delete it, or write what it "
                "changes",
                date, mode_name(mode));
        mode = outbound->steps[i].mode;
    }
}

static void warn_unasked(struct doubts *doubts, const struct outbound *outbound)
{
    struct server_terms terms = outbound_terms(doubts->policy, outbound);

    if (terms.none)
        doubts_report(doubts, outbound->place, WARNING_OUTBOUND_NOT_ASKED,
                      ": no cipher suite satisfies the rule of outbound; mail to the partner is deferred");
    else if (terms.unasked && doubts->policy->milter.mta != MTA_SENDMAIL)
        doubts_report(
            doubts, outbound->place, WARNING_OUTBOUND_NOT_ASKED,
            ": Postfix cannot leave out suites of TLS 1.3; a session with TLS 1.3 may have any of them, also "
            "one that ciphers, min_cipher_bits or a profile of outbound leaves out");
    if (doubts->policy->milter.outbound == NULL && will_enforce(doubts, outbound))
        doubts_report(doubts, outbound->place, WARNING_OUTBOUND_NOT_SERVED,
                      ": milter.outbound is not set, so that the daemon serves no rule for outbound mail");
}

/* ---- both directions ---- */

static bool asks_for_certificates(const struct policy *policy, const struct partner *partner)
{
    struct rule_set sets[RULE_SETS_MAX];
    size_t count = rule_sets(policy, partner, sets);

    for (size_t i = 0; i < count; i++)
        if ((sets[i].keys & 1u << REQUIRE_CERTIFICATES) != 0)
            return true;
    return false;
}

static enum tls_version inbound_version(const struct policy *policy, const struct partner *partner)
{
    struct rule_set sets[RULE_SETS_MAX];
    size_t count = rule_sets(policy, partner, sets);
    const struct rule_set *set = rule_strictest(sets, count, REQUIRE_MIN_TLS_VERSION);

    return set == NULL ? TLS_VERSION_UNREADABLE
                       : (enum tls_version)set->require->value[REQUIRE_MIN_TLS_VERSION];
}

/* Returns in what outbound is weaker than the rule for mail from the partner; NULL: in nothing. */
static const char *weaker(const struct doubts *doubts, const struct partner *partner)
{
    const struct policy *policy = doubts->policy;
    const struct outbound *outbound = partner->terms->outbound;

    if (outbound == NULL)
        return "there is no outbound";
    if (!will_enforce(doubts, outbound))
        return "outbound is not enforced";
    if (outbound_terms(policy, outbound).min < inbound_version(policy, partner))
        return "min_tls_version of outbound is lower";
    if (outbound_certificates(policy, outbound)->proof == PROOF_NONE
        && asks_for_certificates(policy, partner))
        return "outbound asks for no certificate";
    return NULL;
}

static bool has_domains(const struct policy *policy, const struct partner *partner)
{
    size_t count;
    const struct selector *entry = partner_selectors(policy, partner, &count);

    for (; count-- > 0; entry++)
        if ((entry->kinds & (1u << SELECT_DOMAIN | 1u << SELECT_SUBDOMAINS)) != 0)
            return true;
    return false;
}

static void warn_weaker(struct doubts *doubts, const struct partner *partner)
{
    const struct policy *policy = doubts->policy;
    const char *why;

    if (policy->outbound_count == 0 || partner_mode(policy, partner, doubts->now) != MODE_ENFORCE
        || !has_domains(policy, partner) || (why = weaker(doubts, partner)) == NULL)
        return;
    doubts_report(
        doubts,
        partner->terms->outbound == NULL ? partner_place(policy, partner) : partner->terms->outbound->place,
        WARNING_OUTBOUND_WEAKER, ": mail from the partner must show what mail to it need not: %s", why);
}

/* ---- holes ---- */

/*
 * Returns the first less specific partner that enforces outbound and would match if this partner did not have
 * the domain; NULL: none.
 */
static const struct partner *shadowed(const struct doubts *doubts, const struct partner *partner,
                                      const char *domain)
{
    struct selection selection;
    const struct partner *other;

    select_domain(&selection, doubts->policy, domain, false);
    while ((other = select_next(&selection)) != NULL) {
        const struct outbound *outbound = other->terms->outbound;

        if (other != partner && outbound != NULL
            && outbound_in_force(doubts->policy, outbound, doubts->now) == MODE_ENFORCE)
            return other;
    }
    return NULL;
}

static void warn_hole(struct doubts *doubts, const struct partner *partner)
{
    const struct policy *policy = doubts->policy;
    const struct outbound *outbound = partner->terms->outbound;
    const struct partner *other = NULL;
    size_t count;
    const struct selector *entry = partner_selectors(policy, partner, &count);

    if (policy->outbound_count == 0
        || (outbound != NULL && outbound_in_force(policy, outbound, doubts->now) == MODE_ENFORCE))
        return;
    for (; other == NULL && count-- > 0; entry++)
        if ((entry->kinds & (1u << SELECT_DOMAIN | 1u << SELECT_SUBDOMAINS)) != 0)
            other = shadowed(doubts, partner, arena_at(&policy->arena, entry->text));
    if (other != NULL)
        doubts_report(doubts, partner_place(policy, partner), WARNING_OUTBOUND_HOLE,
                      " (%s) takes mail from the outbound rule of partner %s, which enforces",
                      outbound == NULL ? "without outbound" : "outbound not enforced", other->name);
}

void doubts_of_outbound(struct doubts *doubts, const struct partner *partner)
{
    const struct outbound *outbound = partner->terms->outbound;

    warn_weaker(doubts, partner);
    warn_hole(doubts, partner);
    if (outbound == NULL)
        return;
    warn_certificates(doubts, outbound, doubts->policy->files[partner->file]);
    warn_exceptions(doubts, outbound);
    warn_rollout(doubts, outbound);
    warn_unasked(doubts, outbound);
}

void doubts_of_all_outbound(struct doubts *doubts)
{
    const struct policy *policy = doubts->policy;
    size_t suffixes = 0;

    for (size_t i = 0; i < policy->selector_count && policy->outbound_count > 0; i++)
        suffixes += (policy->selectors[i].kinds & 1u << SELECT_SUBDOMAINS) != 0
                    && policy->partners[policy->selectors[i].partner].terms->outbound != NULL;
    doubts->kind = "outbound";
    doubts->name = "";
    doubts->partner = NULL;
    warn_certificates(doubts, &policy->outbound, policy->files[0]);
    if (suffixes > SUFFIXES_MANY)
        doubts_report(
            doubts, (struct place){policy->files[0], 0, 0}, WARNING_OUTBOUND_SUFFIXES,
            ": %zu entries with a leading dot make a long table of patterns: Postfix reads more than %d "
            "slowly",
            suffixes, (int)SUFFIXES_MANY);
}
