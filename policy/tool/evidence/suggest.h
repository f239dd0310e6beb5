/* SPDX-License-Identifier: BSD-2-Clause */
/* What the mail of a partner was like, for the draft of a rule. */
#ifndef POLICY_TOOL_EVIDENCE_SUGGEST_H
#define POLICY_TOOL_EVIDENCE_SUGGEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include "policy/names/network.h"
#include "policy/names/tls.h"
#include "policy/tool/evidence/past.h"

/* Some value, and the mails that had it. */
struct seen_value {
    char *name, *more;
    int64_t mails, first, last;
};

/* Values in the order in which they were first seen. */
struct seen_values {
    struct seen_value *value;
    size_t count;
};

/* Times in milliseconds; mails are judged ones of the last 30 days of the evidence. */
struct seen {
    bool partner; /* else a domain */
    const char *name;
    const struct suites *suites;
    int64_t newest; /* mail at all; STAMP_NONE: none */
    int64_t mails, first, last;
    int64_t tls, tls13, ephemeral, strong; /* mails with TLS; of these: TLSv1.3, forward secrecy, 256 bits */
    int64_t named, pinned; /* of these: with a verified certificate of known names; with a known pin */
    int64_t last_fail;     /* STAMP_NONE: none */
    char *last_reasons;
    bool below, many_clients;
    struct seen_values days, versions, domains, header_domains, certificates, pins;
    struct seen_values all_pins; /* also of earlier days */
    struct network *network;     /* of the clients, each once */
    size_t networks;
    bool exhausted;
};

/* Whether a row is of what was asked for. */
bool seen_wants(const struct seen *seen, const struct past *past);

/* Notes a row of any day: the newest time, and since when fingerprints are there. */
void seen_note(struct seen *seen, const struct past *past);

/* Adds a row of the last 30 days. */
void seen_add(struct seen *seen, const struct past *past);

void seen_clear(struct seen *seen);

/*
 * The rule as a whole policy, behind its `remarks`. To be freed; NULL: out of memory. False in
 * *drafted: nothing selects the mail.
 */
char *draft_policy(const struct seen *seen, bool *drafted);

/* The lines of comment on what was seen, to be freed; NULL: out of memory. */
char *draft_remarks(const struct seen *seen);

/* Writes "2,341 mails"; the noun may be NULL. */
void draft_count(FILE *stream, int64_t count, const char *noun);

#endif
