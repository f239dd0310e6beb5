/* SPDX-License-Identifier: BSD-2-Clause */
/* The macros that the MTA sends, by way of libmilter. */
#ifndef MILTER_MTA_MACROS_H
#define MILTER_MTA_MACROS_H

#include <libmilter/mfapi.h>
#include <stdbool.h>
#include "milter/session.h"

/* The value in force, NULL: none. libmilter's until the next macros come. */
const char *mta_macro(SMFICTX *mta, const char *name);

/*
 * Asks for the macros at MAIL, all of them: our list replaces the administrator's. Those of CONNECT and
 * HELO are asked for without TLS: a value of that time would be taken for MAIL's. (Empty lists are
 * understood by newer MTAs only.) Where the lists are not honoured, {client_port} is missing at MAIL.
 * False: out of memory, and what would select a partner may be missing, too.
 */
bool mta_macros_ask(SMFICTX *mta, unsigned shown);

/*
 * Remembers where libmilter holds the macros of CONNECT and HELO: it answers with an earlier stage's
 * value where MAIL's list has none, and only the place tells them apart.
 */
void mta_macros_note_early(SMFICTX *mta, struct session *session);

/* Where MAIL's macros come from; the value that came with MAIL, or NULL. A macro_fn of struct mail_macros. */
struct mail_macros {
    SMFICTX *mta;
    const struct session *session;
};
const char *mta_macro_of_mail(void *arg, const char *name);

/*
 * Where memory runs out over the macros of MAIL libmilter goes on without them, and tells nobody. Then those of the
 * mail before are still there: new ones never lie where the last ones lay, which are freed only behind them. And
 * where there were none before, none are there now: but an MTA that takes lists has something to say of everyone's
 * mail. ("v" is left from CONNECT.) To be asked once a MAIL, the first before anything is read.
 */
bool mta_macros_left_at_mail(SMFICTX *mta, struct session *session);
bool mta_macros_lost_at_mail(const struct session *session, const struct facts *facts);

/*
 * The same of RCPT, whose list asks for {client_port}, too, so that MAIL's or the RCPT's before shows that none
 * came. To be asked once a RCPT.
 */
bool mta_macros_lost_at_rcpt(SMFICTX *mta, struct session *session);

#endif
