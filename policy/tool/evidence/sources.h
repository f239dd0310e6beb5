/* SPDX-License-Identifier: BSD-2-Clause */
/* Where the lines come from: log files, and the journal. */
#ifndef POLICY_TOOL_EVIDENCE_SOURCES_H
#define POLICY_TOOL_EVIDENCE_SOURCES_H

#include <stdbool.h>
#include <stddef.h>
#include "policy/tool/evidence/deliveries.h"
#include "policy/tool/evidence/ledger.h"

enum { SOURCES_SHOWN = 200 }; /* octets of a line that are shown on stderr */

struct sources {
    struct ledger *ledger;
    struct deliveries *deliveries; /* NULL: lines of Postfix are passed over */
    const char *title;             /* of the verb, for messages on stderr */
    const char *gateway;           /* of lines that name no host */
    const char *where;             /* the lines come from */
    bool complete;                 /* nobody writes on: a last line without line end is whole, too */
    unsigned shown[COUNTER_COUNT]; /* how many lines were shown on stderr */
    bool failed;                   /* something could not be read; stderr says what */
    uint64_t entries;              /* lines of the daemon that were read, new or not */
};

/*
 * Reads log files, the oldest first. One that cannot be read, or not to its end, is reported on stderr and
 * sets `failed`; the others count.
 */
void sources_files(struct sources *sources, char *const paths[], size_t count);

/*
 * Reads the journal from `since` on by journalctl(1): entries that the unit of the daemon, root or the
 * daemon's user wrote; what others wrote in its name is foreign. `directory` NULL: the journal of this
 * system.
 */
void sources_journal(struct sources *sources, const char *directory, int64_t since);

/* Of sources_files() and sources_journal(): keeps the beginning of a line, before it is taken apart. */
void sources_keep(char text[SOURCES_SHOWN + 1], const char *line, size_t length);

/* Likewise: notes one entry, of which `text` is the beginning of the line. */
void sources_entry(struct sources *sources, const struct entry *entry, const char *text, int64_t at);

#endif
