/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A line of the log in the making, in a buffer of the caller. This file knows how values are escaped and cut,
 * but not what the lines say or where they go.
 */
#include "milter/log_line.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

void log_note_cut(struct log_line *line, const char *key)
{
    if (line->cut_count < LOG_CUT_MAX)
        line->cut[line->cut_count++] = key;
}

static bool append(struct log_line *line, const char *text, size_t length)
{
    if (length >= sizeof line->text - line->length)
        return false;
    memcpy(line->text + line->length, text, length);
    line->length += length;
    line->text[line->length] = '\0';
    return true;
}

static void append_key(struct log_line *line, const char *key)
{
    if (line->length != 0)
        append(line, " ", 1);
    append(line, key, strlen(key));
    append(line, "=", 1);
}

/* Whether an octet is printed as itself between quotation marks. */
static bool is_plain(unsigned char octet)
{
    return octet >= 0x20 && octet <= 0x7e && octet != '"' && octet != '\\';
}

/* Prints an octet that is not plain. Returns the length. */
static size_t escape(unsigned char octet, char printed[5])
{
    bool visible = octet == '"' || octet == '\\';

    return (size_t)snprintf(printed, 5, visible ? "\\%c" : "\\x%02X", octet);
}

/* Whether one of the eight octets of a word is less than `low`, which is at most 0x80. */
static bool has_less(uint64_t word, uint64_t low)
{
    return ((word - low * (UINT64_MAX / 255)) & ~word & UINT64_MAX / 255 * 0x80) != 0;
}

static bool has_octet(uint64_t word, uint64_t octet)
{
    return has_less(word ^ octet * (UINT64_MAX / 255), 1);
}

/* Whether is_plain() holds for eight octets. Most values are plain: eight octets at a time are faster. */
static bool are_plain(const char *octets)
{
    uint64_t word;

    memcpy(&word, octets, sizeof word);
    return (word & UINT64_MAX / 255 * 0x80) == 0 && !has_less(word, 0x20) && !has_octet(word, 0x7f)
           && !has_octet(word, '"') && !has_octet(word, '\\');
}

/* How many octets at the beginning are plain, at most `most`. */
static size_t plain_length(const char *value, size_t most)
{
    size_t length = 0;

    while (most - length >= 8 && are_plain(value + length))
        length += 8;
    while (length < most && is_plain((unsigned char)value[length]))
        length++;
    return length;
}

/*
 * Appends at most `limit` octets between quotation marks. False: the value was cut, or does not fit and is
 * left out.
 */
static bool append_quoted(struct log_line *line, const char *value, size_t limit)
{
    char *text = line->text + line->length + 1;
    size_t room = sizeof line->text - line->length, length = 0;
    size_t rest = strnlen(value, limit + 1); /* a longer value is cut */

    if (room < sizeof "\"\"")
        return false;
    room -= sizeof "\"\"";
    while (rest > 0 && length < limit) {
        char printed[5];
        size_t used = plain_length(value, rest < limit - length ? rest : limit - length), size = used;
        const char *octets = value;

        if (used == 0) {
            used = 1;
            size = escape((unsigned char)*value, printed);
            octets = printed;
        }
        if (length + size > limit)
            break;
        if (length + size > room) {
            text[-1] = '\0';
            return false;
        }
        memcpy(text + length, octets, size);
        length += size;
        value += used;
        rest -= used;
    }
    text[-1] = text[length] = '"';
    text[length + 1] = '\0';
    line->length += length + 2;
    return rest == 0;
}

void log_begin(struct log_line *line, const char *event)
{
    line->length = 0;
    line->cut_count = 0;
    log_word(line, "event", event);
}

void log_word(struct log_line *line, const char *key, const char *word)
{
    append_key(line, key);
    if (word != NULL && !append(line, word, strlen(word)))
        log_note_cut(line, key);
}

void log_number(struct log_line *line, const char *key, size_t number)
{
    char text[32];

    snprintf(text, sizeof text, "%zu", number);
    log_word(line, key, text);
}

void log_quoted(struct log_line *line, const char *key, const char *value)
{
    append_key(line, key);
    if (value != NULL && !append_quoted(line, value, LOG_VALUE_MAX))
        log_note_cut(line, key);
}

void log_text(struct log_line *line, const char *key, const char *text)
{
    append_key(line, key);
    if (text != NULL && !append_quoted(line, text, LOG_TEXT_MAX))
        log_note_cut(line, key);
}

void log_cut(struct log_line *line)
{
    append_key(line, "cut");
    for (unsigned i = 0; i < line->cut_count; i++) {
        if (i != 0)
            append(line, ",", 1);
        append(line, line->cut[i], strlen(line->cut[i]));
    }
}
