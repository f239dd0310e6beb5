/* SPDX-License-Identifier: BSD-2-Clause */
/* Other programs whose output is read: journalctl(1), and those that unpack logs. */
#ifndef POLICY_TOOL_EVIDENCE_PROGRAM_H
#define POLICY_TOOL_EVIDENCE_PROGRAM_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * Starts a program, which is searched in PATH. `input` is its standard input; -1: the caller's. With `quiet`
 * its standard error is discarded. Returns a descriptor to read its output from. -1: it cannot be started,
 * errno says why, and *child is -1.
 */
int program_start(const char *const arguments[], int input, bool quiet, pid_t *child);

/* Waits for the program to end. Returns whether its status is 0. False for a child of -1. */
bool program_end(pid_t child);

/* Terminates the program if it still runs, and waits for it. A child of -1 is allowed. */
void program_kill(pid_t child);

#endif
