/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The thread that answers Postfix and Sendmail how to send. Knows the listening socket and time; requests.c
 * reads and answers requests, connections.c bounds the connections. If descriptors run out, each new
 * connection takes the place of an older one, or waits for a moment.
 */
#include "milter/outbound/listener.h"

#include <errno.h>
#include <netdb.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>
#include "milter/outbound/connections.h"
#include "milter/limits.h"
#include "milter/monotonic.h"
#include "policy/names/socket_form.h"

enum { CONNECTIONS_MAX = 4096, CONNECTIONS_MIN = 1024, EVENTS_AT_ONCE = 64, ACCEPTED_AT_ONCE = 64 };
enum { TICK_MS = 1000, PAUSE_MS = 100 };

/* One per process. */
static struct {
    pthread_t thread;
    bool started, paused;  /* paused: new connections wait */
    int64_t resumes;       /* milliseconds: the end of the pause */
    atomic_bool asking;    /* a request waits for the upstream map */
    atomic_bool newcomers; /* a connection has not asked yet */
    bool held;
    struct listening socket;
    int events, wake;
    enum watched socket_watched, wake_watched;
    struct outbound_connections connections;
} listener = {.socket = LISTENING_NONE,
              .events = -1,
              .wake = -1,
              .socket_watched = WATCHED_SOCKET,
              .wake_watched = WATCHED_WAKE};

/* ---- The thread ---- */

static void watch_socket(bool watched)
{
    struct epoll_event wanted = {.events = watched ? EPOLLIN : 0, .data.ptr = &listener.socket_watched};

    epoll_ctl(listener.events, EPOLL_CTL_MOD, listener.socket.fd, &wanted);
    listener.paused = !watched;
}

/* If descriptors have run out, the socket stays ready: without a pause the loop would never sleep. */
static void pause_accepting(int64_t now)
{
    watch_socket(false);
    listener.resumes = now + PAUSE_MS;
}

