/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Requests of Sendmail (the map "sendmail"): a finished TLS session and a recipient, judged by
 * policy/outbound/. Logs and counts the decision. The answer is "OK" if mail to the recipient may be sent,
 * else the text of a temporary failure.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>
#include "milter/outbound/internal.h"
#include "milter/counters.h"
#include "milter/current.h"
#include "milter/decision_line.h"
#include "milter/log.h"
#include "milter/partner_counts.h"
#include "policy/outbound/server_session.h"

/* Sendmail asks for each recipient separately; the recipients of one message share one number. */
static uint64_t number_of(struct outbound_connection *connection, const char *queue_id)
{
    const char *id = queue_id != NULL ? queue_id : "";

    if (connection->message == 0 || id[0] == '\0'
        || strncmp(connection->queue_id, id, sizeof connection->queue_id - 1) != 0) {
        connection->message = counters_next_message();
        snprintf(connection->queue_id, sizeof connection->queue_id, "%s", id);
    }
    return connection->message;
}

static void count(const struct verdict *verdict)
{
    static const enum counter counters[OUTCOME_COUNT] = {
        [OUTCOME_EXCEPTED] = COUNTER_EXCEPTED,
        [OUTCOME_PASS] = COUNTER_PASS,
        [OUTCOME_UNDECIDABLE] = COUNTER_UNDECIDABLE,
        [OUTCOME_FAIL] = COUNTER_FAIL,
    };
    bool partner = verdict->partner_count != 0;

    counters_add(counters[verdict->outcome], 1);
    partner_counts_add_decision(
        partner_counts_of(partner ? partner_name(verdict->partner[0].partner) : NULL),
        (struct decision_kind){verdict->outcome, verdict->action, verdict->reason, true});
}

static void log_judgement(struct outbound_connection *connection, const struct policy *policy,
                          const struct server_session *session, const struct server_judgement *judgement)
{
    const struct verdict *verdict = &judgement->verdict;
    struct decision decision = {
        .facts = &judgement->facts,
        .verdict = verdict,
        .reply = judgement->deferred ? &judgement->reply : NULL,
        .qid = session->field[SESSION_QUEUE_ID],
        .policy = policy,
        .message = number_of(connection, session->field[SESSION_QUEUE_ID]),
    };
    struct log_line line;

    clock_gettime(CLOCK_REALTIME, &decision.at);
    decision_line(&line, &decision);
    log_word(&line, "direction", "outbound");
    log_quoted(&line, "to", session->field[SESSION_RECIPIENT]);
    log_quoted(&line, "server", session->field[SESSION_SERVER]);
    log_quoted(&line, "server_addr", session->field[SESSION_SERVER_ADDRESS]);
    count(verdict);
    log_write(verdict->outcome == OUTCOME_UNDECIDABLE ? LOG_WARNING : LOG_INFO, &line);
}

/* False: the connection is to be closed. */
static bool answer(const struct outbound_connections *connections, struct outbound_connection *connection,
                   const struct server_judgement *judgement)
{
    const struct reply *reply = &judgement->reply;
    char text[sizeof *reply + 4];

    if (!judgement->deferred)
        return outbound_request_reply(connections, connection, "OK ", "OK");
    snprintf(text, sizeof text, "%s %s %s", reply->code, reply->status, reply->text);
    return outbound_request_reply(connections, connection, "OK ", text);
}

bool outbound_request_judge(const struct outbound_connections *connections,
                            struct outbound_connection *connection, const char *request, size_t length)
{
    char *text = strndup(request, length);
    struct server_session session;
    struct server_judgement judgement;
    struct policy *policy;
    bool good;

    if (text == NULL)
        return false;
    if (strlen(text) != length || !server_session_read(&session, text)) {
        free(text);
        return outbound_request_reply(
            connections, connection, "TEMP ",
            "forcetls: the ruleset does not ask as `forcetls export sendmail' prints it");
    }
    policy = current_get();
    server_session_judge(&judgement, policy, &session, (int64_t)time(NULL));
    if (judgement.verdict.outcome != OUTCOME_NO_PARTNER && judgement.verdict.outcome != OUTCOME_OFF)
        log_judgement(connection, policy, &session, &judgement);
    good = answer(connections, connection, &judgement);
    server_judgement_clear(&judgement);
    policy_unref(policy);
    free(text);
    return good;
}
