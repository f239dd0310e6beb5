/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Waits for what makes the daemon read its policy again: SIGUSR1, or a change of the files. For one
 * thread.
 */
#ifndef MILTER_WATCH_H
#define MILTER_WATCH_H

#include <stdbool.h>
#include "policy/disk.h"

struct watch;

/* Watches nothing yet. Every thread must have blocked SIGUSR1. NULL: no memory, or no descriptor. */
struct watch *watch_new(void);
void watch_free(struct watch *watch); /* NULL is fine */

/* Waits. True: the files have changed, and have been left alone for a while since. False: SIGUSR1. */
bool watch_wait(struct watch *watch);

/* A load begins: it will see all changes so far. */
void watch_begin_load(struct watch *watch);

/*
 * A load has ended that looked at `disk`. Takes ownership of the reference; NULL leaves what was looked at
 * before. `follow`: from now on waits for changes of that.
 */
void watch_end_load(struct watch *watch, struct disk *disk, bool follow);

#endif