static void accept_some(int64_t now)
{
    bool evicted = false; /* a connection, because no descriptor was left for the next one */

    for (int i = 0; i < ACCEPTED_AT_ONCE; i++) {
        int fd = accept4(listener.socket.fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

        if (fd >= 0) {
            outbound_connections_add(&listener.connections, fd, now);
            evicted = false;
        } else if (errno != EMFILE && errno != ENFILE && errno != ENOBUFS && errno != ENOMEM) {
            return;
        } else if (evicted) {
            pause_accepting(now);
            return;
        } else {
            outbound_connections_evict(&listener.connections, now);
            evicted = true;
        }
    }
}

/*
 * False: the thread is to end; the other events are answered. Accepts last: a new connection may evict one
 * whose request is in this batch.
 */
static bool serve(const struct epoll_event *events, int count, int64_t now)
{
    bool newcomers = false, goes_on = true;

    for (int i = 0; i < count; i++) {
        enum watched *watched = events[i].data.ptr;

        if (*watched == WATCHED_WAKE)
            goes_on = false;
        else if (*watched == WATCHED_SOCKET)
            newcomers = true;
        else
            outbound_connections_serve(&listener.connections, watched, events[i].events, now);
    }
    if (newcomers)
        accept_some(now);
    return goes_on;
}

static int patience(void)
{
    int wait = outbound_connections_wait(&listener.connections, monotonic_ms(CLOCK_MONOTONIC));
    int most = listener.paused ? PAUSE_MS : TICK_MS;

    return wait >= 0 && wait < most ? wait : most;
}

static void *answer_requests(void *unused)
{
    struct epoll_event events[EVENTS_AT_ONCE];
    bool goes_on = true;

    while (goes_on) {
        int count = epoll_wait(listener.events, events, EVENTS_AT_ONCE, patience());
        int64_t now = monotonic_ms(CLOCK_MONOTONIC);

        if (listener.paused && now >= listener.resumes)
            watch_socket(true);
        goes_on = serve(events, count, now);
        outbound_connections_expire(&listener.connections, now);
        atomic_store(&listener.asking, listener.connections.oldest != NULL);
        atomic_store(&listener.newcomers, listener.connections.silent.count > 0);
        outbound_connections_sweep(&listener.connections);
    }
    return unused;
}

/* ---- Beginning and end ---- */

/* Reads the address of the upstream map. A host name is looked up only here. */
static bool read_upstream(const char *spec, struct socket_problem *problem)
{
    struct outbound_connections *connections = &listener.connections;
    const char *path = socket_form_path(spec);
    struct addrinfo wanted = {.ai_socktype = SOCK_STREAM}, *found;
    char host[SOCKET_HOST_SIZE], port[SOCKET_PORT_SIZE];
    int why;

    if (path != NULL) {
        struct sockaddr_un address = {.sun_family = AF_UNIX};

        memcpy(address.sun_path, path, strlen(path));
        memcpy(&connections->upstream, &address, sizeof address);
        connections->upstream_size = sizeof address;
        return true;
    }
    if (!socket_form_internet(spec, host, port)) {
        snprintf(problem->text, sizeof problem->text, "outbound_upstream: has an address that is too long");
        return false;
    }
    wanted.ai_family = strncmp(spec, "inet6:", 6) == 0 ? AF_INET6 : AF_INET;
    why = getaddrinfo(host, port, &wanted, &found);
    if (why != 0) {
        snprintf(problem->text, sizeof problem->text, "outbound_upstream: %s", gai_strerror(why));
        return false;
    }
    memcpy(&connections->upstream, found->ai_addr, found->ai_addrlen);
    connections->upstream_size = found->ai_addrlen;
    freeaddrinfo(found);
    return true;
}

static bool watch(int fd, enum watched *watched)
{
    struct epoll_event wanted = {.events = EPOLLIN, .data.ptr = watched};

    return fd >= 0 && epoll_ctl(listener.events, EPOLL_CTL_ADD, fd, &wanted) == 0;
}

static bool start_thread(void)
{
    listener.wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    listener.started = watch(listener.wake, &listener.wake_watched)
                       && watch(listener.socket.fd, &listener.socket_watched)
                       && pthread_create(&listener.thread, NULL, answer_requests, NULL) == 0;
    return listener.started;
}

static void close_all(void)
{
    socket_close(&listener.socket);
    if (listener.wake >= 0)
        close(listener.wake);
    listener.wake = -1;
    outbound_connections_end(&listener.connections);
    if (listener.events >= 0)
        close(listener.events);
    listener.events = -1;
}

static enum socket_state open_socket(const struct milter_settings *settings, int held,
                                     struct socket_problem *problem)
{
    mode_t mode = settings->shared_directory ? SOCKET_SHARED_MODE : 0;

    if (held < 0)
        return socket_listen(&listener.socket, settings->outbound, mode, problem);
    listener.socket.fd = held;
    listener.held = true;
    return SOCKET_GOOD;
}

static enum socket_state start(const struct milter_settings *settings, int held,
                               struct socket_problem *problem)
{
    const char *upstream = settings->outbound_upstream;
    enum socket_state state;

    listener.events = epoll_create1(EPOLL_CLOEXEC);
    snprintf(problem->text, sizeof problem->text, "its thread cannot be started");
    if (listener.events < 0
        || !outbound_connections_begin(&listener.connections, listener.events,
                                       limits_connections(CONNECTIONS_MIN, CONNECTIONS_MAX)))
        return SOCKET_FAILED;
    if (upstream != NULL && !read_upstream(upstream, problem))
        return SOCKET_FAILED;
    state = open_socket(settings, held, problem);
    if (state != SOCKET_GOOD)
        return state;
    return start_thread() ? SOCKET_GOOD : SOCKET_FAILED;
}

enum socket_state outbound_listener_start(const struct milter_settings *settings, int held,
                                          struct socket_problem *problem)
{
    const bool shared = settings->shared_directory;
    enum socket_state state = held < 0 ? socket_prepare(settings->outbound, shared, problem)
                                       : socket_check_place(settings->outbound, shared, problem);

    if (state == SOCKET_GOOD)
        state = start(settings, held, problem);
    if (state != SOCKET_GOOD)
        close_all();
    return state;
}

bool outbound_listener_is_asking(void)
{
    return atomic_load(&listener.asking);
}

bool outbound_listener_has_newcomers(void)
{
    return atomic_load(&listener.newcomers);
}

void outbound_listener_stop_accepting(void)
{
    if (listener.started && listener.held)
        epoll_ctl(listener.events, EPOLL_CTL_DEL, listener.socket.fd, NULL);
}

void outbound_listener_stop(void)
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
