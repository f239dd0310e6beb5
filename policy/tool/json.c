/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A JSON writer: brackets, commas and strings, nothing more. It trusts its
 * caller to open and close in pairs and to put a key before each value of an
 * object. It knows nothing of policies or verdicts.
 */
#include <stdint.h>
#include <string.h>
#include <unistr.h>
#include "policy/tool/json.h"

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
    size_t left = strlen(text);

    fputc('"', stream);
    while (left > 0) {
        unsigned char octet = (unsigned char)*text;
        int length = u8_mblen((const uint8_t *)text, left);
        size_t taken = length > 0 ? (size_t)length : 1;

        if (length <= 0)
            fputs("\\ufffd", stream);
        else if (octet < 0x20 || octet == 0x7f)
            fprintf(stream, "\\u%04x", octet);
        else if (octet == '"' || octet == '\\')
            fprintf(stream, "\\%c", octet);
        else
            fwrite(text, 1, taken, stream);
        text += taken;
        left -= taken;
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
    if (text)
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

void json_raw(struct json *json, const char *values)
{
    if (*values == '\0')
        return;
    separate(json);
    fputs(values, json->stream);
}
