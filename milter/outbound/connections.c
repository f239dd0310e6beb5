/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The connections over which an MTA asks: how many there may be, which one is closed if there is one too
 * many, and when each is freed. Knows nothing of the requests.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <syslog.h>
#include <unistd.h>
#include "milter/outbound/internal.h"
#include "milter/log.h"

enum {
    SILENT_PART = 8, /* if more than max / SILENT_PART are silent, silent ones are evicted first */
    WARNED_MS = 60000,
};

bool outbound_connections_watch(const struct outbound_connections *connections, int operation, int fd,
                                uint32_t events, void *what)
{
    struct epoll_event wanted = {.events = events, .data.ptr = what};

    return epoll_ctl(connections->events, operation, fd, &wanted) == 0;
}

bool outbound_connections_await(const struct outbound_connections *connections,
                                struct outbound_connection *connection, uint32_t events)
{
    if (connection->awaited == events)
        return true;
    connection->awaited = events;
    return outbound_connections_watch(connections, EPOLL_CTL_MOD, connection->fd, events, connection);
}

bool outbound_connections_begin(struct outbound_connections *connections, int events, size_t max)
{
    *connections = (struct outbound_connections){.events = events, .max = max, .buffer = malloc(PART)};
    return connections->buffer != NULL;
}

static struct outbound_connection_list *list_of(struct outbound_connections *connections,
                                                const struct outbound_connection *connection)
{
    return connection->is_served ? &connections->served : &connections->silent;
}

static void unlink_connection(struct outbound_connections *connections,
                              struct outbound_connection *connection)
{
    struct outbound_connection_list *list = list_of(connections, connection);

    *(connection->older != NULL ? &connection->older->newer : &list->oldest) = connection->newer;
    *(connection->newer != NULL ? &connection->newer->older : &list->newest) = connection->older;
    list->count--;
}

/* Appends it to its list: the newest. */
static void link_connection(struct outbound_connections *connections, struct outbound_connection *connection)
{
    struct outbound_connection_list *list = list_of(connections, connection);

    connection->older = list->newest;
    connection->newer = NULL;
    *(list->newest != NULL ? &list->newest->newer : &list->oldest) = connection;
    list->newest = connection;
    list->count++;
}

void outbound_connections_renew(struct outbound_connections *connections,
                                struct outbound_connection *connection)
{
    unlink_connection(connections, connection);
    connection->is_served = true;
    link_connection(connections, connection);
}

/* Warns once a minute at most. */
static void warn_of_evicted(struct outbound_connections *connections, int64_t now)
{
    struct log_line line;

    if (connections->warned != 0 && now - connections->warned < WARNED_MS)
        return;
    connections->warned = now;
    log_begin(&line, "warning");
    log_text(&line, "text", "too many connections to outbound, the oldest are closed");
    log_write(LOG_WARNING, &line);
}

/*
 * Postfix sends its request at once. So strangers that send nothing evict each other, but none of Postfix's.
 */
void outbound_connections_evict(struct outbound_connections *connections, int64_t now)
{
    bool silent =
        connections->silent.count > connections->max / SILENT_PART || connections->served.count == 0;
    struct outbound_connection *oldest = silent ? connections->silent.oldest : connections->served.oldest;

    if (oldest == NULL)
        return;
    warn_of_evicted(connections, now);
    outbound_connections_close(connections, oldest);
}

void outbound_connections_add(struct outbound_connections *connections, int fd, int64_t now)
{
    struct outbound_connection *connection = calloc(1, sizeof *connection);

    if (connection != NULL) {
        connection->watched = WATCHED_CONNECTION;
        connection->fd = fd;
        connection->awaited = EPOLLIN;
    }
    if (connection == NULL
        || !outbound_connections_watch(connections, EPOLL_CTL_ADD, fd, EPOLLIN, connection)) {
        free(connection);
        close(fd);
        return;
    }
    if (connections->silent.count + connections->served.count >= connections->max)
        outbound_connections_evict(connections, now);
    link_connection(connections, connection);
}

void outbound_connections_close(struct outbound_connections *connections,
                                struct outbound_connection *connection)
{
    if (connection->query != NULL)
        queries_forget(connections, connection->query);
    unlink_connection(connections, connection);
    close(connection->fd);
    connection->fd = -1;
    connection->newer = connections->gone;
    connections->gone = connection;
}

void outbound_connections_sweep(struct outbound_connections *connections)
{
    struct outbound_connection *connection;
    struct query *query;

    while ((query = connections->done) != NULL) {
        connections->done = query->next;
        queries_free(query);
    }
    while ((connection = connections->gone) != NULL) {
        connections->gone = connection->newer;
        octets_clear(&connection->input);
        octets_clear(&connection->output);
        free(connection);
    }
}

void outbound_connections_end(struct outbound_connections *connections)
{
    while (connections->silent.oldest != NULL)
        outbound_connections_close(connections, connections->silent.oldest);
    while (connections->served.oldest != NULL)
        outbound_connections_close(connections, connections->served.oldest);
    outbound_connections_sweep(connections);
    while (connections->idle_count > 0)
        close(connections->idle[--connections->idle_count]);
    free(connections->buffer);
    connections->buffer = NULL;
}
