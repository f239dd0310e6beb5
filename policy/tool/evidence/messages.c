/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Remembers a message as long as a further line about it may come: if it is of the last hour of its run, or
 * within an hour of missing lines, which another file may have. Knows, by ids, where messages were counted,
 * and nothing else of them.
 */
#include "policy/tool/evidence/messages.h"

#include <stdlib.h>
#include "policy/array.h"
#include "policy/tool/evidence/stamp.h"

enum { SWEEP_LEAST = 65536, REMEMBERED = STAMP_HOUR, KEPT_MOST = 5000, FAR_MOST = 131072 };

static uint32_t hash_of(const struct message *message)
{
    uint64_t key[2] = {message->msg, (uint64_t)message->run << 32 | message->partner};

    return slots_hash(key, sizeof key);
}

static uint32_t message_hash(const void *owner, uint32_t place)
{
    return hash_of(&((const struct messages *)owner)->message[place]);
}

struct message *messages_find(const struct messages *messages, const struct message *wanted)
{
    size_t at = 0;
    uint32_t place;

    if (wanted->run >= messages->runs || wanted->msg > messages->newest[wanted->run])
        return NULL; /* the usual case */
    while (slots_next(&messages->slots, hash_of(wanted), &at, &place)) {
        struct message *message = &messages->message[place];

        if (message->msg == wanted->msg && message->run == wanted->run && message->partner == wanted->partner)
            return message;
    }
    return NULL;
}

/* The times of a run's lines that are next to missing ones, sorted. */
struct edges {
    const struct run *run; /* NULL: no line of the run was read, so nothing changed */
    int64_t *at;
    size_t count;
};

static int by_time(const void *a, const void *b)
{
    const int64_t *one = a, *other = b;

    return *one < *other ? -1 : *one > *other;
}

/* False: out of memory. */
static bool read_edges(struct edges *edges, const struct run *run)
{
    edges->run = run;
    edges->at = malloc((2 * run->count + 1) * sizeof *edges->at);
    if (edges->at == NULL)
        return false;
    for (size_t i = 0; i < run->count; i++) {
        if (run->range[i].low > 1 && run->range[i].low_at != STAMP_NONE)
            edges->at[edges->count++] = run->range[i].low_at;
        if (run->range[i].high_at != STAMP_NONE)
            edges->at[edges->count++] = run->range[i].high_at;
    }
    qsort(edges->at, edges->count, sizeof *edges->at, by_time);
    return true;
}

static void free_edges(struct edges *edges, size_t count)
{
    for (size_t i = 0; edges != NULL && i < count; i++)
        free(edges[i].at);
    free(edges);
}

/* Returns the edges of all runs, *count of them, indexed by the ids of runs. NULL: out of memory. */
static struct edges *edges_of_runs(const struct runs *runs, size_t *count)
{
    struct edges *edges;
    bool good;

    *count = 1;
    for (size_t i = 0; i < runs->count; i++)
        if (runs->run[i].number >= *count)
            *count = (size_t)runs->run[i].number + 1;
    edges = calloc(*count, sizeof *edges);
    good = edges != NULL;
    for (size_t i = 0; good && i < runs->count; i++)
        good = read_edges(&edges[runs->run[i].number], &runs->run[i]);
    if (good)
        return edges;
    free_edges(edges, *count);
    return NULL;
}

static bool is_last(const struct run *run, const struct message *message)
{
    return run->last == STAMP_NONE || message->at >= run->last - REMEMBERED;
}

/* Whether a further line of a message may come: missing lines next to it may still be read. */
static bool may_continue(const struct edges *edges, const struct message *message)
{
    size_t low = 0, high = edges->count;

    if (edges->run == NULL || is_last(edges->run, message))
        return true;
    while (low < high) {
        size_t middle = (low + high) / 2;

        if (edges->at[middle] < message->at - REMEMBERED)
            low = middle + 1;
        else
            high = middle;
    }
    return low < edges->count && edges->at[low] <= message->at + REMEMBERED;
}

/* Resizes the list to `count` messages. */
static void make_room(struct messages *messages, size_t count)
{
    struct message *grown;

    if (count == messages->sweep)
        return;
    grown = count > SIZE_MAX / sizeof *grown ? NULL : realloc(messages->message, count * sizeof *grown);
    if (grown == NULL) {
        messages->exhausted = true;
        return;
    }
    messages->message = grown;
    messages->sweep = count;
}

