/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How long decisions take, as a histogram since the start. Knows numbers only. From any thread; takes no
 * lock.
 */
#ifndef MILTER_DURATIONS_H
#define MILTER_DURATIONS_H

#include <stdint.h>

/* Steps from 10 microseconds to 1 second, and what takes longer. */
enum { DURATION_STEPS = 12 };

/* The upper end of a step in seconds, as a metric's label `le` has it; "+Inf" after the last step. */
const char *duration_step(unsigned step);

/* The time now for durations_add(): nanoseconds of a clock that never goes back; never 0. */
int64_t durations_now(void);

/* Counts a decision that took from `since` until now. */
void durations_add(int64_t since);

/* A copy: how many were in each step, not in those below it; the sum in nanoseconds. */
struct durations {
    uint64_t count[DURATION_STEPS + 1], nanoseconds;
};
struct durations durations_read(void);

#endif
