/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The answer to the request "metrics": one JSON object on one line, in which each key is a series as
 * Prometheus writes it ("forcetls_partners{mode=\"testing\"}") and its value is a number. The series of a
 * family follow each other. The answer comes in pieces, so that a large one needs little memory. forcetls
 * metrics turns it into text.
 */
#ifndef MILTER_METRICS_H
#define MILTER_METRICS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* An answer under way. Holds the policy in force. */
struct metrics;

/* `started`: when the daemon started, in seconds since 1970. NULL: out of memory. */
struct metrics *metrics_begin(int64_t started);
void metrics_end(struct metrics *metrics); /* NULL is fine */

/*
 * Returns the next piece, malloc'd and never empty; *length is without the NUL. The last piece ends with the
 * line feed. NULL: out of memory.
 */
char *metrics_next(struct metrics *metrics, size_t *length);

/* Whether the last piece was returned. */
bool metrics_over(const struct metrics *metrics);

#endif
