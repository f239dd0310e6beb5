/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From a verdict to what becomes of the mail: the SMTP reply, the hold, the
 * SMFIS_ code, and the one log line that tells of it. What the verdict is was
 * the policy's affair; what is accepted without a word never comes here.
 */
#include "milter/decision.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <syslog.h>
#include "milter/current.h"

bool decision_refuses(const struct verdict *verdict)
{
    return verdict->action == ACTION_REJECT || verdict->action == ACTION_TEMPFAIL;
}

bool decision_is_told(const struct verdict *verdict)
{
    if (verdict->outcome == OUTCOME_NO_PARTNER || verdict->outcome == OUTCOME_OFF)
        return false;
    if (verdict->outcome == OUTCOME_EXEMPT) /* the first partner weighs most: where it is off, all are */
        return verdict->partner_count != 0 && verdict->partner[0].outcome != OUTCOME_OFF;
    return true;
}

/* ---- The log line ---- */

/* The unmet and unknown reasons of the deciding partner, as bits; a reason without a partner alone. */
static unsigned reasons_of(const struct verdict *verdict)
{
    unsigned reasons = 0;
    if (verdict->partner_count == 0)
        return verdict->reason == REASON_NONE ? 0 : 1u << verdict->reason;
    const struct judged *judged = &verdict->partner[0];
    for (size_t i = 0; i < judged->finding_count; i++)
        if (judged->finding[i].met == UNMET || judged->finding[i].met == UNKNOWN)
            reasons |= 1u << judged->finding[i].reason;
    if (judged->outcome == OUTCOME_FAIL || judged->outcome == OUTCOME_UNDECIDABLE)
        reasons |= 1u << judged->reason;
    return reasons & ~(1u << REASON_NONE);
}

static enum outcome outcome_of(const struct verdict *verdict)
{
    bool own = verdict->partner_count != 0 && verdict->outcome != OUTCOME_EXEMPT;
    return own ? verdict->partner[0].outcome : verdict->outcome;
}

static void log_reasons(struct log_line *line, unsigned reasons)
{
    char text[512] = "";
    size_t length = 0;
    for (unsigned reason = 0; reason < REASON_COUNT; reason++) {
        if (!((reasons >> reason) & 1))
            continue;
        int size =
            snprintf(text + length, sizeof text - length, "%s%s", length ? "," : "", reason_name(reason));
        if (size < 0 || (size_t)size >= sizeof text - length)
            break;
        length += (size_t)size;
    }
    log_word(line, "reasons", text);
}

static void log_reply(struct log_line *line, const struct reply *reply)
{
    char text[sizeof *reply + 2];
    if (reply != NULL)
        snprintf(text, sizeof text, "%s %s %s", reply->code, reply->status, reply->text);
    log_text(line, "reply", reply != NULL ? text : NULL);
}

static void log_client(struct log_line *line, const struct facts *facts)
{
    const char *address = facts->macro[MACRO_CLIENT_ADDR];
    char text[64];
    if (address != NULL && strncasecmp(address, "IPv6:", 5) == 0)
        address += 5;
    if (address == NULL && facts->client_known) {
        network_format(&facts->client, text);
        address = text;
    }
    log_quoted(line, "client", address);
}

/* The partners beside the deciding one. */
static void log_others(struct log_line *line, const struct verdict *verdict)
{
    char text[LOG_VALUE_MAX + 1] = "";
    size_t length = 0;
    for (size_t i = 1; i < verdict->partner_count; i++) {
        const struct judged *judged = &verdict->partner[i];
        int size = snprintf(text + length, sizeof text - length, "%s%s:%s", length ? "," : "",
                            partner_name(judged->partner), outcome_name(judged->outcome));
        if (size < 0 || (size_t)size >= sizeof text - length)
            break;
        length += (size_t)size;
    }
    text[length] = '\0';
    log_quoted(line, "also", length ? text : NULL);
}

/* Where the argument of MAIL names another domain than the MTA made of it. */
static void log_argument(struct log_line *line, const struct facts *facts)
{
    const char *argument = NULL;
    if (facts->senders == 2) {
        const struct domain *resolved = &facts->sender[0].domain, *given = &facts->sender[1].domain;
        const char *name = given->length != 0 ? given->text : "";
        argument = strcmp(resolved->length != 0 ? resolved->text : "", name) != 0 ? name : NULL;
    }
    log_quoted(line, "argument", argument);
}

/* The identity of the deciding partner's certificates that matched, as its list counts them. */
static void log_identity(struct log_line *line, const struct judged *judged)
{
    for (size_t i = 0; judged != NULL && i < judged->finding_count; i++) {
        const struct finding *finding = &judged->finding[i];
        if (finding->requirement == REQUIRE_CERTIFICATES && finding->met == MET && finding->identity != 0) {
            log_number(line, "identity", finding->identity);
            return;
        }
    }
    log_word(line, "identity", NULL);
}

