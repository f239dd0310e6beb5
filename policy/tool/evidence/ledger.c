/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Decides whether a line counts. A numbered line counts if its number is new. A line of 0.2.0 or older has no
 * number, and counts if no line of the same second and text was counted. Starts, stops and reloads are stored
 * as they are.
 */
#include "policy/tool/evidence/ledger.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "policy/tool/evidence/fnv.h"
#include "policy/tool/evidence/kinds.h"

enum { COUNTS_AT_ONCE = 1 << 16 };

const char *const ledger_counter_names[COUNTER_COUNT] = {
    [COUNTER_UNREADABLE] = "unreadable_lines",
    [COUNTER_FOREIGN] = "foreign_lines",
    [COUNTER_FUTURE] = "future_lines",
    [COUNTER_CONFLICTING] = "conflicting_lines",
};

static bool out_of_memory(struct ledger *ledger)
{
    if (!ledger->database->failed)
        fprintf(stderr, "%s: out of memory\n", ledger->database->title);
    ledger->database->failed = true;
    return false;
}

bool ledger_open(struct ledger *ledger, struct database *database, int64_t now)
{
    *ledger = (struct ledger){
        .database = database, .now = now, .since = INT64_MIN, .until = INT64_MAX, .source = SOURCE_FILE};
    ledger->line = database_prepare(database, "INSERT OR IGNORE INTO line VALUES (?1, ?2)");
    ledger->noted = database_prepare(database, "SELECT 1 FROM line WHERE hash = ?1");
    ledger->event =
        database_prepare(database, "INSERT INTO event (run, seq, at, gateway, what, policy, detail)"
                                   " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)");
    ledger->judged =
        database_prepare(database, "INSERT INTO event (run, seq, at, gateway, what, policy, detail)"
                                   " SELECT ?1, ?2, ?3, ?4, 'decision', ?5, '' WHERE NOT EXISTS"
                                   " (SELECT 1 FROM event WHERE run = ?1 AND policy = ?5"
                                   " AND at IS NOT NULL)");
    ledger->known_kinds = recall_new();
    ledger->known_clients = recall_new();
    if (ledger->known_kinds == NULL || ledger->known_clients == NULL)
        return out_of_memory(ledger);
    return ledger->line != NULL && ledger->noted != NULL && ledger->event != NULL && ledger->judged != NULL
           && words_open(&ledger->words, database)
           && rows_open(&ledger->kinds, database, "kind", KIND_COLUMN_NAMES, KIND_COLUMNS)
           && rows_open(&ledger->clients, database, "client", CLIENT_COLUMN_NAMES, CLIENT_COLUMNS)
           && counts_open(&ledger->hourly, database, true) && counts_open(&ledger->daily, database, false)
           && messages_open(&ledger->messages, database, &ledger->runs) && runs_open(&ledger->runs, database)
           && marks_open(&ledger->marks, database);
}

/* Frees what only lines need, because the writes after them need memory, too. */
static void close_lines(struct ledger *ledger)
{
    rows_close(&ledger->kinds);
    rows_close(&ledger->clients);
    recall_free(ledger->known_kinds);
    recall_free(ledger->known_clients);
    ledger->known_kinds = ledger->known_clients = NULL;
    counts_close(&ledger->hourly);
    counts_close(&ledger->daily);
    messages_close(&ledger->messages);
    runs_close(&ledger->runs);
    marks_close(&ledger->marks);
}

void ledger_close(struct ledger *ledger)
{
    close_lines(ledger);
    sqlite3_finalize(ledger->line);
    sqlite3_finalize(ledger->noted);
    sqlite3_finalize(ledger->event);
    sqlite3_finalize(ledger->judged);
    words_close(&ledger->words);
    free(ledger->touch);
}

/* Hashes the message, the process and the second in which it was written. */
static int64_t hash_line(const struct entry *entry, int64_t at)
{
    uint64_t second = (uint64_t)(at == STAMP_NONE ? 0 : at / STAMP_SECOND);

    return (int64_t)(fnv_on(FNV_BEGIN ^ second, entry->text, entry->length) ^ entry->pid);
}

/* The hash for a delivery must differ, since the same line may also count as foreign. */
static int64_t hash_delivery(const struct entry *entry, int64_t at)
{
    return ~hash_line(entry, at);
}

bool ledger_has_delivery(struct ledger *ledger, const struct entry *entry, int64_t at)
{
    bool found;

    sqlite3_bind_int64(ledger->noted, 1, hash_delivery(entry, at));
    found = database_row(ledger->database, ledger->noted);
    (void)sqlite3_reset(ledger->noted);
    return found;
}

