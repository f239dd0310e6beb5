/* SPDX-License-Identifier: BSD-2-Clause */
/* The lines of Postfix's and Sendmail's tables: "key  value". */
#ifndef POLICY_TOOL_IMPORT_MAP_LINES_H
#define POLICY_TOOL_IMPORT_MAP_LINES_H

#include "policy/tool/import/import.h"

struct map_line {
    struct origin origin;    /* its text is the whole line, with continuation lines joined */
    const char *key, *value; /* the value without blanks around it; "": none */
    struct map_line *next;
};

/*
 * Returns the lines of a table, without empty lines and comments. If `continued`, a line that begins with a
 * blank continues the previous one. Otherwise it is an error, as in makemap(8). NULL: no lines, or the file
 * cannot be read; import_error() was called.
 */
struct map_line *map_lines_read(struct import *import, const char *file, bool continued);

/*
 * Returns the next item of a list from *at on, and moves *at past it. Blanks and any of `separators` end
 * items. NULL: no more.
 */
const char *map_item(struct import *import, const char **at, const char *separators);

/* The same for a list of attributes: "name=value", or "{ name = value }" as in Postfix 3.10. */
const char *map_attribute(struct import *import, const char **at);

/* Whether a text is one of the words, in any case. The list ends with NULL. */
bool map_is_word(const char *text, const char *const words[]);

#endif
