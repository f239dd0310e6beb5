/* SPDX-License-Identifier: BSD-2-Clause */
/* Log files, plain or compressed: the lines in which a word occurs. */
#ifndef POLICY_TOOL_EVIDENCE_INPUT_H
#define POLICY_TOOL_EVIDENCE_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { INPUT_LINE_MAX = 65536 }; /* octets of a line; of a longer one only the beginning is handed out */

struct input;

struct input_line {
    char *text; /* without its line end, with a NUL behind it; may be changed; valid until the next call */
    size_t length;
    bool ended;    /* it has its line end; the last line of a file may have none yet */
    bool too_long; /* and cut */
};

/*
 * Opens a file; "-" is standard input. NULL: it cannot be read, and *error says why (a constant text or
 * that of strerror()). Waits for no writer of a FIFO.
 */
struct input *input_open(const char *path, const char **error);

/*
 * The time of the last change of the file in seconds, or that of its end if it is compressed; 0: not known.
 */
int64_t input_changed(const struct input *input);

/* Whether nobody goes on writing to it: it is compressed. */
bool input_finished(const struct input *input);

/* The first lines, as many octets as are read at once, not consumed; NUL behind them. */
const char *input_peek(struct input *input, size_t *length);

/*
 * The next line in which `word` occurs. False: there is none left, or the rest cannot be read: see
 * input_error().
 */
bool input_next(struct input *input, const char *word, struct input_line *line);

/* NULL: the file was read to its end. */
const char *input_error(const struct input *input);

void input_close(struct input *input); /* NULL is fine */

#endif
