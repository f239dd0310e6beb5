/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Carries out a verdict: the SMTP reply, the quarantine, the SMFIS_ code, the log line and the counts. The
 * policy made the verdict. Mail whose verdict is not logged is not counted either.
 */
#include "milter/decision.h"

#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include "milter/counters.h"
#include "milter/current.h"
#include "milter/durations.h"
#include "milter/partner_counts.h"

bool decision_refuses(const struct verdict *verdict)
{
    return verdict->action == ACTION_REJECT || verdict->action == ACTION_TEMPFAIL;
}

bool decision_is_logged(const struct verdict *verdict)
{
    if (verdict->outcome == OUTCOME_NO_PARTNER || verdict->outcome == OUTCOME_OFF)
        return false;
    if (verdict->outcome == OUTCOME_EXEMPT) /* the first is the most severe: if it is off, all are */
        return verdict->partner_count != 0 && verdict->partner[0].outcome != OUTCOME_OFF;
    return true;
}

/* ---- The log ---- */

/* The reason that decided. If none did (an exception held), the first that is unmet or unknown. */
static enum reason first_reason(const struct verdict *verdict)
{
    const struct judged *judged = verdict->partner_count != 0 ? &verdict->partner[0] : NULL;
    unsigned reasons = decision_reasons(verdict);

    if (judged != NULL && (judged->outcome == OUTCOME_FAIL || judged->outcome == OUTCOME_UNDECIDABLE))
        return judged->reason;
    for (unsigned reason = 0; reason < REASON_COUNT; reason++)
        if ((reasons >> reason) & 1)
            return (enum reason)reason;
    return REASON_NONE;
}

/* Whether this message's log has that result already; if not, remembers it (of many, the last ones). */
static bool logged_before(struct transaction *transaction, const struct verdict *verdict)
{
    struct logged result = {verdict->partner_count ? verdict->partner[0].partner : NULL,
                            decision_outcome(verdict), verdict->action, decision_reasons(verdict)};
    size_t kept = transaction->logged_count < LOGGED_MAX ? transaction->logged_count : LOGGED_MAX;

    for (size_t i = 0; i < kept; i++) {
        const struct logged *other = &transaction->logged[i];

        if (other->partner == result.partner && other->outcome == result.outcome
            && other->action == result.action && other->reasons == result.reasons)
            return true;
    }
    transaction->logged[transaction->logged_count++ % LOGGED_MAX] = result;
    return false;
}

static bool is_other_digest(const struct session *session, const struct decision *decision)
{
    const struct judged *judged = &decision->verdict->partner[0];

    for (size_t i = 0; i < judged->finding_count; i++)
        if (finding_is_other_digest(session->policy, &judged->finding[i], decision->facts))
            return true;
    return false;
}

/* Logs why a fingerprint is not known, or is not of the digest that the policy has. */
static void log_unknown_fingerprint(const struct session *session, const struct decision *decision)
{
    if (!((decision_reasons(decision->verdict) >> REASON_MTA_FACTS) & 1)
        || decision->verdict->partner_count == 0)
        return;
    if (is_other_digest(session, decision))
        report_match_log(REPORT_MATCH_OTHER_DIGEST, decision->facts, decision->qid);
    else if (session->transaction != NULL)
        report_match_log(session->transaction->report_match, decision->facts, decision->qid);
}

/* Whether a finding of the deciding partner is not known because of the MTA's macros. */
static bool unknown_by_macros(const struct verdict *verdict, enum requirement requirement)
{
    const struct judged *judged = &verdict->partner[0];

    for (size_t i = 0; verdict->partner_count != 0 && i < judged->finding_count; i++) {
        const struct finding *finding = &judged->finding[i];

        if (finding->requirement == requirement && finding->met == UNKNOWN
            && finding->reason == REASON_MTA_MACROS)
            return true;
    }
    return false;
}

