/* SPDX-License-Identifier: BSD-2-Clause */
/* Words and rows of words that the database keeps once, found by what they are. */
#ifndef POLICY_TOOL_EVIDENCE_WORDS_H
#define POLICY_TOOL_EVIDENCE_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "policy/arena.h"
#include "policy/slots.h"
#include "policy/tool/evidence/database.h"

/* The table `text`. Number 0 is the empty word; WORD_UNKNOWN: the table has no such word. */
#define WORD_UNKNOWN UINT32_MAX

struct words {
    struct database *database;
    struct slots slots;
    struct arena texts;
    struct word {
        const char *text;
        uint32_t hash, number;
    } * word;
    size_t count;
    sqlite3_stmt *find, *add;
    bool complete;  /* memory has every word of the table; nobody else may add any */
    bool exhausted; /* memory ran out: what was counted since is not right, and must not be committed */
};

bool words_open(struct words *words, struct database *database);
void words_close(struct words *words);

/*
 * The number of a word that is there, or WORD_UNKNOWN. *place, which starts as 0, is where the last one was
 * found, and is looked at first.
 */
uint32_t words_find_near(struct words *words, const char *text, size_t *place);

/* The number of a word, which is added where it is not there. */
uint32_t words_add(struct words *words, const char *text);

enum { ROW_MOST = 24 };

/* A table of distinct rows of numbers: `kind` or `client`. */
struct rows {
    struct database *database;
    size_t width;
    struct slots slots;
    uint32_t *row; /* of each its hash, its number and its values */
    size_t count;
    sqlite3_stmt *find, *add;
    bool complete; /* as of words */
    bool exhausted;
};

/* `table` has the columns id, mark and then the `columns`, "a, b, c", `width` of them. */
bool rows_open(struct rows *rows, struct database *database, const char *table, const char *columns,
               size_t width);
void rows_close(struct rows *rows);

/* The number of a row that is there; 0: there is none. */
uint32_t rows_find(struct rows *rows, const uint32_t value[]);

/* The number of a row, which is added where it is not there; 0: that failed. */
uint32_t rows_add(struct rows *rows, const uint32_t value[]);

#endif
