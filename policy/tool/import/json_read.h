/* SPDX-License-Identifier: BSD-2-Clause */
/* Reads JSON into a tree of values with line numbers. */
#ifndef POLICY_TOOL_IMPORT_JSON_READ_H
#define POLICY_TOOL_IMPORT_JSON_READ_H

#include "policy/tool/import/import.h"

enum json_kind { JSON_NULL, JSON_FALSE, JSON_TRUE, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT };

struct json_value {
    enum json_kind kind;
    unsigned line;
    const char *key;          /* name of an object's member; NULL: not a member */
    const char *text;         /* a string without escapes; a number as it is written */
    struct json_value *first; /* first child of an array or object */
    struct json_value *next;
};

/*
 * Returns all values of a text as a list: usually it has one. NULL: it has none, or it has a mistake and
 * import_error() was called. Nesting over 32, two members of one name and \u0000 are mistakes.
 */
struct json_value *json_read(struct import *import, const char *file, const char *text);

/* Returns a member of an object by name, in any case. NULL: not there, or null. */
const struct json_value *json_property(const struct json_value *object, const char *name);

#endif
