/* SPDX-License-Identifier: BSD-2-Clause */
/* Time that a change of the system clock does not affect. */
#ifndef POLICY_TOOL_MONOTONIC_H
#define POLICY_TOOL_MONOTONIC_H

#include <stdint.h>
#include <time.h>

/* Milliseconds since some time in the past. */
static inline int64_t monotonic_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

#endif
