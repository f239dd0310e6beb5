/* SPDX-License-Identifier: BSD-2-Clause */
/* What is kept of one connection of the MTA, and of its current message. */
#ifndef MILTER_SESSION_H
#define MILTER_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>
#include "milter/partner_counts.h"
#include "milter/report/match.h"
#include "policy/policy.h"

/* A result that was logged: the same one is not logged twice for one message. */
struct logged {
    const struct partner *partner;
    enum outcome outcome;
    enum action action;
    unsigned reasons; /* bit per enum reason */
};

enum { LOGGED_MAX = 8, SESSION_MACROS = 10 };

/* A message that needs events after MAIL, to decide it or to log its acceptance with its queue id. */
struct transaction {
    int64_t now; /* at MAIL: the time by which the message is judged */
    /* report_serial() at MAIL: only later reports are about this message */
    uint64_t serial;
    const char *rcpt_port;             /* as mail_port, but of the last RCPT; before the first one, of MAIL */
    enum report_match report_match;    /* whether Postfix's report completed the pins */
    struct facts facts;                /* copied; owns its strings */
    struct recipient_store recipients; /* accepted so far */
    struct header_from header_from;
    size_t logged_count;
    struct logged logged[LOGGED_MAX];
};

/* One connection. Used by one thread at a time, but not always by the same one. */
struct session {
    struct policy *policy;    /* in force at MAIL, a reference; NULL between messages, perhaps for hours */
    unsigned shown;           /* NEED_*: the events that the MTA was asked to show */
    unsigned long unanswered; /* SMFIP_NR_*: the events to which the MTA expects no reply */
    bool data_unoffered;      /* the MTA cannot show DATA: milter_protocol below 4 */
    bool damaged;             /* memory ran out for something that had to be kept */
    bool macros_asked;        /* the MTA takes lists of macros, and was given ours */
    bool mta_reported;        /* the log has said that this MTA's macros are not as they should be */
    bool client_known;
    struct network client; /* of the CONNECT event */
    /* Where libmilter holds the macros of CONNECT and HELO, and the last MAIL's {client_port} (NULL: none).
     * The memory may be free by now: compare the pointers, never read through them. */
    const char *early[SESSION_MACROS];
    const char *mail_port;
    char *helo;              /* last HELO or EHLO name, or NULL */
    struct timespec mail_at; /* the time of the last MAIL; tv_sec 0: not read, its sender is no partner's */
    uint64_t message;        /* number of its message in this run; 0: nothing of it is logged so far */
    int64_t event_at;        /* durations_now() of the event that is being judged; 0: none that counts */
    /* The partner and the version that were last counted as a TLS session; NULL: none. */
    const struct partner_counts *tls_counts;
    enum tls_version tls_version;
    struct transaction *transaction; /* NULL: no message is on its way, or it needs no further look */
};

/* NULL: out of memory. */
struct session *session_new(void);
void session_free(struct session *session); /* NULL is fine */

/* Keeps a copy of the HELO name; NULL: there is none. */
void session_helo(struct session *session, const char *name);

/* Ends the message before and begins one under the policy in force now, to which it takes a reference. */
void session_begin(struct session *session);

/*
 * Keeps the message for its later events: opens a transaction that takes ownership of the facts and leaves
 * *facts empty. False: out of memory, *facts as before.
 */
bool session_keep(struct session *session, struct facts *facts, int64_t now);

/* Adds an accepted recipient. False: out of memory, or too many different ones. */
bool session_add_recipient(struct session *session, const struct recipient *recipient);

/* Ends the message, if there is one, and releases its policy. */
void session_end(struct session *session);

#endif
