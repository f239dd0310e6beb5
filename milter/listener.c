/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The thread that hears Postfix's reports. Everything is done by whoever is
 * ready, in turn, so none waits for another. Where the process itself stood still
 * (stopped, swapped out), requests may have been left behind that Postfix no
 * longer waits for: those are answered, and count for nothing. Knows
 * sockets and time; what is said over them is read in connections.c.
 */
#include "milter/listener.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include "milter/connections.h"
#include "policy/socket_form.h"

enum {
    RECORDS_MAX = 65536,
    RECORDS_SECONDS = 600, /* bound the memory, and decide nothing */
    CONNECTIONS_MAX = 4096,
    EVENTS_AT_ONCE = 64,
    ACCEPTED_AT_ONCE = 512,
    TICK_MS = 1000,
    PAUSE_MS = 100,
    STALL_MS = 2500 /* less than the timeout that the manual gives Postfix */
};

/* The process has one listener; libmilter's callbacks have no other way to it. */
static struct {
    pthread_t thread;
    bool started;
    struct records *_Atomic records; /* once there, to the end of the process: callbacks may be under way */
    int socket, wake, events;
    bool paused; /* no descriptor was left for a new connection */
    char *path;  /* of a unix socket */
    struct connections connections;
} listener = {.socket = -1, .wake = -1, .events = -1};

/* ---- The thread ---- */

static int64_t milliseconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_BOOTTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void watch_socket(bool watched)
{
    struct epoll_event wanted = {.events = watched ? EPOLLIN : 0, .data.ptr = &listener.socket};
    epoll_ctl(listener.events, EPOLL_CTL_MOD, listener.socket, &wanted);
    listener.paused = !watched;
}

static void accept_some(void)
{
    for (int i = 0; i < ACCEPTED_AT_ONCE; i++) {
        int fd = accept4(listener.socket, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0) {
            connections_add(&listener.connections, fd);
            continue;
        }
        /* Without descriptors it would be ready all the time, and never be taken. */
        if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
            connections_evict(&listener.connections);
            watch_socket(false);
        }
        return;
    }
}

/* All who are there, then those who have said something. */
static void drop_what_waited(void)
{
    for (int i = 0; i < CONNECTIONS_MAX / ACCEPTED_AT_ONCE; i++)
        accept_some();
    connections_drop_waiting(&listener.connections);
}

/* False: it is to end. New connections come last: to take one in may close another whose event is listed. */
static bool serve(const struct epoll_event *events, int count)
{
    bool newcomers = false;
    for (int i = 0; i < count; i++) {
        if (events[i].data.ptr == &listener.wake)
            return false;
        if (events[i].data.ptr == &listener.socket)
            newcomers = true;
        else
            connections_serve(&listener.connections, events[i].data.ptr);
    }
    if (newcomers)
        accept_some();
    return true;
}

static void *listen_to_reports(void *unused)
{
    struct epoll_event events[EVENTS_AT_ONCE];
    int64_t last = milliseconds();
    bool goes_on = true;
    while (goes_on) {
        int count = epoll_wait(listener.events, events, EVENTS_AT_ONCE, listener.paused ? PAUSE_MS : TICK_MS);
        int64_t now = milliseconds();
        if (listener.paused)
            watch_socket(true);
        if (now - last > STALL_MS)
            drop_what_waited(); /* which may close what is in `events`: they are asked for again */
        else
            goes_on = serve(events, count);
        last = now;
    }
    return unused;
}

/* ---- Beginning and end ---- */

static bool watch(int fd, void *what)
{
    struct epoll_event wanted = {.events = EPOLLIN, .data.ptr = what};
    return fd >= 0 && epoll_ctl(listener.events, EPOLL_CTL_ADD, fd, &wanted) == 0;
}

/* libmilter needs most of the descriptors. */
static size_t connections_allowed(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur / 4 >= CONNECTIONS_MAX)
        return CONNECTIONS_MAX;
    return limit.rlim_cur / 4 > 16 ? (size_t)limit.rlim_cur / 4 : 16;
}

static bool start_thread(void)
{
    struct records *records = records_new(RECORDS_MAX, RECORDS_SECONDS);
    listener.events = epoll_create1(EPOLL_CLOEXEC);
    listener.wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    listener.started =
        records != NULL && listener.events >= 0 && watch(listener.wake, &listener.wake)
        && watch(listener.socket, &listener.socket)
        && connections_begin(&listener.connections, records, listener.events, connections_allowed())
        && pthread_create(&listener.thread, NULL, listen_to_reports, NULL) == 0;
    if (listener.started)
        atomic_store(&listener.records, records);
    else
        records_free(records);
    return listener.started;
}

static void close_all(void)
{
    if (listener.path != NULL)
        unlink(listener.path); /* while it is ours: behind the close another daemon may take its place */
    int *const fds[] = {&listener.socket, &listener.wake, &listener.events};
    for (size_t i = 0; i < sizeof fds / sizeof *fds; i++) {
        if (*fds[i] >= 0)
            close(*fds[i]);
        *fds[i] = -1;
    }
    connections_end(&listener.connections);
    free(listener.path);
    listener.path = NULL;
}

enum socket_state listener_start(const char *spec, struct socket_problem *problem)
{
    const char *path = socket_form_path(spec);
    enum socket_state state = socket_prepare(spec, problem);
    if (state == SOCKET_GOOD)
        state = socket_listen(spec, &listener.socket, problem);
    if (state != SOCKET_GOOD)
        return state;
    listener.path = path != NULL ? strdup(path) : NULL;
    if ((path != NULL && listener.path == NULL) || !start_thread()) {
        close_all();
        snprintf(problem->text, sizeof problem->text, "its thread cannot be started");
        return SOCKET_FAILED;
    }
    return SOCKET_GOOD;
}

void listener_stop(void)
{
    if (!listener.started)
        return;
    const uint64_t one = 1;
    if (write(listener.wake, &one, sizeof one) != (ssize_t)sizeof one)
        return; /* it still runs: take nothing from under it */
    pthread_join(listener.thread, NULL);
    listener.started = false;
    close_all();
}

/* ---- For the callbacks ---- */

bool listener_runs(void)
{
    return atomic_load(&listener.records) != NULL;
}

uint64_t listener_moment(void)
{
    struct records *records = atomic_load(&listener.records);
    return records != NULL ? records_last(records) : 0;
}

bool listener_find(const struct delegation_key *key, uint64_t moment, struct delegation *report)
{
    struct records *records = atomic_load(&listener.records);
    return records != NULL && records_find(records, key, moment, report);
}