static const char *mta_problem(const struct session *session, const struct decision *decision)
{
    const struct facts *facts = decision->facts;
    const struct verdict *verdict = decision->verdict;
    bool withheld;

    if (!facts->macros_asked)
        return "the MTA does not send the macros that it was asked for";
    withheld = facts->content == CONTENT_WITHHELD && unknown_by_macros(verdict, REQUIRE_DECIDABLE);
    if (withheld && session->data_unoffered)
        return "the MTA shows this filter no DATA command, and perhaps no content of messages: set "
               "milter_protocol = 6";
    if (withheld)
        return "the MTA does not show the content of messages to this filter: see smtpd_proxy_filter in "
               "forcetls-postfix(7)";
    if (facts->mta == MTA_UNKNOWN)
        return "the MTA is not recognised, or is not the one that the policy names";
    if (unknown_by_macros(verdict, REQUIRE_CIPHERS) && suites_is_name(facts->macro[MACRO_CIPHER]))
        return "the MTA uses a cipher suite that this version of forcetls-milter and its OpenSSL do not know";
    return "the MTA sent a macro that cannot be read";
}

/* Logs, once per connection, what in the MTA's configuration makes a result unknown. */
static void report_mta(struct session *session, const struct decision *decision)
{
    const struct facts *facts = decision->facts;
    struct log_line line;

    if (session->mta_reported || !((decision_reasons(decision->verdict) >> REASON_MTA_MACROS) & 1))
        return;
    session->mta_reported = true;
    log_begin(&line, "mta");
    log_quoted(&line, "v", facts->macro[MACRO_V]);
    log_quoted(&line, "verify", facts->macro[MACRO_VERIFY]);
    log_quoted(&line, "daemon", facts->macro[MACRO_DAEMON_NAME]);
    decision_line_client(&line, facts);
    log_text(&line, "text", mta_problem(session, decision));
    log_write(LOG_ERR, &line);
}

static void count(enum outcome outcome)
{
    static const enum counter counters[OUTCOME_COUNT] = {
        [OUTCOME_EXEMPT] = COUNTER_EXEMPT, [OUTCOME_EXCEPTED] = COUNTER_EXCEPTED,
        [OUTCOME_PASS] = COUNTER_PASS,     [OUTCOME_UNDECIDABLE] = COUNTER_UNDECIDABLE,
        [OUTCOME_FAIL] = COUNTER_FAIL,
    };

    counters_add(counters[outcome], 1);
}

/* A TLS session is counted at the first decision about a partner in it. */
static void count_tls(struct session *session, const struct facts *facts, struct partner_counts *counts)
{
    if (session == NULL || facts->tls != TLS_ON
        || (session->tls_counts == counts && session->tls_version == facts->tls_version))
        return;
    session->tls_counts = counts;
    session->tls_version = facts->tls_version;
    partner_counts_add_tls(counts, facts->tls_version);
}

static void count_for_partner(struct session *session, const struct decision *decision)
{
    const struct verdict *verdict = decision->verdict;
    const struct judged *judged = verdict->partner_count != 0 ? &verdict->partner[0] : NULL;
    struct partner_counts *counts = partner_counts_of(judged != NULL ? partner_name(judged->partner) : NULL);

    partner_counts_add_decision(counts, (struct decision_kind){decision_outcome(verdict), verdict->action,
                                                               first_reason(verdict), false});
    if (judged != NULL)
        count_tls(session, decision->facts, counts);
}

/* Sets the message's number and the time of its MAIL. A message gets its number with its first log line. */
static void identify(struct decision *decision, struct session *session)
{
    decision->policy = session != NULL ? session->policy : NULL;
    decision->message = session != NULL ? session->message : 0;
    if (decision->message == 0)
        decision->message = counters_next_message();
    if (session != NULL)
        session->message = decision->message;
    if (session != NULL && session->mail_at.tv_sec != 0)
        decision->at = session->mail_at;
    else
        clock_gettime(CLOCK_REALTIME, &decision->at);
}

