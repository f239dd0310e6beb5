/* SPDX-License-Identifier: BSD-2-Clause */
/* One connection to the status socket: lines in, lines out, within bounds. Only the status thread uses it. */
#ifndef MILTER_STATUS_CONNECTION_H
#define MILTER_STATUS_CONNECTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "milter/metrics.h"
#include "milter/status_answer.h"

enum {
    STATUS_REQUEST_MAX = 4096,
    STATUS_SECONDS = 5,
    STATUS_RELOAD_SECONDS = 60,
    STATUS_METRICS_SECONDS = 60
};

struct status_connection {
    int fd;           /* -1: free */
    bool control;     /* it may reload and drain */
    bool ended;       /* the other side sends no more, or we read no more */
    int64_t deadline; /* milliseconds; then the connection is closed */
    uint64_t awaited; /* the reload whose end it waits for; 0: none */
    size_t used;
    char request[STATUS_REQUEST_MAX + 1]; /* what was read and is not answered yet */
    char *answer;                         /* malloc'd; NULL: none is under way */
    size_t length, sent;
    struct metrics *metrics;  /* an answer that comes in pieces; NULL: none is under way */
    int64_t metrics_deadline; /* milliseconds; of all its pieces */
};

/* Begins a connection and takes ownership of `fd`. */
void status_connection_begin(struct status_connection *connection, int fd, bool control, int64_t now);
void status_connection_end(struct status_connection *connection);

/* The events of poll(2) that the connection waits for; 0: only its deadline or the end of a reload. */
short status_connection_events(const struct status_connection *connection);

/*
 * Goes on as far as it can without waiting. `ready`: the events that came. `now` is in milliseconds. Closes
 * the connection if it is over.
 */
void status_connection_serve(struct status_connection *connection, const struct status_facts *facts,
                             short ready, int64_t now);

#endif
