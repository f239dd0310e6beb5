/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The events of a message, from top to bottom in the order of the MTA. Most messages end at MAIL: mail of no
 * partner is accepted there, and the MTA sends no further events; a partner's mail that does not meet the
 * requirements is refused there. Later events follow only if a policy looks at recipients, at From fields or
 * at what arrives by DATA, or if the end of the message has to be logged. Each event adds what it shows to
 * the facts and asks the policy again (policy/verdict/evaluate.c). decision.c carries out the verdict.
 */
#include "milter/callbacks.h"

#include <arpa/inet.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include "milter/current.h"
#include "milter/decision.h"
#include "milter/durations.h"
#include "milter/exempt.h"
#include "milter/mta_macros.h"
#include "milter/session.h"
#include "policy/facts/macros.h"
#include "policy/facts/mta.h"

/*
 * The events except MAIL and the end of the message: what they are needed for, the flag that leaves the event
 * out, and the flag that says that we do not reply to it.
 */
static const struct {
    unsigned need;
    unsigned long leave_out, no_answer;
} events[] = {
    {NEED_CONNECT, SMFIP_NOCONNECT, SMFIP_NR_CONN},
    {NEED_HELO, SMFIP_NOHELO, SMFIP_NR_HELO},
    {NEED_RCPT, SMFIP_NORCPT, 0},
    {NEED_DATA, SMFIP_NODATA, 0},
    {NEED_HEADERS, SMFIP_NOHDRS, SMFIP_NR_HDR},
    {NEED_HEADERS, SMFIP_NOEOH, 0},
    {0, SMFIP_NOBODY, 0},
    {0, SMFIP_NOUNKNOWN, 0},
};

/*
 * The session of this connection. Without a negotiation (memory ran out, or the MTA uses the connection
 * for a second client) it is created on first use, and has seen only the events that come from now on.
 * NULL: out of memory.
 */
static struct session *session_of(SMFICTX *mta)
{
    struct session *session = smfi_getpriv(mta);

    if (session != NULL)
        return session;
    session = session_new();
    if (session != NULL && smfi_setpriv(mta, session) != MI_SUCCESS) {
        session_free(session);
        return NULL;
    }
    return session;
}

/* The answer to an event that is only noted. */
static sfsistat heard(const struct session *session, unsigned long no_answer)
{
    return session != NULL && (session->unanswered & no_answer) ? SMFIS_NOREPLY : SMFIS_CONTINUE;
}

/* ---- The connection ---- */

static sfsistat filter_negotiate(SMFICTX *mta, unsigned long actions, unsigned long steps,
                                 unsigned long unused2, unsigned long unused3, unsigned long *wanted_actions,
                                 unsigned long *wanted_steps, unsigned long *wanted2, unsigned long *wanted3)
{
    struct session *session;
    struct policy *policy;
    unsigned needs;

    (void)unused2, (void)unused3, (void)wanted2, (void)wanted3;
    *wanted_actions = actions & (SMFIF_SETSYMLIST | SMFIF_QUARANTINE);
    *wanted_steps = 0;
    session = session_of(mta);
    if (session == NULL)
        return SMFIS_CONTINUE;

    policy = current_get();
    needs = policy_needs(policy);
    if (policy_partner_count(policy) != 0)
        needs |= NEED_DATA; /* DATA shows whether more events follow; mail decided at MAIL has no DATA */
    policy_unref(policy);
    if (!(actions & SMFIF_SETSYMLIST))
        needs |= NEED_CONNECT | NEED_HELO; /* so that their macros are not taken for MAIL's */
    for (size_t i = 0; i < sizeof events / sizeof *events; i++) {
        if (!(events[i].need & needs) && (steps & events[i].leave_out)) {
            *wanted_steps |= events[i].leave_out;
        } else {
            session->shown |= events[i].need;
            session->unanswered |= steps & events[i].no_answer;
        }
    }
    if (!(steps & SMFIP_NODATA)) { /* a version of the protocol that has no DATA */
        session->data_unoffered = true;
        session->shown &= ~(unsigned)NEED_DATA;
    }
    if (*wanted_steps & SMFIP_NOHDRS)
        session->shown &= ~(unsigned)NEED_HEADERS; /* the end of the headers alone shows none */
    *wanted_steps |= session->unanswered;
    if (actions & SMFIF_SETSYMLIST)
        session->macros_asked = mta_macros_ask(mta, session->shown);
    if ((actions & SMFIF_SETSYMLIST) && !session->macros_asked)
        session->damaged = true;
    return SMFIS_CONTINUE;
}

