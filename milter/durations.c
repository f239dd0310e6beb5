/* SPDX-License-Identifier: BSD-2-Clause */
/* A histogram of relaxed atomics: they cost little beside a mail. */
#include "milter/durations.h"

#include <stdatomic.h>
#include <time.h>

static const struct {
    int64_t nanoseconds;
    const char *seconds;
} steps[DURATION_STEPS] = {
    {10000, "1e-05"},    {25000, "2.5e-05"}, {50000, "5e-05"},    {100000, "0.0001"},
    {250000, "0.00025"}, {500000, "0.0005"}, {1000000, "0.001"},  {2500000, "0.0025"},
    {10000000, "0.01"},  {50000000, "0.05"}, {250000000, "0.25"}, {1000000000, "1.0"},
};

/* One per process: libmilter's callbacks are given no pointer to it. */
static atomic_uint_fast64_t count[DURATION_STEPS + 1], sum;

const char *duration_step(unsigned step)
{
    return step < DURATION_STEPS ? steps[step].seconds : "+Inf";
}

int64_t durations_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec + 1;
}

void durations_add(int64_t since)
{
    int64_t took = durations_now() - since;
    unsigned step = 0;

    while (step < DURATION_STEPS && took > steps[step].nanoseconds)
        step++;
    atomic_fetch_add_explicit(&count[step], 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&sum, (uint64_t)took, memory_order_relaxed);
}

struct durations durations_read(void)
{
    struct durations durations = {.nanoseconds = atomic_load_explicit(&sum, memory_order_relaxed)};

    for (unsigned i = 0; i <= DURATION_STEPS; i++)
        durations.count[i] = atomic_load_explicit(&count[i], memory_order_relaxed);
    return durations;
}
