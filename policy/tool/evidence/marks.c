/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Keeps marks in blocks of neighbouring numbers: in memory for all lines that this verb reads, in the
 * database for the lines of a week. That is enough: if somebody uses a number in advance, the daemon's own
 * line with it comes long before. Two octets are enough, too: nobody knows the text of a future line, so one
 * of 65,536 such lines is missed.
 */
#include "policy/tool/evidence/marks.h"

#include <stdlib.h>
#include <string.h>
#include "policy/array.h"
#include "policy/tool/evidence/fnv.h"
#include "policy/tool/evidence/stamp.h"

enum { BLOCK = 256, MARK_SIZE = 2, KEPT_DAYS = 7 };

struct mark_block {
    uint32_t run;
    uint64_t number; /* of the block, within the run */
    int64_t at;      /* the time of its last line */
    bool changed;
    unsigned char mark[BLOCK * MARK_SIZE]; /* 0: unknown */
};

bool marks_open(struct marks *marks, struct database *database)
{
    *marks = (struct marks){.database = database};
    marks->find = database_prepare(database, "SELECT at, marks FROM mark WHERE run = ?1 AND block = ?2");
    return marks->find != NULL;
}

void marks_close(struct marks *marks)
{
    for (size_t i = 0; i < marks->count; i++)
        free(marks->block[i]);
    free((void *)marks->block);
    slots_free(&marks->slots);
    sqlite3_finalize(marks->find);
    *marks = (struct marks){0};
}

/* Reads eight octets as a number, the same on all machines. */
static uint64_t load(const char *text)
{
    const unsigned char *octet = (const unsigned char *)text;

    return octet[0] | (uint64_t)octet[1] << 8 | (uint64_t)octet[2] << 16 | (uint64_t)octet[3] << 24
           | (uint64_t)octet[4] << 32 | (uint64_t)octet[5] << 40 | (uint64_t)octet[6] << 48
           | (uint64_t)octet[7] << 56;
}

/* Returns the mark of a text; never 0. */
static unsigned mark_of(const struct entry *entry)
{
    uint64_t hash = FNV_BEGIN ^ entry->length;
    size_t at = 0;
    unsigned mark;

    for (; at + 8 <= entry->length; at += 8) {
        hash = (hash ^ load(entry->text + at)) * 0x9E3779B97F4A7C15u;
        hash ^= hash >> 32;
    }
    hash = fnv_on(hash, entry->text + at, entry->length - at);
    mark = (unsigned)(hash >> 48 ^ hash >> 24) & 0xFFFF;
    return mark != 0 ? mark : 1;
}

static uint32_t hash_block(uint32_t run, uint64_t number)
{
    uint64_t both[2] = {run, number};

    return slots_hash(both, sizeof both);
}

static uint32_t block_hash(const void *owner, uint32_t place)
{
    const struct mark_block *block = ((const struct marks *)owner)->block[place];

    return hash_block(block->run, block->number);
}

/* Reads what the database has of a block. */
static void read_block(struct marks *marks, struct mark_block *block)
{
    sqlite3_bind_int64(marks->find, 1, block->run);
    sqlite3_bind_int64(marks->find, 2, (int64_t)block->number);
    if (database_row(marks->database, marks->find)
        && sqlite3_column_bytes(marks->find, 1) == sizeof block->mark) {
        block->at = sqlite3_column_int64(marks->find, 0);
        memcpy(block->mark, sqlite3_column_blob(marks->find, 1), sizeof block->mark);
    }
    sqlite3_reset(marks->find);
}

/* Returns the block of a number. NULL: out of memory. */
static struct mark_block *block_of(struct marks *marks, uint32_t run, uint64_t seq)
{
    uint64_t number = seq / BLOCK;
    uint32_t hash, place;
    struct mark_block *block = marks->last, **grown;
    size_t at = 0;

    if (block != NULL && block->run == run && block->number == number)
        return block;
    hash = hash_block(run, number);
    while (slots_next(&marks->slots, hash, &at, &place))
        if (marks->block[place]->run == run && marks->block[place]->number == number)
            return marks->last = marks->block[place];
    grown = array_grow((void *)marks->block, marks->count, sizeof *grown);
    if (grown != NULL)
        marks->block = grown;
    block = grown != NULL ? calloc(1, sizeof *block) : NULL;
    if (block == NULL || !slots_grow(&marks->slots, block_hash, marks)) {
        marks->exhausted = true;
        free(block);
        return NULL;
    }
    block->run = run;
    block->number = number;
    block->at = INT64_MIN;
    read_block(marks, block);
    slots_add(&marks->slots, hash, (uint32_t)marks->count);
    marks->block[marks->count++] = block;
    return marks->last = block;
}

static unsigned char *place_of(struct mark_block *block, uint64_t seq)
{
    return block->mark + seq % BLOCK * MARK_SIZE;
}

void marks_keep(struct marks *marks, uint32_t run, const struct entry *entry, int64_t at)
{
    struct mark_block *block = block_of(marks, run, entry->seq);
    unsigned mark = mark_of(entry);
    unsigned char *place;

    if (block == NULL)
        return;
    place = place_of(block, entry->seq);
    place[0] = (unsigned char)(mark >> 8);
    place[1] = (unsigned char)mark;
    if (at != STAMP_NONE && at > block->at)
        block->at = at;
    block->changed = true;
}

bool marks_differ(struct marks *marks, uint32_t run, const struct entry *entry)
{
    struct mark_block *block = block_of(marks, run, entry->seq);
    const unsigned char *place = block != NULL ? place_of(block, entry->seq) : NULL;
    unsigned mark = place != NULL ? (unsigned)place[0] << 8 | place[1] : 0;

    return mark != 0 && mark != mark_of(entry);
}

void marks_write(struct marks *marks, int64_t now)
{
    int64_t oldest = now - KEPT_DAYS * (int64_t)STAMP_DAY;
    sqlite3_stmt *add =
        database_prepare(marks->database, "INSERT OR REPLACE INTO mark VALUES (?1, ?2, ?3, ?4)");
    sqlite3_stmt *clear = database_prepare(marks->database, "DELETE FROM mark WHERE at < ?1");

    for (size_t i = 0; i < marks->count && add != NULL; i++) {
        struct mark_block *block = marks->block[i];

        if (!block->changed || block->at < oldest)
            continue;
        sqlite3_bind_int64(add, 1, block->run);
        sqlite3_bind_int64(add, 2, (int64_t)block->number);
        sqlite3_bind_int64(add, 3, block->at);
        sqlite3_bind_blob(add, 4, block->mark, sizeof block->mark, SQLITE_STATIC);
        database_step(marks->database, add);
        block->changed = false;
    }
    if (clear != NULL) {
        sqlite3_bind_int64(clear, 1, oldest);
        database_step(marks->database, clear);
    }
    sqlite3_finalize(add);
    sqlite3_finalize(clear);
}