static sfsistat filter_connect(SMFICTX *mta, char *host, _SOCK_ADDR *address)
{
    struct session *session = session_of(mta);
    char text[INET6_ADDRSTRLEN];
    const void *octets = NULL;

    (void)host;
    if (address != NULL && address->sa_family == AF_INET)
        octets = &((const struct sockaddr_in *)(const void *)address)->sin_addr;
    else if (address != NULL && address->sa_family == AF_INET6)
        octets = &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr;
    if (session != NULL) {
        session->shown |= NEED_CONNECT;
        mta_macros_note_early(mta, session);
        session->client_known = octets != NULL
                                && inet_ntop(address->sa_family, octets, text, sizeof text) != NULL
                                && network_read_address(&session->client, text);
    }
    return heard(session, SMFIP_NR_CONN);
}

/* The first HELO of a connection is always in plaintext: nothing is judged here. */
static sfsistat filter_helo(SMFICTX *mta, char *name)
{
    struct session *session = session_of(mta);

    if (session != NULL) {
        session->shown |= NEED_HELO;
        mta_macros_note_early(mta, session);
        session_helo(session, name);
    }
    return heard(session, SMFIP_NR_HELO);
}

/* ---- MAIL: the facts are read, and most is settled ---- */

/* What became of reading the facts at MAIL. */
enum reading { READ_WHOLE, READ_STRANGER, READ_FAILED };

/*
 * Most mail is of no partner, and its sender shows that: then nothing else is read. This needs {mail_addr}:
 * it is missing if libmilter had no memory for MAIL's macros, and then partner mail must not pass.
 */
static enum reading read_facts(SMFICTX *mta, const struct session *session, const char *argument,
                               struct facts *facts)
{
    const struct milter_settings *settings = policy_milter(session->policy);
    const struct envelope envelope = {
        .argument = argument != NULL ? argument : "",
        .helo = session->helo,
        .client = session->client_known ? &session->client : NULL,
        .shown = session->shown,
        .mta = settings->mta,
        .pins_at_data = settings->postfix_facts != NULL,
        .data_unoffered = session->data_unoffered,
    };
    struct mail_macros macros = {mta, session};

    if (!facts_read_sender(facts, &envelope, mta_macro_of_mail, &macros) || session->damaged)
        return READ_FAILED;
    if (facts->macro[MACRO_MAIL_ADDR] != NULL && policy_is_stranger(session->policy, facts))
        return READ_STRANGER;
    if (!facts_read_session(facts, &envelope, mta_macro_of_mail, &macros)
        || mta_macros_lost_at_mail(session, facts))
        return READ_FAILED;
    return READ_WHOLE;
}

static sfsistat answer_mail(SMFICTX *mta, struct session *session, struct facts *facts)
{
    struct verdict verdict;
    int64_t now;

    session->event_at = durations_now();
    /* time() may lag by a clock tick; certificate dates are exact to the second. */
    clock_gettime(CLOCK_REALTIME, &session->mail_at);
    now = session->mail_at.tv_sec;
    policy_evaluate(session->policy, facts, now, &verdict);
    if (decision_refuses(&verdict))
        return decision_refuse(mta, session, facts, &verdict);
    if (verdict.pending == 0
        && (verdict.outcome == OUTCOME_EXEMPT || !decision_is_logged(&verdict)
            || facts->content != CONTENT_EXPECTED)) {
        decision_log_accepted(mta, session, facts, &verdict);
        if (verdict.exempt == EXEMPT_CLIENT && decision_is_logged(&verdict))
            exempt_note(&verdict, facts, now);
        return SMFIS_ACCEPT;
    }
    if (!session_keep(session, facts, now))
        return decision_internal(mta, session);
    session->transaction->rcpt_port = session->mail_port;
    return SMFIS_CONTINUE;
}

