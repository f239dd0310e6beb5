/* SPDX-License-Identifier: BSD-2-Clause */
/* The lines of Postfix's and Sendmail's tables: "key  value". */
#ifndef POLICY_TOOL_IMPORT_MAP_LINES_H
#define POLICY_TOOL_IMPORT_MAP_LINES_H

#include "policy/tool/import/import.h"

struct map_line {
    struct origin origin;    /* its text is the whole line, continuations joined */
    const char *key, *value; /* the value without blanks around it; "" where there is none */
    struct map_line *next;
};

/*
 * The lines of a table that are neither empty nor comments. `continued`: one that begins with a blank
 * continues the one above it; else it is an error, as it is for makemap(8). NULL: there are none, or the file
 * cannot be read; then import_error() was called.
 */
struct map_line *map_lines_read(struct import *import, const char *file, bool continued);

/*
 * The next item of a list that blanks or any of `separators` end, from *at on, which moves behind it; NULL:
 * no more.
 */
const char *map_item(struct import *import, const char **at, const char *separators);

/* The same for a list of attributes, each "name=value" or, as Postfix 3.10 has it, "{ name = value }". */
const char *map_attribute(struct import *import, const char **at);

/* Whether a text is one of the words, which NULL ends, in any case. */
bool map_is_word(const char *text, const char *const words[]);

#endif
