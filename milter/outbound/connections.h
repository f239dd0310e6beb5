/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The connections over which Postfix asks how to send (socketmap_table(5)), and those over which the
 * upstream map is asked for it. Used by one thread alone.
 */
#ifndef MILTER_OUTBOUND_CONNECTIONS_H
#define MILTER_OUTBOUND_CONNECTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

/* What epoll(7) has as data: the first member of everything that is watched. */
enum watched { WATCHED_WAKE, WATCHED_SOCKET, WATCHED_ASKER, WATCHED_QUERY };

struct asker;
struct query;

/* In the order of their last whole request, or of their start where they sent none. */
struct asker_list {
    struct asker *oldest, *newest;
    size_t count;
};

struct askers {
    int events; /* epoll(7) */
    size_t max;
    struct asker_list silent, served; /* without and with a whole request so far */
    int64_t warned;                   /* when the log was told that there are too many */
    struct query *oldest, *newest;    /* questions to the upstream map, by their deadline */
    struct asker *gone;               /* closed in this turn; events may still name them */
    struct query *done;               /* likewise */
    struct sockaddr_storage upstream; /* of the upstream map */
    socklen_t upstream_size;          /* 0: there is none */
    int idle[16];                     /* connections to it that wait for the next question */
    size_t idle_count;
    char *buffer; /* for what is read */
};

/* At most `max` connections: one more displaces another. False: out of memory. */
bool askers_begin(struct askers *askers, int events, size_t max);
void askers_end(struct askers *askers);

/* Takes a new one over. `now` in milliseconds. */
void askers_add(struct askers *askers, int fd, int64_t now);

/*
 * Closes the connection that is least likely to be Postfix's: the one that is silent for longest, if more
 * than an eighth of all are silent, else the one whose last request is longest ago. Does nothing where there
 * is none.
 */
void askers_displace(struct askers *askers, int64_t now);

/* Does what an event of epoll says. */
void askers_serve(struct askers *askers, enum watched *watched, uint32_t events, int64_t now);

/* Answers questions whose time is over. `now` in milliseconds. */
void askers_expire(struct askers *askers, int64_t now);

/* Milliseconds until the next deadline; -1: there is none. */
int askers_wait(const struct askers *askers, int64_t now);

/* Frees what was closed since the last turn. */
void askers_sweep(struct askers *askers);

#endif
