/* SPDX-License-Identifier: BSD-2-Clause */
/* What inotify shows of the directories in which the files of a policy are looked up. */
#ifndef MILTER_WATCH_EVENTS_H
#define MILTER_WATCH_EVENTS_H

#include <stdbool.h>
#include <stddef.h>
#include "policy/disk.h"

/* A name in a directory. */
struct watched {
    int descriptor; /* of the directory's watch */
    bool pattern, last;
    const char *name; /* malloc'd */
};

/* All that is watched; begins as WATCH_EVENTS_NONE. */
struct watch_events {
    int fd; /* of inotify; -1: there is none */
    size_t count;
    struct watched *watched; /* malloc'd, in the order of compare() */
};
/* clang-format off */
#define WATCH_EVENTS_NONE {.fd = -1}
/* clang-format on */

/* Why changes may go unseen; `error` 0: they do not. */
struct watch_problem {
    int error;
    char directory[256]; /* the one that cannot be watched; "": inotify is not available */
};

/*
 * Watches each directory on the way to the files that `disk` notes, and no others. Opens inotify if it is not
 * open. *problem is the first problem; whatever can be watched is watched.
 */
void watch_events_lay(struct watch_events *events, const struct disk *disk, struct watch_problem *problem);

/* What the events since the last call mean. Does not wait. */
enum watch_sign {
    WATCH_NOTHING,
    WATCH_PERHAPS, /* the way to a file has changed, or perhaps not */
    WATCH_SURELY   /* a file was written, came or went; or events were lost */
};
enum watch_sign watch_events_read(struct watch_events *events);

/* Ends all watches and closes inotify. */
void watch_events_close(struct watch_events *events);

#endif