/* Writes the counts once they are many. */
static void write_many(struct ledger *ledger)
{
    if (ledger->hourly.number + ledger->daily.number <= COUNTS_AT_ONCE)
        return;
    counts_write(&ledger->hourly);
    counts_write(&ledger->daily);
}

/* Returns whether the hash is new, and adds it. */
static bool add_hash(struct ledger *ledger, int64_t hash, int64_t at)
{
    sqlite3_bind_int64(ledger->line, 1, hash);
    sqlite3_bind_int64(ledger->line, 2, at == STAMP_NONE ? ledger->now : at);
    database_step(ledger->database, ledger->line);
    return !ledger->database->failed && sqlite3_changes(ledger->database->handle) != 0;
}

static bool is_new(struct ledger *ledger, const struct entry *entry, int64_t at)
{
    return add_hash(ledger, hash_line(entry, at), at);
}

bool ledger_add_delivery(struct ledger *ledger, const struct entry *entry, int64_t at)
{
    write_many(ledger);
    return add_hash(ledger, hash_delivery(entry, at), at);
}

bool ledger_count(struct ledger *ledger, enum ledger_counter counter, const struct entry *entry, int64_t at)
{
    if (!is_new(ledger, entry, at))
        return false;
    ledger->counter[counter]++;
    return true;
}

static const char *text_of(const struct entry *entry, enum entry_key key)
{
    return entry->value[key].text != NULL ? entry->value[key].text : "";
}

/* Returns the digest of the policy that an event names, which is bare; a quoted value is the file. */
static const char *digest_of(const struct entry *entry)
{
    return entry->value[KEY_POLICY].text != NULL && !entry->value[KEY_POLICY].quoted
               ? entry->value[KEY_POLICY].text
               : "";
}

static void keep_event(struct ledger *ledger, const struct entry *entry, const struct run *run, int64_t at)
{
    enum entry_key detail = entry->value[KEY_LOST].text != NULL     ? KEY_LOST
                            : entry->value[KEY_RESULT].text != NULL ? KEY_RESULT
                                                                    : KEY_VERSION;

    sqlite3_bind_int64(ledger->event, 1, run != NULL ? run->number : 0);
    sqlite3_bind_int64(ledger->event, 2, (int64_t)entry->seq);
    if (at == STAMP_NONE)
        sqlite3_bind_null(ledger->event, 3);
    else
        sqlite3_bind_int64(ledger->event, 3, at);
    sqlite3_bind_int64(ledger->event, 4, run != NULL ? run->gateway : 0);
    sqlite3_bind_text(ledger->event, 5, text_of(entry, KEY_EVENT), -1, SQLITE_STATIC);
    sqlite3_bind_text(ledger->event, 6, digest_of(entry), -1, SQLITE_STATIC);
    sqlite3_bind_text(ledger->event, 7, text_of(entry, detail), -1, SQLITE_STATIC);
    database_step(ledger->database, ledger->event);
}

void ledger_touch(struct ledger *ledger, uint32_t kind, int64_t at)
{
    struct touch *touch;

    if (kind >= ledger->touches) {
        size_t more = kind + (size_t)kind / 2 + 64;

        touch = realloc(ledger->touch, more * sizeof *touch);
        if (touch == NULL) {
            ledger->exhausted = true;
            return;
        }
        ledger->touch = touch;
        for (; ledger->touches < more; ledger->touches++)
            touch[ledger->touches] = (struct touch){INT64_MAX, INT64_MIN};
    }
    touch = &ledger->touch[kind];
    if (at < touch->first)
        touch->first = at;
    if (at > touch->last)
        touch->last = at;
}

/* Stores the first mail that was judged by a policy without a start or reload in the lines. */
static void note_policy(struct ledger *ledger, const struct entry *entry, struct run *run, int64_t at)
{
    uint32_t policy = words_find_near(&ledger->words, digest_of(entry), &ledger->policy_place);

    if (policy == WORD_UNKNOWN)
        policy = words_add(&ledger->words, digest_of(entry));
    if (policy == 0 || policy == run->policy)
        return;
    run->policy = policy;
    sqlite3_bind_int64(ledger->judged, 1, run->number);
    sqlite3_bind_int64(ledger->judged, 2, (int64_t)entry->seq);
    sqlite3_bind_int64(ledger->judged, 3, at);
    sqlite3_bind_int64(ledger->judged, 4, run->gateway);
    sqlite3_bind_text(ledger->judged, 5, digest_of(entry), -1, SQLITE_STATIC);
    database_step(ledger->database, ledger->judged);
}

