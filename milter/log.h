/* SPDX-License-Identifier: BSD-2-Clause */
/* The queue that passes log lines to syslog or stderr. It never blocks the thread that logs. */
#ifndef MILTER_LOG_H
#define MILTER_LOG_H

#include <stdbool.h>
#include "milter/log_line.h"

/* Adds `policy=`, the digest that log_name_policy() set last. */
void log_policy(struct log_line *line);

/* Sets that digest, at most LOG_POLICY_MAX octets; "": no policy is loaded. Copied. From any thread. */
#define LOG_POLICY_MAX 64
void log_name_policy(const char *digest);

/* Starts the thread that writes: to stderr, else to syslog(3). False: the thread cannot be started. */
bool log_start(bool to_stderr);

/*
 * Puts a copy of the line in the queue, from any thread, and never waits for the reader of the log. Adds the
 * end of the line: `run=`, 64 random bits of this process, and `seq=`, the number of the line from 1. A
 * number that is missing in a log is a line that was lost, here or later on its way. If the queue is full,
 * the line is lost, and the loss is counted and logged. `priority` is one of syslog's (LOG_INFO). Lines
 * written before log_start() wait for it.
 */
void log_write(int priority, const struct log_line *line);

/* Writes what is queued and ends the thread. False: it was not done within a second, and still runs. */
bool log_stop(void);

#endif
