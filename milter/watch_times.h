/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * When changes of the policy's files are loaded, and when the files are compared. Times are in
 * milliseconds.
 */
#ifndef MILTER_WATCH_TIMES_H
#define MILTER_WATCH_TIMES_H

#include <stdbool.h>
#include <stdint.h>

enum {
    WATCH_QUIET = 2000,  /* from the last change to its load */
    WATCH_LIMIT = 30000, /* from the first change, however many follow */
    WATCH_POLL = 30000   /* from one comparison to the next */
};

struct watch_times {
    bool pending;        /* a change waits to be loaded */
    int64_t first, last; /* of the changes that wait */
    int64_t poll;        /* the next comparison, if no change waits */
};

/* No change waits; the files are compared next in WATCH_POLL. */
void watch_times_reset(struct watch_times *times, int64_t now);

/* Notes a change. */
void watch_times_note(struct watch_times *times, int64_t now);

/*
 * Whether the changes are to be loaded; whether they must be, even if more come; whether to compare the
 * files.
 */
bool watch_times_load_due(const struct watch_times *times, int64_t now);
bool watch_times_at_limit(const struct watch_times *times, int64_t now);
bool watch_times_poll_due(const struct watch_times *times, int64_t now);

/* How long it takes until one of these is due, if no change comes; at least 0, at most WATCH_POLL. */
int watch_times_left(const struct watch_times *times, int64_t now);

#endif
