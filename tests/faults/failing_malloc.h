/* SPDX-License-Identifier: BSD-2-Clause */
/* What the failing allocator is told, and tells. */
#ifndef TESTS_FAULTS_FAILING_MALLOC_H
#define TESTS_FAULTS_FAILING_MALLOC_H

#include <stdatomic.h>
#include <stdint.h>

/* Five words of 64 bits in this order, which tests/faults/memory.py writes too. */
struct failing_malloc {
    _Atomic uint64_t armed;   /* not 0: allocations are counted, and fail */
    uint64_t first, times;    /* the first that fails, from 1, and how many do */
    _Atomic uint64_t counted; /* since the tester cleared it */
    _Atomic uint64_t failed;
};

extern struct failing_malloc *failing_malloc;

#endif
