/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Shared by the readers of this directory: the imported file, errors and notes, and the partners made from
 * it.
 */
#ifndef POLICY_TOOL_IMPORT_IMPORT_H
#define POLICY_TOOL_IMPORT_IMPORT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include "policy/arena.h"
#include "policy/slots.h"

/* A place in an imported file, and its text as one line. */
struct origin {
    const char *file;
    unsigned line;    /* from 1 */
    const char *text; /* of any length, as it was in the file */
    const struct origin *next;
};

/* The values of one key, in input order. */
struct value {
    const char *text;
    struct value *next;
};

/* A partner as it will be written. */
struct draft {
    const char *name;             /* valid and unique; from CSV: as the file has it */
    const struct origin *origins; /* errors name the first one */
    struct value **values;        /* by index in draft_keys; NULL: not given */
    bool outbound_only;           /* the partner has no rule for mail from it */
    const char *rule;             /* from a policy table: what its lines say; else NULL */
    unsigned line;                /* in the written policy, where the partner begins */
    bool removed;
    struct draft *next, *before;
};

/* A text of a draft. */
struct indexed {
    const char *text;
    struct draft *draft;
    unsigned number; /* of a name: the highest number that was appended to it */
};

/* A hash table of texts of drafts. All zero: empty. */
struct text_index {
    struct slots slots;
    struct indexed *entry;
    size_t count;
};

/* One run of import. The arena owns all memory, except that of the indexes. */
struct import {
    struct arena arena;
    const char *mta; /* for the section milter; NULL: the section is not written */
    const char *map; /* --map; NULL: the lines of a table show which map it is */
    struct draft *first, *last;
    struct text_index names; /* of drafts */
    struct text_index rules; /* from policy tables: each rule, and each rule with a domain of its partner */
    unsigned errors;
    const char *last_file; /* of the last error */
    unsigned last_line;
    char last_text[200];
};

/* ---- errors and notes, on standard error: "FILE:LINE: error: text" ---- */

/* Reports a mistake. Then nothing is printed on standard output. `line` 0: it concerns the whole file. */
void import_error(struct import *import, const char *file, unsigned line, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* Reports what the policy language cannot express, or what is written otherwise than in the file. */
void import_note(const struct origin *origin, const char *format, ...) __attribute__((format(printf, 2, 3)));

void import_vnote(const struct origin *origin, const char *format, va_list arguments)
    __attribute__((format(printf, 2, 0)));

/* ---- memory: if it runs out, these end the program with EX_OSERR ---- */

void *import_alloc(struct import *import, size_t size);
const char *import_text(struct import *import, const char *text, size_t length);
const char *import_format(struct import *import, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
struct origin *import_origin(struct import *import, const char *file, unsigned line, const char *text);

/* ---- the file ---- */

/*
 * Returns the whole file ("-": standard input) as UTF-8 without a byte order mark, NUL-terminated. Line ends
 * (LF, CR LF or CR) are unchanged. If `utf16`, UTF-16 with a byte order mark is converted. NULL: the file
 * cannot be read, is larger than 64 MiB, contains a NUL, or is not UTF-8; import_error() was called.
 */
char *import_read(struct import *import, const char *file, bool utf16);

/* ---- drafts ---- */

enum key_kind {
    KEY_WORD, /* one value, which the language reads as a word, a number, a date or a boolean */
    KEY_TEXT, /* one value, for humans */
    KEY_LIST, /* values without blanks */
    KEY_NAMES /* values that may contain blanks: names in certificates */
};

struct draft_key {
    const char *path; /* "require.min_tls_version" */
    enum key_kind kind;
};

/* All keys of a draft, in the order in which they are written. The last entry has no path. */
extern const struct draft_key draft_keys[];

/* Returns the index of a key, or -1. */
int draft_key_find(const char *path);

/* Adds a text without a copy of it. False: out of memory. */
bool text_index_add(struct text_index *index, const char *text, struct draft *draft);
/* Returns the first entry of the text. Entries of removed drafts count only if `removed`. NULL: none. */
struct indexed *text_index_find(const struct text_index *index, const char *text, bool removed);
void text_index_free(struct text_index *index);

/* Adds a text to an index. If memory runs out, ends the program. */
void import_index(struct text_index *index, const char *text, struct draft *draft);

/* Appends a new draft, without a name. */
struct draft *draft_new(struct import *import, const struct origin *origin);

/* Makes a unique, valid name as similar to `wish` as possible, and indexes it for the last draft. */
const char *draft_name(struct import *import, const char *wish);

/* Adds a value to a key, which must be in draft_keys, unless the key has this value already. */
void draft_add(struct import *import, struct draft *draft, const char *path, const char *text);
const struct value *draft_values(const struct draft *draft, const char *path); /* NULL: none */

struct value **draft_no_values(struct import *import); /* for a draft that is not in the list */
void draft_remove(struct import *import, struct draft *draft);

/* Adds a further place that the draft comes from. */
void draft_origin(struct import *import, struct draft *draft, const struct origin *origin);

/*
 * Settles conflicts between drafts. If two drafts of one direction have the same domain, client or next hop,
 * the first keeps it and a note says so. If a domain has one draft for each direction, it becomes one partner
 * with both rules.
 */
void drafts_settle(struct import *import);

/* ---- the policy ---- */

/* Writes all drafts as one policy, each in mode testing, and sets their `line`. */
void policy_write(struct import *import, FILE *stream);

/*
 * Loads a written policy (an open temporary file) as the daemon does. Reports each error at the place that
 * the partner was imported from.
 */
void policy_verify(struct import *import, FILE *written);

/* ---- file formats: each reader makes drafts and reports ---- */

void import_csv(struct import *import, const char *file);
void import_exchange(struct import *import, char *const files[]); /* ends with NULL */
void import_postfix(struct import *import, char *const files[]);
void import_sendmail(struct import *import, char *const files[]);

/* Whether the name is valid for --map. */
bool import_is_map(const char *name);

#endif
