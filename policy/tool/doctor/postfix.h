/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A Postfix that doctor looks at, shared by the parts that do. None of them calls postfix.c, which calls
 * them.
 */
#ifndef POLICY_TOOL_DOCTOR_POSTFIX_H
#define POLICY_TOOL_DOCTOR_POSTFIX_H

#include "policy/tool/doctor/doctor.h"
#include "policy/tool/doctor/merge.h"
#include "policy/tool/doctor/postconf.h"

/* What is examined of a Postfix: the configuration, and one of its services (NULL: main.cf). */
struct postfix {
    struct examination *examination;
    const struct postconf *postconf;
    const struct service *service;
    const char *queue_directory;
    const char *main_cf, *master_cf; /* what they are called in a line to write */
    struct viewer owner;             /* the user that smtpd runs as; without a name: there is none */
    bool several;                    /* it is one of several instances */
};

/* ---- the parts of the examination ---- */

/* Whether Postfix can read its filters and policy services, with their options. */
void doctor_postfix_options(const struct postfix *postfix);

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
/* Of an instance: mail to partners that have `outbound`. */
void doctor_postfix_outbound(const struct postfix *postfix);

/* ---- parameters as the service sees them (postfix_settings.c) ---- */

const char *postfix_text(const struct postfix *postfix, const char *parameter);
bool postfix_is_yes(const struct postfix *postfix, const char *parameter);
/* Whether that is SHA-256, by any of the names that OpenSSL has for it, which Postfix takes. */
bool postfix_is_sha256(const char *name);
/* Whether clients begin in plaintext at its port: 25, or what postscreen hands over. */
bool postfix_has_plain_port(const struct service *service);
/* Whether the service has its own value (-o). */
bool postfix_is_own(const struct postfix *postfix, const char *parameter);
/* "smtp/inet: " where the service has its own value, else "". */
const char *postfix_where(const struct postfix *postfix, const char *parameter);
/* The value as it is written, with its $references, as the service sees it; "" where it is not set. */
const char *postfix_written(const struct postfix *postfix, const char *parameter);
/* The level of TLS in force, "" where there is none: older settings count where the newer one is empty. */
const char *postfix_security_level(const struct postfix *postfix);
/* Whether clients can use TLS at all. */
bool postfix_has_tls(const struct postfix *postfix);
/* Whether smtpd takes the settings for mandatory TLS. */
bool postfix_is_tls_mandatory(const struct postfix *postfix);

/* ---- lines to write (postfix_merge.c) ---- */

/*
 * Says how to write a parameter, in main.cf or at the service that overrides it. The value is the whole new
 * one: see postfix_merge.c for values that keep what is there.
 */
void postfix_change(const struct postfix *postfix, const char *parameter, const char *value);
/* Says in words what to do with a parameter, where no line can be written for the administrator. */
void postfix_advise(const struct postfix *postfix, const char *parameter, const char *advice);

/* Lists without the words that `drop` picks, written with postfix_change(). */
void postfix_without(const struct postfix *postfix, const char *parameter, merge_fn *drop, const void *arg);
/* A list with `element` in front, without the elements that `drop` picks. */
void postfix_with_first(const struct postfix *postfix, const char *parameter, const char *element,
                        merge_fn *drop, const void *arg);
/* A list with `word` at its end. */
void postfix_with_last(const struct postfix *postfix, const char *parameter, const char *word);
/* The filter first in smtpd_milters, with its options and default_action=tempfail; other filters stay. */
void postfix_suggest_filter(const struct postfix *postfix);
/* The policy's line for postfix_facts, below the queue directory. */
void postfix_suggest_facts(const struct postfix *postfix);
/* Picks the filter in a list of milters; the argument is the struct postfix. */
merge_fn postfix_drop_filter;

#endif
