/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Postfix's policy delegation protocol (SMTPD_POLICY_README): one request, what
 * it reports of the session that a message comes by, and how that completes the facts.
 */
#ifndef POLICY_DELEGATION_H
#define POLICY_DELEGATION_H

#include <stdbool.h>
#include <stddef.h>
#include "policy/facts/facts.h"

/* What names a message and its session, as the request and the macros both tell it. NULL: not told. */
struct delegation_names {
    const char *queue_id, *client_address, *client_port, *server_address, *server_port;
};

#define DELEGATION_QUEUE_ID_MAX 63

/* The same, in a form that can be compared octet by octet. */
struct delegation_key {
    char queue_id[DELEGATION_QUEUE_ID_MAX + 1];
    struct network client, server;
    unsigned short client_port, server_port;
};

/* False: something is missing or cannot be read; then *key is not written. */
bool delegation_key_make(struct delegation_key *key, const struct delegation_names *names);

/* What one request says. */
struct delegation {
    struct delegation_key key;
    char protocol[16], cipher[96];      /* "": none */
    struct pin certificate, public_key; /* ABSENT: none was shown; KNOWN; MACROS: no SHA-256 */
};

/* ---- reading ---- */

enum {
    DELEGATION_ATTRIBUTES = 10,
    DELEGATION_VALUE_MAX = 191,
    DELEGATION_LINE_MAX = 255,
    DELEGATION_REQUEST_MAX = 128 * 1024
};

/* A request on its way in. */
struct delegation_reader {
    char value[DELEGATION_ATTRIBUTES][DELEGATION_VALUE_MAX + 1];
    unsigned given;     /* bit per attribute */
    bool doubtful;      /* one of them twice, too long, or with a NUL in it */
    size_t size;        /* of the request so far */
    size_t line_length; /* of the line so far; only as much as fits is kept */
    char line[DELEGATION_LINE_MAX + 1];
};

enum delegation_state {
    DELEGATION_MORE,     /* all octets are taken, and the request is not at its end */
    DELEGATION_COMPLETE, /* at its end; octets behind it are left */
    DELEGATION_TOO_LONG  /* it has more than DELEGATION_REQUEST_MAX octets */
};

/* Begins a request. */
void delegation_begin(struct delegation_reader *reader);

/* Takes octets, whatever they are, up to the end of the request. Moves *octets and *count on. */
enum delegation_state delegation_read(struct delegation_reader *reader, const char **octets, size_t *count);

/*
 * What the complete request says. False: it is none of smtpd's, has no queue id, or tells of no session that
 * macros could name; *delegation is not written. Attributes that are not known here are of no account.
 */
bool delegation_finish(const struct delegation_reader *reader, struct delegation *delegation);

/* ---- completing the facts ---- */

enum delegation_answer {
    DELEGATION_AGREES,
    DELEGATION_CONTRADICTS, /* another TLS session than the macros', or no certificate where they show one */
    DELEGATION_OTHER_DIGEST /* its fingerprints are no SHA-256 */
};

/* Sets both pins of the facts: PIN_MISSING where it cannot be believed. The keys are the caller's affair. */
enum delegation_answer delegation_apply(const struct delegation *delegation, struct facts *facts);

#endif
