/* SPDX-License-Identifier: BSD-2-Clause */
/* A Sendmail that doctor looks at, shared by the parts that do. */
#ifndef POLICY_TOOL_DOCTOR_SENDMAIL_H
#define POLICY_TOOL_DOCTOR_SENDMAIL_H

#include "policy/tool/doctor/doctor.h"
#include "policy/tool/doctor/sendmail_cf.h"

struct sendmail {
    struct examination *examination;
    const struct sendmail_cf *cf;
    char filter[64]; /* the name of ours, or "" */
};

/*
 * Whether partners may reach a daemon (a line of DaemonPortOptions): at a port of submission nobody has to
 * log in, and it does not listen on loopback while another one listens elsewhere.
 */
bool sendmail_is_public(const struct sendmail *sendmail, const char *daemon);

/* Its name, as the macro {daemon_name} has it; `number` is its place among the daemons. */
void sendmail_daemon_name(const char *daemon, size_t number, char *name, size_t size);
/* A line for sendmail.mc: the daemon as it is, with another value of that key ("": without the key). */
void sendmail_suggest_daemon(const struct sendmail *sendmail, const char *daemon, const char *key,
                             const char *value);
/* The same without one letter of its modifiers. */
void sendmail_suggest_modifiers(const struct sendmail *sendmail, const char *daemon, char without);
/* A list of filters with that one in front. False: it does not fit. */
bool sendmail_filters_with(const char *list, const char *name, const char *between, char *text, size_t size);

/*
 * Calls `take` for each line of the text behind the access map, "Kaccess hash -T<TMPF> /etc/mail/access"; the
 * line may have its line end. Nothing where there is no such file.
 */
typedef void sendmail_access_fn(const struct sendmail *sendmail, const char *path, const char *line);
void sendmail_each_access(const struct sendmail *sendmail, sendmail_access_fn *take);

/* Sendmail's own certificate, the CAs, and what it shows of clients' certificates. */
void doctor_sendmail_tls(const struct sendmail *sendmail);
/* Whether the TLS that it offers is enough for the policy, and whether clients see it. */
void doctor_sendmail_offer(const struct sendmail *sendmail);
/* Whether it asks the daemon about mail to partners, and for all of them. */
void doctor_sendmail_asks(const struct sendmail *sendmail);
/* Whether it replaces names by others after the filter has judged them. */
void doctor_sendmail_names(const struct sendmail *sendmail);

#endif
