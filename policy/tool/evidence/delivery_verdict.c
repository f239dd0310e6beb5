/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Judges a delivery. The code of the filter judges version and suite. About the certificate the log has one
 * word: Verified means that it is the one that Postfix had to require. With any other word its names are
 * unknown, and this file does not guess them.
 */
#include "policy/tool/evidence/delivery_verdict.h"

#include <string.h>
#include "policy/outbound/server_session.h"
#include "policy/requirement/outbound_rule.h"

/* ---- why it was not sent ---- */

/* How Postfix's own texts begin; the text of a server follows "host NAME[ADDRESS] said: ". */
static const char no_starttls[] = "TLS is required, but was not offered by host ";
static const char refused_starttls[] = "TLS is required, but host ";
static const char not_verified[] = "Server certificate not ";

static bool begins(const char *text, const char *beginning)
{
    return strncmp(text, beginning, strlen(beginning)) == 0;
}

static bool is_about_tls(const char *dsn, const char *text)
{
    if (begins(text, no_starttls) || begins(text, refused_starttls) || begins(text, not_verified))
        return true;
    return (strcmp(dsn + 1, ".7.4") == 0 || strcmp(dsn + 1, ".7.5") == 0) && !begins(text, "host ");
}

enum delivery_end delivery_end(const char *status, const char *dsn, const char *text)
{
    if (strcmp(status, "sent") == 0)
        return DELIVERY_SENT;
    if (!is_about_tls(dsn, text))
        return DELIVERY_UNFINISHED;
    if (strcmp(status, "deferred") == 0)
        return DELIVERY_DEFERRED;
    return strcmp(status, "bounced") == 0 ? DELIVERY_BOUNCED : DELIVERY_UNFINISHED;
}

/* ---- the certificate ---- */

struct weighed {
    enum met met;
    enum reason reason;
};

static const struct weighed met = {MET, REASON_NONE}, unknown = {UNKNOWN, REASON_MTA_MACROS};

static bool has_pins(const struct server_certificates *certificates)
{
    return certificates->proof == PROOF_LIST && certificates->count > 0
           && (certificates->identities[0].kind == SERVER_FINGERPRINT
               || certificates->identities[0].kind == SERVER_KEY_FINGERPRINT);
}

/* Postfix required the partner's certificate, and did not send. */
static struct weighed weigh_refused(const struct server_certificates *certificates, bool mismatch)
{
    if (has_pins(certificates))
        return (struct weighed){UNMET, REASON_CERTIFICATE_FINGERPRINT};
    return (struct weighed){UNMET, mismatch ? REASON_CERTIFICATE_SUBJECT : REASON_CERTIFICATE_UNTRUSTED};
}

static struct weighed weigh_sent(const struct server_certificates *certificates,
                                 const struct delivery_shown *shown, bool enforced)
{
    bool named = certificates->proof != PROOF_DANE && !has_pins(certificates);

    if (shown->label == LABEL_VERIFIED)
        return enforced || named ? met : unknown; /* else another rule than ours verified it */
    if (shown->label == LABEL_ANONYMOUS)
        return (struct weighed){UNMET, REASON_CERTIFICATE_MISSING};
    if (shown->label == LABEL_UNTRUSTED && named && !shown->mismatch)
        return (struct weighed){UNMET, REASON_CERTIFICATE_UNTRUSTED};
    return unknown;
}

static struct weighed weigh_certificate(const struct server_certificates *certificates,
                                        const struct delivery_shown *shown, bool enforced)
{
    if (shown->end != DELIVERY_SENT && begins(shown->text, not_verified) && enforced)
        return weigh_refused(certificates, shown->mismatch);
    return weigh_sent(certificates, shown, enforced);
}

/* ---- all of it ---- */

static void add(struct delivery_verdict *verdict, struct weighed weighed)
{
    if (weighed.met == UNMET || weighed.met == UNKNOWN)
        verdict->reasons |= 1u << weighed.reason;
    if (weighed.met == UNMET)
        verdict->outcome = OUTCOME_FAIL;
    else if (weighed.met == UNKNOWN && verdict->outcome != OUTCOME_FAIL)
        verdict->outcome = OUTCOME_UNDECIDABLE;
}

