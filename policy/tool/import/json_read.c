/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A strict reader of JSON (RFC 8259). Knows nothing of what the values mean. Its input was checked to be
 * UTF-8.
 */
#include "policy/tool/import/json_read.h"

#include <stdint.h>
#include <string.h>
#include <strings.h>
#include <unicode/utf16.h>
#include <unicode/utf8.h>
#include "policy/names/ascii.h"

enum { DEPTH_MAX = 32 };

struct json_reader {
    struct import *import;
    const char *file;
    const char *at;
    unsigned line;
    bool failed;
};

static struct json_value *read_value(struct json_reader *reader, unsigned depth);

static void *fail(struct json_reader *reader, const char *text)
{
    if (!reader->failed)
        import_error(reader->import, reader->file, reader->line, "is no JSON: %s", text);
    reader->failed = true;
    return NULL;
}

static void pass_blanks(struct json_reader *reader)
{
    for (; *reader->at && strchr(" \t\r\n", *reader->at) != NULL; reader->at++)
        reader->line += *reader->at == '\n';
}

static bool pass(struct json_reader *reader, char octet)
{
    pass_blanks(reader);
    if (*reader->at != octet)
        return false;
    reader->at++;
    return true;
}

/* ---- strings ---- */

/* Reads the four hexadecimal digits after "\u". -1: not hexadecimal. */
static int32_t read_unit(const char *at)
{
    int32_t unit = 0;

    for (int i = 0; i < 4; i++) {
        int digit = ascii_hex(at[i]);

        if (digit < 0)
            return -1;
        unit = unit * 16 + digit;
    }
    return unit;
}

/* Reads the character of "\uXXXX", or of a surrogate pair of them. 0: reported. */
static UChar32 read_escaped_unit(struct json_reader *reader)
{
    int32_t unit = read_unit(reader->at), trail = -1;

    if (unit > 0)
        reader->at += 4;
    if (unit > 0 && U16_IS_LEAD(unit) && reader->at[0] == '\\' && reader->at[1] == 'u')
        trail = read_unit(reader->at + 2);
    if (unit <= 0 || (U16_IS_SURROGATE(unit) && (trail < 0 || !U16_IS_TRAIL(trail)))) {
        fail(reader, "\\u without a character behind it");
        return 0;
    }
    if (trail < 0)
        return unit;
    reader->at += 6;
    return U16_GET_SUPPLEMENTARY(unit, trail);
}

/* Reads one escape, after its backslash, into `to`. Returns the octets written. */
static size_t read_escape(struct json_reader *reader, char *to)
{
    static const char letters[] = "\"\\/bfnrt", octets[] = "\"\\/\b\f\n\r\t";
    const char *letter = *reader->at ? strchr(letters, *reader->at) : NULL;
    size_t length = 0;

    if (*reader->at == 'u') {
        UChar32 character;

        reader->at++;
        character = read_escaped_unit(reader);
        if (character > 0)
            U8_APPEND_UNSAFE((uint8_t *)to, length, character);

        return length;
    }
    if (letter == NULL) {
        fail(reader, "an unknown escape in a string");
        return 0;
    }
    reader->at++;
    *to = octets[letter - letters];
    return 1;
}

static const char *read_string(struct json_reader *reader)
{
    const char *end;
    char *text;
    size_t length = 0;

    if (!pass(reader, '"'))
        return fail(reader, "a string in double quotes was expected");
    for (end = reader->at; *end && *end != '"'; end++)
        end += *end == '\\' && end[1] != '\0';
    text = import_alloc(reader->import, (size_t)(end - reader->at) + 1);
    while (*reader->at && *reader->at != '"' && !reader->failed) {
        if ((unsigned char)*reader->at < ' ')
            return fail(reader, "a string that does not end in its line");
        if (*reader->at != '\\') {
            text[length++] = *reader->at++;
            continue;
        }
        reader->at++;
        length += read_escape(reader, text + length);
    }
    if (reader->failed || *reader->at != '"')
        return fail(reader, "the file ends within a string");
    reader->at++;
    return text;
}

