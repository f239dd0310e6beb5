/* SPDX-License-Identifier: BSD-2-Clause */
/* Other programs whose output is read: journalctl(1), and those that unpack logs. */
#ifndef POLICY_TOOL_EVIDENCE_PROGRAM_H
#define POLICY_TOOL_EVIDENCE_PROGRAM_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * Starts a program, which is looked for in PATH. `input` is its standard input, -1: that of the caller; with
 * `quiet` its messages are dropped. Answers the descriptor of what it writes; -1: it cannot be started, errno
 * says why, and *child is -1.
 */
int program_start(const char *const arguments[], int input, bool quiet, pid_t *child);

/* Waits for its end. Whether it ended with status 0. A child of -1 did not. */
bool program_end(pid_t child);

/* Ends it, if it has not ended yet. A child of -1 is fine. */
void program_kill(pid_t child);

#endif
