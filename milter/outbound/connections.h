/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The connections over which Postfix and Sendmail ask how to send (socketmap_table(5)), and those to the
 * upstream map. One thread uses them.
 */
#ifndef MILTER_OUTBOUND_CONNECTIONS_H
#define MILTER_OUTBOUND_CONNECTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

/* What epoll(7) has as data: the first member of everything that is watched. */
enum watched { WATCHED_WAKE, WATCHED_SOCKET, WATCHED_CONNECTION, WATCHED_QUERY };

struct outbound_connection;
struct query;

/* In the order of their last whole request, or of their start if they sent none. */
struct outbound_connection_list {
    struct outbound_connection *oldest, *newest;
    size_t count;
};

struct outbound_connections {
    int events; /* epoll(7) */
    size_t max;
    struct outbound_connection_list silent, served; /* without and with a whole request so far */
    int64_t warned;                   /* when the log was last warned of too many, in milliseconds */
    struct query *oldest, *newest;    /* questions to the upstream map, by deadline */
    struct outbound_connection *gone; /* closed in this turn; events may still name them */
    struct query *done;               /* finished in this turn; events may still name them */
    struct sockaddr_storage upstream; /* address of the upstream map */
    socklen_t upstream_size;          /* 0: there is none */
    int idle[16];                     /* connections to it that wait for the next question */
    size_t idle_count;
    char *buffer; /* for what is read */
};

/* At most `max` connections: one more evicts another. False: out of memory. */
bool outbound_connections_begin(struct outbound_connections *connections, int events, size_t max);
void outbound_connections_end(struct outbound_connections *connections);

/* Adds a new connection and owns its descriptor. `now` in milliseconds. */
void outbound_connections_add(struct outbound_connections *connections, int fd, int64_t now);

/*
 * Closes the connection that is least likely to be Postfix's. If more than an eighth of `max` are silent, or
 * all are, that is the one that is silent for longest, else the one whose last request is oldest. Does
 * nothing if there is none.
 */
void outbound_connections_evict(struct outbound_connections *connections, int64_t now);

/* Handles an event of epoll. */
void outbound_connections_serve(struct outbound_connections *connections, enum watched *watched,
                                uint32_t events, int64_t now);

/* Answers the requests whose question to the upstream map has timed out. `now` in milliseconds. */
void outbound_connections_expire(struct outbound_connections *connections, int64_t now);

/* Milliseconds until the next deadline; -1: there is none. */
int outbound_connections_wait(const struct outbound_connections *connections, int64_t now);

/* Frees what was closed or finished since the last call. */
void outbound_connections_sweep(struct outbound_connections *connections);

#endif
