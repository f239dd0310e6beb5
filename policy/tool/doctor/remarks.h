/* SPDX-License-Identifier: BSD-2-Clause */
/* What doctor has to say: a list of remarks, each with the lines that repair what is wrong. */
#ifndef POLICY_TOOL_DOCTOR_REMARKS_H
#define POLICY_TOOL_DOCTOR_REMARKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include "policy/names/json.h"

enum level { LEVEL_OK, LEVEL_WARNING, LEVEL_ERROR, LEVEL_COUNT };

struct remark {
    enum level level;
    const char *subject; /* a name that scripts can rely on; static text */
    char *text, *change; /* change: lines to write, or NULL */
    char *quote;         /* lines of a file, shown as they are below the text, or NULL */
};

/* Starts zeroed. */
struct remarks {
    size_t count, counts[LEVEL_COUNT];
    struct remark *remark;
    const char *prefix; /* a prefix for every text that is added, or NULL; not freed */
    bool repeated;      /* the last remark was in the list before */
    bool exhausted;     /* memory ran out: the list is not whole */
};

/* Adds a remark, unless it is there already. */
void remark(struct remarks *remarks, enum level level, const char *subject, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* Adds a line to write to the remark that was added last; several lines are shown in this order. */
void remark_change(struct remarks *remarks, const char *format, ...) __attribute__((format(printf, 2, 3)));
/*
 * The same for a command: its words end with NULL. A word is quoted for the shell if it needs that, so that
 * the line can be pasted whatever a file is called.
 */
void remark_command(struct remarks *remarks, const char *const words[]);
#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})
/* Adds lines of a file to the remark that was added last; they are shown below its text. Takes a copy. */
void remark_quote(struct remarks *remarks, const char *lines);

/* Shows the remarks to people, folded to 80 columns: first what is good, then warnings, then errors. */
void remarks_show(const struct remarks *remarks, FILE *stream);
/* Writes the remarks as values of an open array. */
void remarks_json(const struct remarks *remarks, struct json *json);
const char *level_name(enum level level);
void remarks_free(struct remarks *remarks); /* frees what the list holds */

#endif