/* ---- arrays and objects ---- */

static bool has_member(const struct json_value *object, const char *key)
{
    for (const struct json_value *value = object->first; value != NULL; value = value->next)
        if (strcasecmp(value->key, key) == 0)
            return true;
    return false;
}

/* Reads a member or an element. NULL: reported. */
static struct json_value *read_item(struct json_reader *reader, const struct json_value *within,
                                    unsigned depth)
{
    const char *key = NULL;
    struct json_value *value;

    if (within->kind == JSON_OBJECT) {
        key = read_string(reader);
        if (key == NULL)
            return NULL;
        if (has_member(within, key))
            return fail(reader, import_format(reader->import, "two members \"%.80s\" in one object", key));
        if (!pass(reader, ':'))
            return fail(reader, "a colon was expected behind the name of a member");
    }
    value = read_value(reader, depth);
    if (value != NULL)
        value->key = key;
    return value;
}

static struct json_value *read_items(struct json_reader *reader, struct json_value *within, unsigned depth)
{
    char end = within->kind == JSON_OBJECT ? '}' : ']';
    struct json_value **last = &within->first;

    if (depth > DEPTH_MAX)
        return fail(reader, "nested more than 32 deep");
    reader->at++;
    if (pass(reader, end))
        return within;
    do {
        *last = read_item(reader, within, depth);
        if (*last == NULL)
            return NULL;
        last = &(*last)->next;
    } while (pass(reader, ','));
    if (!pass(reader, end))
        return fail(reader, end == '}' ? "\",\" or \"}\" was expected" : "\",\" or \"]\" was expected");
    return within;
}

/* ---- values ---- */

/* Reads null, false, true or a number. */
static struct json_value *read_bare(struct json_reader *reader, struct json_value *value)
{
    static const char *const words[] = {"null", "false", "true"}; /* in the order of enum json_kind */
    size_t length = strspn(reader->at, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-.");
    size_t digits = strspn(reader->at, "0123456789+-.eE");

    for (int i = 0; i < 3; i++)
        if (length == strlen(words[i]) && strncmp(reader->at, words[i], length) == 0) {
            value->kind = (enum json_kind)i;
            reader->at += length;
            return value;
        }
    if (length == 0 || digits != length || strpbrk(reader->at, "0123456789") == NULL)
        return fail(reader, *reader->at ? "a value was expected" : "the file ends too early");
    value->kind = JSON_NUMBER;
    value->text = import_text(reader->import, reader->at, length);
    reader->at += length;
    return value;
}

static struct json_value *read_value(struct json_reader *reader, unsigned depth)
{
    struct json_value *value = import_alloc(reader->import, sizeof *value);

    pass_blanks(reader);
    value->line = reader->line;
    if (*reader->at == '{' || *reader->at == '[') {
        value->kind = *reader->at == '{' ? JSON_OBJECT : JSON_ARRAY;
        return read_items(reader, value, depth + 1);
    }
    if (*reader->at != '"')
        return read_bare(reader, value);
    value->kind = JSON_STRING;
    value->text = read_string(reader);
    return value->text != NULL ? value : NULL;
}

struct json_value *json_read(struct import *import, const char *file, const char *text)
{
    struct json_reader reader = {.import = import, .file = file, .at = text, .line = 1};
    struct json_value *first = NULL, **last = &first;

    for (pass_blanks(&reader); *reader.at && !reader.failed; pass_blanks(&reader)) {
        *last = read_value(&reader, 0);
        if (*last != NULL)
            last = &(*last)->next;
    }
    return reader.failed ? NULL : first;
}

const struct json_value *json_property(const struct json_value *object, const char *name)
{
    for (const struct json_value *value = object->first; value != NULL; value = value->next)
        if (strcasecmp(value->key, name) == 0)
            return value->kind == JSON_NULL ? NULL : value;
    return NULL;
}
