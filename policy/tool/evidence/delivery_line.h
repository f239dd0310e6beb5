/* SPDX-License-Identifier: BSD-2-Clause */
/* Parses the lines of Postfix's smtp(8) about a delivery and its TLS session. */
#ifndef POLICY_TOOL_EVIDENCE_DELIVERY_LINE_H
#define POLICY_TOOL_EVIDENCE_DELIVERY_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum delivery_sort {
    DELIVERY_OTHER,     /* about something else */
    DELIVERY_SESSION,   /* "Verified TLS connection established to ..." */
    DELIVERY_MISMATCH,  /* "server certificate verification failed for ...: num=62:hostname mismatch" */
    DELIVERY_STATUS,    /* "QID: to=<...>, relay=..., status=..." */
    DELIVERY_UNREADABLE /* the status of a delivery, but not complete up to its text */
};

/* How far Postfix verified the server's certificate. */
enum delivery_label { LABEL_ANONYMOUS, LABEL_UNTRUSTED, LABEL_TRUSTED, LABEL_VERIFIED, LABEL_COUNT };

/* postlogd(8) and rsyslog cut longer lines. */
enum { DELIVERY_LINE_MAX = 8192 };

struct delivery_line {
    enum delivery_sort sort;
    const char *relay; /* "mx.contoso.com[192.0.2.1]:25", or "none" */

    /* Of DELIVERY_SESSION. */
    enum delivery_label label;
    const char *version, *cipher, *bits;

    /* Of DELIVERY_STATUS. */
    const char *qid, *recipient; /* without its angle brackets */
    int64_t lasted;              /* milliseconds: connecting and sending */
    const char *tls;             /* what Postfix 3.11 logs as the TLS level; "": nothing */
    const char *dsn;             /* "2.0.0" */
    const char *status;          /* "sent" */
    const char *text;            /* after the status, from after its "(" on; may be cut */

    char room[DELIVERY_LINE_MAX]; /* the memory of the strings */
};

/* Whether the tag of a line is that of Postfix's smtp(8): "postfix/smtp", "postfix-out/relay/smtp". */
bool delivery_tag(const char *tag);

/* Parses a message of smtp(8). `text` has `length` octets. */
void delivery_line_read(struct delivery_line *line, const char *text, size_t length);

/* Returns "Verified" and the like. */
const char *delivery_label_name(enum delivery_label label);

#endif
