/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Marks of numbered lines: two octets of a hash of the text. They reveal another line with a number that was
 * read: somebody wrote it in the name of the daemon, or altered a log.
 */
#ifndef POLICY_TOOL_EVIDENCE_MARKS_H
#define POLICY_TOOL_EVIDENCE_MARKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "policy/slots.h"
#include "policy/tool/evidence/database.h"
#include "policy/tool/evidence/entry.h"

struct mark_block;

struct marks {
    struct database *database;
    struct slots slots;
    struct mark_block **block;
    size_t count;
    struct mark_block *last; /* the block that was used last; NULL: none */
    sqlite3_stmt *find;
    bool exhausted;
};

bool marks_open(struct marks *marks, struct database *database);
void marks_close(struct marks *marks);

/* Keeps the mark of a new line of the run, with the entry's number, written at `at` (STAMP_NONE: unknown). */
void marks_keep(struct marks *marks, uint32_t run, const struct entry *entry, int64_t at);

/* Whether the line of this number had another text. False also if its mark is not kept any more. */
bool marks_differ(struct marks *marks, uint32_t run, const struct entry *entry);

/* Writes the marks of the last days' lines, and deletes older ones. */
void marks_write(struct marks *marks, int64_t now);

#endif
