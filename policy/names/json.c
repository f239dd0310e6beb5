/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A JSON writer: brackets, commas and strings, nothing more. It trusts its
 * caller to open and close in pairs and to put a key before each value of an
 * object. It knows nothing of policies or verdicts.
 */
#include "policy/names/json.h"

#include <stdint.h>
#include <string.h>
#include <unicode/utf8.h>

static void separate(struct json *json)
{
    if (json->comma)
        fputs(", ", json->stream);
    json->comma = true;
}

void json_open(struct json *json, char bracket)
{
    separate(json);
    fputc(bracket, json->stream);
    json->comma = false;
}

void json_close(struct json *json, char bracket)
{
    fputc(bracket, json->stream);
    json->comma = true;
}

static void write_string(FILE *stream, const char *text)
{
    const uint8_t *octets = (const uint8_t *)text;
    size_t length = strlen(text), at = 0, start;
    UChar32 character;

    fputc('"', stream);
    while (at < length) {
        start = at;
        U8_NEXT(octets, at, length, character);

        if (character < 0) {
            fputs("\\ufffd", stream);
            at = start + 1;
        } else if (character < 0x20 || character == 0x7f) {
            fprintf(stream, "\\u%04x", (unsigned)character);
        } else if (character == '"' || character == '\\') {
            fprintf(stream, "\\%c", (char)character);
        } else {
            fwrite(text + start, 1, at - start, stream);
        }
    }
    fputc('"', stream);
}

void json_key(struct json *json, const char *key)
{
    separate(json);
    write_string(json->stream, key);
    fputs(": ", json->stream);
    json->comma = false;
}

void json_string(struct json *json, const char *text)
{
    separate(json);
    if (text != NULL)
        write_string(json->stream, text);
    else
        fputs("null", json->stream);
}

void json_number(struct json *json, size_t number)
{
    separate(json);
    fprintf(json->stream, "%zu", number);
}

void json_bool(struct json *json, bool value)
{
    separate(json);
    fputs(value ? "true" : "false", json->stream);
}

void json_open_list(struct json *json, const char *key)
{
    json_key(json, key);
    json_open(json, '[');
}

void json_member(struct json *json, const char *key, const char *text)
{
    json_key(json, key);
    json_string(json, text);
}

void json_member_number(struct json *json, const char *key, size_t number)
{
    json_key(json, key);
    json_number(json, number);
}

void json_member_bool(struct json *json, const char *key, bool value)
{
    json_key(json, key);
    json_bool(json, value);
}

void json_raw(struct json *json, const char *values)
{
    if (*values == '\0')
        return;
    separate(json);
    fputs(values, json->stream);
}
