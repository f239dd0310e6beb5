/* SPDX-License-Identifier: BSD-2-Clause */
/* Runs libmilter and ends it: sessions under way are served, new ones are not accepted. */
#ifndef MILTER_DRAIN_H
#define MILTER_DRAIN_H

#include <stdbool.h>

/* The most seconds that sessions under way have: the default, and the limit of -d. */
enum { DRAIN_SECONDS = 10, DRAIN_SECONDS_MAX = 3600 };

/* Blocks SIGTERM, SIGINT and SIGHUP in this thread and in those that it starts. */
void drain_block_signals(void);

enum work_end { WORK_STOPPED, WORK_FAILED, WORK_NO_THREAD };

/*
 * Lets libmilter work until a signal or drain_ask() asks for the end, and drains. To be called once, by the
 * process's first thread, with those signals blocked. WORK_FAILED: libmilter ended by itself. WORK_NO_THREAD:
 * its thread did not start.
 */
enum work_end drain_work(unsigned seconds);

/* Begins the drain as SIGTERM does. From any thread. */
void drain_ask(void);

/* Whether a drain has been asked for. From any thread. */
bool drain_is_on(void);

#endif
