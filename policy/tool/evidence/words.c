/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Finds words and rows in memory, else in the database. Found ones stay in memory until there are too many;
 * then all are dropped. The database indexes rows only by a hash, `mark`: that takes a tenth of an index of
 * all their columns.
 */
#include "policy/tool/evidence/words.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "policy/array.h"

enum { WORDS_MOST = 1 << 16, ROWS_MOST = 1 << 15 };

/* Layout of a row in memory. */
enum { ROW_HASH, ROW_NUMBER, ROW_VALUES };

/* Whether a table is empty. If so, memory will have all of its rows. */
static bool is_empty(struct database *database, const char *table)
{
    char sql[64];
    sqlite3_stmt *any;
    bool empty;

    snprintf(sql, sizeof sql, "SELECT 1 FROM %s LIMIT 1", table);
    any = database_prepare(database, sql);
    empty = any != NULL && !database_row(database, any);
    sqlite3_finalize(any);
    return empty;
}

/* ---- words ---- */

bool words_open(struct words *words, struct database *database)
{
    *words = (struct words){.database = database, .complete = is_empty(database, "text")};
    words->find = database_prepare(database, "SELECT id FROM text WHERE value = ?1");
    words->add = database_prepare(database, "INSERT INTO text (value) VALUES (?1)");
    return words->find != NULL && words->add != NULL;
}

void words_close(struct words *words)
{
    arena_free(&words->texts);
    free(words->word);
    slots_free(&words->slots);
    sqlite3_finalize(words->find);
    sqlite3_finalize(words->add);
    *words = (struct words){0};
}

static uint32_t word_hash(const void *owner, uint32_t place)
{
    return ((const struct words *)owner)->word[place].hash;
}

static void forget_words(struct words *words)
{
    slots_empty(&words->slots);
    arena_reset(&words->texts);
    words->count = 0;
    words->complete = false;
}

static void remember_word(struct words *words, const char *text, uint32_t hash, uint32_t number)
{
    struct word *grown;
    const char *copy;

    if (words->count == WORDS_MOST)
        forget_words(words);
    grown = array_grow(words->word, words->count, sizeof *grown);
    copy = arena_text(&words->texts, text, strlen(text));
    if (grown != NULL)
        words->word = grown;
    if (grown == NULL || copy == NULL || !slots_grow(&words->slots, word_hash, words)) {
        words->exhausted = true;
        return;
    }
    words->word[words->count] = (struct word){copy, hash, number};
    slots_add(&words->slots, hash, (uint32_t)words->count++);
}

/* Sets *found to the index of the word if it is in memory. */
static uint32_t find_word(struct words *words, const char *text, uint32_t hash, size_t *found)
{
    size_t at = 0;
    uint32_t place, number = WORD_UNKNOWN;

    while (slots_next(&words->slots, hash, &at, &place))
        if (strcmp(words->word[place].text, text) == 0) {
            *found = place;
            return words->word[place].number;
        }
    if (words->find == NULL || words->complete)
        return number;
    sqlite3_bind_text(words->find, 1, text, -1, SQLITE_STATIC);
    if (database_row(words->database, words->find))
        number = (uint32_t)sqlite3_column_int64(words->find, 0);
    sqlite3_reset(words->find);
    if (number != WORD_UNKNOWN)
        remember_word(words, text, hash, number);
    return number;
}

uint32_t words_find_near(struct words *words, const char *text, size_t *place)
{
    if (*text == '\0')
        return 0;
    if (*place < words->count && strcmp(words->word[*place].text, text) == 0)
        return words->word[*place].number;
    return find_word(words, text, slots_hash(text, strlen(text)), place);
}

uint32_t words_add(struct words *words, const char *text)
{
    uint32_t hash, number;
    size_t place;

    if (*text == '\0')
        return 0;
    hash = slots_hash(text, strlen(text));
    number = find_word(words, text, hash, &place);
    if (number != WORD_UNKNOWN || words->add == NULL)
        return number;
    sqlite3_bind_text(words->add, 1, text, -1, SQLITE_STATIC);
    database_step(words->database, words->add);
    number = (uint32_t)sqlite3_last_insert_rowid(words->database->handle);
    remember_word(words, text, hash, number);
    return number;
}

/* ---- rows ---- */

/*
 * Prepares "SELECT id, a, b FROM kind WHERE mark = ?1" and "INSERT INTO kind (mark, a, b) VALUES (?1, ?2,
 * ?3)".
 */
