/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Keeps the ranges of numbers that make a line count once, whatever files contain it and however often they
 * are read. Knows nothing of what the lines say.
 */
#include "policy/tool/evidence/runs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "policy/array.h"
#include "policy/tool/evidence/stamp.h"

bool runs_open(struct runs *runs, struct database *database)
{
    *runs = (struct runs){.database = database};
    runs->find = database_prepare(
        database, "SELECT id, gateway, first, last, stopped, source FROM run WHERE name = ?1");
    runs->add = database_prepare(database, "INSERT INTO run (name, gateway, first, last, stopped, source)"
                                           " VALUES (?1, ?2, NULL, NULL, 0, 0)");
    runs->ranges =
        database_prepare(database, "SELECT low, high, low_at, high_at FROM seen WHERE run = ?1 ORDER BY low");
    return runs->find != NULL && runs->add != NULL && runs->ranges != NULL;
}

void runs_close(struct runs *runs)
{
    for (size_t i = 0; i < runs->count; i++)
        free(runs->run[i].range);
    free(runs->run);
    slots_free(&runs->slots);
    sqlite3_finalize(runs->find);
    sqlite3_finalize(runs->add);
    sqlite3_finalize(runs->ranges);
    *runs = (struct runs){0};
}

static void bind_time(sqlite3_stmt *statement, int place, int64_t instant)
{
    if (instant == STAMP_NONE)
        sqlite3_bind_null(statement, place);
    else
        sqlite3_bind_int64(statement, place, instant);
}

/* Inserts a range at an index. False: out of memory. */
static bool insert_range(struct run *run, size_t at, const struct range *range)
{
    struct range *grown = array_grow(run->range, run->count, sizeof *grown);

    if (grown == NULL)
        return false;
    run->range = grown;
    memmove(&run->range[at + 1], &run->range[at], (run->count - at) * sizeof *range);
    run->range[at] = *range;
    run->count++;
    return true;
}

static void read_ranges(struct runs *runs, struct run *run)
{
    sqlite3_bind_int64(runs->ranges, 1, run->number);
    while (database_row(runs->database, runs->ranges)) {
        struct range range = {(uint64_t)sqlite3_column_int64(runs->ranges, 0),
                              (uint64_t)sqlite3_column_int64(runs->ranges, 1), database_time(runs->ranges, 2),
                              database_time(runs->ranges, 3)};

        if (!insert_range(run, run->count, &range))
            runs->exhausted = true;
    }
    sqlite3_reset(runs->ranges);
}

/* Reads the run from the database; its number stays 0 if it is not there. */
static void read_run(struct runs *runs, struct run *run)
{
    sqlite3_bind_text(runs->find, 1, run->name, -1, SQLITE_STATIC);
    if (database_row(runs->database, runs->find)) {
        run->number = (uint32_t)sqlite3_column_int64(runs->find, 0);
        run->gateway = (uint32_t)sqlite3_column_int64(runs->find, 1);
        run->first = database_time(runs->find, 2);
        run->last = database_time(runs->find, 3);
        run->stopped = sqlite3_column_int(runs->find, 4) != 0;
        run->source = (unsigned)sqlite3_column_int(runs->find, 5);
    }
    sqlite3_reset(runs->find);
    if (run->number != 0)
        read_ranges(runs, run);
}

static uint32_t run_hash(const void *owner, uint32_t place)
{
    const char *name = ((const struct runs *)owner)->run[place].name;

    return slots_hash(name, strlen(name));
}

static void create_run(struct runs *runs, struct run *run, uint32_t gateway)
{
    run->gateway = gateway;
    sqlite3_bind_text(runs->add, 1, run->name, -1, SQLITE_STATIC);
    sqlite3_bind_int64(runs->add, 2, gateway);
    database_step(runs->database, runs->add);
    run->number = (uint32_t)sqlite3_last_insert_rowid(runs->database->handle);
}

