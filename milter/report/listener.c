/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The thread that receives Postfix's reports: one epoll loop, in which no connection blocks another. If the
 * process was stopped or swapped out, requests may wait that Postfix has given up: they are answered, but not
 * stored. Knows sockets and time; connections.c reads the requests.
 */
#include "milter/report/listener.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>
#include "milter/limits.h"
#include "milter/monotonic.h"
#include "milter/report/connections.h"

enum {
    REPORTS_MAX = 65536,
    REPORTS_SECONDS = 600, /* both bound the memory only */
    CONNECTIONS_MAX = 4096,
    CONNECTIONS_MIN = 16,
    EVENTS_AT_ONCE = 64,
    ACCEPTED_AT_ONCE = 512,
    TICK_MS = 1000,
    PAUSE_MS = 100,
    STALL_MS = 2500 /* less than Postfix waits with the settings of forcetls-postfix(7) */
};

/* One per process: libmilter's callbacks are given no pointer to it. */
static struct {
    pthread_t thread;
    bool started;
    struct report_store *_Atomic store; /* never freed: a callback may be using it */
    struct listening socket;
    int wake, events;
    bool paused; /* no new connection is accepted: descriptors have run out */
    struct report_connections connections;
} listener = {.socket = LISTENING_NONE, .wake = -1, .events = -1};

/* ---- The thread ---- */

static void watch_socket(bool watched)
{
    struct epoll_event wanted = {.events = watched ? EPOLLIN : 0, .data.ptr = &listener.socket};

    epoll_ctl(listener.events, EPOLL_CTL_MOD, listener.socket.fd, &wanted);
    listener.paused = !watched;
}

static void accept_some(void)
{
    for (int i = 0; i < ACCEPTED_AT_ONCE; i++) {
        int fd = accept4(listener.socket.fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

        if (fd >= 0) {
            report_connections_add(&listener.connections, fd);
            continue;
        }
        /* Without descriptors the socket would stay ready, and the loop would never sleep. */
        if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
            report_connections_evict(&listener.connections);
            watch_socket(false);
        }
        return;
    }
}

/* Accepts every client that waits, then answers what they sent. */
static void drop_what_waited(void)
{
    for (int i = 0; i < CONNECTIONS_MAX / ACCEPTED_AT_ONCE; i++)
        accept_some();
    report_connections_drop_waiting(&listener.connections);
}

/*
 * False: the thread is to end; the other events are answered. Accepts last: a new connection may evict one
 * that still has an event in this batch.
 */
static bool serve(const struct epoll_event *events, int count)
{
    bool newcomers = false, goes_on = true;

    for (int i = 0; i < count; i++) {
        if (events[i].data.ptr == &listener.wake)
            goes_on = false;
        else if (events[i].data.ptr == &listener.socket)
            newcomers = true;
        else
            report_connections_serve(&listener.connections, events[i].data.ptr);
    }
    if (newcomers)
        accept_some();
    return goes_on;
}

static void *listen_to_reports(void *unused)
{
    struct epoll_event events[EVENTS_AT_ONCE];
    int64_t last = monotonic_ms(CLOCK_BOOTTIME);
    bool goes_on = true;

    while (goes_on) {
        int count = epoll_wait(listener.events, events, EVENTS_AT_ONCE, listener.paused ? PAUSE_MS : TICK_MS);
        int64_t now = monotonic_ms(CLOCK_BOOTTIME);

        if (listener.paused)
            watch_socket(true);
        if (now - last > STALL_MS)
            drop_what_waited(); /* this may close connections in `events`; the others are reported again */
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

static bool start_thread(void)
{
    struct report_store *store = report_store_new(REPORTS_MAX, REPORTS_SECONDS);

    listener.events = epoll_create1(EPOLL_CLOEXEC);
    listener.wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    listener.started = store != NULL && listener.events >= 0 && watch(listener.wake, &listener.wake)
                       && watch(listener.socket.fd, &listener.socket)
                       && report_connections_begin(&listener.connections, store, listener.events,
                                                   limits_connections(CONNECTIONS_MIN, CONNECTIONS_MAX))
                       && pthread_create(&listener.thread, NULL, listen_to_reports, NULL) == 0;
    if (listener.started)
        atomic_store(&listener.store, store);
    else
        report_store_free(store);
    return listener.started;
}

static void close_all(void)
{
    int *const fds[] = {&listener.wake, &listener.events};

    socket_close(&listener.socket);
    for (size_t i = 0; i < sizeof fds / sizeof *fds; i++) {
        if (*fds[i] >= 0)
            close(*fds[i]);
        *fds[i] = -1;
    }
    report_connections_end(&listener.connections);
}

enum socket_state report_listener_start(const char *spec, bool shared, struct socket_problem *problem)
{
    enum socket_state state = socket_prepare(spec, shared, problem);

    if (state == SOCKET_GOOD)
        state = socket_listen(&listener.socket, spec, shared ? SOCKET_SHARED_MODE : 0, problem);
    if (state != SOCKET_GOOD)
        return state;
    if (!start_thread()) {
        close_all();
        snprintf(problem->text, sizeof problem->text, "its thread cannot be started");
        return SOCKET_FAILED;
    }
    return SOCKET_GOOD;
}

void report_listener_stop(void)
{
    const uint64_t one = 1;

    if (!listener.started)
        return;
    if (write(listener.wake, &one, sizeof one) != (ssize_t)sizeof one)
        return; /* the thread still runs: free nothing that it uses */
    pthread_join(listener.thread, NULL);
    listener.started = false;
    close_all();
}

/* ---- For the callbacks ---- */

bool report_listener_runs(void)
{
    return atomic_load(&listener.store) != NULL;
}

uint64_t report_serial(void)
{
    struct report_store *store = atomic_load(&listener.store);

    return store != NULL ? report_store_last_serial(store) : 0;
}

bool report_find(const struct report_key *key, uint64_t serial, struct postfix_report *report)
{
    struct report_store *store = atomic_load(&listener.store);

    return store != NULL && report_store_find(store, key, serial, report);
}
