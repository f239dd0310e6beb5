/* SPDX-License-Identifier: BSD-2-Clause */
/* Carries out a verdict: writes the log line and answers the MTA. */
#ifndef MILTER_DECISION_H
#define MILTER_DECISION_H

#include <stdbool.h>
#include <libmilter/mfapi.h>
#include "milter/decision_line.h"
#include "milter/session.h"
#include "policy/policy.h"
#include "policy/verdict/reply.h"

/* Whether the verdict refuses the message or the recipient, whatever is still pending. */
bool decision_refuses(const struct verdict *verdict);

/* Whether the verdict is logged: it selects a partner whose mode is not none. */
bool decision_is_logged(const struct verdict *verdict);

/* Logs the refusal and refuses. `verdict` is what the session's policy says of these facts. */
sfsistat decision_refuse(SMFICTX *mta, struct session *session, const struct facts *facts,
                         const struct verdict *verdict);

/* Logs that the message is accepted, if its verdict is logged. */
void decision_log_accepted(SMFICTX *mta, struct session *session, const struct facts *facts,
                           const struct verdict *verdict);

/* At the end of the message: refuses, quarantines or accepts the session's transaction, and logs it. */
sfsistat decision_conclude(SMFICTX *mta, struct session *session, const struct verdict *verdict);

/*
 * For what we cannot judge (out of memory, an event out of order): refuses temporarily, except if the policy
 * has no partners. `session` may be NULL.
 */
sfsistat decision_internal(SMFICTX *mta, struct session *session);

#endif
