/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The wait of the reload thread. It sees changes by inotify, and by comparing what stat(2) says of the files:
 * at once after each load, because a change may have come before its directory was watched, and every 30
 * seconds, because inotify does not show changes by other machines, in lower layers of an overlay, and of
 * files that are mounted one by one. Does not know what follows from a change.
 */
#include "milter/watch.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <syslog.h>
#include <unistd.h>
#include "milter/log.h"
#include "milter/monotonic.h"
#include "milter/watch_events.h"
#include "milter/watch_times.h"

struct watch {
    int signals;
    bool follow;
    struct disk *disk; /* what the last load looked at; or NULL */
    struct watch_events events;
    struct watch_problem problem; /* the one that was logged last */
    struct watch_times times;
    bool sure;    /* the change that waits is certain, whatever a comparison says */
    bool by_sum;  /* the change was last seen by comparing, */
    uint64_t sum; /* and this was the sum then */
};

struct watch *watch_new(void)
{
    struct watch *watch = calloc(1, sizeof *watch);
    sigset_t wanted;

    if (watch == NULL)
        return NULL;
    sigemptyset(&wanted);
    sigaddset(&wanted, SIGUSR1);
    watch->events = (struct watch_events)WATCH_EVENTS_NONE;
    watch->signals = signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK);
    if (watch->signals >= 0)
        return watch;
    free(watch);
    return NULL;
}

void watch_free(struct watch *watch)
{
    if (watch == NULL)
        return;
    watch_events_close(&watch->events);
    disk_unref(watch->disk);
    close(watch->signals);
    free(watch);
}

/* ---- laying the watches ---- */

static const char *reason(int error)
{
    return error == EMFILE   ? "the limit of descriptors or fs.inotify.max_user_instances is reached"
           : error == ENOSPC ? "fs.inotify.max_user_watches is reached"
                             : strerror(error);
}

/* Logs a problem, unless it was the last one, too. */
static void log_problem(struct watch *watch, const struct watch_problem *problem)
{
    bool same =
        problem->error == watch->problem.error && strcmp(problem->directory, watch->problem.directory) == 0;
    char text[512];
    struct log_line line;

    watch->problem = *problem;
    if (same || problem->error == 0)
        return;
    snprintf(text, sizeof text,
             "%s%s cannot be watched: %s; the policy's files are compared every %d seconds",
             *problem->directory != '\0' ? "directory " : "the policy", problem->directory,
             reason(problem->error), WATCH_POLL / 1000);
    log_begin(&line, "warning");
    log_text(&line, "text", text);
    log_write(LOG_WARNING, &line);
}

static void lay(struct watch *watch)
{
    struct watch_problem problem;

    watch_events_lay(&watch->events, watch->disk, &problem);
    log_problem(watch, &problem);
}

/* ---- seeing changes ---- */

/* Compares the files with what the last load looked at. */
static void look(struct watch *watch, int64_t now)
{
    watch->by_sum = disk_has_changed(watch->disk);
    if (!watch->by_sum)
        return;
    watch->sum = disk_sum(watch->disk);
    watch_times_note(&watch->times, now);
}

static void forget(struct watch *watch, int64_t now)
{
    watch_times_reset(&watch->times, now);
    watch->sure = watch->by_sum = false;
}

void watch_begin_load(struct watch *watch)
{
    watch_events_read(&watch->events);
    forget(watch, monotonic_ms(CLOCK_MONOTONIC));
}

void watch_end_load(struct watch *watch, struct disk *disk, bool follow)
{
    int64_t now = monotonic_ms(CLOCK_MONOTONIC);

    if (disk != NULL) {
        disk_unref(watch->disk);
        watch->disk = disk;
    }
    watch->follow = follow && watch->disk != NULL;
    if (!watch->follow) {
        watch_events_close(&watch->events);
        return;
    }
    watch_times_reset(&watch->times, now);
    lay(watch);
    look(watch, now);
}

/* Whether the files still change, as far as comparing shows. */
static bool still_changes(struct watch *watch)
{
    uint64_t before;

    if (!watch->by_sum)
        return false; /* inotify saw the change, and would see further ones */
    before = watch->sum;
    watch->sum = disk_sum(watch->disk);
    return watch->sum != before;
}

/* Whether the files have changed and are now left alone. */
static bool has_settled(struct watch *watch, int64_t now)
{
    if (watch_times_poll_due(&watch->times, now)) {
        watch_times_reset(&watch->times, now);
        if (watch->events.fd < 0)
            lay(watch);
        look(watch, now);
    }
    if (!watch_times_load_due(&watch->times, now))
        return false;
    if (!watch->sure && !disk_has_changed(watch->disk)) {
        /* A directory on the way was created again and is still empty: watch what comes into it. */
        forget(watch, now);
        lay(watch);
        look(watch, now);
        return false;
    }
    if (watch_times_at_limit(&watch->times, now) || !still_changes(watch))
        return true;
    watch_times_note(&watch->times, now);
    return false;
}

static void note_events(struct watch *watch)
{
    enum watch_sign sign = watch_events_read(&watch->events);

    if (sign == WATCH_NOTHING)
        return;
    watch_times_note(&watch->times, monotonic_ms(CLOCK_MONOTONIC));
    watch->by_sum = false;
    watch->sure |= sign == WATCH_SURELY;
}

bool watch_wait(struct watch *watch)
{
    for (;;) {
        struct pollfd polled[] = {{.fd = watch->signals, .events = POLLIN},
                                  {.fd = watch->events.fd, .events = POLLIN}};
        int64_t now = monotonic_ms(CLOCK_MONOTONIC);
        struct signalfd_siginfo signal;

        if (watch->follow && has_settled(watch, now))
            return true;
        if (poll(polled, 2, watch->follow ? watch_times_left(&watch->times, now) : -1) <= 0)
            continue;
        if (read(watch->signals, &signal, sizeof signal) == (ssize_t)sizeof signal)
            return false;
        note_events(watch);
    }
}
