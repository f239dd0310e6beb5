/* SPDX-License-Identifier: BSD-2-Clause */
/* A verdict, carried out: the log line and the answer to the MTA. */
#ifndef MILTER_DECISION_H
#define MILTER_DECISION_H

#include <stdbool.h>
#include <libmilter/mfapi.h>
#include "milter/decision_line.h"
#include "milter/session.h"
#include "policy/policy.h"
#include "policy/verdict/reply.h"

/* Whether the verdict is the end of the message or recipient, whatever is still pending. */
bool decision_refuses(const struct verdict *verdict);

/* Whether it is logged: it is a partner's mail that is judged. */
bool decision_is_logged(const struct verdict *verdict);

/* Logs the refusal and refuses. The session's policy made the verdict of these facts. */
sfsistat decision_refuse(SMFICTX *mta, struct session *session, const struct facts *facts,
                         const struct verdict *verdict);

/* Logs that the message goes on its way. */
void decision_log_accepted(SMFICTX *mta, struct session *session, const struct facts *facts,
                           const struct verdict *verdict);

/* At the end of the message: refuses, holds or lets go the session's transaction, and logs it. */
sfsistat decision_conclude(SMFICTX *mta, struct session *session, const struct verdict *verdict);

/*
 * We cannot judge (out of memory, an event that has no business here): a
 * temporary refusal, except where no partner is owed anything. `session` may be NULL.
 */
sfsistat decision_internal(SMFICTX *mta, struct session *session);

#endif
