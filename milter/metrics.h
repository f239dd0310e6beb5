/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The answer to the request "metrics": one JSON object on one line, in which each key is a series as
 * Prometheus writes it ("forcetls_partners{mode=\"testing\"}") and its value is a number. The series of a
 * family stand together. It comes in pieces, so that a large one needs little memory. forcetls metrics makes
 * the text of it.
 */
#ifndef MILTER_METRICS_H
#define MILTER_METRICS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* An answer under way. Holds the policy in force. */
struct metrics;

/* `started`: when the daemon was. NULL: out of memory. */
struct metrics *metrics_begin(int64_t started);
void metrics_end(struct metrics *metrics); /* NULL is fine */

/*
 * The next piece, malloc'd and never empty, its length without the NUL. The last one ends with the line
 * feed. NULL: out of memory.
 */
char *metrics_next(struct metrics *metrics, size_t *length);

/* Whether the last piece was given away. */
bool metrics_over(const struct metrics *metrics);

#endif
