/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * inotify. Directories are watched, never files: a watch on a file ends when another file takes its name.
 * Only names that lead to the policy count: a log file beside it does not matter. Each write to a file of the
 * policy counts, so that a file is not read while it grows. Knows neither times nor the policy.
 */
#include "milter/watch_events.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>
#include "policy/array.h"

enum {
    EVENTS = IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_MOVE | IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF
};

/* ---- laying ---- */

/* The watches that are being laid. */
struct laying {
    struct watch_events *events;
    struct watch_problem *problem;
    char *directory; /* the last one, and its descriptor; -1: it cannot be watched */
    int descriptor;
    bool writes; /* writes in it are watched, too */
};

static void note_problem(struct laying *laying, int error, const char *directory)
{
    struct watch_problem *problem = laying->problem;

    if (problem->error != 0)
        return;
    problem->error = error;
    snprintf(problem->directory, sizeof problem->directory, "%s", directory);
}

/*
 * If the directory is no longer there, the comparison of the files afterwards finds that. If it is watched
 * already, on the way to another file, it keeps what it is watched for.
 */
static void watch_directory(struct laying *laying, const char *directory)
{
    laying->writes = false;
    free(laying->directory);
    laying->directory = strdup(directory);
    laying->descriptor = inotify_add_watch(laying->events->fd, directory, EVENTS | IN_ONLYDIR | IN_MASK_ADD);
    if (laying->descriptor < 0 && errno != ENOENT && errno != ENOTDIR)
        note_problem(laying, errno, directory);
}

/* Room for one more name; NULL: out of memory. */
static struct watched *grow(struct watch_events *events)
{
    struct watched *grown = array_grow(events->watched, events->count, sizeof *grown);

    if (grown == NULL)
        return NULL;
    events->watched = grown;
    return &grown[events->count];
}

/* A disk_place_fn. */
static void add(void *arg, const struct disk_place *place)
{
    struct laying *laying = arg;
    struct watched *watched;
    char *name;

    if (laying->directory == NULL || strcmp(laying->directory, place->directory) != 0)
        watch_directory(laying, place->directory);
    if (laying->descriptor < 0)
        return;
    if (place->last && !laying->writes) {
        laying->writes = true;
        inotify_add_watch(laying->events->fd, place->directory, IN_MODIFY | IN_MASK_ADD);
    }
    watched = grow(laying->events);
    name = strdup(place->name);
    if (watched == NULL || name == NULL) {
        free(name);
        note_problem(laying, ENOMEM, place->directory);
        return;
    }
    watched->descriptor = laying->descriptor;
    watched->pattern = place->pattern;
    watched->last = place->last;
    watched->name = name;
    laying->events->count++;
}

/* By directory, names before patterns. */
static int compare(const void *a, const void *b)
{
    const struct watched *one = a, *other = b;

    if (one->descriptor != other->descriptor)
        return one->descriptor < other->descriptor ? -1 : 1;
    if (one->pattern != other->pattern)
        return one->pattern ? 1 : -1;
    return strcmp(one->name, other->name);
}

/* The index of the first name that is not below `wanted`. */
static size_t lower_bound(const struct watch_events *events, const struct watched *wanted)
{
    size_t first = 0, end = events->count;

    while (first < end) {
        size_t middle = first + (end - first) / 2;

        if (compare(&events->watched[middle], wanted) < 0)
            first = middle + 1;
        else
            end = middle;
    }
    return first;
}

static bool is_watched(const struct watch_events *events, int descriptor)
{
    size_t found = lower_bound(events, &(struct watched){descriptor, false, false, ""});

    return found < events->count && events->watched[found].descriptor == descriptor;
}

/* Ends the watches of directories that are no longer on the way. */
static void drop_old(const struct watch_events *old, const struct watch_events *new)
{
    int last = -1;

    for (size_t i = 0; i < old->count; i++) {
        int descriptor = old->watched[i].descriptor;

        if (descriptor != last && !is_watched(new, descriptor))
            /* fails if the directory is gone, and the watch with it */
            inotify_rm_watch(new->fd, descriptor);
        last = descriptor;
    }
}

static void free_names(struct watch_events *events)
{
    for (size_t i = 0; i < events->count; i++)
        free((char *)events->watched[i].name);
    free(events->watched);
    events->watched = NULL;
    events->count = 0;
}

void watch_events_lay(struct watch_events *events, const struct disk *disk, struct watch_problem *problem)
{
    struct watch_events new = {.fd = -1};
    struct laying laying = {.events = &new, .problem = problem};

    *problem = (struct watch_problem){.error = 0};
    if (events->fd < 0 && (events->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC)) < 0) {
        problem->error = errno;
        return;
    }
    new.fd = events->fd;
    disk_each_place(disk, add, &laying);
    free(laying.directory);
    if (new.watched != NULL)
        qsort(new.watched, new.count, sizeof *new.watched, compare);
    drop_old(events, &new);
    free_names(events);
    *events = new;
}

void watch_events_close(struct watch_events *events)
{
    free_names(events);
    if (events->fd >= 0)
        close(events->fd);
    events->fd = -1;
}

/* ---- reading ---- */

static enum watch_sign sign_of(const struct watched *watched)
{
    return watched->last ? WATCH_SURELY : WATCH_PERHAPS;
}

static bool matches(const struct watched *watched, const char *name)
{
    return fnmatch(watched->name, name, FNM_PERIOD) == 0 && !(watched->last && disk_is_skipped(name));
}

static enum watch_sign meaning_of_name(const struct watch_events *events, int descriptor, const char *name)
{
    const struct watched named = {descriptor, false, false, name}, patterns = {descriptor, true, false, ""};
    enum watch_sign sign = WATCH_NOTHING;

    for (size_t i = lower_bound(events, &named);
         i < events->count && compare(&events->watched[i], &named) == 0; i++)
        if (sign_of(&events->watched[i]) > sign)
            sign = sign_of(&events->watched[i]);
    for (size_t i = lower_bound(events, &patterns);
         i < events->count && events->watched[i].descriptor == descriptor; i++)
        if (sign_of(&events->watched[i]) > sign && matches(&events->watched[i], name))
            sign = sign_of(&events->watched[i]);
    return sign;
}

static enum watch_sign meaning_of(const struct watch_events *events, const struct inotify_event *event)
{
    if ((event->mask & IN_Q_OVERFLOW) != 0)
        return WATCH_SURELY;
    if ((event->mask & IN_IGNORED) != 0)
        return WATCH_NOTHING; /* we ended the watch, or another event says why */
    if (event->len == 0)
        return WATCH_PERHAPS; /* of a directory itself */
    return meaning_of_name(events, event->wd, event->name);
}

enum watch_sign watch_events_read(struct watch_events *events)
{
    _Alignas(struct inotify_event) char octets[16384];
    enum watch_sign sign = WATCH_NOTHING;
    ssize_t length;

    while (events->fd >= 0 && (length = read(events->fd, octets, sizeof octets)) > 0)
        for (const char *at = octets; at < octets + length;) {
            const struct inotify_event *event = (const struct inotify_event *)at;
            enum watch_sign meaning = meaning_of(events, event);

            if (meaning > sign)
                sign = meaning;
            at += sizeof *event + event->len;
        }
    return sign;
}
