/* SPDX-License-Identifier: BSD-2-Clause */
/* What doctor has to say: a list of remarks, each with the line that would mend it. */
#ifndef POLICY_TOOL_REMARKS_H
#define POLICY_TOOL_REMARKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include "policy/names/json.h"

enum level { LEVEL_OK, LEVEL_WARNING, LEVEL_ERROR, LEVEL_COUNT };

struct remark {
    enum level level;
    const char *subject; /* a name that scripts can count on, of static storage */
    char *text, *change; /* change: lines to write, or NULL */
};

/* Starts zeroed. */
struct remarks {
    size_t count, room, counts[LEVEL_COUNT];
    struct remark *remark;
    bool repeated;  /* the last remark was there before */
    bool exhausted; /* memory ran out: the list is not whole */
};

/* Adds a remark, unless it is there already. */
void remark(struct remarks *remarks, enum level level, const char *subject, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* Says what to write, for the remark that was added last. */
void remark_change(struct remarks *remarks, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* For people, folded to 80 columns: warnings and errors behind what is good. */
void remarks_show(const struct remarks *remarks, FILE *stream);
/* As the values of an array that is open. */
void remarks_json(const struct remarks *remarks, struct json *json);
const char *level_name(enum level level);
void remarks_free(struct remarks *remarks); /* what it holds */

#endif
