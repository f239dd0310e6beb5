/* SPDX-License-Identifier: BSD-2-Clause */
/* One log line in logfmt, put together key by key. */
#ifndef MILTER_LOG_LINE_H
#define MILTER_LOG_LINE_H

#include <stddef.h>

/*
 * The size of a line without its end (" run=... seq=..."), which is added later and never cut. rsyslog cuts a
 * message at 8096 octets, its own prefix included, without a mark. The longest decision has about 6700.
 */
#define LOG_LINE_SIZE 7936
#define LOG_VALUE_MAX 256 /* octets of an outside value, as printed between its quotes */
#define LOG_TEXT_MAX 1024 /* of a sentence of our own */

enum { LOG_CUT_MAX = 24 };

/* One line in the making. What no longer fits is left out, whole values at a time. */
struct log_line {
    size_t length;
    unsigned cut_count;           /* at most LOG_CUT_MAX */
    const char *cut[LOG_CUT_MAX]; /* keys of the values that are not whole */
    char text[LOG_LINE_SIZE];
};

void log_begin(struct log_line *line, const char *event);

/* A word of our own, bare. NULL or "": `key=` alone. Keys must last as long as the line. */
void log_word(struct log_line *line, const char *key, const char *word);

void log_number(struct log_line *line, const char *key, size_t number);

/*
 * A value from outside, in quotes: a backslash before `"` and `\`, every other byte that does not print as
 * \xNN, at most LOG_VALUE_MAX octets of that. NULL: `key=` and nothing after it.
 */
void log_quoted(struct log_line *line, const char *key, const char *value);

/* A sentence of our own, escaped in the same way, at most LOG_TEXT_MAX octets. NULL as above. */
void log_text(struct log_line *line, const char *key, const char *text);

/* Notes that the value of `key` is not whole, because the caller had no room for all of it. */
void log_note_cut(struct log_line *line, const char *key);

/* `cut=`: the keys of all values so far that are not whole, with commas. */
void log_cut(struct log_line *line);

#endif
