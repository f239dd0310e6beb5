/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The thread of the status socket. The modes of two sockets decide who may ask: the group may read, only the
 * owner and root may reload and drain. (In a user namespace all other users look alike, so their credentials
 * prove nothing.) Mail does not depend on any of this: the callbacks do not know that it is here.
 */
#include "milter/status.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include "milter/monotonic.h"
#include "milter/reloads.h"
#include "milter/status_connection.h"
#include "policy/names/socket_form.h"

enum {
    READERS_MAX = 16, /* connections to the status socket */
    CONTROLS_MAX = 4, /* and to the control socket, whatever readers do */
    CONNECTIONS = READERS_MAX + CONTROLS_MAX,
    ACCEPTED_AT_ONCE = 32, /* then other connections have their turn, even if more clients connect */
    TICK_MS = 500,
    RELOAD_TICK_MS = 50, /* while somebody waits for a reload */
    STOP_SECONDS = 2
};

/* One per process. */
static struct {
    pthread_t thread;
    bool started, paused; /* paused: no descriptor is left, and new connections wait until the next turn */
    int wake;
    struct listening reading, control;
    struct status_facts facts;
    struct status_connection connection[CONNECTIONS]; /* first those of the status socket */
} status = {.wake = -1, .reading = LISTENING_NONE, .control = LISTENING_NONE};

/* ---- The thread ---- */

static void turn_away(int fd)
{
    static const char text[] = "{\"error\": \"too many connections\"}\n";

    (void)!send(fd, text, sizeof text - 1, MSG_DONTWAIT | MSG_NOSIGNAL);
    close(fd);
}

static bool is_shortage(int error)
{
    return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

/* Accepts connections, up to ACCEPTED_AT_ONCE. If no descriptor is left, they go on waiting. */
static void accept_some(const struct listening *place, size_t first, size_t end, int64_t now)
{
    for (int count = 0; count < ACCEPTED_AT_ONCE; count++) {
        size_t i = first;
        int fd = accept4(place->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

        if (fd < 0) {
            status.paused |= is_shortage(errno);
            return;
        }
        while (i < end && status.connection[i].fd >= 0)
            i++;
        if (i == end)
            turn_away(fd);
        else
            status_connection_begin(&status.connection[i], fd, place == &status.control, now);
    }
}

enum { WAKE, READING, CONTROL, FIXED };

/* Waits for events, at most until the next tick; a free place waits for nothing. */
static int wait_for(struct pollfd polled[FIXED + CONNECTIONS])
{
    int timeout = TICK_MS;

    polled[WAKE] = (struct pollfd){.fd = status.wake, .events = POLLIN};
    polled[READING] = (struct pollfd){.fd = status.paused ? -1 : status.reading.fd, .events = POLLIN};
    polled[CONTROL] = (struct pollfd){.fd = status.paused ? -1 : status.control.fd, .events = POLLIN};
    status.paused = false;
    for (size_t i = 0; i < CONNECTIONS; i++) {
        const struct status_connection *connection = &status.connection[i];
        short events = connection->fd >= 0 ? status_connection_events(connection) : 0;

        polled[FIXED + i] = (struct pollfd){.fd = events != 0 ? connection->fd : -1, .events = events};
        if (connection->fd >= 0 && connection->awaited != 0)
            timeout = RELOAD_TICK_MS;
    }
    return poll(polled, FIXED + CONNECTIONS, timeout);
}

static void *answer_requests(void *unused)
{
    struct pollfd polled[FIXED + CONNECTIONS];

    for (;;) {
        bool good = wait_for(polled) >= 0;
        int64_t now;

        if (good && polled[WAKE].revents != 0)
            return unused;
        now = monotonic_ms(CLOCK_MONOTONIC);
        for (size_t i = 0; i < CONNECTIONS; i++)
            if (status.connection[i].fd >= 0)
                status_connection_serve(&status.connection[i], &status.facts,
                                        good ? polled[FIXED + i].revents : 0, now);
        if (good && polled[READING].revents != 0)
            accept_some(&status.reading, 0, READERS_MAX, now);
        if (good && polled[CONTROL].revents != 0)
            accept_some(&status.control, READERS_MAX, CONNECTIONS, now);
    }
}

/* ---- Beginning and end ---- */

static enum socket_state open_place(struct listening *place, const char *path, bool shared, mode_t mode,
                                    struct socket_problem *problem)
{
    enum socket_state state = socket_prepare(path, shared, problem);

    return state == SOCKET_GOOD ? socket_listen(place, path, mode, problem) : state;
}

static void close_all(void)
{
    socket_close(&status.control);
    socket_close(&status.reading);
    if (status.wake >= 0)
        close(status.wake);
    status.wake = -1;
    for (size_t i = 0; i < CONNECTIONS; i++)
        if (status.connection[i].fd >= 0)
            status_connection_end(&status.connection[i]);
    free(status.facts.policy_file);
    free(status.facts.socket);
    free(status.facts.control);
    status.facts = (struct status_facts){0};
}

/* The absolute path, malloc'd; NULL: out of memory, or the working directory is gone. */
static char *absolute(const char *path)
{
    char *directory, *whole;

    if (path[0] == '/')
        return strdup(path);
    directory = getcwd(NULL, 0);
    if (directory == NULL || asprintf(&whole, "%s/%s", directory, path) < 0)
        whole = NULL;
    free(directory);
    return whole;
}

static bool note_facts(const struct status_subject *subject)
{
    status.facts.started = (int64_t)time(NULL);
    status.facts.policy_file = absolute(subject->policy_file);
    status.facts.socket = strdup(subject->socket);
    status.facts.control = strdup(status.control.path);
    return status.facts.policy_file != NULL && status.facts.socket != NULL && status.facts.control != NULL;
}

static bool start_thread(const struct status_subject *subject)
{
    for (size_t i = 0; i < CONNECTIONS; i++)
        status.connection[i].fd = -1;
    status.wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    status.started = status.wake >= 0 && note_facts(subject)
                     && pthread_create(&status.thread, NULL, answer_requests, NULL) == 0;
    return status.started;
}

enum socket_state status_start(const char *spec, const struct status_subject *subject,
                               struct socket_problem *problem)
{
    char control[sizeof status.control.path];
    const char *path = socket_form_path(spec);
    int length = snprintf(control, sizeof control, "%s" STATUS_CONTROL_SUFFIX, path);
    enum socket_state state;

    if (length >= (int)sizeof control) {
        snprintf(problem->text, sizeof problem->text, "has too long a path");
        return SOCKET_REFUSED;
    }
    state = open_place(&status.reading, path, subject->shared, 0660, problem);
    if (state == SOCKET_GOOD)
        state = open_place(&status.control, control, subject->shared, 0600, problem);
    if (state == SOCKET_GOOD && !start_thread(subject)) {
        snprintf(problem->text, sizeof problem->text, "its thread cannot be started");
        state = SOCKET_FAILED;
    }
    if (state != SOCKET_GOOD)
        close_all();
    return state;
}

bool status_stop(void)
{
    const uint64_t one = 1;
    struct timespec deadline;

    if (!status.started)
        return true;
    clock_gettime(CLOCK_REALTIME, &deadline);
    deadline.tv_sec += STOP_SECONDS;
    if (write(status.wake, &one, sizeof one) != (ssize_t)sizeof one
        || pthread_timedjoin_np(status.thread, NULL, &deadline) != 0)
        return false;
    status.started = false;
    close_all();
    return true;
}
