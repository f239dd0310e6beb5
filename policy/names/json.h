/* SPDX-License-Identifier: BSD-2-Clause */
/* Writes JSON (RFC 8259) to a stream, on one line; valid UTF-8 whatever octets a string holds. */
#ifndef POLICY_NAMES_JSON_H
#define POLICY_NAMES_JSON_H

#include <stdbool.h>
#include <stdio.h>

/* Starts as {stream, false}. */
struct json {
    FILE *stream;
    bool comma; /* one is due before the next key or value */
};

void json_open(struct json *json, char bracket); /* '{' or '[' */
void json_close(struct json *json, char bracket);
void json_key(struct json *json, const char *key);
/* NULL writes null; octets that are no UTF-8 become U+FFFD. */
void json_string(struct json *json, const char *text);
void json_number(struct json *json, size_t number);
void json_bool(struct json *json, bool value);

/* A key and its value, or the beginning of its list. */
void json_open_list(struct json *json, const char *key);
void json_member(struct json *json, const char *key, const char *text); /* NULL writes null */
void json_member_number(struct json *json, const char *key, size_t number);
void json_member_bool(struct json *json, const char *key, bool value);

void json_raw(struct json *json, const char *values); /* values written by this writer before, or "" */

#endif
