/* SPDX-License-Identifier: BSD-2-Clause */
/* A Sendmail that doctor examines, shared by the parts that examine it. */
#ifndef POLICY_TOOL_DOCTOR_SENDMAIL_H
#define POLICY_TOOL_DOCTOR_SENDMAIL_H

#include "policy/tool/doctor/doctor.h"
#include "policy/tool/doctor/sendmail_cf.h"

struct sendmail {
    struct examination *examination;
    const struct sendmail_cf *cf;
    char filter[64]; /* the name of our filter, or "" */
};

/*
 * Whether partners may reach a daemon (a line of DaemonPortOptions). They may not if clients must log in at
 * its submission port, or if it listens on loopback while another public daemon listens elsewhere.
 */
bool sendmail_is_public(const struct sendmail *sendmail, const char *daemon);

/* Writes the daemon's name, as in the macro {daemon_name}. `number`: its place among the daemons. */
void sendmail_daemon_name(const char *daemon, size_t number, char *name, size_t size);
/* Adds a line for sendmail.mc: the daemon with another value of that key ("": without the key). */
void sendmail_suggest_daemon(const struct sendmail *sendmail, const char *daemon, const char *key,
                             const char *value);
/* The same without one letter of its modifiers. */
void sendmail_suggest_modifiers(const struct sendmail *sendmail, const char *daemon, char without);
/* Writes a list of filters with `name` first. False: it does not fit. */
bool sendmail_filters_with(const char *list, const char *name, const char *between, char *text, size_t size);

/*
 * Calls `take` for each line of the text from which the access map is made, "Kaccess hash -T<TMPF>
 * /etc/mail/access". A line may include its line end. Without such a file, there are no calls.
 */
typedef void sendmail_access_fn(const struct sendmail *sendmail, const char *path, const char *line);
void sendmail_each_access(const struct sendmail *sendmail, sendmail_access_fn *take);

/* Sendmail's own certificate, the CAs, and what the filter sees of clients' certificates. */
void doctor_sendmail_tls(const struct sendmail *sendmail);
/* Whether the TLS that Sendmail offers is enough for the policy, and whether clients see the offer. */
void doctor_sendmail_offer(const struct sendmail *sendmail);
/* Whether Sendmail asks the daemon about mail to partners, and about all of them. */
void doctor_sendmail_asks(const struct sendmail *sendmail);
/* Whether Sendmail replaces names by others after the filter has judged the mail. */
void doctor_sendmail_names(const struct sendmail *sendmail);

#endif