static void log_decision(SMFICTX *mta, struct session *session, struct decision *decision)
{
    struct transaction *transaction = session != NULL ? session->transaction : NULL;
    struct log_line line;
    enum outcome outcome;

    if (transaction != NULL && logged_before(transaction, decision->verdict))
        return;
    identify(decision, session);
    decision->qid = smfi_getsymval(mta, (char *)"i");
    decision_line(&line, decision);
    outcome = decision_outcome(decision->verdict);
    count(outcome);
    count_for_partner(session, decision);
    log_write(outcome == OUTCOME_UNDECIDABLE ? LOG_WARNING : LOG_INFO, &line);
    if (session == NULL)
        return;
    if (session->event_at != 0)
        durations_add(session->event_at);
    report_mta(session, decision);
    log_unknown_fingerprint(session, decision);
}

/* ---- The answer ---- */

/* libmilter formats the text itself: "%" is written twice. */
static sfsistat send_reply(SMFICTX *mta, struct reply *reply)
{
    char text[2 * sizeof reply->text];
    size_t length = 0;

    for (const char *from = reply->text; *from != '\0'; from++) {
        if (*from == '%')
            text[length++] = '%';
        text[length++] = *from;
    }
    text[length] = '\0';
    /* If libmilter does not take the text, the MTA sends its own: the mail is still refused. */
    (void)smfi_setreply(mta, reply->code, reply->status, text);
    return reply->code[0] == '5' ? SMFIS_REJECT : SMFIS_TEMPFAIL;
}

/* If there is no verdict for policy/verdict/reply.c: its sentence, without a partner. */
static const struct reply internal_reply = {
    .code = "451", .status = "4.3.5", .text = "Local problem, not yours: try again later [internal]"};

sfsistat decision_refuse(SMFICTX *mta, struct session *session, const struct facts *facts,
                         const struct verdict *verdict)
{
    struct reply reply;
    struct decision decision = {.facts = facts, .verdict = verdict, .reply = &reply};

    if (!reply_make(&reply, session->policy, verdict, facts))
        reply = internal_reply;
    log_decision(mta, session, &decision);
    return send_reply(mta, &reply);
}

void decision_log_accepted(SMFICTX *mta, struct session *session, const struct facts *facts,
                           const struct verdict *verdict)
{
    struct decision decision = {.facts = facts, .verdict = verdict};

    if (decision_is_logged(verdict))
        log_decision(mta, session, &decision);
}

static bool quarantine(SMFICTX *mta, const struct verdict *verdict)
{
    char why[LOG_VALUE_MAX];
    const char *partner = verdict->partner_count != 0 ? partner_name(verdict->partner[0].partner) : "";

    snprintf(why, sizeof why, "forcetls: %s %s", partner, reason_name(verdict->reason));
    return smfi_quarantine(mta, why) == MI_SUCCESS;
}

sfsistat decision_conclude(SMFICTX *mta, struct session *session, const struct verdict *verdict)
{
    const struct facts *facts = &session->transaction->facts;

    if (decision_refuses(verdict))
        return decision_refuse(mta, session, facts, verdict);
    if (verdict->pending != 0 || (verdict->action == ACTION_QUARANTINE && !quarantine(mta, verdict)))
        return decision_internal(mta, session);
    decision_log_accepted(mta, session, facts, verdict);
    return SMFIS_CONTINUE;
}

/* Whether the message's policy has partners; without a message's policy, whether the one in force has. */
static bool has_partners(const struct session *session)
{
    bool held = session != NULL && session->policy != NULL;
    struct policy *policy = held ? policy_ref(session->policy) : current_get();
    size_t partners = policy_partner_count(policy);

    policy_unref(policy);
    return partners != 0;
}

sfsistat decision_internal(SMFICTX *mta, struct session *session)
{
    static const struct verdict undecidable = {.outcome = OUTCOME_UNDECIDABLE,
                                               .action = ACTION_TEMPFAIL,
                                               .would = ACTION_TEMPFAIL,
                                               .reason = REASON_INTERNAL};
    const struct transaction *transaction = session != NULL ? session->transaction : NULL;
    struct facts nothing_known;
    struct reply reply = internal_reply;
    struct decision decision = {.facts = &nothing_known, .verdict = &undecidable, .reply = &reply};

    if (!has_partners(session))
        return SMFIS_CONTINUE;
    facts_begin(&nothing_known);
    if (transaction != NULL)
        decision.facts = &transaction->facts;
    log_decision(mta, session, &decision);
    return send_reply(mta, &reply);
}