static sfsistat judge_mail(SMFICTX *mta, struct session *session, const char *argument)
{
    struct facts facts;
    sfsistat answer = SMFIS_ACCEPT;

    switch (read_facts(mta, session, argument, &facts)) {
    case READ_STRANGER:
        break;
    case READ_WHOLE:
        answer = answer_mail(mta, session, &facts);
        break;
    case READ_FAILED:
        answer = decision_internal(mta, session);
        break;
    }
    facts_clear(&facts);
    return answer;
}

static sfsistat filter_mail(SMFICTX *mta, char **arguments)
{
    struct session *session = session_of(mta);
    sfsistat answer;

    if (session == NULL)
        return decision_internal(mta, NULL);
    session_begin(session);
    answer = mta_macros_left_at_mail(mta, session) ? decision_internal(mta, session)
                                                   : judge_mail(mta, session, arguments[0]);
    if (session->transaction == NULL)
        session_end(session);
    return answer;
}

/* ---- The events after MAIL, if they are needed ---- */

/* The session whose message this event continues; NULL: there is none, and the MTA is out of step. */
static struct session *session_in_transaction(SMFICTX *mta)
{
    struct session *session = smfi_getpriv(mta);

    if (session == NULL || session->transaction == NULL)
        return NULL;
    session->event_at = durations_now();
    return session;
}

static void evaluate(const struct session *session, struct verdict *verdict)
{
    policy_evaluate(session->policy, &session->transaction->facts, session->transaction->now, verdict);
}

/* Logs what is accepted at this event, if no later one is sure to come. */
static void log_if_last(SMFICTX *mta, struct session *session, const struct verdict *verdict)
{
    const struct facts *facts = &session->transaction->facts;

    if (verdict->pending == 0 && facts->content != CONTENT_EXPECTED)
        decision_log_accepted(mta, session, facts, verdict);
}

/* Each recipient gets its own answer. Never ACCEPT: that would accept the whole message. */
static sfsistat filter_rcpt(SMFICTX *mta, char **arguments)
{
    struct session *session = session_in_transaction(mta);
    struct recipient recipient;
    struct recipients alone;
    struct verdict verdict;
    struct facts *facts;
    sfsistat answer = SMFIS_CONTINUE;

    if (session == NULL)
        return decision_internal(mta, smfi_getpriv(mta));
    facts = &session->transaction->facts;
    if (mta_macros_lost_at_rcpt(mta, session)
        || !recipient_read(&recipient, session->policy, mta_completes_recipients(facts->mta),
                           arguments[0] != NULL ? arguments[0] : "", mta_macro(mta, "{rcpt_addr}")))
        return decision_internal(mta, session);
    alone = recipients_of_one(&recipient);
    facts->recipients = &alone;
    evaluate(session, &verdict);
    if (decision_refuses(&verdict))
        answer = decision_refuse(mta, session, facts, &verdict);
    else if (!session_add_recipient(session, &recipient))
        answer = decision_internal(mta, session);
    else
        log_if_last(mta, session, &verdict);
    facts->recipients = NULL;
    return answer;
}

/*
 * From DATA on the recipients are known, if the MTA shows them, and the pins: Postfix sends its report
 * (postfix_facts), if any, before the milter's DATA. If the MTA shows no DATA, the queue id is known at the
 * end of the headers.
 */
static void complete_envelope(SMFICTX *mta, const struct session *session)
{
    struct transaction *transaction = session->transaction;
    struct facts *facts = &transaction->facts;

    if (session->shown & NEED_RCPT)
        facts->recipients = &transaction->recipients.all;
    if (facts->certificate_pin.state == PIN_PENDING)
        transaction->report_match = report_match_message(facts, mta_macro(mta, "i"), transaction->serial);
}

