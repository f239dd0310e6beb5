/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sums before it writes, because an hour has many lines but few kinds. For each hour or day that it touches,
 * it first reads the rows of the table. So it knows how many rows a partner has, and the caller can limit
 * them. Knows hours, days and ids of rows, but not what they mean.
 */
#include "policy/tool/evidence/counts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "policy/array.h"
#include "policy/tool/evidence/retention.h"
#include "policy/tool/evidence/stamp.h"

enum { ROOM_LEAST = 64 };

bool counts_open(struct counts *counts, struct database *database, bool hourly)
{
    *counts = (struct counts){
        .database = database, .hourly = hourly, .unit = hourly ? STAMP_HOUR : STAMP_DAY, .now = STAMP_NONE};
    counts->load = database_prepare(
        database,
        hourly ? "SELECT h.kind, 0, k.partner FROM hourly h JOIN kind k ON k.id = h.kind WHERE h.hour = ?1"
               : "SELECT d.kind, d.client, k.partner FROM daily d JOIN kind k ON k.id = d.kind"
                 " WHERE d.day = ?1");
    return counts->load != NULL;
}

static void forget(struct counts *counts)
{
    slots_empty(&counts->slots);
    slots_empty(&counts->spans);
    slots_empty(&counts->partners);
    counts->number = counts->span_number = counts->crowd_number = 0;
}

void counts_close(struct counts *counts)
{
    slots_free(&counts->slots);
    slots_free(&counts->spans);
    slots_free(&counts->partners);
    free(counts->count);
    free(counts->span);
    free(counts->crowd);
    sqlite3_finalize(counts->load);
    *counts = (struct counts){0};
}

static int64_t span_of(const struct counts *counts, int64_t at)
{
    return (counts->hourly ? stamp_hour(at) : stamp_day(at)) / counts->unit;
}

/* ---- three lists, each with an index ---- */

static uint32_t hash_of(int64_t span, uint32_t number, uint32_t other)
{
    uint64_t key[2] = {(uint64_t)span, (uint64_t)other << 32 | number};

    return slots_hash(key, sizeof key);
}

static uint32_t count_hash(const void *owner, uint32_t place)
{
    const struct count *count = &((const struct counts *)owner)->count[place];

    return hash_of(count->span, count->kind, count->client);
}

static uint32_t span_hash(const void *owner, uint32_t place)
{
    return hash_of(((const struct counts *)owner)->span[place], 0, 0);
}

static uint32_t crowd_hash(const void *owner, uint32_t place)
{
    const struct crowd *crowd = &((const struct counts *)owner)->crowd[place];

    return hash_of(crowd->span, crowd->partner, 0);
}

static bool is_of(const struct count *count, int64_t span, const struct count *where)
{
    return count->span == span && count->kind == where->kind && count->client == where->client;
}

static struct count *find_count(struct counts *counts, int64_t span, const struct count *where)
{
    size_t at = 0;
    uint32_t place, hash;

    if (counts->last < counts->number && is_of(&counts->count[counts->last], span, where))
        return &counts->count[counts->last];
    hash = hash_of(span, where->kind, where->client);
    while (slots_next(&counts->slots, hash, &at, &place))
        if (is_of(&counts->count[place], span, where)) {
            counts->last = place;
            return &counts->count[place];
        }
    return NULL;
}

static struct crowd *find_crowd(const struct counts *counts, int64_t span, uint32_t partner)
{
    size_t at = 0;
    uint32_t place;

    while (slots_next(&counts->partners, hash_of(span, partner, 0), &at, &place))
        if (counts->crowd[place].span == span && counts->crowd[place].partner == partner)
            return &counts->crowd[place];
    return NULL;
}

/* Counts one more row of the partner in that span. */
static void join_crowd(struct counts *counts, int64_t span, uint32_t partner)
{
    struct crowd *crowd = find_crowd(counts, span, partner), *larger;

    if (crowd != NULL) {
        crowd->rows++;
        return;
    }
    larger = array_grow(counts->crowd, counts->crowd_number, sizeof *larger);
    if (larger != NULL)
        counts->crowd = larger;
    if (larger == NULL || !slots_grow(&counts->partners, crowd_hash, counts)) {
        counts->exhausted = true;
        return;
    }
    larger[counts->crowd_number] = (struct crowd){span, partner, 1};
    slots_add(&counts->partners, hash_of(span, partner, 0), (uint32_t)counts->crowd_number++);
}

