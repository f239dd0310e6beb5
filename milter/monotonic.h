/* SPDX-License-Identifier: BSD-2-Clause */
/* Time that goes on evenly, even if the clock is set. */
#ifndef MILTER_MONOTONIC_H
#define MILTER_MONOTONIC_H

#include <stdint.h>
#include <time.h>

/* Milliseconds of CLOCK_MONOTONIC, or of CLOCK_BOOTTIME, which goes on while the machine sleeps. */
static inline int64_t monotonic_ms(clockid_t clock)
{
    struct timespec now;

    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

#endif
