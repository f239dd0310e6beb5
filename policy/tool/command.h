/* SPDX-License-Identifier: BSD-2-Clause */
/* Other programs, asked for what they print. */
#ifndef POLICY_TOOL_COMMAND_H
#define POLICY_TOOL_COMMAND_H

#include <stdbool.h>

/* What a program printed, each to be freed; both NULL where it could not be run. */
struct output {
    char *out, *error;
    bool good; /* it ran to its end and answered 0 */
};

/*
 * Runs a program (found by PATH, and where administrators' programs are) without input, in the C locale.
 * It is given 30 seconds and 4 MiB; then it is stopped, and the output is not good.
 */
struct output command_run(const char *const arguments[]);
/* The same with a text as its standard input. */
struct output command_run_with(const char *const arguments[], const char *input);
void output_free(struct output *output);

#endif