/* Makes room for one more count. */
static bool make_room(struct counts *counts)
{
    size_t room = counts->room != 0 ? 2 * counts->room : ROOM_LEAST;
    struct count *larger;

    if (counts->number < counts->room)
        return true;
    larger = room > SIZE_MAX / sizeof *larger ? NULL : realloc(counts->count, room * sizeof *larger);
    if (larger == NULL)
        return false;
    counts->count = larger;
    counts->room = room;
    return true;
}

static struct count *add_count(struct counts *counts, int64_t span, const struct count *where)
{
    if (!make_room(counts) || !slots_grow(&counts->slots, count_hash, counts)) {
        counts->exhausted = true;
        return NULL;
    }
    counts->count[counts->number] = (struct count){.span = span,
                                                   .kind = where->kind,
                                                   .client = where->client,
                                                   .partner = where->partner,
                                                   .first = INT64_MAX,
                                                   .last = INT64_MIN};
    slots_add(&counts->slots, hash_of(span, where->kind, where->client), (uint32_t)counts->number);
    join_crowd(counts, span, where->partner);
    counts->last = counts->number++;
    return &counts->count[counts->last];
}

/* Reads, once, which rows the database has of a span. */
static void load_span(struct counts *counts, int64_t span)
{
    size_t at = 0;
    uint32_t place;
    int64_t *larger;

    if (counts->span_number > 0 && counts->last_span == span)
        return;
    counts->last_span = span;
    while (slots_next(&counts->spans, hash_of(span, 0, 0), &at, &place))
        if (counts->span[place] == span)
            return;
    larger = array_grow(counts->span, counts->span_number, sizeof *larger);
    if (larger != NULL)
        counts->span = larger;
    if (larger == NULL || !slots_grow(&counts->spans, span_hash, counts)) {
        counts->exhausted = true;
        return;
    }
    larger[counts->span_number] = span;
    slots_add(&counts->spans, hash_of(span, 0, 0), (uint32_t)counts->span_number++);
    sqlite3_bind_int64(counts->load, 1, span);
    while (database_row(counts->database, counts->load))
        add_count(counts, span,
                  &(struct count){.kind = (uint32_t)sqlite3_column_int64(counts->load, 0),
                                  .client = (uint32_t)sqlite3_column_int64(counts->load, 1),
                                  .partner = (uint32_t)sqlite3_column_int64(counts->load, 2)});
    sqlite3_reset(counts->load);
}

/* ---- what is counted ---- */

bool counts_has(struct counts *counts, const struct count *where, int64_t at)
{
    load_span(counts, span_of(counts, at));
    return find_count(counts, span_of(counts, at), where) != NULL;
}

uint32_t counts_of_partner(struct counts *counts, int64_t at, uint32_t partner)
{
    const struct crowd *crowd;

    load_span(counts, span_of(counts, at));
    crowd = find_crowd(counts, span_of(counts, at), partner);
    return crowd != NULL ? crowd->rows : 0;
}

/* Finds or adds the count of a row at a time. NULL: out of memory. */
static struct count *reach(struct counts *counts, const struct count *where, int64_t at)
{
    int64_t span = span_of(counts, at);
    struct count *count;

    load_span(counts, span);
    count = find_count(counts, span, where);
    return count != NULL ? count : add_count(counts, span, where);
}

/* Copies a queue id, cut to the size of `to`. */
static void copy_qid(char to[COUNTS_QID_SIZE], const char *qid)
{
    size_t length = strnlen(qid, COUNTS_QID_SIZE - 1);

    memcpy(to, qid, length);
    to[length] = '\0';
}

void counts_add(struct counts *counts, const struct count *where, int64_t at, const char *qid)
{
    struct count *count = reach(counts, where, at);
    int64_t offset = at - span_of(counts, at) * counts->unit;

    if (count == NULL)
        return;
    count->n++;
    if (offset < count->first) {
        count->first = offset;
        copy_qid(count->first_qid, qid);
    }
    if (offset >= count->last) {
        count->last = offset;
        copy_qid(count->last_qid, qid);
    }
}

void counts_take(struct counts *counts, const struct count *where, int64_t at)
{
    struct count *count = reach(counts, where, at);

    if (count != NULL)
        count->n--;
}

/* Binds a queue id; "" as NULL. */
static void bind_qid(sqlite3_stmt *statement, int place, const char *qid)
{
    if (*qid == '\0')
        sqlite3_bind_null(statement, place);
    else
        sqlite3_bind_text(statement, place, qid, -1, SQLITE_STATIC);
}