/*
 * Forgets messages that are too old. If lines are missing everywhere, keeps the last messages of each run,
 * and FAR_MOST others.
 */
static void sweep(struct messages *messages)
{
    size_t runs, kept = 0, far = 0;
    struct edges *edges = edges_of_runs(messages->all_runs, &runs);

    if (edges == NULL) {
        messages->exhausted = true;
        return;
    }
    for (size_t i = 0; i < messages->count; i++) {
        const struct message *message = &messages->message[i];
        const struct edges *of_run =
            message->run < runs ? &edges[message->run] : &(struct edges){.run = NULL};
        bool last = of_run->run != NULL && is_last(of_run->run, message);

        if (!last && (far >= FAR_MOST || !may_continue(of_run, message)))
            continue;
        far += !last;
        messages->message[kept++] = *message;
    }
    free_edges(edges, runs);
    messages->count = kept;
    make_room(messages, 2 * kept > SWEEP_LEAST ? 2 * kept : SWEEP_LEAST);
    slots_empty(&messages->slots);
    for (size_t i = 0; i < kept; i++)
        slots_add(&messages->slots, hash_of(&messages->message[i]), (uint32_t)i);
}

/* Notes that the run of a message has its number. False: out of memory. */
static bool note_newest(struct messages *messages, const struct message *message)
{
    uint64_t *grown = array_reach(messages->newest, &messages->runs, message->run, sizeof *grown);

    if (grown == NULL)
        return false;
    messages->newest = grown;
    if (message->msg > grown[message->run])
        grown[message->run] = message->msg;
    return true;
}

void messages_add(struct messages *messages, const struct message *message)
{
    if (messages->count >= messages->sweep)
        sweep(messages);
    if (messages->count >= messages->sweep || !note_newest(messages, message)
        || !slots_grow(&messages->slots, message_hash, messages)) {
        messages->exhausted = true;
        return;
    }
    messages->message[messages->count] = *message;
    slots_add(&messages->slots, hash_of(message), (uint32_t)messages->count++);
}

bool messages_open(struct messages *messages, struct database *database, const struct runs *runs)
{
    sqlite3_stmt *all =
        database_prepare(database, "SELECT run, msg, partner, severity, at, kind, client FROM recent");

    *messages = (struct messages){.database = database, .all_runs = runs};
    while (database_row(database, all)) {
        const struct message message = {
            .run = (uint32_t)sqlite3_column_int64(all, 0),
            .msg = (uint64_t)sqlite3_column_int64(all, 1),
            .partner = (uint32_t)sqlite3_column_int64(all, 2),
            .severity = (unsigned)sqlite3_column_int(all, 3) / 2,
            .final = sqlite3_column_int(all, 3) % 2 != 0,
            .at = sqlite3_column_int64(all, 4),
            .kind = (uint32_t)sqlite3_column_int64(all, 5),
            .client = (uint32_t)sqlite3_column_int64(all, 6),
        };

        messages_add(messages, &message);
    }
    sqlite3_finalize(all);
    return !database->failed && !messages->exhausted;
}

void messages_close(struct messages *messages)
{
    free(messages->message);
    free(messages->newest);
    slots_free(&messages->slots);
    *messages = (struct messages){0};
}

static void write_message(struct messages *messages, const struct message *message, sqlite3_stmt *add)
{
    sqlite3_bind_int64(add, 1, message->run);
    sqlite3_bind_int64(add, 2, (int64_t)message->msg);
    sqlite3_bind_int64(add, 3, message->partner);
    sqlite3_bind_int(add, 4, (int)(2 * message->severity + message->final));
    sqlite3_bind_int64(add, 5, message->at);
    sqlite3_bind_int64(add, 6, message->kind);
    sqlite3_bind_int64(add, 7, message->client);
    database_step(messages->database, add);
}

void messages_write(struct messages *messages)
{
    sqlite3_stmt *add =
        database_prepare(messages->database, "INSERT INTO recent VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)");
    size_t kept[2] = {0, 0}; /* open ones; final ones */

    sweep(messages);
    database_run(messages->database, "DELETE FROM recent");
    for (size_t i = messages->count; i > 0 && add != NULL; i--)
        if (kept[messages->message[i - 1].final]++ < KEPT_MOST)
            write_message(messages, &messages->message[i - 1], add);
    sqlite3_finalize(add);
}
