/* SPDX-License-Identifier: BSD-2-Clause */
/* Runs other programs for their output. */
#ifndef POLICY_TOOL_COMMAND_H
#define POLICY_TOOL_COMMAND_H

#include <stdbool.h>

/* What a program printed; output_free() frees it. NULL: out of memory. Empty: also if it could not be run. */
struct output {
    char *out, *error;
    bool good; /* it ran to its end with exit status 0 */
};

/*
 * Runs a program without input, in the C locale. It is looked up in PATH, then where administrators'
 * programs are. After 30 seconds or 4 MiB of output it is killed, and the output is not good.
 */
struct output command_run(const char *const arguments[]);
/* The same with a text as its standard input. NULL: no input. */
struct output command_run_with(const char *const arguments[], const char *input);
void output_free(struct output *output);

#endif
