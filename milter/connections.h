/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The connections over which Postfix reports (check_policy_service): read,
 * recorded, answered. Used by one thread alone.
 */
#ifndef MILTER_CONNECTIONS_H
#define MILTER_CONNECTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include "milter/records.h"

struct connection;

/* In the order of their last complete request, or of their beginning. */
struct connection_list {
    struct connection *oldest, *newest;
};

struct connections {
    struct records *records;
    int events; /* epoll(7), in which every connection is registered with its address as data */
    size_t count, max;
    struct connection_list strangers, askers; /* that never sent a complete request, and that did */
    char *buffer;                             /* for what is read */
    bool late;                                /* what is read now came too late to be recorded */
};

/* False: out of memory. At most `max` are kept: then the one that was idle longest goes, strangers first. */
bool connections_begin(struct connections *connections, struct records *records, int events, size_t max);
void connections_end(struct connections *connections);

/* Takes a new one over. */
void connections_add(struct connections *connections, int fd);

/* Reads what is there, a part at a time, and answers every complete request. */
void connections_serve(struct connections *connections, struct connection *connection);

/* Closes the one that is most easily missed. False: there is none. */
bool connections_evict(struct connections *connections);

/*
 * Answers what waits to be read without recording it, and closes where a request has only begun: we
 * were away for so long that whoever reported may have gone on without us.
 */
void connections_drop_waiting(struct connections *connections);

#endif
