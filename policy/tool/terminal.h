/* SPDX-License-Identifier: BSD-2-Clause */
/* Whether a stream leads to a terminal, and what that terminal can do. */
#ifndef POLICY_TOOL_TERMINAL_H
#define POLICY_TOOL_TERMINAL_H

#include <stdbool.h>
#include <stdio.h>

/* The columns of the terminal; 0: the stream leads to none, or its width is not known. */
unsigned terminal_width(FILE *stream);

/* The width at which to fold text: `most` columns, or the terminal's width if that is less. */
int terminal_fold(FILE *stream, int most);

/* Whether to write colours: on a terminal that is not dumb, unless NO_COLOR is set (https://no-color.org). */
bool terminal_colour(FILE *stream);

#endif
