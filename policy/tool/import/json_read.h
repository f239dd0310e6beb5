/* SPDX-License-Identifier: BSD-2-Clause */
/* JSON to a tree whose values know their lines. */
#ifndef POLICY_TOOL_IMPORT_JSON_READ_H
#define POLICY_TOOL_IMPORT_JSON_READ_H

#include "policy/tool/import/import.h"

enum json_kind { JSON_NULL, JSON_FALSE, JSON_TRUE, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT };

struct json_value {
    enum json_kind kind;
    unsigned line;
    const char *key;          /* of a member of an object; NULL elsewhere */
    const char *text;         /* of a string, without escapes; of a number as it stands */
    struct json_value *first; /* of an array or object */
    struct json_value *next;
};

/*
 * All values of a text, one behind the other: usually it has one. NULL: there is none, or a mistake, for
 * which import_error() was called. Nesting over 32, two members of one name and \u0000 are mistakes.
 */
struct json_value *json_read(struct import *import, const char *file, const char *text);

/* The member of an object, by its name without regard to case; NULL: none, or null. */
const struct json_value *json_property(const struct json_value *object, const char *name);

#endif
