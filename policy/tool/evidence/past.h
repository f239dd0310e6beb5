/* SPDX-License-Identifier: BSD-2-Clause */
/* Mail of the past, as facts again: what the MTA showed, as far as the evidence contains it. */
#ifndef POLICY_TOOL_EVIDENCE_PAST_H
#define POLICY_TOOL_EVIDENCE_PAST_H

#include <stdbool.h>
#include <stdint.h>
#include "policy/facts/facts.h"
#include "policy/tool/evidence/database.h"
#include "policy/tool/evidence/kinds.h"

/*
 * Mails of one kind and one client within a day. The strings belong to the database, and are valid until the
 * next row.
 */
struct past {
    int64_t n, first, last; /* times in milliseconds */
    const char *kind[KIND_COLUMNS];
    const char *client[CLIENT_COLUMNS];
};

/* Returns a statement for past_next(), for mails at or after `since`. NULL: failed. */
sqlite3_stmt *past_open(struct database *database, int64_t since);

/* Reads the next row. False: no more. */
bool past_next(struct database *database, sqlite3_stmt *statement, struct past *past);

/* Facts, and the memory that they point to. */
struct past_facts {
    struct facts facts;
    struct header_from header_from;
    const struct past *past;
    char sender[400], argument[400], subject_cn[300], issuer_cn[300];
};

/* Makes the facts of a row. False: out of memory. Call past_clear() in both cases. */
bool past_read(struct past_facts *facts, const struct past *past);
void past_clear(struct past_facts *facts);

#endif
