/* SPDX-License-Identifier: BSD-2-Clause */
/* Counts of rows by hour or by day, gathered in memory and added to a table of the database. */
#ifndef POLICY_TOOL_EVIDENCE_COUNTS_H
#define POLICY_TOOL_EVIDENCE_COUNTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "policy/slots.h"
#include "policy/tool/evidence/database.h"

enum { COUNTS_QID_SIZE = 20 };

/* How a row is added to one that the table has, in SQL. */
#define COUNTS_ADD                                                                                           \
    "n = n + excluded.n, first = min(first, excluded.first),"                                                \
    " last = max(ifnull(last, first), ifnull(excluded.last, excluded.first))"
#define COUNTS_ADD_QIDS                                                                                      \
    "first_qid = iif(excluded.first < first, excluded.first_qid, first_qid),"                                \
    " last_qid = iif(ifnull(excluded.last, excluded.first) >= ifnull(last, first),"                          \
    " ifnull(excluded.last_qid, excluded.first_qid), ifnull(last_qid, first_qid))"

struct count {
    int64_t span; /* hours or days since 1970 */
    uint32_t kind, client; /* rows; client 0: of a sum by hour */
    uint32_t partner;
    int64_t n;           /* what is to be added; may be negative */
    int64_t first, last; /* milliseconds since the beginning of the span */
    char first_qid[COUNTS_QID_SIZE], last_qid[COUNTS_QID_SIZE];
};

struct counts {
    struct database *database;
    bool hourly;
    int64_t unit; /* milliseconds of a span */
    int64_t now;  /* sums that are old by then are written as retention.h says; STAMP_NONE: none are */
    struct slots slots, spans, partners;
    struct count *count;
    size_t number, room; /* room: for so many there is memory, which stays when they are forgotten */
    size_t last;         /* the place that was found or added last */
    int64_t *span; /* of which memory has every row that the database has */
    size_t span_number;
    int64_t last_span; /* the one that was looked at last; while there is any */
    struct crowd {
        int64_t span;
        uint32_t partner, rows;
    } * crowd; /* how many rows a partner has in a span */
    size_t crowd_number;
    sqlite3_stmt *load;
    bool exhausted;
};

bool counts_open(struct counts *counts, struct database *database, bool hourly);
void counts_close(struct counts *counts);

/* Of `where`, only kind, client and partner matter. */

/* Whether the row is counted in that span already, and how many rows of the partner are. */
bool counts_has(struct counts *counts, const struct count *where, int64_t at);
uint32_t counts_of_partner(struct counts *counts, int64_t at, uint32_t partner);

/* One mail more, or one less, of a row at that time. `qid` may be "". */
void counts_add(struct counts *counts, const struct count *where, int64_t at, const char *qid);
void counts_take(struct counts *counts, const struct count *where, int64_t at);

/* Adds everything to the table and forgets it. */
void counts_write(struct counts *counts);

#endif
