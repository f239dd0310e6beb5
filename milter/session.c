/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One connection of the MTA and its current message: who owns what, and how long it lives. A connection
 * without a message is small (there may be ten thousand); a message takes memory only if MAIL alone does not
 * decide it. Does not know libmilter and judges nothing.
 */
#include "milter/session.h"

#include <stdlib.h>
#include <string.h>
#include "milter/counters.h"
#include "milter/current.h"
#include "milter/report/listener.h"

struct session *session_new(void)
{
    struct session *session = calloc(1, sizeof *session);

    if (session != NULL)
        counters_session_begins();
    return session;
}

void session_free(struct session *session)
{
    if (session == NULL)
        return;
    session_end(session);
    free(session->helo);
    free(session);
    counters_session_ends();
}

void session_helo(struct session *session, const char *name)
{
    free(session->helo);
    session->helo = name == NULL ? NULL : strdup(name);
    if (name != NULL && session->helo == NULL)
        session->damaged = true;
}

void session_begin(struct session *session)
{
    session_end(session);
    session->policy = current_get();
    session->mail_at.tv_sec = 0;
    session->message = 0;
}

bool session_keep(struct session *session, struct facts *facts, int64_t now)
{
    struct transaction *transaction = calloc(1, sizeof *transaction);

    if (transaction == NULL)
        return false;
    if (!facts_copy(facts)) {
        free(transaction);
        return false;
    }
    transaction->now = now;
    transaction->serial = report_serial();
    transaction->facts = *facts;
    memset(facts, 0, sizeof *facts);
    session->transaction = transaction;
    return true;
}

bool session_add_recipient(struct session *session, const struct recipient *recipient)
{
    return recipients_add(&session->transaction->recipients, recipient);
}

void session_end(struct session *session)
{
    struct transaction *transaction = session->transaction;

    policy_unref(session->policy);
    session->policy = NULL;
    session->event_at = 0;
    if (transaction == NULL)
        return;
    facts_clear(&transaction->facts);
    header_from_clear(&transaction->header_from);
    recipients_free(&transaction->recipients);
    free(transaction);
    session->transaction = NULL;
}
