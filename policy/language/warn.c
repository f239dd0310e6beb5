/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The doubts of a policy that loads: what is right as a text and probably not
 * what was meant, or will not be for long. What can be said at the line that is
 * being read is said by compile*.c; here is what needs the present, the MTA or
 * several partners.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "policy/names/date.h"
#include "policy/internal.h"
#include "policy/verdict/select.h"

enum { DAY = 86400, SOON = 30 * DAY };

struct doubts {
    const struct policy *policy;
    int64_t now;
    diag_fn *diag;
    void *arg;
    const char *kind, *name;       /* whose rules are looked at: "partner", "contoso" */
    const struct partner *partner; /* or NULL */
    uint64_t acknowledged; /* bit per warning of the partner that is acknowledged and was found here */
};

/* Whether the partner acknowledges that warning, which then is noted. */
static bool is_acknowledged(struct doubts *doubts, enum warning warning)
{
    const struct terms *terms = doubts->partner == NULL ? NULL : doubts->partner->terms;

    for (size_t i = 0; terms != NULL && i < terms->acknowledgement_count; i++)
        if (terms->acknowledgements[i].warning == warning) {
            doubts->acknowledged |= (uint64_t)1 << warning;
            return true;
        }
    return false;
}

/* Reports the place, with whose rule it is in front, unless the partner acknowledges the warning. */
__attribute__((format(printf, 4, 5))) static void warn(struct doubts *doubts, struct place place,
                                                       enum warning warning, const char *format, ...)
{
    char text[600];
    struct diag diag = {SEVERITY_WARNING, place, text, warning_id(warning)};
    int length = snprintf(text, sizeof text, "%s%s%.128s", doubts->kind, *doubts->name == '\0' ? "" : " ",
                          doubts->name);
    va_list args;

    if (is_acknowledged(doubts, warning))
        return;
    va_start(args, format);
    diag_text(text + length, sizeof text - (size_t)length, format, args);
    va_end(args);
    diag_append_id(text, sizeof text, diag.id);
    if (doubts->diag != NULL)
        doubts->diag(doubts->arg, &diag);
}

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

/* What the MTA at hand can never show. */
static void warn_unshown(struct doubts *doubts, const struct identity *identity, struct place place)
{
    const struct policy *policy = doubts->policy;
    enum mta mta = policy->milter.mta;
    bool pin = identity->kind != IDENTITY_NAMES;

    if (mta != MTA_SENDMAIL && !pin && identity_names_attributes(policy, identity))
        warn(doubts, place, WARNING_NOT_SHOWN,
             ": Postfix shows a milter no attribute of a name but CN; mail is deferred for this rule "
             "(mta_facts)");
    if (mta != MTA_SENDMAIL && pin && policy->milter.postfix_facts == NULL)
        warn(doubts, place, WARNING_NOT_SHOWN,
             ": Postfix shows a milter no fingerprint; without milter.postfix_facts mail is deferred for "
             "this rule (mta_facts)");
    if (mta == MTA_SENDMAIL && identity->kind == IDENTITY_KEY_FINGERPRINT)
        warn(doubts, place, WARNING_NOT_SHOWN,
             ": Sendmail shows no fingerprint of the key; mail is deferred for this rule (mta_facts)");
}

static void warn_file(struct doubts *doubts, const struct identity *identity, struct place place)
{
    const struct particulars *particulars = identity_particulars(doubts->policy, identity);
    char date[32], begin[32];
    int64_t left;

    if (particulars->certificate == NULL)
        return;
    date_format(particulars->certificate->not_before, begin);
    if (particulars->certificate->not_before > doubts->now)
        warn(doubts, place, WARNING_CERTIFICATE_NOT_YET_VALID,
             ": the certificate in %s is not valid before %s; a client may not show it yet",
             particulars->file, begin);
    left = particulars->certificate->not_after - doubts->now;
    date_format(particulars->certificate->not_after, date);
    if (left < 0)
        warn(doubts, place, WARNING_CERTIFICATE_EXPIRED, ": the certificate in %s expired on %s",
             particulars->file, date);
    else if (left < SOON)
        warn(doubts, place, WARNING_CERTIFICATE_EXPIRES,
             ": the certificate in %s expires on %s, days left: %d", particulars->file, date,
             (int)(left / DAY));
}

/* The latest moment up to which, from `at` on, some identity is in force without a break; `at` itself where none is. */
static int64_t covered_until(const struct policy *policy, const struct certificates *certificates, int64_t at)
{
    bool moved = true;

    while (moved && at != DATE_END) {
        moved = false;
        for (unsigned i = 0; i < certificates->count; i++) {
            const struct particulars *dates = identity_particulars(policy, &certificates->identities[i]);

            if (dates->from <= at && at < dates->until) {
                at = dates->until;
                moved = true;
            }
        }
    }
    return at;
}

/* When the first identity behind `at` begins; DATE_END: none does. */
static int64_t next_begin(const struct policy *policy, const struct certificates *certificates, int64_t at)
{
    int64_t begin = DATE_END;

    for (unsigned i = 0; i < certificates->count; i++) {
        int64_t from = identity_particulars(policy, &certificates->identities[i])->from;

        if (from > at && from < begin)
            begin = from;
    }
    return begin;
}

