/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The log line event=status: what was counted since the start, so that a log can be checked for lost
 * lines.
 */
#ifndef MILTER_SUMS_H
#define MILTER_SUMS_H

#include <semaphore.h>

/* Seconds between two lines. */
#define SUMS_INTERVAL 3600

/* Logs the sums. */
void sums_log(void);

/* Waits until `end` is posted; logs the sums every SUMS_INTERVAL seconds meanwhile. */
void sums_wait(sem_t *end);

#endif
