/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the daemon counts since its start. The numbers outlive reloads. Knows neither policies nor the log:
 * other files count their events here, and the status shows the numbers.
 */
#ifndef MILTER_COUNTERS_H
#define MILTER_COUNTERS_H

#include <stdint.h>

enum counter {
    /* Decisions, one for each line event=decision, by its verdict= */
    COUNTER_PASS,
    COUNTER_FAIL,
    COUNTER_UNDECIDABLE,
    COUNTER_EXCEPTED,
    COUNTER_EXEMPT,
    COUNTER_LOG_LOST, /* log lines that did not fit into the queue, or that could not be written to stderr */
    COUNTER_COUNT
};

/* "pass", "fail", "undecidable", "excepted", "exempt", "lost": the key in the line event=status. */
const char *counter_name(enum counter counter);

/* Adds to a counter. From any thread; takes no lock. */
void counters_add(enum counter counter, uint64_t number);

/* Returns the number of the next message that is logged, from 1. From any thread; takes no lock. */
uint64_t counters_next_message(void);

/* Count the MTA's open connections: one begins; one ends. From any thread; takes no lock. */
void counters_session_begins(void);
void counters_session_ends(void);

/* A copy. Each number is right, but they may be of different moments. */
struct counters {
    uint64_t since_start[COUNTER_COUNT];
    uint64_t sessions; /* open now */
};
struct counters counters_read(void);

#endif
