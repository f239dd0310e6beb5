/* SPDX-License-Identifier: BSD-2-Clause */
/* Words and rows of words that the database stores once, and how to find them. */
#ifndef POLICY_TOOL_EVIDENCE_WORDS_H
#define POLICY_TOOL_EVIDENCE_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "policy/arena.h"
#include "policy/slots.h"
#include "policy/tool/evidence/database.h"

/* The table `text`. Id 0 is the empty word; WORD_UNKNOWN: not in the table. */
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
    bool complete;  /* memory has all words of the table; nobody else may add any */
    bool exhausted; /* memory ran out: later counts are wrong, and must not be committed */
};

bool words_open(struct words *words, struct database *database);
void words_close(struct words *words);

/*
 * Returns the id of a known word, or WORD_UNKNOWN. *place, which starts as 0, is the index of the last word
 * found, and is tried first.
 */
uint32_t words_find_near(struct words *words, const char *text, size_t *place);

/* Returns the id of a word, which it adds if needed. */
uint32_t words_add(struct words *words, const char *text);

enum { ROW_MOST = 24 };

/* A table of distinct rows of word ids: `kind` or `client`. */
struct rows {
    struct database *database;
    size_t width;
    struct slots slots;
    uint32_t *row; /* for each row its hash, its id and its values */
    size_t count;
    sqlite3_stmt *find, *add;
    bool complete; /* as in struct words */
    bool exhausted;
};

/* `table` has the columns id and mark, and then the `width` columns of `columns`, "a, b, c". */
bool rows_open(struct rows *rows, struct database *database, const char *table, const char *columns,
               size_t width);
void rows_close(struct rows *rows);

/* Returns the id of a known row. 0: unknown. */
uint32_t rows_find(struct rows *rows, const uint32_t value[]);

/* Returns the id of a row, which it adds if needed. 0: failed. */
uint32_t rows_add(struct rows *rows, const uint32_t value[]);

#endif
