/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of this directory share: connections, and their questions to the upstream map. */
#ifndef MILTER_OUTBOUND_INTERNAL_H
#define MILTER_OUTBOUND_INTERNAL_H

#include "milter/outbound/connections.h"
#include "policy/outbound/outbound.h"

enum { PART = 16 * 1024 };

struct octets {
    char *at;
    size_t length, done; /* done: how many of them were sent */
};

struct outbound_connection {
    enum watched watched; /* first: WATCHED_CONNECTION */
    int fd;
    bool is_served; /* it is in the list `served` */
    struct outbound_connection *older, *newer;
    uint32_t awaited;            /* events of epoll */
    struct octets input, output; /* what is not whole yet; what could not be sent at once */
    struct query *query;         /* the question to the upstream map that its request waits for */
    uint64_t message;            /* of the map "sendmail": the number of the last message, and its queue id */
    char queue_id[32];
};

/* A request that waits for the upstream map. */
struct query {
    enum watched watched; /* first: WATCHED_QUERY */
    int fd;
    bool used; /* the connection was kept from an earlier question: the other side may have closed it */
    struct query *previous, *next;
    struct outbound_connection *connection;
    struct policy *policy;
    struct outbound_choice choice;
    char *key;
    int64_t now, deadline; /* seconds, of the request; milliseconds */
    struct octets question, reply;
};

/* What is known of a request. */
struct request {
    const struct policy *policy;
    const struct outbound_choice *choice;
    const char *key;
    int64_t now;
};

void octets_clear(struct octets *octets);
/* False: out of memory. */
bool octets_reserve(struct octets *octets, size_t more);
bool octets_append(struct octets *octets, const char *more, size_t length);

/* Calls epoll_ctl(2) for a descriptor, with `what` as its data. False: it failed. */
bool outbound_connections_watch(const struct outbound_connections *connections, int operation, int fd,
                                uint32_t events, void *what);

/* Sets the events of epoll that the connection waits for; 0: only its end. False: epoll_ctl(2) failed. */
bool outbound_connections_await(const struct outbound_connections *connections,
                                struct outbound_connection *connection, uint32_t events);

/* Moves the connection, which sent a whole request, to the newest place of `served`. */
void outbound_connections_renew(struct outbound_connections *connections,
                                struct outbound_connection *connection);

/* Closes a connection; it is freed by outbound_connections_sweep(). */
void outbound_connections_close(struct outbound_connections *connections,
                                struct outbound_connection *connection);

/* Sends the answer. False: the connection is to be closed. */
bool outbound_request_answer(const struct outbound_connections *connections,
                             struct outbound_connection *connection, const struct request *request,
                             const struct upstream *upstream);

/* Sends a reply, "OK ", "NOTFOUND " or "TEMP " and a text. False: the connection is to be closed. */
bool outbound_request_reply(const struct outbound_connections *connections,
                            struct outbound_connection *connection, const char *word, const char *text);

/* Judges a request of the map "sendmail" and answers it. False: the connection is to be closed. */
bool outbound_request_judge(const struct outbound_connections *connections,
                            struct outbound_connection *connection, const char *request, size_t length);

/*
 * Takes the whole requests of `input`, one after the other. `moment` in milliseconds. False: the connection
 * is to be closed.
 */
bool outbound_request_take(struct outbound_connections *connections, struct outbound_connection *connection,
                           int64_t moment);

/*
 * Sets a request aside until the upstream map has answered, and takes ownership of the policy. False: out of
 * memory or epoll failed, and the policy stays the caller's.
 */
bool queries_ask(struct outbound_connections *connections, struct outbound_connection *connection,
                 struct policy *policy, const struct request *request, int64_t moment);

/* Handles an event of epoll for a question. */
void queries_serve(struct outbound_connections *connections, struct query *query, uint32_t events,
                   int64_t now);

/* Removes a question from those that wait and closes its connection; queries_free() frees it. */
void queries_forget(struct outbound_connections *connections, struct query *query);
void queries_free(struct query *query);

#endif
