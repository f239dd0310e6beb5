/* SPDX-License-Identifier: BSD-2-Clause */
/* Shared by the verbs of evidence: where the mail comes from, and its time. */
#ifndef POLICY_TOOL_EVIDENCE_EVIDENCE_H
#define POLICY_TOOL_EVIDENCE_EVIDENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "policy/tool/evidence/database.h"

enum { EVIDENCE_SOURCES_MAX = 256 };

/* The source, as the options name it. */
struct evidence_source {
    const char *database[EVIDENCE_SOURCES_MAX];
    char *log[EVIDENCE_SOURCES_MAX];
    size_t databases, logs;
    int64_t since, until; /* milliseconds; INT64_MIN and INT64_MAX: not given */
    bool without_clients; /* clients are not needed, so they are not read from logs */
};

/* Returns a source before any option was read. */
struct evidence_source evidence_source(void);

/*
 * Reads the value of --database ('d'), --log ('l'), --since ('s') or --until ('u'). Returns what is wrong
 * with it. NULL: nothing. A time is a date or date-time of RFC 3339, or "-7d" and the like, before now (s, m,
 * h, d, w).
 */
const char *evidence_take(struct evidence_source *source, int option, char *value);

/*
 * Opens what the options name: each database, or all logs as one database in memory; without options the
 * default database. Returns the number of databases; close them with evidence_close(). 0: one could not be
 * opened, or two have lines of the same run; stderr says why, and *status is the exit status. Logs that
 * cannot be read are reported, and the others count; *status is then not EX_OK either.
 */
size_t evidence_open(struct evidence_source *source, const char *title, struct database databases[],
                     int *status);
void evidence_close(struct database databases[], size_t count);

/*
 * Returns the exit status if the databases could not be read to the end: damaged, or out of memory. It is on
 * stderr.
 */
int evidence_failure(const struct database databases[], size_t count, const char *title);

#endif