static void warn_dates(struct doubts *doubts, const struct certificates *certificates)
{
    int64_t end = covered_until(doubts->policy, certificates, doubts->now), begin;
    struct place place = place_of(doubts, certificates);
    char from[32], until[32];

    if (certificates->trusted || certificates->count == 0 || end == DATE_END)
        return;
    date_format(end, from);
    begin = next_begin(doubts->policy, certificates, end);
    if (begin != DATE_END) {
        date_format(begin, until);
        warn(doubts, place, WARNING_IDENTITY_GAP,
             ": no certificate identity is in force from %s to %s; mail is deferred then (policy_dates)",
             end == doubts->now ? "now" : from, until);
    } else if (end == doubts->now) {
        warn(doubts, place, WARNING_NO_IDENTITY,
             ": no certificate identity is in force any more; mail is deferred (policy_dates)");
    } else if (end - doubts->now < SOON) {
        warn(doubts, place, WARNING_IDENTITY_ENDS,
             ": the last certificate identity ends on %s, days left: %d", from,
             (int)((end - doubts->now) / DAY));
    }
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
        warn_file(doubts, identity, place);
    }
    warn_dates(doubts, certificates);
}

/* ---- partners ---- */

static void warn_exceptions(struct doubts *doubts, const struct partner *partner)
{
    char date[32];

    for (size_t i = 0; i < partner->terms->exception_count; i++) {
        const struct exception *exception = &partner->terms->exceptions[i];

        date_format(exception->until, date);
        if (exception->until <= doubts->now)
            warn(doubts, exception->place, WARNING_EXCEPTION_EXPIRED,
                 ": this exception ended on %s and has no effect", date);
        if (exception->clients == NULL)
            warn(doubts, exception->place, WARNING_EXCEPTION_WITHOUT_CLIENTS,
                 ": an exception without clients; anyone can write that %s",
                 exception->sender_count > 0 ? "sender" : "recipient");
    }
}

static bool same_actions(const struct actions *a, const struct actions *b)
{
    return a == b
           || (a->otherwise == b->otherwise && memcmp(a->by_reason, b->by_reason, sizeof a->by_reason) == 0);
}

/* Steps that change nothing: a later date or another word was probably meant. */
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
            warn(doubts, step->place, WARNING_STEP_WITHOUT_EFFECT,
                 ": the step of %s changes nothing: mode %s%s in force before it anyway; delete it, or "
                 "write what it is to change",
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
 * The walk that begins at an entry of that kind; by `identity` where it is a domain. `below` takes a name that
 * only suffixes match.
 */
static void select_entry(struct selection *selection, const struct policy *policy,
                         const struct selector *entry, unsigned kind, unsigned identity,
                         char below[DOMAIN_MAX + 3])
{
    const void *text = arena_at(&policy->arena, entry->text);

    if (kind == SELECT_NETWORK) {
        select_client(selection, policy, text, NULL);
        selection->prefix = ((const struct network *)text)->prefix;
        return;
    }
    snprintf(below, DOMAIN_MAX + 3, "%s%.253s",
             kind == SELECT_SUBDOMAINS || kind == SELECT_CLIENT_SUFFIX ? "*." : "", (const char *)text);
    if (is_domain(kind))
        select_domain(selection, policy, below, identity == SELECTED_HELO);
    else
        select_client(selection, policy, NULL, below);
}

/* The first less specific partner behind an entry of that kind, for that identity, that enforces; or NULL. */
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

/* The first that any entry of the partner shadows. */
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
        warn(doubts, partner_place(doubts->policy, partner), WARNING_SHADOWS_ENFORCED,
             " (mode %s) takes mail from partner %s, which enforces", mode_name(mode), other->name);
}

/* What the partner acknowledges and nothing warns of. */
static void warn_acknowledgements(struct doubts *doubts, const struct partner *partner)
{
    for (size_t i = 0; i < partner->terms->acknowledgement_count; i++) {
        const struct acknowledgement *one = &partner->terms->acknowledgements[i];
        struct place place = {doubts->policy->files[partner->file], one->line, one->column};

        if (!one->seen && (doubts->acknowledged & (uint64_t)1 << one->warning) == 0)
            warn(doubts, place, WARNING_ACKNOWLEDGE_UNUSED,
                 ": nothing warns of %s here; the acknowledgement has no effect", warning_id(one->warning));
    }
}

static void warn_partner(struct doubts *doubts, const struct partner *partner)
{
    doubts->name = partner->name;
    doubts->partner = partner;
    doubts->acknowledged = 0;
    warn_certificates(doubts, partner->certificates);
    warn_exceptions(doubts, partner);
    warn_rollout(doubts, partner);
    warn_shadow(doubts, partner);
    warn_acknowledgements(doubts, partner);
}

void policy_warn(const struct policy *policy, int64_t now, diag_fn *diag, void *arg)
{
    struct doubts doubts = {
        .policy = policy, .now = now, .diag = diag, .arg = arg, .kind = "defaults", .name = ""};

    warn_certificates(&doubts, policy->require.certificates);
    doubts.kind = "profile";
    for (size_t i = 0; i < policy->profile_count; i++) {
        doubts.name = policy->profiles[i].name;
        warn_certificates(&doubts, policy->profiles[i].require->certificates);
    }
    doubts.kind = "partner";
    for (size_t i = 0; i < policy->partner_count; i++)
        warn_partner(&doubts, &policy->partners[i]);
}