bool rows_open(struct rows *rows, struct database *database, const char *table, const char *columns,
               size_t width)
{
    char find[512], add[640];
    int length;

    *rows = (struct rows){.database = database, .width = width, .complete = is_empty(database, table)};
    snprintf(find, sizeof find, "SELECT id, %s FROM %s WHERE mark = ?1", columns, table);
    length = snprintf(add, sizeof add, "INSERT INTO %s (mark, %s) VALUES (?1", table, columns);
    for (size_t i = 0; i < width; i++)
        length += snprintf(add + length, sizeof add - (size_t)length, ", ?%zu", i + 2);
    snprintf(add + length, sizeof add - (size_t)length, ")");
    rows->find = database_prepare(database, find);
    rows->add = database_prepare(database, add);
    return rows->find != NULL && rows->add != NULL;
}

void rows_close(struct rows *rows)
{
    free(rows->row);
    slots_free(&rows->slots);
    sqlite3_finalize(rows->find);
    sqlite3_finalize(rows->add);
    *rows = (struct rows){0};
}

/* Returns a row in memory. */
static uint32_t *row_at(const struct rows *rows, size_t place)
{
    return rows->row + place * (ROW_VALUES + rows->width);
}

static uint32_t row_hash(const void *owner, uint32_t place)
{
    return row_at(owner, place)[ROW_HASH];
}

static void forget_rows(struct rows *rows)
{
    slots_empty(&rows->slots);
    rows->count = 0;
    rows->complete = false;
}

static void remember_row(struct rows *rows, const uint32_t value[], uint32_t hash, uint32_t number)
{
    uint32_t *grown, *row;

    if (rows->count == ROWS_MOST)
        forget_rows(rows);
    grown = array_grow(rows->row, rows->count, (ROW_VALUES + rows->width) * sizeof *grown);
    if (grown != NULL)
        rows->row = grown;
    if (grown == NULL || !slots_grow(&rows->slots, row_hash, rows)) {
        rows->exhausted = true;
        return;
    }
    row = row_at(rows, rows->count);
    row[ROW_HASH] = hash;
    row[ROW_NUMBER] = number;
    memcpy(row + ROW_VALUES, value, rows->width * sizeof *value);
    slots_add(&rows->slots, hash, (uint32_t)rows->count++);
}

/* Whether the statement's current row has these values. */
static bool is_row(const struct rows *rows, const uint32_t value[])
{
    for (size_t i = 0; i < rows->width; i++)
        if (sqlite3_column_int64(rows->find, (int)i + 1) != value[i])
            return false;
    return true;
}

static uint32_t find_row(struct rows *rows, const uint32_t value[], uint32_t hash)
{
    size_t at = 0;
    uint32_t place, number = 0;

    while (slots_next(&rows->slots, hash, &at, &place)) {
        const uint32_t *row = row_at(rows, place);

        if (row[ROW_HASH] == hash && memcmp(row + ROW_VALUES, value, rows->width * sizeof *value) == 0)
            return row[ROW_NUMBER];
    }
    if (rows->find == NULL || rows->complete)
        return 0;
    sqlite3_bind_int64(rows->find, 1, hash);
    while (number == 0 && database_row(rows->database, rows->find))
        if (is_row(rows, value))
            number = (uint32_t)sqlite3_column_int64(rows->find, 0);
    sqlite3_reset(rows->find);
    if (number != 0)
        remember_row(rows, value, hash, number);
    return number;
}

uint32_t rows_find(struct rows *rows, const uint32_t value[])
{
    for (size_t i = 0; i < rows->width; i++)
        if (value[i] == WORD_UNKNOWN)
            return 0;
    return find_row(rows, value, slots_hash(value, rows->width * sizeof *value));
}

uint32_t rows_add(struct rows *rows, const uint32_t value[])
{
    uint32_t hash = slots_hash(value, rows->width * sizeof *value), number = find_row(rows, value, hash);

    if (number != 0 || rows->add == NULL)
        return number;
    sqlite3_bind_int64(rows->add, 1, hash);
    for (size_t i = 0; i < rows->width; i++)
        sqlite3_bind_int64(rows->add, (int)i + 2, value[i]);
    database_step(rows->database, rows->add);
    if (rows->database->failed)
        return 0;
    number = (uint32_t)sqlite3_last_insert_rowid(rows->database->handle);
    remember_row(rows, value, hash, number);
    return number;
}