/* Adds what the session showed, for each requirement of the rule. */
static void weigh_session(struct delivery_verdict *verdict, const struct policy *policy,
                          const struct server_judgement *judgement, const struct delivery_shown *shown)
{
    const struct judged *judged = &judgement->verdict.partner[0];
    const struct server_certificates *certificates = outbound_certificates(policy, judgement->choice.rule);

    for (size_t i = 0; i < judged->finding_count; i++) {
        const struct finding *finding = &judged->finding[i];

        if (finding->requirement == REQUIRE_CERTIFICATES && shown->tls == DELIVERY_TLS_ON)
            add(verdict, weigh_certificate(certificates, shown, verdict->mode == MODE_ENFORCE));
        else
            add(verdict, (struct weighed){finding->met, finding->reason});
    }
}

/* Adds what Postfix's text says if it found no session good enough to send in. */
static void weigh_words(struct delivery_verdict *verdict, const struct policy *policy,
                        const struct outbound_choice *choice, const struct delivery_shown *shown)
{
    const struct server_certificates *certificates = outbound_certificates(policy, choice->rule);

    if (begins(shown->text, no_starttls) || begins(shown->text, refused_starttls))
        add(verdict, (struct weighed){UNMET, REASON_NO_TLS});
    else if (begins(shown->text, not_verified) && verdict->mode == MODE_ENFORCE
             && certificates->proof != PROOF_NONE && shown->tls == DELIVERY_TLS_UNKNOWN)
        add(verdict, weigh_refused(certificates, shown->mismatch));
    else if (verdict->outcome == OUTCOME_PASS)
        add(verdict, unknown);
}

/* Sets mode, exception and action as the filter does for a session. */
static void conclude(struct delivery_verdict *verdict, const struct outbound_choice *choice,
                     enum delivery_end end)
{
    bool short_of = verdict->outcome != OUTCOME_PASS;

    if (choice->exception != NULL && short_of) {
        verdict->outcome = OUTCOME_EXCEPTED;
        verdict->until = exception_until(choice->exception);
        short_of = false;
    }
    if (verdict->mode == MODE_NONE)
        verdict->outcome = OUTCOME_OFF;
    verdict->would = short_of ? ACTION_TEMPFAIL : ACTION_ACCEPT;
    verdict->action = end == DELIVERY_BOUNCED    ? ACTION_REJECT
                      : end == DELIVERY_DEFERRED ? ACTION_TEMPFAIL
                                                 : ACTION_ACCEPT;
}

/* Returns the session in the fields of the map "sendmail". */
static struct server_session session_of(const struct delivery_shown *shown)
{
    struct server_session session = {.field = {[SESSION_RECIPIENT] = shown->recipient}};

    session.field[SESSION_VERIFY] = "NONE";
    if (shown->tls == DELIVERY_TLS_ON) {
        session.field[SESSION_VERIFY] = "OK";
        session.field[SESSION_TLS_VERSION] = shown->version;
        session.field[SESSION_CIPHER] = shown->cipher;
        session.field[SESSION_CIPHER_BITS] = shown->bits;
    }
    return session;
}

void delivery_judge(struct delivery_verdict *verdict, const struct policy *policy,
                    const struct delivery_shown *shown, int64_t now)
{
    const struct server_session session = session_of(shown);
    struct server_judgement judgement;

    *verdict = (struct delivery_verdict){.outcome = OUTCOME_PASS};
    server_session_judge(&judgement, policy, &session, now);
    verdict->unread = judgement.verdict.reason == REASON_INTERNAL;
    if (judgement.choice.partner != NULL) {
        verdict->partner = partner_name(judgement.choice.partner);
        verdict->mode = judgement.choice.mode;
        if (shown->tls != DELIVERY_TLS_UNKNOWN)
            weigh_session(verdict, policy, &judgement, shown);
        if (shown->end != DELIVERY_SENT)
            weigh_words(verdict, policy, &judgement.choice, shown);
        conclude(verdict, &judgement.choice, shown->end);
    }
    server_judgement_clear(&judgement);
}