size_t runs_find(struct runs *runs, const char *name, uint32_t gateway)
{
    uint32_t hash, place;
    size_t at = 0;
    struct run *grown, *run;

    if (runs->count > 0 && strcmp(runs->run[runs->last].name, name) == 0)
        return runs->last;
    hash = slots_hash(name, strlen(name));
    while (slots_next(&runs->slots, hash, &at, &place))
        if (strcmp(runs->run[place].name, name) == 0)
            return runs->last = place;
    grown = array_grow(runs->run, runs->count, sizeof *grown);
    if (grown != NULL)
        runs->run = grown;
    if (grown == NULL || !slots_grow(&runs->slots, run_hash, runs))
        goto exhausted;
    run = &runs->run[runs->count];
    *run = (struct run){.first = STAMP_NONE, .last = STAMP_NONE};
    snprintf(run->name, sizeof run->name, "%s", name);
    read_run(runs, run);
    if (run->number == 0)
        create_run(runs, run, gateway);
    slots_add(&runs->slots, hash, (uint32_t)runs->count);
    return runs->count++;
exhausted:
    runs->exhausted = true;
    return SIZE_MAX;
}

/* Returns the first range whose high end is at least seq - 1. run->count: none. */
static size_t find_range(const struct run *run, uint64_t seq)
{
    size_t low = 0, high = run->count;

    if (high > 0 && run->range[high - 1].high + 1 <= seq)
        return run->range[high - 1].high + 1 == seq ? high - 1 : high;
    while (low < high) {
        size_t middle = (low + high) / 2;

        if (run->range[middle].high + 1 < seq)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Joins a range with the next one if they are adjacent. */
static void join_next(struct run *run, size_t at)
{
    if (at + 1 >= run->count || run->range[at].high + 1 != run->range[at + 1].low)
        return;
    run->range[at].high = run->range[at + 1].high;
    run->range[at].high_at = run->range[at + 1].high_at;
    run->count--;
    memmove(&run->range[at + 1], &run->range[at + 2], (run->count - at - 1) * sizeof *run->range);
}

static void note_time(struct run *run, int64_t at)
{
    if (at == STAMP_NONE)
        return;
    if (run->first == STAMP_NONE || at < run->first)
        run->first = at;
    if (run->last == STAMP_NONE || at > run->last)
        run->last = at;
}

bool run_add(struct runs *runs, struct run *run, uint64_t seq, int64_t at)
{
    size_t place = find_range(run, seq);
    struct range *range = place < run->count ? &run->range[place] : NULL;
    const struct range one = {seq, seq, at, at};

    if (range != NULL && seq >= range->low && seq <= range->high)
        return false;
    if (range != NULL && seq == range->high + 1) {
        range->high = seq;
        range->high_at = at;
        join_next(run, place);
    } else if (range != NULL && seq + 1 == range->low) {
        range->low = seq;
        range->low_at = at;
    } else if (!insert_range(run, place, &one)) {
        runs->exhausted = true;
    }
    note_time(run, at);
    run->changed = true;
    return true;
}

static void write_ranges(struct runs *runs, const struct run *run, sqlite3_stmt *clear, sqlite3_stmt *add)
{
    sqlite3_bind_int64(clear, 1, run->number);
    database_step(runs->database, clear);
    for (size_t i = 0; i < run->count; i++) {
        sqlite3_bind_int64(add, 1, run->number);
        sqlite3_bind_int64(add, 2, (int64_t)run->range[i].low);
        sqlite3_bind_int64(add, 3, (int64_t)run->range[i].high);
        bind_time(add, 4, run->range[i].low_at);
        bind_time(add, 5, run->range[i].high_at);
        database_step(runs->database, add);
    }
}

void runs_write(struct runs *runs)
{
    sqlite3_stmt *clear = database_prepare(runs->database, "DELETE FROM seen WHERE run = ?1");
    sqlite3_stmt *add = database_prepare(runs->database, "INSERT INTO seen VALUES (?1, ?2, ?3, ?4, ?5)");
    sqlite3_stmt *update = database_prepare(
        runs->database, "UPDATE run SET first = ?2, last = ?3, stopped = ?4, source = ?5 WHERE id = ?1");

    for (size_t i = 0; i < runs->count && clear != NULL && add != NULL && update != NULL; i++) {
        struct run *run = &runs->run[i];

        if (!run->changed)
            continue;
        sqlite3_bind_int64(update, 1, run->number);
        bind_time(update, 2, run->first);
        bind_time(update, 3, run->last);
        sqlite3_bind_int(update, 4, run->stopped);
        sqlite3_bind_int(update, 5, (int)run->source);
        database_step(runs->database, update);
        write_ranges(runs, run, clear, add);
        run->changed = false;
    }
    sqlite3_finalize(clear);
    sqlite3_finalize(add);
    sqlite3_finalize(update);
}
