/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the daemon counts since its start. The numbers outlive reloads. Knows neither policies nor the
 * log: whoever does something counts it here, and the status shows it.
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
    COUNTER_LOG_LOST, /* log lines that found no room in the queue, or that could not be written to stderr */
    COUNTER_COUNT
};

/* "pass", "fail", "undecidable", "excepted", "exempt", "lost": the key in the line event=status. */
const char *counter_name(enum counter counter);

/* Adds to a counter. From any thread; takes no lock. */
void counters_add(enum counter counter, uint64_t number);

/* The number of one more message that is logged, from 1. From any thread; takes no lock. */
uint64_t counters_next_message(void);

/* The MTA's connections: one more, one less. From any thread; takes no lock. */
void counters_session_begins(void);
void counters_session_ends(void);

/* A copy. Each number is right; they need not be of the same moment. */
struct counters {
    uint64_t since_start[COUNTER_COUNT];
    uint64_t sessions; /* open now */
};
struct counters counters_read(void);

#endif
