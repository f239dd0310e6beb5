/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reads requests of Postfix's check_policy_service, stores each as a report, and always answers DUNNO:
 * nothing is decided here. No client can block others or make memory grow: a connection has a fixed size, at
 * most PART octets are read in its turn, and the number of connections is bounded. Does not know the
 * listening socket, or who uses the reports.
 */
#include "milter/report/connections.h"

#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { PART = 16 * 1024 };

static const char answer[] = "action=DUNNO\n\n";

struct report_connection {
    struct report_connection *older, *newer;
    int fd;
    bool has_reported; /* it is in the list of reporters */
    struct report_reader reader;
};

bool report_connections_begin(struct report_connections *connections, struct report_store *store, int events,
                              size_t max)
{
    *connections = (struct report_connections){.store = store, .events = events, .max = max};
    connections->buffer = malloc(PART);
    return connections->buffer != NULL;
}

static struct report_connection_list *list_of(struct report_connections *connections,
                                              const struct report_connection *connection)
{
    return connection->has_reported ? &connections->reporters : &connections->silent;
}

static void unlink_connection(struct report_connections *connections, struct report_connection *connection)
{
    struct report_connection_list *list = list_of(connections, connection);

    *(connection->older != NULL ? &connection->older->newer : &list->oldest) = connection->newer;
    *(connection->newer != NULL ? &connection->newer->older : &list->newest) = connection->older;
}

/* Appends it to its list: the newest. */
static void link_connection(struct report_connections *connections, struct report_connection *connection)
{
    struct report_connection_list *list = list_of(connections, connection);

    connection->older = list->newest;
    connection->newer = NULL;
    *(list->newest != NULL ? &list->newest->newer : &list->oldest) = connection;
    list->newest = connection;
}

static void hang_up(struct report_connections *connections, struct report_connection *connection)
{
    unlink_connection(connections, connection);
    connections->count--;
    close(connection->fd); /* this also removes it from epoll */
    free(connection);
}

bool report_connections_evict(struct report_connections *connections)
{
    struct report_connection *oldest = connections->silent.oldest;

    if (oldest == NULL)
        oldest = connections->reporters.oldest;
    if (oldest != NULL)
        hang_up(connections, oldest);
    return oldest != NULL;
}

void report_connections_add(struct report_connections *connections, int fd)
{
    struct report_connection *connection;
    struct epoll_event wanted = {.events = EPOLLIN};

    if (connections->count >= connections->max)
        report_connections_evict(connections);
    connection = malloc(sizeof *connection);
    wanted.data.ptr = connection;
    if (connection == NULL || epoll_ctl(connections->events, EPOLL_CTL_ADD, fd, &wanted) != 0) {
        free(connection);
        close(fd);
        return;
    }
    connection->fd = fd;
    connection->has_reported = false;
    report_begin(&connection->reader);
    link_connection(connections, connection);
    connections->count++;
}

/* False: Postfix closed the connection, and went on without our answer. */
static bool still_waits(const struct report_connection *connection)
{
    struct pollfd state = {.fd = connection->fd, .events = POLLRDHUP};

    return poll(&state, 1, 0) == 0;
}

static uint64_t seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec;
}

/*
 * Numbers the report before it checks that Postfix still waits. If Postfix does, it cannot have moved on to
 * another message in between, and every later MAIL notes this serial or a greater one.
 */
static void store_report(struct report_connections *connections, const struct report_connection *connection)
{
    struct postfix_report report;
    uint64_t serial = report_store_next_serial(connections->store);

    if (!connections->late && report_finish(&connection->reader, &report) && still_waits(connection))
        report_store_put(connections->store, &report, serial, seconds());
}

/* False: the answer did not fit into the socket's buffer. It is short: this client never reads answers. */
static bool send_answer(const struct report_connection *connection)
{
    const size_t size = sizeof answer - 1;

    return send(connection->fd, answer, size, MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)size;
}

static bool complete(struct report_connections *connections, struct report_connection *connection)
{
    store_report(connections, connection);
    unlink_connection(connections, connection);
    connection->has_reported = true;
    link_connection(connections, connection);
    report_begin(&connection->reader);
    return send_answer(connection);
}

/* False: the caller closes the connection. */
static bool take_octets(struct report_connections *connections, struct report_connection *connection,
                        size_t count)
{
    const char *octets = connections->buffer;

    for (;;) {
        switch (report_read(&connection->reader, &octets, &count)) {
        case REPORT_MORE:
            return true;
        case REPORT_TOO_LONG:
            (void)send_answer(connection);
            return false;
        case REPORT_COMPLETE:
            if (!complete(connections, connection))
                return false;
        }
    }
}

/* False: the caller closes the connection. */
static bool read_part(struct report_connections *connections, struct report_connection *connection)
{
    ssize_t count = recv(connection->fd, connections->buffer, PART, MSG_DONTWAIT);

    if (count < 0 && (errno == EAGAIN || errno == EINTR))
        return true;
    return count > 0 && take_octets(connections, connection, (size_t)count);
}

void report_connections_serve(struct report_connections *connections, struct report_connection *connection)
{
    if (!read_part(connections, connection))
        hang_up(connections, connection);
}

/*
 * An answered connection moves to the end of a list: the loop stops at the connection that was last before.
 */
static void drop_waiting(struct report_connections *connections, const struct report_connection_list *list)
{
    const struct report_connection *last = list->newest;
    bool ended = last == NULL;

    for (struct report_connection *connection = list->oldest, *newer; !ended; connection = newer) {
        newer = connection->newer;
        ended = connection == last;
        if (!read_part(connections, connection) || connection->reader.size != 0)
            hang_up(connections, connection);
    }
}

void report_connections_drop_waiting(struct report_connections *connections)
{
    connections->late = true;
    drop_waiting(connections, &connections->silent);
    drop_waiting(connections, &connections->reporters);
    connections->late = false;
}

void report_connections_end(struct report_connections *connections)
{
    while (report_connections_evict(connections))
        continue;
    free(connections->buffer);
}
