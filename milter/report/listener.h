/* SPDX-License-Identifier: BSD-2-Clause */
/* The listener of `milter.postfix_facts`: a thread of its own that stores Postfix's reports. */
#ifndef MILTER_REPORT_LISTENER_H
#define MILTER_REPORT_LISTENER_H

#include <stdbool.h>
#include <stdint.h>
#include "milter/socket.h"
#include "policy/facts/postfix_report.h"

/*
 * Opens the socket and starts the thread; at most once in a process. For `shared` see socket_prepare(). If
 * not SOCKET_GOOD, nothing runs.
 */
enum socket_state report_listener_start(const char *spec, bool shared, struct socket_problem *problem);

/* Ends the thread and removes a unix socket; the reports stay. Does nothing if none was started. */
void report_listener_stop(void);

/* Whether the thread was ever started. Stays true after its end. */
bool report_listener_runs(void);

/* The newest report's serial, for a message to note at MAIL: reports up to it are about other messages. */
uint64_t report_serial(void);

/*
 * Copies the report with that key and a serial above `serial` to *report. False: there is none. Never
 * waits.
 */
bool report_find(const struct report_key *key, uint64_t serial, struct postfix_report *report);

#endif