static sqlite3_stmt *prepare_add(struct counts *counts)
{
    return database_prepare(
        counts->database,
        counts->hourly
            ? "INSERT INTO hourly (hour, kind, n, first, last, first_qid, last_qid)"
              " VALUES (?1, ?2, ?4, ?5, ?6, ?7, ?8)"
              " ON CONFLICT (hour, kind) DO UPDATE SET " COUNTS_ADD ", " COUNTS_ADD_QIDS
            : "INSERT INTO daily (day, kind, client, n, first, last) VALUES (?1, ?2, ?3, ?4, ?5, ?6)"
              " ON CONFLICT (day, kind, client) DO UPDATE SET " COUNTS_ADD);
}

/* Omits what the last mail has in common with the first, because most rows have one mail. */
static void write_count(struct counts *counts, const struct count *count, sqlite3_stmt *add)
{
    sqlite3_bind_int64(add, 1, count->span);
    sqlite3_bind_int64(add, 2, count->kind);
    if (!counts->hourly)
        sqlite3_bind_int64(add, 3, count->client);
    sqlite3_bind_int64(add, 4, count->n);
    sqlite3_bind_int64(add, 5, count->first);
    if (count->last == count->first)
        sqlite3_bind_null(add, 6);
    else
        sqlite3_bind_int64(add, 6, count->last);
    if (counts->hourly) {
        bind_qid(add, 7, count->first_qid);
        bind_qid(add, 8, strcmp(count->last_qid, count->first_qid) == 0 ? "" : count->last_qid);
    }
    database_step(counts->database, add);
}

/* Sorts in the order of the table. */
static int by_key(const void *a, const void *b)
{
    const struct count *one = a, *other = b;

    if (one->span != other->span)
        return one->span < other->span ? -1 : 1;
    if (one->kind != other->kind)
        return one->kind < other->kind ? -1 : 1;
    return one->client < other->client ? -1 : one->client > other->client;
}

/* Moves a count to the hour or day that retention keeps it under by now. */
static void move_old(const struct counts *counts, struct count *count)
{
    int64_t span = retention_span(counts->hourly, count->span, counts->now);
    int64_t shift = (count->span - span) * counts->unit;

    count->span = span;
    if (count->first > count->last)
        return; /* mails were only taken */
    count->first += shift;
    count->last += shift;
}

/* Adds a count to another one of the same row. */
static void merge(struct count *to, const struct count *count)
{
    to->n += count->n;
    if (count->first < to->first) {
        to->first = count->first;
        copy_qid(to->first_qid, count->first_qid);
    }
    if (count->last >= to->last) {
        to->last = count->last;
        copy_qid(to->last_qid, count->last_qid);
    }
}

/* Sorts and merges the counts, so that the table is written in its order, each row once. */
static void arrange(struct counts *counts)
{
    size_t kept = 0;

    for (size_t i = 0; i < counts->number; i++)
        move_old(counts, &counts->count[i]);
    if (counts->number > 0)
        qsort(counts->count, counts->number, sizeof *counts->count, by_key);
    for (size_t i = 0; i < counts->number; i++)
        if (kept > 0 && by_key(&counts->count[kept - 1], &counts->count[i]) == 0)
            merge(&counts->count[kept - 1], &counts->count[i]);
        else
            counts->count[kept++] = counts->count[i];
    counts->number = kept;
}

void counts_write(struct counts *counts)
{
    sqlite3_stmt *add = prepare_add(counts);
    sqlite3_stmt *clear = database_prepare(
        counts->database, counts->hourly
                              ? "DELETE FROM hourly WHERE hour = ?1 AND kind = ?2 AND n = 0"
                              : "DELETE FROM daily WHERE day = ?1 AND kind = ?2 AND client = ?3 AND n = 0");

    arrange(counts);
    for (size_t i = 0; i < counts->number && add != NULL && clear != NULL; i++) {
        const struct count *count = &counts->count[i];

        if (count->n != 0 || count->first <= count->last)
            write_count(counts, count, add);
        if (count->n < 0 || (count->n == 0 && count->first <= count->last)) {
            sqlite3_bind_int64(clear, 1, count->span);
            sqlite3_bind_int64(clear, 2, count->kind);
            if (!counts->hourly)
                sqlite3_bind_int64(clear, 3, count->client);
            database_step(counts->database, clear);
        }
    }
    sqlite3_finalize(add);
    sqlite3_finalize(clear);
    forget(counts);
}
