/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The line event=status. It bounds what a log may have lost at its end, if the process is killed before it
 * logs its stop. Knows the counters and the log, but not what is counted.
 */
#include "milter/sums.h"

#include <errno.h>
#include <syslog.h>
#include <time.h>
#include "milter/counters.h"
#include "milter/log.h"

void sums_log(void)
{
    struct counters counters = counters_read();
    struct log_line line;

    log_begin(&line, "status");
    log_number(&line, "sessions", counters.sessions);
    for (unsigned i = 0; i < COUNTER_COUNT; i++)
        log_number(&line, counter_name((enum counter)i), counters.since_start[i]);
    log_policy(&line);
    log_write(LOG_INFO, &line);
}

void sums_wait(sem_t *end)
{
    struct timespec next;

    /* Not sem_clockwait(): ThreadSanitizer does not know it, and delivers no signal while it waits. */
    clock_gettime(CLOCK_REALTIME, &next);
    next.tv_sec += SUMS_INTERVAL;
    while (sem_timedwait(end, &next) != 0) {
        if (errno != ETIMEDOUT)
            continue; /* a signal */
        sums_log();
        next.tv_sec += SUMS_INTERVAL;
    }
}
