/* SPDX-License-Identifier: BSD-2-Clause */
/* What `explain` is asked: one transaction, as the MTA would show it. */
#ifndef POLICY_TOOL_EXPLAIN_QUESTION_H
#define POLICY_TOOL_EXPLAIN_QUESTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "policy/facts/facts.h"
#include "policy/names/certname.h"
#include "policy/names/fingerprint.h"

enum {
    FROM_MAX = 4096, /* octets of --from; no MTA takes a longer line */
    ENCODED_MAX = 4 * CERTNAME_MAX
};

/* The values of one repeated option; at most as many as there are arguments. */
struct values {
    const char **value;
    size_t count;
};

/* The text of the options is borrowed. Not to be copied: it points into itself. */
struct question {
    const char *file;
    const char *from, *helo, *fingerprint, *key_fingerprint;
    struct values to, header_from, overrides;
    enum mta mta; /* the one that speaks */
    int64_t now;
    bool json;
    bool outbound;                   /* how mail leaves, not how it comes */
    const char *next_hop, *upstream; /* of outbound */
    const char *alternative_name;    /* of outbound behind Sendmail */
    const char *macro[MACRO_COUNT];
    bool rcpt_addr_set;
    const char *rcpt_addr;          /* of --macro, while set; else each recipient is its own */
    char argument[FROM_MAX + 4];    /* of MAIL */
    char bare[FROM_MAX + 2];        /* the same without brackets: {mail_addr}; of outbound: the recipient */
    char name[4][ENCODED_MAX];      /* made from --cert-subject and --cert-issuer, each whole and common */
    char cert_fp[FINGERPRINT_TEXT]; /* --fingerprint as Sendmail writes it, behind "sha256:" */
};

/*
 * Reads the options into *question, whose defaults, lists and `now` are set.
 * Answers -1 when it is complete, else the exit status (help was shown, or an
 * error reported).
 */
int question_read(struct question *question, int argc, char **argv);

#endif
