/* SPDX-License-Identifier: BSD-2-Clause */
/* The macros that the MTA sends, by way of libmilter. */
#ifndef MILTER_MTA_MACROS_H
#define MILTER_MTA_MACROS_H

#include <stdbool.h> /* before mfapi.h, which defines a bool of its own */
#include <libmilter/mfapi.h>
#include "milter/session.h"

/* The value in force; NULL: none. It belongs to libmilter and lasts until the next macros come. */
const char *mta_macro(SMFICTX *mta, const char *name);

/*
 * Asks for all macros at MAIL: our list replaces the administrator's. The lists of CONNECT and HELO leave out
 * the TLS macros: a value of that time would be taken for MAIL's. (They have "v", because only newer MTAs
 * understand empty lists.) If the MTA does not honour the lists, {client_port} is missing at MAIL. False: out
 * of memory, and what would select a partner may be missing, too.
 */
bool mta_macros_ask(SMFICTX *mta, unsigned shown);

/*
 * Remembers where libmilter holds the macros of CONNECT and HELO. If MAIL has no value, libmilter returns
 * that of an earlier stage, and only the place in memory shows which it is.
 */
void mta_macros_note_early(SMFICTX *mta, struct session *session);

/* The argument of mta_macro_of_mail(), a macro_fn that returns the value that came with MAIL, or NULL. */
struct mail_macros {
    SMFICTX *mta;
    const struct session *session;
};
const char *mta_macro_of_mail(void *arg, const char *name);

/*
 * If libmilter has no memory for the macros of a MAIL, it goes on without them and reports nothing.
 * Left: the macros of the previous MAIL are still in force. libmilter allocates new ones before it frees the
 * old ones, so a value at the same place is an old value.
 * Lost: there was no previous MAIL, and no macro came with this one. An MTA that takes our lists always sends
 * some ("v" does not count: it may be CONNECT's).
 * Call each once per MAIL, the first before any macro is read.
 */
bool mta_macros_left_at_mail(SMFICTX *mta, struct session *session);
bool mta_macros_lost_at_mail(const struct session *session, const struct facts *facts);

/*
 * The same for RCPT. Its list asks for {client_port}, too: a value at the place of MAIL's, or of the previous
 * RCPT's, means that no macros came. Call it once per RCPT.
 */
bool mta_macros_lost_at_rcpt(SMFICTX *mta, struct session *session);

#endif
