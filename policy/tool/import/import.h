/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the readers of this room share: the file that is read, findings, and the partners that become of it.
 */
#ifndef POLICY_TOOL_IMPORT_IMPORT_H
#define POLICY_TOOL_IMPORT_IMPORT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include "policy/arena.h"
#include "policy/slots.h"

/* A place in a file that is imported, and what stands there, in one line. */
struct origin {
    const char *file;
    unsigned line;    /* from 1 */
    const char *text; /* of any length, as it was read */
    const struct origin *next;
};

/* The values of one key, in the order in which they came. */
struct value {
    const char *text;
    struct value *next;
};

/* A partner as it will be written. */
struct draft {
    const char *name;             /* valid and unique, but from CSV: there it is what the file has */
    const struct origin *origins; /* the first one is that of errors */
    struct value **values;        /* by the index of draft_keys; NULL: not given */
    bool outbound_only;           /* nothing is known of the partner's own mail */
    const char *rule;             /* of a policy table: what its lines say; else NULL */
    unsigned line;                /* of the written policy, where the partner begins */
    bool removed;
    struct draft *next, *before;
};

/* A text of a draft. */
struct indexed {
    const char *text;
    struct draft *draft;
    unsigned number; /* of a name: the highest that was put behind it */
};

/* Texts of drafts, by hash. Zeroed when empty. */
struct text_index {
    struct slots slots;
    struct indexed *entry;
    size_t count;
};

/* One run of the verb. All memory is the arena's. */
struct import {
    struct arena arena;
    const char *mta; /* of the section milter; NULL: none is written */
    const char *map; /* --map; NULL: the table's lines say what it is */
    struct draft *first, *last;
    struct text_index names; /* of drafts */
    struct text_index rules; /* of policy tables: a rule; a rule and a domain of its partner */
    unsigned errors;
    const char *last_file; /* of the last error */
    unsigned last_line;
    char last_text[200];
};

/* ---- findings, on standard error: "FILE:LINE: error: text" ---- */

/* A mistake: nothing is printed on standard output then. `line` 0: of the file as a whole. */
void import_error(struct import *import, const char *file, unsigned line, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* What the policy language has no equivalent for, or what was written in another way than it stood there. */
void import_note(const struct origin *origin, const char *format, ...) __attribute__((format(printf, 2, 3)));

void import_vnote(const struct origin *origin, const char *format, va_list arguments)
    __attribute__((format(printf, 2, 0)));

/* ---- memory: these end the program with EX_OSERR where there is none ---- */

void *import_alloc(struct import *import, size_t size);
const char *import_text(struct import *import, const char *text, size_t length);
const char *import_format(struct import *import, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
struct origin *import_origin(struct import *import, const char *file, unsigned line, const char *text);

/* ---- the file ---- */

/*
 * The whole file ("-": standard input) as UTF-8 without a byte order mark, NUL-terminated, with LF, CR LF
 * or CR at the ends of its lines as they are. UTF-16 with a byte order mark is converted where `utf16`
 * allows it. NULL: it cannot be read, is larger than 64 MiB, holds a NUL, or is no UTF-8; import_error()
 * was called.
 */
char *import_read(struct import *import, const char *file, bool utf16);

/* ---- drafts ---- */

enum key_kind {
    KEY_WORD, /* one value, which the language reads as a word, a number, a date or a boolean */
    KEY_TEXT, /* one value, for people */
    KEY_LIST, /* values without blanks */
    KEY_NAMES /* values that may hold blanks: names in certificates */
};

struct draft_key {
    const char *path; /* "require.min_tls_version" */
    enum key_kind kind;
};

/* Every key that a draft can have, in the order in which they are written; the last one has no path. */
extern const struct draft_key draft_keys[];

/* The index of a key, or -1. */
int draft_key_find(const char *path);

/* Adds a text, of which no copy is made. False: out of memory. */
bool text_index_add(struct text_index *index, const char *text, struct draft *draft);
/* The first entry of that text; those of drafts that were removed count only where `removed`. NULL: none. */
struct indexed *text_index_find(const struct text_index *index, const char *text, bool removed);
void text_index_free(struct text_index *index);

/* Adds a text to an index; out of memory ends the program, as everywhere here. */
void import_index(struct text_index *index, const char *text, struct draft *draft);

/* A draft behind all others, without a name. */
struct draft *draft_new(struct import *import, const struct origin *origin);

/* A valid name that no draft has yet, as near to `wish` as can be; it is the last draft's. */
const char *draft_name(struct import *import, const char *wish);

/* One further value of a key that is in draft_keys; one that is there already is not added again. */
void draft_add(struct import *import, struct draft *draft, const char *path, const char *text);
const struct value *draft_values(const struct draft *draft, const char *path); /* NULL: none */

struct value **draft_no_values(struct import *import); /* for a draft of one's own */
void draft_remove(struct import *import, struct draft *draft);

/* One further place from which the draft comes. */
void draft_origin(struct import *import, struct draft *draft, const struct origin *origin);

/*
 * Brings the drafts to what a policy can say. A domain, client or next hop of two drafts of one direction
 * stays with the first, and a note says so. A domain that one draft has for one direction and another one
 * for the other becomes one partner with both rules.
 */
void drafts_settle(struct import *import);

/* ---- the policy ---- */

/* Writes all drafts as one policy, each in mode testing, and sets their lines. */
void policy_write(struct import *import, FILE *stream);

/*
 * Loads a written policy (an open file of our own) as the daemon does. Each error becomes one of the place
 * that the partner was imported from.
 */
void policy_verify(struct import *import, FILE *written);

/* ---- kinds of files, each to drafts and findings ---- */

void import_csv(struct import *import, const char *file);
void import_exchange(struct import *import, char *const files[]); /* NULL ends them */
void import_postfix(struct import *import, char *const files[]);
void import_sendmail(struct import *import, char *const files[]);

/* Whether --map knows the name. */
bool import_is_map(const char *name);

#endif
