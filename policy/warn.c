/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The doubts of a policy that loads: what is right as a text and probably not
 * what was meant, or will not be for long. What can be said at the line that is
 * being read is said by compile*.c; here is what needs the present, the MTA or
 * several partners.
 */
#include <stdarg.h>
#include <stdio.h>
#include "policy/date.h"
#include "policy/internal.h"
#include "policy/select.h"

enum { DAY = 86400, SOON = 30 * DAY };

struct doubts {
    const struct policy *policy;
    int64_t now;
    diag_fn *diag;
    void *arg;
};

__attribute__((format(printf, 3, 4))) static void warn(const struct doubts *doubts, struct place place,
                                                       const char *format, ...)
{
    char text[600];
    struct diag diag = {SEVERITY_WARNING, place, text};
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (doubts->diag != NULL)
        doubts->diag(doubts->arg, &diag);
}

/* ---- identities ---- */

static bool names_attributes(const struct name_rule *rule)
{
    for (size_t i = 0; i < rule->count; i++)
        for (size_t k = 0; k < rule->patterns[i].count; k++)
            if (rule->patterns[i].attributes[k].type != NULL)
                return true;
    return false;
}

/* What the MTA at hand can never show. */
static void warn_unshown(const struct doubts *doubts, const char *owner, const struct identity *identity)
{
    enum mta mta = doubts->policy->milter.mta;
    bool pin = identity->kind != IDENTITY_NAMES;

    if (mta != MTA_SENDMAIL && !pin
        && (names_attributes(&identity->subject) || names_attributes(&identity->issuer)))
        warn(doubts, identity->place,
             "%s: Postfix shows a milter no attribute of a name but CN; mail is deferred for this rule "
             "(mta_facts)",
             owner);
    if (mta != MTA_SENDMAIL && pin && doubts->policy->milter.postfix_facts == NULL)
        warn(doubts, identity->place,
             "%s: Postfix shows a milter no fingerprint; without milter.postfix_facts mail is deferred for "
             "this rule (mta_facts)",
             owner);
    if (mta == MTA_SENDMAIL && identity->kind == IDENTITY_KEY_FINGERPRINT)
        warn(doubts, identity->place,
             "%s: Sendmail shows no fingerprint of the key; mail is deferred for this rule (mta_facts)",
             owner);
}

static void warn_file(const struct doubts *doubts, const char *owner, const struct identity *identity)
{
    char date[32];
    int64_t left;

    if (identity->certificate == NULL)
        return;
    left = identity->certificate->not_after - doubts->now;
    date_format(identity->certificate->not_after, date);
    if (left < 0)
        warn(doubts, identity->place, "%s: the certificate in %s expired on %s", owner, identity->file, date);
    else if (left < SOON)
        warn(doubts, identity->place, "%s: the certificate in %s expires on %s, days left: %d", owner,
             identity->file, date, (int)(left / DAY));
}

/* The latest moment up to which, from `at` on, some identity is in force without a break; `at` itself where none is. */
static int64_t covered_until(const struct certificates *certificates, int64_t at)
{
    bool moved = true;

    while (moved && at != DATE_END) {
        moved = false;
        for (size_t i = 0; i < certificates->count; i++) {
            const struct identity *identity = &certificates->identities[i];

            if (identity->from <= at && at < identity->until) {
                at = identity->until;
                moved = true;
            }
        }
    }
    return at;
}

/* Whether an identity begins behind `at`: then *begin is the first to do so. */
static bool next_begin(const struct certificates *certificates, int64_t at, int64_t *begin)
{
    *begin = DATE_END;
    for (size_t i = 0; i < certificates->count; i++)
        if (certificates->identities[i].from > at && certificates->identities[i].from < *begin)
            *begin = certificates->identities[i].from;
    return *begin != DATE_END;
}

static void warn_dates(const struct doubts *doubts, const char *owner,
                       const struct certificates *certificates)
{
    int64_t end = covered_until(certificates, doubts->now), begin;
    char from[32], until[32];

    if (certificates->trusted || certificates->count == 0 || end == DATE_END)
        return;
    date_format(end, from);
    if (next_begin(certificates, end, &begin)) {
        date_format(begin, until);
        warn(doubts, certificates->place,
             "%s: no certificate identity is in force from %s to %s; mail is deferred then (policy_dates)",
             owner, end == doubts->now ? "now" : from, until);
    } else if (end == doubts->now) {
        warn(doubts, certificates->place,
             "%s: no certificate identity is in force any more; mail is deferred (policy_dates)", owner);
    } else if (end - doubts->now < SOON) {
        warn(doubts, certificates->place, "%s: the last certificate identity ends on %s, days left: %d",
             owner, from, (int)((end - doubts->now) / DAY));
    }
}

