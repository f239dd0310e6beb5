/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What arrives from Postfix's check_policy_service: requests are read as they
 * come, recorded, and then answered with DUNNO, whatever they say: this is no
 * place for decisions. Nobody can make others wait or memory grow: a connection
 * has a fixed size, gets its turn for one part of its octets at a time, and there is a bounded
 * number of them. Knows neither the socket nor who uses the records.
 */
#include "milter/connections.h"

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

struct connection {
    struct connection *older, *newer;
    int fd;
    bool asker; /* in which list it is */
    struct delegation_reader reader;
};

bool connections_begin(struct connections *connections, struct records *records, int events, size_t max)
{
    *connections = (struct connections){.records = records, .events = events, .max = max};
    connections->buffer = malloc(PART);
    return connections->buffer != NULL;
}

static struct connection_list *list_of(struct connections *connections, const struct connection *connection)
{
    return connection->asker ? &connections->askers : &connections->strangers;
}

static void take_out(struct connections *connections, struct connection *connection)
{
    struct connection_list *list = list_of(connections, connection);
    *(connection->older != NULL ? &connection->older->newer : &list->oldest) = connection->newer;
    *(connection->newer != NULL ? &connection->newer->older : &list->newest) = connection->older;
}

/* As the newest. */
static void put_in(struct connections *connections, struct connection *connection)
{
    struct connection_list *list = list_of(connections, connection);
    connection->older = list->newest;
    connection->newer = NULL;
    *(list->newest != NULL ? &list->newest->newer : &list->oldest) = connection;
    list->newest = connection;
}

static void hang_up(struct connections *connections, struct connection *connection)
{
    take_out(connections, connection);
    connections->count--;
    close(connection->fd); /* which takes it out of epoll, too */
    free(connection);
}

bool connections_evict(struct connections *connections)
{
    struct connection *oldest = connections->strangers.oldest;
    if (oldest == NULL)
        oldest = connections->askers.oldest;
    if (oldest != NULL)
        hang_up(connections, oldest);
    return oldest != NULL;
}

void connections_add(struct connections *connections, int fd)
{
    struct connection *connection;
    if (connections->count >= connections->max)
        connections_evict(connections);
    connection = malloc(sizeof *connection);
    struct epoll_event wanted = {.events = EPOLLIN, .data.ptr = connection};
    if (connection == NULL || epoll_ctl(connections->events, EPOLL_CTL_ADD, fd, &wanted) != 0) {
        free(connection);
        close(fd);
        return;
    }
    connection->fd = fd;
    connection->asker = false;
    delegation_begin(&connection->reader);
    put_in(connections, connection);
    connections->count++;
}

/* Whether the other side is there: one that has hung up went on without us. */
static bool still_asks(const struct connection *connection)
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
 * The number is taken first: while the other side waits for us, the message is still the one
 * that it reported of, and so it is at that number if it waits behind it.
 */
static void record(struct connections *connections, const struct connection *connection)
{
    struct delegation report;
    uint64_t number = records_number(connections->records);
    if (!connections->late && delegation_finish(&connection->reader, &report) && still_asks(connection))
        records_put(connections->records, &report, number, seconds());
}

/* An answer is so short that only somebody who reads none lets it not through. */
static bool send_answer(const struct connection *connection)
{
    const size_t size = sizeof answer - 1;
    return send(connection->fd, answer, size, MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)size;
}

static bool complete(struct connections *connections, struct connection *connection)
{
    record(connections, connection);
    take_out(connections, connection);
    connection->asker = true;
    put_in(connections, connection);
    delegation_begin(&connection->reader);
    return send_answer(connection);
}

/* False: it is to be closed. */
static bool take(struct connections *connections, struct connection *connection, size_t count)
{
    const char *octets = connections->buffer;
    for (;;) {
        switch (delegation_read(&connection->reader, &octets, &count)) {
        case DELEGATION_MORE:
            return true;
        case DELEGATION_TOO_LONG:
            (void)send_answer(connection);
            return false;
        case DELEGATION_COMPLETE:
            if (!complete(connections, connection))
                return false;
        }
    }
}

/* False: it is to be closed. */
static bool read_part(struct connections *connections, struct connection *connection)
{
    ssize_t count = recv(connection->fd, connections->buffer, PART, MSG_DONTWAIT);
    if (count < 0 && (errno == EAGAIN || errno == EINTR))
        return true;
    return count > 0 && take(connections, connection, (size_t)count);
}

void connections_serve(struct connections *connections, struct connection *connection)
{
    if (!read_part(connections, connection))
        hang_up(connections, connection);
}

/* Whoever is answered becomes the newest: so the end is where it was. */
static void drop_waiting(struct connections *connections, const struct connection_list *list)
{
    const struct connection *last = list->newest;
    bool ended = last == NULL;
    for (struct connection *connection = list->oldest, *newer; !ended; connection = newer) {
        newer = connection->newer;
        ended = connection == last;
        if (!read_part(connections, connection) || connection->reader.size != 0)
            hang_up(connections, connection);
    }
}

void connections_drop_waiting(struct connections *connections)
{
    connections->late = true;
    drop_waiting(connections, &connections->strangers);
    drop_waiting(connections, &connections->askers);
    connections->late = false;
}

void connections_end(struct connections *connections)
{
    while (connections_evict(connections))
        continue;
    free(connections->buffer);
}