void decision_line(struct log_line *line, const struct decision *decision)
{
    const struct verdict *verdict = decision->verdict;
    const struct judged *judged = verdict->partner_count != 0 ? &verdict->partner[0] : NULL;
    const struct facts *facts = decision->facts;
    log_begin(line, "decision");
    log_word(line, "partner", judged != NULL ? partner_name(judged->partner) : NULL);
    log_word(line, "mode", judged != NULL ? mode_name(judged->mode) : NULL);
    log_word(line, "verdict", outcome_name(outcome_of(verdict)));
    log_word(line, "action", action_name(verdict->action));
    log_reasons(line, reasons_of(verdict));
    log_reply(line, decision->reply);
    log_quoted(line, "qid", decision->qid);
    log_client(line, facts);
    log_quoted(line, "client_port", facts->macro[MACRO_CLIENT_PORT]);
    log_quoted(line, "client_name", facts->macro[MACRO_CLIENT_NAME]);
    log_quoted(line, "helo", facts->helo);
    log_quoted(line, "from", facts->macro[MACRO_MAIL_ADDR]);
    log_quoted(line, "tls", facts->macro[MACRO_TLS_VERSION]);
    log_quoted(line, "cipher", facts->macro[MACRO_CIPHER]);
    log_quoted(line, "bits", facts->macro[MACRO_CIPHER_BITS]);
    log_quoted(line, "subject", facts->macro[MACRO_CERT_SUBJECT]);
    log_quoted(line, "issuer", facts->macro[MACRO_CERT_ISSUER]);
    log_quoted(line, "verify", facts->macro[MACRO_VERIFY]);
    log_others(line, verdict);
    log_argument(line, facts);
    log_identity(line, judged);
}

/* Whether this message's log has that result already; remembers it (of many, the last ones). */
static bool told_before(struct transaction *transaction, const struct verdict *verdict)
{
    struct logged result = {verdict->partner_count ? verdict->partner[0].partner : NULL, outcome_of(verdict),
                            verdict->action, reasons_of(verdict)};
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

/* Why a fingerprint is not known, or not by the digest that the policy has. */
static void report_join(const struct session *session, const struct decision *decision)
{
    if (!((reasons_of(decision->verdict) >> REASON_MTA_FACTS) & 1) || decision->verdict->partner_count == 0)
        return;
    if (is_other_digest(session, decision))
        join_tell(JOIN_OTHER_DIGEST, decision->facts, decision->qid);
    else if (session->transaction != NULL)
        join_tell(session->transaction->join, decision->facts, decision->qid);
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
    if (!facts->macros_asked)
        return "the MTA does not send the macros that it was asked for";
    bool withheld = facts->content == CONTENT_WITHHELD && unknown_by_macros(verdict, REQUIRE_DECIDABLE);
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

/* Once a connection: what partners suffer from is the MTA's configuration. */
static void report_mta(struct session *session, const struct decision *decision)
{
    const struct facts *facts = decision->facts;
    if (session->mta_reported || !((reasons_of(decision->verdict) >> REASON_MTA_MACROS) & 1))
        return;
    session->mta_reported = true;
    struct log_line line;
    log_begin(&line, "mta");
    log_quoted(&line, "v", facts->macro[MACRO_V]);
    log_quoted(&line, "verify", facts->macro[MACRO_VERIFY]);
    log_quoted(&line, "daemon", facts->macro[MACRO_DAEMON_NAME]);
    log_client(&line, facts);
    log_text(&line, "text", mta_problem(session, decision));
    log_write(LOG_ERR, &line);
}

static void log_decision(SMFICTX *mta, struct session *session, struct decision *decision)
{
    struct transaction *transaction = session != NULL ? session->transaction : NULL;
    if (transaction != NULL && told_before(transaction, decision->verdict))
        return;
    struct log_line line;
    decision->qid = smfi_getsymval(mta, (char *)"i");
    decision_line(&line, decision);
    bool ours = outcome_of(decision->verdict) == OUTCOME_UNDECIDABLE;
    log_write(ours ? LOG_WARNING : LOG_INFO, &line);
    if (session == NULL)
        return;
    report_mta(session, decision);
    report_join(session, decision);
}

/* ---- The answer ---- */

/* The text goes through libmilter's own formatting: "%" is written twice. */
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
    /* Where libmilter will not have the text, the MTA's own stands in: the refusal remains. */
    (void)smfi_setreply(mta, reply->code, reply->status, text);
    return reply->code[0] == '5' ? SMFIS_REJECT : SMFIS_TEMPFAIL;
}

/* Where there is no verdict that policy/reply.c could put into words: its sentence, of no partner. */
static const struct reply internal_reply = {
    .code = "451", .status = "4.3.5", .text = "Local problem, not yours: try again later [internal]"};

sfsistat decision_refuse(SMFICTX *mta, struct session *session, const struct facts *facts,
                         const struct verdict *verdict)
{
    struct reply reply;
    if (!reply_make(&reply, session->policy, verdict, facts))
        reply = internal_reply;
    struct decision decision = {.facts = facts, .verdict = verdict, .reply = &reply};
    log_decision(mta, session, &decision);
    return send_reply(mta, &reply);
}

void decision_log_accepted(SMFICTX *mta, struct session *session, const struct facts *facts,
                           const struct verdict *verdict)
{
    struct decision decision = {.facts = facts, .verdict = verdict};
    if (decision_is_told(verdict))
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

/* By the message's policy, or where there is none by the one in force. */
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
    if (!has_partners(session))
        return SMFIS_CONTINUE;

    static const struct facts nothing_known;
    static const struct verdict undecidable = {
        .outcome = OUTCOME_UNDECIDABLE, .action = ACTION_TEMPFAIL, .reason = REASON_INTERNAL};
    const struct transaction *transaction = session != NULL ? session->transaction : NULL;
    struct reply reply = internal_reply;
    struct decision decision = {
        .facts = transaction != NULL ? &transaction->facts : &nothing_known,
        .verdict = &undecidable,
        .reply = &reply,
    };
    log_decision(mta, session, &decision);
    return send_reply(mta, &reply);
}
