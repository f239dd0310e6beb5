/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Postfix's policy delegation protocol (SMTPD_POLICY_README): one request, what
 * it reports of the session that a message comes by, and how that completes the facts.
 */
#ifndef POLICY_FACTS_POSTFIX_REPORT_H
#define POLICY_FACTS_POSTFIX_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include "policy/facts/facts.h"

/* What names a message and its session, in the request and in the macros. NULL: not given. */
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
    bool doubtful;      /* one of them twice, too long, or with a NUL in it */
    size_t size;        /* of the request so far */
    size_t line_length; /* of the line so far; only as much as fits is kept */
    char line[REPORT_LINE_MAX + 1];
};

enum report_state {
    REPORT_MORE,     /* all octets are taken, and the request is not at its end */
    REPORT_COMPLETE, /* at its end; octets behind it are left */
    REPORT_TOO_LONG  /* it has more than REPORT_REQUEST_MAX octets */
};

/* Begins a request. */
void report_begin(struct report_reader *reader);

/* Takes octets, whatever they are, up to the end of the request. Moves *octets and *count on. */
enum report_state report_read(struct report_reader *reader, const char **octets, size_t *count);

/*
 * What the complete request says. False: it is none of smtpd's, has no queue id, or is about no session that
 * macros could name; *report is not written. Attributes that are not known here are of no account.
 */
bool report_finish(const struct report_reader *reader, struct postfix_report *report);

/* ---- completing the facts ---- */

enum report_agreement {
    REPORT_AGREES,
    REPORT_CONTRADICTS, /* another TLS session than the macros', or no certificate where they show one */
    REPORT_OTHER_DIGEST /* its fingerprints are no SHA-256 */
};

/*
 * Sets both pins of the facts: PIN_MISSING where it cannot be believed, and for the certificate where Postfix
 * took a raw key in place of one. The keys are the caller's affair.
 */
enum report_agreement report_apply(const struct postfix_report *report, struct facts *facts);

#endif
