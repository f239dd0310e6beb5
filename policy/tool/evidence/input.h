/* SPDX-License-Identifier: BSD-2-Clause */
/* Reads log files, plain or compressed: the lines that contain a word. */
#ifndef POLICY_TOOL_EVIDENCE_INPUT_H
#define POLICY_TOOL_EVIDENCE_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { INPUT_LINE_MAX = 65536 }; /* octets of a line; of a longer one only the beginning is returned */

struct input;

struct input_line {
    char *text; /* without line end, NUL-terminated; may be changed; valid until the next call */
    size_t length;
    bool ended;    /* it has its line end, which the last line of a file may not have yet */
    bool too_long; /* longer than INPUT_LINE_MAX, and cut */
};

/*
 * Opens a file; "-" is standard input. NULL: it cannot be read, and *error says why (a constant text or that
 * of strerror()). Does not wait for the writer of a FIFO.
 */
struct input *input_open(const char *path, const char **error);

/* Returns when the file was last modified, in seconds. 0: unknown. */
int64_t input_changed(const struct input *input);

/* Whether nobody writes to the file any more, because it is compressed. */
bool input_finished(const struct input *input);

/* Returns the first lines, as much as one read gives, without consuming them. NUL-terminated. */
const char *input_peek(struct input *input, size_t *length);

/*
 * Returns the next line that contains `word`. False: none is left, or the rest cannot be read; see
 * input_error().
 */
bool input_next(struct input *input, const char *word, struct input_line *line);

/* Returns what went wrong. NULL: the file was read to its end. */
const char *input_error(const struct input *input);

void input_close(struct input *input); /* NULL is allowed */

#endif
