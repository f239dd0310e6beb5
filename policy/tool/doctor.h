/* SPDX-License-Identifier: BSD-2-Clause */
/* An examination of the machine, shared by the parts of doctor. None of them changes anything. */
#ifndef POLICY_TOOL_DOCTOR_H
#define POLICY_TOOL_DOCTOR_H

#include <stdint.h>
#include "policy/language/survey.h"
#include "policy/tool/doctor/postconf.h"
#include "policy/tool/reach.h"
#include "policy/tool/doctor/remarks.h"

struct examination {
    const char *policy_file;
    const char *postfix_directory; /* --postfix-config, or NULL */
    const char *sendmail_cf;       /* --sendmail-cf, or NULL */
    const char *socket, *facts;    /* where the filter listens; facts NULL: nowhere */
    char mta[320];                 /* what was examined, for people */
    int64_t now;
    struct policy *policy; /* NULL: it does not load */
    struct survey survey;
    struct remarks remarks;
};

/* What is examined of a Postfix: the configuration, and one of its services (NULL: main.cf). */
struct postfix {
    struct examination *examination;
    const struct postconf *postconf;
    const struct service *service;
    const char *queue_directory;
    struct viewer owner; /* the user that smtpd runs as; without a name: there is none */
};

/* The user that the filter runs as: the socket's owner, else the usual one. False: neither is there. */
bool doctor_find_filter(const struct examination *examination, struct viewer *filter);

/* The policy itself, its files and the clock. */
void doctor_policy(struct examination *examination);
/*
 * Reports an error: `setting` ("smtp/inet: <=TLSv1.2") of `subject` keeps every session away that such a
 * partner requires. The caller adds the change.
 */
void doctor_unserved(struct examination *examination, const char *subject, const char *setting,
                     const struct unserved *unserved);

void doctor_postfix(struct examination *examination);
/* Of a service that asks the filter, `options` being those of the filter's element: how it is asked. */
void doctor_postfix_filter(const struct postfix *postfix, const char *options);
/* Of a service that asks the filter about partners' mail: whether the filter is shown what the rules need. */
void doctor_postfix_events(const struct postfix *postfix);
/* Of a service that partners reach: TLS, certificates, postfix_facts. */
void doctor_postfix_tls(const struct postfix *postfix);
/* Whether the TLS that it offers is enough; `mandatory`: the settings for mandatory TLS are in force. */
void doctor_postfix_offer(const struct postfix *postfix, bool mandatory);
void doctor_postfix_certificates(const struct postfix *postfix);
void doctor_postfix_facts(const struct postfix *postfix);
/* Of main.cf. */
void doctor_postfix_main(const struct postfix *postfix);
/* Of the Postfix that runs: whether TLS sessions may be older than its settings. */
void doctor_postfix_sessions(const struct postfix *postfix);

/* Parameters as the service sees them. */
const char *postfix_text(const struct postfix *postfix, const char *parameter);
bool postfix_is_yes(const struct postfix *postfix, const char *parameter);
/* "smtp/inet: " where the service has its own value, else "". */
const char *postfix_where(const struct postfix *postfix, const char *parameter);
/* Says how to write a parameter, in main.cf or at the service that overrides it. */
void postfix_change(const struct postfix *postfix, const char *parameter, const char *value);

void doctor_sendmail(struct examination *examination);

/*
 * A socket of the filter's: whether it is safe, there, and answers `viewer`.
 * `strict`: as Sendmail looks at directories.
 */
void doctor_socket(struct examination *examination, const char *spec, const struct viewer *viewer,
                   bool strict);

/* How many certificates a PEM file holds (0: also if it cannot be read), how many of them the system's store has. */
struct authorities {
    unsigned count, in_system;
};
struct authorities authorities_read(const char *path);
/* Whether a directory holds certificates by hash. */
bool authorities_in_directory(const char *path);

#endif
