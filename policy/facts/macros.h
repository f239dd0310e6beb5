/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The MTA's macros, read into facts. Only this module knows how Postfix and Sendmail differ in them; mta.h
 * has the other differences.
 */
#ifndef POLICY_FACTS_MACROS_H
#define POLICY_FACTS_MACROS_H

#include "policy/facts/facts.h"

/* Names as the MTA is asked for them, braces included ("{mail_addr}", "v"), indexed by enum macro. */
extern const char *const macro_names[MACRO_COUNT];

/* Returns a macro's value, or NULL; valid while the facts read from it are used, or until facts_copy(). */
typedef const char *macro_fn(void *arg, const char *name);

/* What is known beside the macros when MAIL comes. */
struct envelope {
    const char *argument;         /* of MAIL, never NULL */
    const char *helo;             /* last HELO or EHLO name, or NULL */
    const struct network *client; /* of the CONNECT event, used if {client_addr} is absent; or NULL */
    unsigned shown;               /* NEED_* that this session negotiated */
    enum mta mta;                 /* the `mta` setting */
    bool pins_at_data;            /* postfix_facts is configured: pins from Postfix are PIN_PENDING */
    bool data_unoffered;          /* this MTA cannot show DATA: milter_protocol below 4 */
};

/*
 * Fills *facts (which need not be initialised) from the macros at MAIL.
 * False: out of memory. Free the facts with facts_clear() either way.
 * Allocates only if a Sendmail certificate's names must be decoded, or a domain is not ASCII.
 */
bool facts_read(struct facts *facts, const struct envelope *envelope, macro_fn *macro, void *arg);

/*
 * The same in two steps: the sender, which is enough to pass most mail (policy_is_stranger()), and the rest.
 * False: out of memory.
 */
bool facts_read_sender(struct facts *facts, const struct envelope *envelope, macro_fn *macro, void *arg);
bool facts_read_session(struct facts *facts, const struct envelope *envelope, macro_fn *macro, void *arg);

/*
 * Completes the facts at DATA; `queue_id` is the macro i, or NULL. Postfix opens the queue file before the
 * milter's DATA event, and the macro has a value from then on. With smtpd_proxy_filter it opens none, and
 * shows nothing of the message after DATA (Postfix 3.7.11, measured). Sendmail has a queue id from MAIL on,
 * and shows everything.
 */
void facts_read_data(struct facts *facts, const char *queue_id);

#endif
