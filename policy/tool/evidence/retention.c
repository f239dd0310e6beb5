/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sums rows up and deletes old ones. The sums stay right: a row is added to its replacement before it is
 * deleted.
 */
#include "policy/tool/evidence/retention.h"

#include <stdio.h>
#include <stdlib.h>
#include "policy/tool/evidence/counts.h"
#include "policy/tool/evidence/kinds.h"
#include "policy/tool/evidence/rules.h"
#include "policy/tool/evidence/stamp.h"

enum { CLIENT_DAYS = 40, KIND_DAYS = 400 };

/* Runs a statement with one number as parameter. */
static void run_with(struct database *database, const char *sql, int64_t number)
{
    sqlite3_stmt *statement = database_prepare(database, sql);

    if (statement != NULL) {
        sqlite3_bind_int64(statement, 1, number);
        database_step(database, statement);
    }
    sqlite3_finalize(statement);
}

/* ---- words ---- */

/* Marks the words that a table refers to. */
static void note_words(struct database *database, bool used[], size_t count, const char *sql)
{
    sqlite3_stmt *rows = database_prepare(database, sql);

    while (database_row(database, rows))
        for (int i = 0; i < sqlite3_column_count(rows); i++) {
            int64_t word = sqlite3_column_int64(rows, i);

            if (word > 0 && (uint64_t)word < count)
                used[word] = true;
        }
    sqlite3_finalize(rows);
}

static void delete_words(struct database *database, const bool used[], size_t count)
{
    sqlite3_stmt *clear = database_prepare(database, "DELETE FROM text WHERE id = ?1");

    for (size_t i = 1; i < count && clear != NULL; i++)
        if (!used[i]) {
            sqlite3_bind_int64(clear, 1, (int64_t)i);
            database_step(database, clear);
        }
    sqlite3_finalize(clear);
}

bool retention_words(struct database *database)
{
    static const char *const tables[] = {
        "SELECT " KIND_COLUMN_NAMES " FROM kind",
        "SELECT " CLIENT_COLUMN_NAMES " FROM client",
        "SELECT gateway FROM run",
        "SELECT gateway FROM event",
        "SELECT partner FROM recent",
        "SELECT partner, direction FROM alert",
        "SELECT partner, direction, subject, issuer, fingerprint FROM certificate",
        "SELECT policy, partner FROM partner_rule",
    };
    sqlite3_stmt *highest = database_prepare(database, "SELECT ifnull(max(id), 0) FROM text");
    size_t number = 0;
    bool *used = NULL;

    if (database_row(database, highest) && database_number(database, highest, 0, &number))
        used = calloc(number + 1, sizeof *used);
    sqlite3_finalize(highest);
    if (used == NULL)
        return database->failed;
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
        note_words(database, used, number + 1, tables[i]);
    if (!database->failed)
        delete_words(database, used, number + 1);
    free(used);
    return true;
}

/* ---- sums ---- */

/*
 * SQL for sums by hour or by day. `next` finds the first one after ?1 and before ?2. `add` and `clear`
 * replace ?1 by ?2; ?3 is the milliseconds between them.
 */
struct roll {
    bool hourly;
    int64_t unit; /* milliseconds */
    const char *next, *add, *clear;
};

static const struct roll hours = {
    true, STAMP_HOUR, "SELECT hour FROM hourly WHERE hour > ?1 AND hour < ?2 ORDER BY hour LIMIT 1",
    "INSERT INTO hourly (hour, kind, n, first, last, first_qid, last_qid)"
    " SELECT ?2, kind, n, first + ?3, last + ?3, first_qid, last_qid FROM hourly WHERE hour = ?1"
    " ON CONFLICT (hour, kind) DO UPDATE SET " COUNTS_ADD ", " COUNTS_ADD_QIDS,
    "DELETE FROM hourly WHERE hour = ?1"};

static const struct roll days = {
    false, STAMP_DAY, "SELECT day FROM daily WHERE day > ?1 AND day < ?2 ORDER BY day LIMIT 1",
    "INSERT INTO daily (day, kind, client, n, first, last)"
    " SELECT ?2, kind, client, n, first + ?3, last + ?3 FROM daily WHERE day = ?1"
    " ON CONFLICT (day, kind, client) DO UPDATE SET " COUNTS_ADD,
    "DELETE FROM daily WHERE day = ?1"};