static bool is_kept(const char *event)
{
    static const char *const kept[] = {"start", "stop", "reload", "log"};

    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
        if (strcmp(event, kept[i]) == 0)
            return true;
    return false;
}

/* Returns the run of a numbered line. NULL: out of memory. */
static struct run *run_of(struct ledger *ledger, const struct entry *entry, const char *gateway)
{
    uint32_t word = words_find_near(&ledger->words, gateway, &ledger->gateway_place);
    size_t place;

    if (word == WORD_UNKNOWN)
        word = words_add(&ledger->words, gateway);
    place = runs_find(&ledger->runs, text_of(entry, KEY_RUN), word);

    return place == SIZE_MAX ? NULL : &ledger->runs.run[place];
}

/* Notes a new line with a number. */
static void note_new(struct ledger *ledger, const struct entry *entry, const char *gateway, int64_t at,
                     struct run *run)
{
    const char *event = text_of(entry, KEY_EVENT);

    if (entry->decision) {
        tally_decision(ledger, entry, gateway, at, run);
        note_policy(ledger, entry, run, at);
        return;
    }
    if (is_kept(event))
        keep_event(ledger, entry, run, at);
    if (strcmp(event, "stop") == 0)
        run->stopped = true;
}

/* Handles a line whose number was read before: a copy, or another line with that number. */
static void note_again(struct ledger *ledger, const struct entry *entry, int64_t at, const struct run *run)
{
    if (!marks_differ(&ledger->marks, run->number, entry))
        return;
    if (ledger_count(ledger, COUNTER_CONFLICTING, entry, at) && ledger->counter[COUNTER_CONFLICTING] == 1)
        ledger->conflict_partner = words_add(&ledger->words, text_of(entry, KEY_PARTNER));
}

/*
 * Returns the time of a line within its run. A line without a time has that of the previous line, which does
 * not tell when a run began.
 */
static int64_t time_in_run(const struct entry *entry, const struct run *run, int64_t at)
{
    bool own = entry->at != STAMP_NONE || entry->stamp != STAMP_NONE || entry->has_local;

    return own || run->first != STAMP_NONE ? at : STAMP_NONE;
}

bool ledger_note(struct ledger *ledger, const struct entry *entry, const char *gateway, int64_t at)
{
    bool future = at != STAMP_NONE && at > ledger->now + STAMP_DAY;
    struct run *run;

    if (entry->decision && (!tally_knows(entry) || at == STAMP_NONE))
        return ledger_count(ledger, COUNTER_UNREADABLE, entry, at);
    if (future && ledger_count(ledger, COUNTER_FUTURE, entry, at) && !entry->numbered)
        return true;
    if (!entry->numbered) {
        if (!entry->decision || future || !is_new(ledger, entry, at))
            return false;
        tally_decision(ledger, entry, gateway, at, NULL);
        return true;
    }
    run = run_of(ledger, entry, gateway);
    if (run == NULL)
        return false;
    if (!run_add(&ledger->runs, run, entry->seq, future ? STAMP_NONE : time_in_run(entry, run, at))) {
        note_again(ledger, entry, at, run);
        return false;
    }
    marks_keep(&ledger->marks, run->number, entry, future ? ledger->now : at);
    run->source |= ledger->source;
    if (!future)
        note_new(ledger, entry, gateway, at, run);
    write_many(ledger);
    return true;
}

static void write_counters(struct ledger *ledger)
{
    sqlite3_stmt *add =
        database_prepare(ledger->database, "INSERT INTO counter VALUES (?1, ?2)"
                                           " ON CONFLICT (name) DO UPDATE SET n = n + excluded.n");

    for (size_t i = 0; i < COUNTER_COUNT && add != NULL; i++) {
        sqlite3_bind_text(add, 1, ledger_counter_names[i], -1, SQLITE_STATIC);
        sqlite3_bind_int64(add, 2, (int64_t)ledger->counter[i]);
        database_step(ledger->database, add);
    }
    sqlite3_finalize(add);
}

bool ledger_write(struct ledger *ledger)
{
    counts_write(&ledger->hourly);
    counts_write(&ledger->daily);
    messages_write(&ledger->messages);
    runs_write(&ledger->runs);
    marks_write(&ledger->marks, ledger->now);
    write_counters(ledger);
    ledger->words.complete = false; /* later writers may add words */
    if (ledger->words.exhausted || ledger->kinds.exhausted || ledger->clients.exhausted
        || ledger->hourly.exhausted || ledger->daily.exhausted || ledger->messages.exhausted
        || ledger->runs.exhausted || ledger->marks.exhausted || ledger->exhausted)
        return out_of_memory(ledger);
    close_lines(ledger);
    return !ledger->database->failed;
}
