/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The runs of daemons, and which of their lines were read: a line counts if its number is new. They are kept
 * as ranges of numbers, because nearly no line is missing.
 */
#ifndef POLICY_TOOL_EVIDENCE_RUNS_H
#define POLICY_TOOL_EVIDENCE_RUNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "policy/tool/evidence/words.h"

/* The source of a run's lines. */
enum { SOURCE_FILE = 1, SOURCE_JOURNAL = 2 };

/* Numbers from low to high, inclusive, and the times of these two lines. */
struct range {
    uint64_t low, high;
    int64_t low_at, high_at;
};

struct run {
    char name[17];
    uint32_t number;     /* id in the database */
    uint32_t gateway;    /* a word */
    uint32_t policy;     /* a word: the digest of the last noted decision; 0: none yet */
    int64_t first, last; /* times of its lines; STAMP_NONE: unknown */
    bool stopped;
    unsigned source; /* SOURCE_* */
    bool changed;
    size_t count;
    struct range *range; /* ascending; no two are adjacent */
};

struct runs {
    struct database *database;
    struct slots slots;
    struct run *run;
    size_t count, last; /* last: the index that was found last */
    sqlite3_stmt *find, *add, *ranges;
    bool exhausted;
};

bool runs_open(struct runs *runs, struct database *database);
void runs_close(struct runs *runs);

/*
 * Finds the run of a name, loads it, or adds it with this gateway. Returns its index in runs->run. SIZE_MAX:
 * out of memory.
 */
size_t runs_find(struct runs *runs, const char *name, uint32_t gateway);

/* Notes a line of a run. False: it was already read. */
bool run_add(struct runs *runs, struct run *run, uint64_t seq, int64_t at);

/* Writes the changed runs. */
void runs_write(struct runs *runs);

#endif