int64_t retention_span(bool hourly, int64_t span, int64_t now)
{
    int64_t today = stamp_day(now) / STAMP_DAY;

    if (hourly)
        return span < (today - KIND_DAYS) * 24 ? stamp_day(span * STAMP_HOUR) / STAMP_HOUR : span;
    return span < today - CLIENT_DAYS ? stamp_month(span * STAMP_DAY) / STAMP_DAY : span;
}

int64_t retention_unit(int64_t at, int64_t now)
{
    return at < stamp_day(now) - KIND_DAYS * (int64_t)STAMP_DAY ? STAMP_DAY : STAMP_HOUR;
}

/* Finds the next hour or day in the table, before a limit. False: there is none. */
static bool next_span(struct database *database, sqlite3_stmt *next, int64_t limit, int64_t *span)
{
    bool found;

    sqlite3_bind_int64(next, 1, *span);
    sqlite3_bind_int64(next, 2, limit);
    found = database_row(database, next);
    if (found)
        *span = sqlite3_column_int64(next, 0);
    (void)sqlite3_reset(next);
    return found;
}

/* Moves rows to the hour or day under which they are kept at `now`. */
static void roll_up(struct database *database, const struct roll *roll, int64_t limit, int64_t now)
{
    sqlite3_stmt *next = database_prepare(database, roll->next), *add = database_prepare(database, roll->add);
    sqlite3_stmt *clear = database_prepare(database, roll->clear);
    int64_t span = -1;

    while (next != NULL && add != NULL && clear != NULL && next_span(database, next, limit, &span)) {
        int64_t whole = retention_span(roll->hourly, span, now);

        if (whole == span)
            continue;
        sqlite3_bind_int64(add, 1, span);
        sqlite3_bind_int64(add, 2, whole);
        sqlite3_bind_int64(add, 3, (span - whole) * roll->unit);
        database_step(database, add);
        sqlite3_bind_int64(clear, 1, span);
        database_step(database, clear);
    }
    sqlite3_finalize(next);
    sqlite3_finalize(add);
    sqlite3_finalize(clear);
}

static void delete_old(struct database *database, int64_t day)
{
    bool changed;

    run_with(database, "DELETE FROM hourly WHERE hour < ?1", day * 24);
    run_with(database, "DELETE FROM daily WHERE day < ?1", day);
    run_with(database, "DELETE FROM recent WHERE at < ?1", day * STAMP_DAY);
    run_with(database, "DELETE FROM event WHERE at < ?1", day * STAMP_DAY);
    run_with(database, "DELETE FROM seen WHERE run IN (SELECT id FROM run WHERE last < ?1)", day * STAMP_DAY);
    run_with(database, "DELETE FROM mark WHERE run IN (SELECT id FROM run WHERE last < ?1)", day * STAMP_DAY);
    run_with(database, "DELETE FROM run WHERE last < ?1", day * STAMP_DAY);
    run_with(database, "UPDATE run SET first = ?1 WHERE first < ?1", day * STAMP_DAY);
    run_with(database, "DELETE FROM line WHERE at < ?1", day * STAMP_DAY);
    run_with(database, "DELETE FROM certificate WHERE last < ?1", day * STAMP_DAY);
    database_run(database, "PRAGMA secure_delete = on;"
                           "DELETE FROM client WHERE id NOT IN (SELECT client FROM daily)"
                           " AND id NOT IN (SELECT client FROM recent)");
    changed = sqlite3_changes(database->handle) > 0;
    database_run(database, "DELETE FROM kind WHERE id NOT IN (SELECT kind FROM hourly)"
                           " AND id NOT IN (SELECT kind FROM daily) AND id NOT IN (SELECT kind FROM recent)");
    changed |= sqlite3_changes(database->handle) > 0;
    rules_forget(database);
    if (changed)
        (void)retention_words(database); /* if memory runs out, the next record deletes them */
}

void retention_apply(struct database *database, int64_t now, unsigned keep)
{
    int64_t day = stamp_day(now) / STAMP_DAY;

    roll_up(database, &days, day - CLIENT_DAYS, now);
    roll_up(database, &hours, (day - KIND_DAYS) * 24, now);
    if (keep > 0)
        delete_old(database, day - keep);
}
