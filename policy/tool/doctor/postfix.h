/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A Postfix that doctor examines, shared by the parts that examine it. They do not
 * call postfix.c, which calls them.
 */
#ifndef POLICY_TOOL_DOCTOR_POSTFIX_H
#define POLICY_TOOL_DOCTOR_POSTFIX_H

#include "policy/tool/doctor/doctor.h"
#include "policy/tool/doctor/merge.h"
#include "policy/tool/doctor/postconf.h"

/* What is examined: a configuration, and one of its services (NULL: main.cf). */
struct postfix {
    struct examination *examination;
    const struct postconf *postconf;
    const struct service *service;
    const char *queue_directory;
    const char *main_cf, *master_cf; /* their names in a line to write */
    struct viewer owner;             /* the user that smtpd runs as; without a name: it does not exist */
    bool several;                    /* it is one of several instances */
};

/* ---- the parts of the examination ---- */

/* Whether Postfix can read its filters and policy services, with their options. */
void doctor_postfix_options(const struct postfix *postfix);

/* For a service that asks the filter: how it asks. `options`: those of the filter's element in the list. */
void doctor_postfix_filter(const struct postfix *postfix, const char *options);
/* For a service that asks the filter about partners' mail: whether the filter sees what the rules need. */
void doctor_postfix_events(const struct postfix *postfix);
/* For a service that partners reach: TLS, certificates, postfix_facts. */
void doctor_postfix_tls(const struct postfix *postfix);
/* Whether the offered TLS is enough; `mandatory`: the settings for mandatory TLS are in force. */
void doctor_postfix_offer(const struct postfix *postfix, bool mandatory);
void doctor_postfix_certificates(const struct postfix *postfix);
void doctor_postfix_facts(const struct postfix *postfix);
/* For main.cf as a whole. */
void doctor_postfix_main(const struct postfix *postfix);
/* For the running Postfix: whether TLS sessions may be older than its settings. */
void doctor_postfix_sessions(const struct postfix *postfix);
/* For an instance: mail to partners that have `outbound`. */
void doctor_postfix_outbound(const struct postfix *postfix);

/* ---- parameters as the service sees them (postfix_settings.c) ---- */

const char *postfix_text(const struct postfix *postfix, const char *parameter);
bool postfix_is_yes(const struct postfix *postfix, const char *parameter);
/* Whether this is a name of SHA-256: Postfix takes any that OpenSSL has. */
bool postfix_is_sha256(const char *name);
/* Whether clients begin in plaintext: at port 25, or on connections that postscreen hands over. */
bool postfix_has_plain_port(const struct service *service);
/* Whether the service has its own value (-o). */
bool postfix_is_own(const struct postfix *postfix, const char *parameter);
/* "smtp/inet: " if the service has its own value, else "". */
const char *postfix_where(const struct postfix *postfix, const char *parameter);
/* The value as the service sees it, with its $references. If it is not set: the default, expanded. */
const char *postfix_written(const struct postfix *postfix, const char *parameter);
/* The level of TLS in force; "" for none. If the newer setting is empty, the older ones count. */
const char *postfix_security_level(const struct postfix *postfix);
/* Whether clients can use TLS at all. */
bool postfix_has_tls(const struct postfix *postfix);
/* Whether smtpd uses the settings for mandatory TLS. */
bool postfix_is_tls_mandatory(const struct postfix *postfix);

/* ---- lines to write (postfix_merge.c) ---- */

/*
 * Adds a line that sets a parameter, in main.cf or at the service that overrides it. The value replaces the
 * old one; the functions below keep what is there.
 */
void postfix_change(const struct postfix *postfix, const char *parameter, const char *value);
/* Says in words what to do with a parameter, if no line can be written. */
void postfix_advise(const struct postfix *postfix, const char *parameter, const char *advice);

/* Writes a list without the words that `drop` picks, by postfix_change(). */
void postfix_without(const struct postfix *postfix, const char *parameter, merge_fn *drop, const void *arg);
/* Writes a list with `element` first, without the elements that `drop` picks. */
void postfix_with_first(const struct postfix *postfix, const char *parameter, const char *element,
                        merge_fn *drop, const void *arg);
/* Writes a list with `word` at its end. */
void postfix_with_last(const struct postfix *postfix, const char *parameter, const char *word);
/*
 * Puts the filter first in smtpd_milters, with its options and default_action=tempfail. Other filters stay.
 */
void postfix_suggest_filter(const struct postfix *postfix);
/* Writes the policy's line for postfix_facts, with a socket below the queue directory. */
void postfix_suggest_facts(const struct postfix *postfix);
/* Picks the filter in a list of milters. `arg` is the struct postfix. */
merge_fn postfix_drop_filter;

#endif
