/* SPDX-License-Identifier: BSD-2-Clause */
/* What the mail of a partner was like, from which a rule is drafted. */
#ifndef POLICY_TOOL_EVIDENCE_SUGGEST_H
#define POLICY_TOOL_EVIDENCE_SUGGEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include "policy/names/network.h"
#include "policy/names/tls.h"
#include "policy/tool/evidence/past.h"

/* A value, and the mails that had it. */
struct seen_value {
    char *name, *more;
    int64_t mails, first, last;
};

/* Values in the order of their first mail. */
struct seen_values {
    struct seen_value *value;
    size_t count;
};

/* Times are in milliseconds. Mails are judged mails of the last 30 days of the evidence. */
struct seen {
    bool partner; /* false: a domain */
    const char *name;
    const struct suites *suites;
    int64_t newest; /* time of the newest wanted mail; STAMP_NONE: none */
    int64_t mails, first, last;
    int64_t tls, tls13, ephemeral, strong; /* mails with TLS; of these: TLSv1.3, forward secrecy, 256 bits */
    int64_t named,
        pinned; /* of these: with a verified certificate that a policy can name; with a known fingerprint */
    int64_t last_fail; /* STAMP_NONE: none */
    char *last_reasons;
    bool below, many_clients;
    struct seen_values days, versions, domains, header_domains, certificates, pins;
    struct seen_values all_pins; /* those of earlier days, too */
    struct network *network;     /* networks of the clients, each once */
    size_t networks;
    bool exhausted;
};

/* Whether a row is of the partner or domain. */
bool seen_wants(const struct seen *seen, const struct past *past);

/* Notes a row of any day: the newest time, and since when fingerprints occur. */
void seen_note(struct seen *seen, const struct past *past);

/* Adds a row, if it is of the last 30 days. */
void seen_add(struct seen *seen, const struct past *past);

void seen_clear(struct seen *seen);

/*
 * Returns the rule as a whole policy, which the caller frees. NULL: out of memory. *drafted is false if
 * nothing selects the mail.
 */
char *draft_policy(const struct seen *seen, bool *drafted);

/* Returns comment lines on the observed mail, which the caller frees. NULL: out of memory. */
char *draft_remarks(const struct seen *seen);

/* Writes "2,341 mails"; the noun may be NULL. */
void draft_count(FILE *stream, int64_t count, const char *noun);

#endif