/* At the end of the headers and of the message: the MTA does show the content. */
static void complete_headers(SMFICTX *mta, struct session *session)
{
    struct transaction *transaction = session->transaction;

    complete_envelope(mta, session);
    transaction->facts.content = CONTENT_EXPECTED;
    if (session->shown & NEED_HEADERS)
        transaction->facts.header_from = &transaction->header_from;
}

/* Refuses what can be refused now; the rest waits for the end of the message. */
static sfsistat refuse_or_go_on(SMFICTX *mta, struct session *session)
{
    struct verdict verdict;
    sfsistat answer;

    evaluate(session, &verdict);
    if (!decision_refuses(&verdict)) {
        log_if_last(mta, session, &verdict);
        return SMFIS_CONTINUE;
    }
    answer = decision_refuse(mta, session, &session->transaction->facts, &verdict);
    session_end(session);
    return answer;
}

static sfsistat filter_data(SMFICTX *mta)
{
    struct session *session = session_in_transaction(mta);

    if (session == NULL)
        return decision_internal(mta, smfi_getpriv(mta));
    complete_envelope(mta, session);
    facts_read_data(&session->transaction->facts, mta_macro(mta, "i"));
    return refuse_or_go_on(mta, session);
}

/* Blanks between a field's name and its colon were allowed once, and may be at the end of `name`. */
static bool is_from(const char *name)
{
    return strncasecmp(name, "from", 4) == 0 && name[4 + strspn(name + 4, " \t")] == '\0';
}

static sfsistat filter_header(SMFICTX *mta, char *name, char *value)
{
    struct session *session = smfi_getpriv(mta);

    if (session != NULL && session->transaction != NULL && (session->shown & NEED_HEADERS) && is_from(name))
        header_from_add(&session->transaction->header_from, value,
                        facts_header_reader(&session->transaction->facts));
    return heard(session, SMFIP_NR_HDR);
}

static sfsistat filter_eoh(SMFICTX *mta)
{
    struct session *session = session_in_transaction(mta);

    if (session == NULL)
        return decision_internal(mta, smfi_getpriv(mta));
    complete_headers(mta, session);
    return refuse_or_go_on(mta, session);
}

/* The message has a queue id by now: what is accepted, quarantined or only noted is logged here. */
static sfsistat filter_eom(SMFICTX *mta)
{
    struct session *session = session_in_transaction(mta);
    struct verdict verdict;
    sfsistat answer;

    if (session == NULL)
        return decision_internal(mta, smfi_getpriv(mta));
    complete_headers(mta, session);
    evaluate(session, &verdict);
    answer = decision_conclude(mta, session, &verdict);
    session_end(session);
    return answer;
}

/* ---- The end ---- */

static sfsistat filter_abort(SMFICTX *mta)
{
    struct session *session = smfi_getpriv(mta);

    if (session != NULL)
        session_end(session);
    return SMFIS_CONTINUE;
}

static sfsistat filter_close(SMFICTX *mta)
{
    session_free(smfi_getpriv(mta));
    smfi_setpriv(mta, NULL);
    return SMFIS_CONTINUE;
}

const struct smfiDesc callbacks = {
    .xxfi_name = (char *)"forcetls-milter",
    .xxfi_version = SMFI_VERSION,
    .xxfi_flags = SMFIF_QUARANTINE | SMFIF_SETSYMLIST,
    .xxfi_negotiate = filter_negotiate,
    .xxfi_connect = filter_connect,
    .xxfi_helo = filter_helo,
    .xxfi_envfrom = filter_mail,
    .xxfi_envrcpt = filter_rcpt,
    .xxfi_data = filter_data,
    .xxfi_header = filter_header,
    .xxfi_eoh = filter_eoh,
    .xxfi_eom = filter_eom,
    .xxfi_abort = filter_abort,
    .xxfi_close = filter_close,
};
