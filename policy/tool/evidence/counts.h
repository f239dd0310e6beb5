/* SPDX-License-Identifier: BSD-2-Clause */
/* Counts of rows by hour or by day, collected in memory and then added to a table of the database. */
#ifndef POLICY_TOOL_EVIDENCE_COUNTS_H
#define POLICY_TOOL_EVIDENCE_COUNTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "policy/slots.h"
#include "policy/tool/evidence/database.h"

enum { COUNTS_QID_SIZE = 20 };

/* SQL to add a row to an existing row of the table. */
#define COUNTS_ADD                                                                                           \
    "n = n + excluded.n, first = min(first, excluded.first),"                                                \
    " last = max(ifnull(last, first), ifnull(excluded.last, excluded.first))"
#define COUNTS_ADD_QIDS                                                                                      \
    "first_qid = iif(excluded.first < first, excluded.first_qid, first_qid),"                                \
    " last_qid = iif(ifnull(excluded.last, excluded.first) >= ifnull(last, first),"                          \
    " ifnull(excluded.last_qid, excluded.first_qid), ifnull(last_qid, first_qid))"

struct count {
    int64_t span;          /* hours or days since 1970 */
    uint32_t kind, client; /* ids of rows; client 0: the sum is by hour */
    uint32_t partner;
    int64_t n;           /* to be added; may be negative */
    int64_t first, last; /* milliseconds since the start of the span */
    char first_qid[COUNTS_QID_SIZE], last_qid[COUNTS_QID_SIZE];
};

struct counts {
    struct database *database;
    bool hourly;
    int64_t unit; /* milliseconds in a span */
    int64_t now; /* sums that are old at this time are written as retention.h says; STAMP_NONE: none is old */
    struct slots slots, spans, partners;
    struct count *count;
    size_t number, room; /* room: allocated counts, kept when they are forgotten */
    size_t last;         /* the index that was found or added last */
    int64_t *span;       /* spans whose rows of the database are all in memory */
    size_t span_number;
    int64_t last_span; /* the span that was looked up last, if any */
    struct crowd {
        int64_t span;
        uint32_t partner, rows;
    } * crowd; /* number of rows that a partner has in a span */
    size_t crowd_number;
    sqlite3_stmt *load;
    bool exhausted;
};

bool counts_open(struct counts *counts, struct database *database, bool hourly);
void counts_close(struct counts *counts);

/* Of `where`, only kind, client and partner matter. */

/* Whether the row is already counted in the span of `at`; and how many rows the partner has in it. */
bool counts_has(struct counts *counts, const struct count *where, int64_t at);
uint32_t counts_of_partner(struct counts *counts, int64_t at, uint32_t partner);

/* Counts one mail more, or one less, in a row at that time. `qid` may be "". */
void counts_add(struct counts *counts, const struct count *where, int64_t at, const char *qid);
void counts_take(struct counts *counts, const struct count *where, int64_t at);

/* Adds all counts to the table and forgets them. */
void counts_write(struct counts *counts);

#endif
