/* SPDX-License-Identifier: BSD-2-Clause */
/* A Sendmail that doctor looks at, shared by the parts that do. */
#ifndef POLICY_TOOL_DOCTOR_SENDMAIL_H
#define POLICY_TOOL_DOCTOR_SENDMAIL_H

#include "policy/tool/doctor.h"
#include "policy/tool/doctor/sendmail_cf.h"

struct sendmail {
    struct examination *examination;
    const struct sendmail_cf *cf;
    char filter[64]; /* the name of ours, or "" */
};

/* Whether partners may reach a daemon (a line of DaemonPortOptions): its port is none of submission. */
bool sendmail_is_public(const char *daemon);

/* Sendmail's own certificate, the CAs, and what it shows of clients' certificates. */
void doctor_sendmail_tls(const struct sendmail *sendmail);
/* Whether the TLS that it offers is enough for the policy, and whether clients see it. */
void doctor_sendmail_offer(const struct sendmail *sendmail);
/* Whether it replaces names by others after the filter has judged them. */
void doctor_sendmail_names(const struct sendmail *sendmail);

#endif
