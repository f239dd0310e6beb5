/* SPDX-License-Identifier: BSD-2-Clause */
/* The sources of lines: log files, and the journal. */
#ifndef POLICY_TOOL_EVIDENCE_SOURCES_H
#define POLICY_TOOL_EVIDENCE_SOURCES_H

#include <stdbool.h>
#include <stddef.h>
#include "policy/tool/evidence/deliveries.h"
#include "policy/tool/evidence/ledger.h"

enum { SOURCES_SHOWN = 200 }; /* octets of a line that stderr shows */

struct sources {
    struct ledger *ledger;
    struct deliveries *deliveries; /* NULL: lines of Postfix are ignored */
    const char *title;             /* the verb, for messages on stderr */
    const char *gateway;           /* for lines without a host */
    const char *where;             /* the source, for messages */
    bool complete;                 /* the file will not grow, so a last line without line end is complete */
    unsigned shown[COUNTER_COUNT]; /* how many lines were shown on stderr */
    bool failed;                   /* something could not be read; it is on stderr */
    uint64_t entries;              /* lines of the daemon that were read, new or not */
};

/*
 * Reads log files, the oldest first. If a file cannot be read, or not to its end, that is reported on stderr
 * and sets `failed`; the others count.
 */
void sources_files(struct sources *sources, char *const paths[], size_t count);

/*
 * Reads the journal from `since` on with journalctl(1): the entries that the daemon's unit, root or the
 * daemon's user wrote. Entries that others wrote in its name are foreign. `directory` NULL: the journal of
 * this system.
 */
void sources_journal(struct sources *sources, const char *directory, int64_t since);

/* For sources_files() and sources_journal(): copies the beginning of a line before it is parsed. */
void sources_keep(char text[SOURCES_SHOWN + 1], const char *line, size_t length);

/* For the same functions: notes one entry; `text` is the beginning of its line. */
void sources_entry(struct sources *sources, const struct entry *entry, const char *text, int64_t at);

#endif
