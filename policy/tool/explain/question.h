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

/* The texts of the options are borrowed. Never copy the struct: it points into itself. */
struct question {
    const char *file;
    const char *from, *helo, *fingerprint, *key_fingerprint;
    struct values to, header_from, overrides;
    enum mta mta; /* the MTA that sends the macros */
    int64_t now;
    bool json;
    bool outbound;                   /* mail to partners, not from them */
    const char *next_hop, *upstream; /* for outbound behind Postfix */
    const char *alternative_name;    /* for outbound behind Sendmail */
    const char *macro[MACRO_COUNT];
    bool rcpt_addr_set;
    const char *rcpt_addr;       /* of --macro, if set; else each recipient is its own */
    char argument[FROM_MAX + 4]; /* of MAIL: the sender in brackets */
    char bare[FROM_MAX + 2];     /* the sender without brackets: {mail_addr}; for outbound: the recipient */
    char name[4][ENCODED_MAX];   /* from --cert-subject and --cert-issuer: each whole, and common name */
    char cert_fp[FINGERPRINT_TEXT]; /* --fingerprint as Sendmail writes it, after "sha256:" */
};

/*
 * Reads the options into *question, whose defaults, lists and `now` are set. Returns -1 if it is complete,
 * else the exit status: help was shown, or an error reported.
 */
int question_read(struct question *question, int argc, char **argv);

#endif
