/* SPDX-License-Identifier: BSD-2-Clause */
/* Pure: reads no clock and knows nothing of files. */
#include "milter/watch_times.h"

void watch_times_reset(struct watch_times *times, int64_t now)
{
    *times = (struct watch_times){.poll = now + WATCH_POLL};
}

void watch_times_note(struct watch_times *times, int64_t now)
{
    if (!times->pending)
        times->first = now;
    times->pending = true;
    times->last = now;
}

/* When the changes are loaded, if no further one comes. */
static int64_t load_time(const struct watch_times *times)
{
    int64_t quiet = times->last + WATCH_QUIET, limit = times->first + WATCH_LIMIT;

    return quiet < limit ? quiet : limit;
}

bool watch_times_load_due(const struct watch_times *times, int64_t now)
{
    return times->pending && now >= load_time(times);
}

bool watch_times_at_limit(const struct watch_times *times, int64_t now)
{
    return times->pending && now >= times->first + WATCH_LIMIT;
}

bool watch_times_poll_due(const struct watch_times *times, int64_t now)
{
    return !times->pending && now >= times->poll;
}

int watch_times_left(const struct watch_times *times, int64_t now)
{
    int64_t left = (times->pending ? load_time(times) : times->poll) - now;

    return left < 0 ? 0 : left > WATCH_POLL ? WATCH_POLL : (int)left;
}
