/* SPDX-License-Identifier: BSD-2-Clause */
/* Log lines in logfmt, and the queue that takes them to syslog or stderr without holding anybody up. */
#ifndef MILTER_LOG_H
#define MILTER_LOG_H

#include <stdbool.h>
#include <stddef.h>

#define LOG_LINE_SIZE 8192
#define LOG_VALUE_MAX 256 /* octets of an outside value, as printed between its quotes */
#define LOG_TEXT_MAX 1024 /* of a sentence of our own */

/* One line in the making. What no longer fits is left out, whole values at a time. */
struct log_line {
    size_t length;
    char text[LOG_LINE_SIZE];
};

void log_begin(struct log_line *line, const char *event);

/* A word of our own, bare. NULL or "": `key=` with nothing behind. */
void log_word(struct log_line *line, const char *key, const char *word);

void log_number(struct log_line *line, const char *key, size_t number);

/*
 * A value from outside, in quotes: `"` and `\` behind a backslash, every other
 * byte that does not print as \xNN, at most LOG_VALUE_MAX octets of that. NULL: `key=` with nothing behind.
 */
void log_quoted(struct log_line *line, const char *key, const char *value);

/* A sentence of our own, escaped in the same way, at most LOG_TEXT_MAX octets. NULL as above. */
void log_text(struct log_line *line, const char *key, const char *text);

/* Starts the thread that writes: to stderr, else to syslog(3). False: no thread can be had. */
bool log_start(bool to_stderr);

/*
 * Puts a copy of the line in the queue, from any thread, and never waits for
 * whoever reads the log. Where the queue is full the line is lost, and the
 * loss is counted and logged. `priority` is one of syslog's (LOG_INFO). Lines
 * written before log_start() wait for it.
 */
void log_write(int priority, const struct log_line *line);

/* Writes what is queued and ends the thread. False: it did not get done in a second, and still runs. */
bool log_stop(void);

#endif
