/* SPDX-License-Identifier: BSD-2-Clause */
/* What the verbs of evidence share: from where they take it, and of when. */
#ifndef POLICY_TOOL_EVIDENCE_EVIDENCE_H
#define POLICY_TOOL_EVIDENCE_EVIDENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "policy/tool/evidence/database.h"

enum { EVIDENCE_SOURCES_MAX = 256 };

/* The source as options give it. */
struct evidence_source {
    const char *database[EVIDENCE_SOURCES_MAX];
    char *log[EVIDENCE_SOURCES_MAX];
    size_t databases, logs;
    int64_t since, until; /* milliseconds; INT64_MIN and INT64_MAX: not given */
    bool without_clients; /* clients are not asked for, and need not be read from logs */
};

/* A source of which no option was read yet. */
struct evidence_source evidence_source(void);

/*
 * Takes the value of --database ('d'), --log ('l'), --since ('s') or --until ('u'). NULL, or what is
 * wrong with it. A time is a date or date-time of RFC 3339, or "-7d" and the like before now (s, m, h,
 * d, w).
 */
const char *evidence_take(struct evidence_source *source, int option, char *value);

/*
 * Opens what the options name: each database, or the logs as one database in memory; without options the
 * usual database. Answers how many there are, to be closed by evidence_close(); 0: none could be opened, or
 * two have lines of the same run, stderr says why, and *status is the exit status. Logs that cannot be read
 * are reported, and the others count; then *status is not EX_OK either.
 */
size_t evidence_open(struct evidence_source *source, const char *title, struct database databases[],
                     int *status);
void evidence_close(struct database databases[], size_t count);

/* The exit status where they could not be read to their end: damaged, or out of memory; stderr says so. */
int evidence_failure(const struct database databases[], size_t count, const char *title);

#endif
