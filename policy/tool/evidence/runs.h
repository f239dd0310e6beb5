/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The runs of daemons, and which of their lines were read: a line counts if its number is new. Kept as
 * ranges of numbers, since nearly every line is there.
 */
#ifndef POLICY_TOOL_EVIDENCE_RUNS_H
#define POLICY_TOOL_EVIDENCE_RUNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "policy/tool/evidence/words.h"

/* Where the lines of a run came from. */
enum { SOURCE_FILE = 1, SOURCE_JOURNAL = 2 };

/* Numbers from low to high, both included, and the times of these two lines. */
struct range {
    uint64_t low, high;
    int64_t low_at, high_at;
};

struct run {
    char name[17];
    uint32_t number;     /* in the database */
    uint32_t gateway;    /* a word */
    uint32_t policy;     /* a word: the digest of the last decision that was noted; 0: none yet */
    int64_t first, last; /* times of its lines; STAMP_NONE: not known */
    bool stopped;
    unsigned source; /* SOURCE_* */
    bool changed;
    size_t count;
    struct range *range; /* ascending; none touches the next */
};

struct runs {
    struct database *database;
    struct slots slots;
    struct run *run;
    size_t count, last; /* last: the place that was found last */
    sqlite3_stmt *find, *add, *ranges;
    bool exhausted;
};

bool runs_open(struct runs *runs, struct database *database);
void runs_close(struct runs *runs);

/*
 * The run of that name, in memory from now on; new ones get this gateway. The place in runs->run; SIZE_MAX:
 * out of memory.
 */
size_t runs_find(struct runs *runs, const char *name, uint32_t gateway);

/* Notes a line of a run. False: it was read before. */
bool run_add(struct runs *runs, struct run *run, uint64_t seq, int64_t at);

/* Writes what has changed. */
void runs_write(struct runs *runs);

#endif
