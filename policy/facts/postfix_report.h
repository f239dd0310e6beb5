/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Postfix's policy delegation protocol (SMTPD_POLICY_README): one request, what
 * it reports of the session of a message, and how that completes the facts.
 */
#ifndef POLICY_FACTS_POSTFIX_REPORT_H
#define POLICY_FACTS_POSTFIX_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include "policy/facts/facts.h"

/* What identifies a message and its session, in the request and in the macros. NULL: not given. */
struct report_names {
    const char *queue_id, *client_address, *client_port, *server_address, *server_port;
};

#define REPORT_QUEUE_ID_MAX 63

/* The same, in a form that can be compared octet by octet. */
struct report_key {
    char queue_id[REPORT_QUEUE_ID_MAX + 1];
    struct network client, server;
    unsigned short client_port, server_port;
};

/* False: something is missing or cannot be read; then *key is not written. */
bool report_key_make(struct report_key *key, const struct report_names *names);

/* What one request says. */
struct postfix_report {
    struct report_key key;
    char protocol[16], cipher[96];      /* "": none */
    struct pin certificate, public_key; /* ABSENT: none was shown; KNOWN; MACROS: no SHA-256 */
};

/* ---- reading ---- */

enum {
    REPORT_ATTRIBUTES = 10,
    REPORT_VALUE_MAX = 191,
    REPORT_LINE_MAX = 255,
    REPORT_REQUEST_MAX = 128 * 1024
};

/* A request on its way in. */
struct report_reader {
    char value[REPORT_ATTRIBUTES][REPORT_VALUE_MAX + 1];
    unsigned given;     /* bit per attribute */
    bool doubtful;      /* an attribute came twice, is too long, or holds a NUL */
    size_t size;        /* of the request so far */
    size_t line_length; /* of the line so far; only as much as fits is kept */
    char line[REPORT_LINE_MAX + 1];
};

enum report_state {
    REPORT_MORE,     /* all octets are taken, and the request is not at its end yet */
    REPORT_COMPLETE, /* the request is at its end; octets after it are left */
    REPORT_TOO_LONG  /* the request has more than REPORT_REQUEST_MAX octets */
};

/* Begins a request. */
void report_begin(struct report_reader *reader);

/* Takes octets, whatever they are, up to the end of the request. Advances *octets, and lowers *count. */
enum report_state report_read(struct report_reader *reader, const char **octets, size_t *count);

/*
 * Writes what the complete request says. False: it is not from smtpd, has no queue id, lacks another
 * attribute that is read here, or has one that is doubtful; *report is not written. Other attributes are
 * ignored.
 */
bool report_finish(const struct report_reader *reader, struct postfix_report *report);

/* ---- completing the facts ---- */

enum report_agreement {
    REPORT_AGREES,
    REPORT_CONTRADICTS, /* its TLS session is not that of the macros, or it lacks the certificate they show */
    REPORT_OTHER_DIGEST /* its fingerprints are no SHA-256 */
};

/*
 * Sets both pins of the facts: PIN_MISSING if the report cannot be trusted; also for the certificate, if
 * Postfix accepted a raw key in place of one. The caller has found the report by its key.
 */
enum report_agreement report_apply(const struct postfix_report *report, struct facts *facts);

#endif
