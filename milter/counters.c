/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The daemon's counters: relaxed atomics, because no other data depends on them. Mail of no partner touches
 * none of them.
 */
#include "milter/counters.h"

#include <stdatomic.h>

/* One set per process: libmilter's callbacks are given no pointer to it. */
static atomic_uint_fast64_t since_start[COUNTER_COUNT];
static atomic_uint_fast64_t messages, sessions;

const char *counter_name(enum counter counter)
{
    static const char *const names[COUNTER_COUNT] = {
        [COUNTER_PASS] = "pass",         [COUNTER_FAIL] = "fail",     [COUNTER_UNDECIDABLE] = "undecidable",
        [COUNTER_EXCEPTED] = "excepted", [COUNTER_EXEMPT] = "exempt", [COUNTER_LOG_LOST] = "lost",
    };

    return names[counter];
}

void counters_add(enum counter counter, uint64_t number)
{
    atomic_fetch_add_explicit(&since_start[counter], number, memory_order_relaxed);
}

uint64_t counters_next_message(void)
{
    return 1 + atomic_fetch_add_explicit(&messages, 1, memory_order_relaxed);
}

void counters_session_begins(void)
{
    atomic_fetch_add_explicit(&sessions, 1, memory_order_relaxed);
}

void counters_session_ends(void)
{
    atomic_fetch_sub_explicit(&sessions, 1, memory_order_relaxed);
}

struct counters counters_read(void)
{
    struct counters counters = {.sessions = atomic_load_explicit(&sessions, memory_order_relaxed)};

    for (unsigned i = 0; i < COUNTER_COUNT; i++)
        counters.since_start[i] = atomic_load_explicit(&since_start[i], memory_order_relaxed);
    return counters;
}
