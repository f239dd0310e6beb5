/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The connections over which Postfix sends its reports (check_policy_service). One
 * thread uses them.
 */
#ifndef MILTER_REPORT_CONNECTIONS_H
#define MILTER_REPORT_CONNECTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include "milter/report/store.h"

struct report_connection;

/* In the order of their last complete request, or of their start if they sent none. */
struct report_connection_list {
    struct report_connection *oldest, *newest;
};

struct report_connections {
    struct report_store *store; /* the caller's */
    int events;                 /* epoll(7): each connection is registered there with its address as data */
    size_t count, max;
    struct report_connection_list silent, reporters; /* without and with a complete request so far */
    char *buffer;                                    /* for what is read */
    bool late;                                       /* requests are answered, and not stored */
};

/*
 * At most `max` connections: a further one evicts the longest idle one, silent ones first. False: out of
 * memory.
 */
bool report_connections_begin(struct report_connections *connections, struct report_store *store, int events,
                              size_t max);
void report_connections_end(struct report_connections *connections);

/* Adds a new connection and owns its descriptor, which is closed if memory is out. */
void report_connections_add(struct report_connections *connections, int fd);

/* Reads one part of what has arrived, and answers every complete request in it. May close the connection. */
void report_connections_serve(struct report_connections *connections, struct report_connection *connection);

/* Closes the longest idle connection, the silent ones first. False: there is none. */
bool report_connections_evict(struct report_connections *connections);

/*
 * Answers the requests that have arrived without storing them, and closes connections in the middle of a
 * request: for a process that stood still for so long that Postfix may no longer wait.
 */
void report_connections_drop_waiting(struct report_connections *connections);

#endif