static void warn_require(const struct doubts *doubts, const char *owner, const struct require *require)
{
    if (require == NULL || (require->keys & 1u << REQUIRE_CERTIFICATES) == 0)
        return;
    for (size_t i = 0; i < require->certificates->count; i++) {
        warn_unshown(doubts, owner, &require->certificates->identities[i]);
        warn_file(doubts, owner, &require->certificates->identities[i]);
    }
    warn_dates(doubts, owner, require->certificates);
}

/* ---- partners ---- */

static void warn_exceptions(const struct doubts *doubts, const struct partner *partner)
{
    char date[32];

    for (size_t i = 0; i < partner->extras->exception_count; i++) {
        const struct exception *exception = &partner->extras->exceptions[i];

        date_format(exception->until, date);
        if (exception->until <= doubts->now)
            warn(doubts, exception->place, "partner %s: this exception ended on %s and has no effect",
                 partner->name, date);
        if (exception->clients == NULL)
            warn(doubts, exception->place,
                 "partner %s: an exception without clients; anyone can write that %s", partner->name,
                 exception->sender_count > 0 ? "sender" : "recipient");
    }
}

/* The first less specific partner behind a selector that enforces, or NULL. */
static const struct partner *shadowed(const struct doubts *doubts, const struct partner *partner,
                                      const struct selector *entry)
{
    struct selection selection;
    const struct partner *other;
    char below[DOMAIN_MAX + 3]; /* a name that only suffixes match */

    switch (entry->kind) {
    case SELECT_DOMAIN:
        select_domain(&selection, doubts->policy, entry->domain, false);
        break;
    case SELECT_SUBDOMAINS:
        snprintf(below, sizeof below, "*.%s", entry->domain);
        select_domain(&selection, doubts->policy, below, false);
        break;
    case SELECT_NETWORK:
        select_client(&selection, doubts->policy, entry->network, NULL);
        selection.prefix = entry->network->prefix;
        break;
    case SELECT_CLIENT_NAME:
        select_client(&selection, doubts->policy, NULL, entry->domain);
        break;
    case SELECT_CLIENT_SUFFIX:
        snprintf(below, sizeof below, "*.%s", entry->domain);
        select_client(&selection, doubts->policy, NULL, below);
        break;
    default:
        return NULL;
    }
    while ((other = select_next(&selection)) != NULL)
        if (other != partner && partner_mode(doubts->policy, other, doubts->now) == MODE_ENFORCE)
            return other;
    return NULL;
}

static void warn_shadow(const struct doubts *doubts, const struct partner *partner)
{
    enum mode mode = partner_mode(doubts->policy, partner, doubts->now);

    if (mode == MODE_ENFORCE)
        return;
    for (size_t i = 0; i < partner->selector_count; i++) {
        const struct selector *entry = &doubts->policy->selectors[partner->selector_first + i];
        const struct partner *other = shadowed(doubts, partner, entry);

        if (other != NULL) {
            warn(doubts, partner_place(doubts->policy, partner),
                 "partner %s (mode %s) takes mail from partner %s, which enforces", partner->name,
                 mode_name(mode), other->name);
            return;
        }
    }
}

void policy_warn(const struct policy *policy, int64_t now, diag_fn *diag, void *arg)
{
    struct doubts doubts = {policy, now, diag, arg};
    char owner[96];

    warn_require(&doubts, "defaults", &policy->require);
    for (size_t i = 0; i < policy->profile_count; i++) {
        snprintf(owner, sizeof owner, "profile %s", policy->profiles[i].name);
        warn_require(&doubts, owner, policy->profiles[i].require);
    }
    for (size_t i = 0; i < policy->partner_count; i++) {
        const struct partner *partner = &policy->partners[i];

        snprintf(owner, sizeof owner, "partner %s", partner->name);
        warn_require(&doubts, owner, partner->require);
        warn_exceptions(&doubts, partner);
        warn_shadow(&doubts, partner);
    }
}
