/* SPDX-License-Identifier: BSD-2-Clause */
/* What requests.c and queries.c share: connections that ask, and their questions to the upstream map. */
#ifndef MILTER_OUTBOUND_INTERNAL_H
#define MILTER_OUTBOUND_INTERNAL_H

#include "milter/outbound/connections.h"
#include "policy/outbound/outbound.h"

enum { PART = 16 * 1024 };

struct octets {
    char *at;
    size_t length, done; /* done: those of them that were sent */
};

struct asker {
    enum watched watched; /* first: WATCHED_ASKER */
    int fd;
    bool is_served; /* it is in that list */
    struct asker *older, *newer;
    uint32_t awaited;            /* of epoll */
    struct octets input, output; /* what is not whole yet; what could not be sent at once */
    struct query *query;         /* the question to the upstream map that its request waits for */
    uint64_t message;            /* of the map "sendmail": the number of the last message, and its queue id */
    char queue_id[32];
};

/* A request that waits for the upstream map. */
struct query {
    enum watched watched; /* first: WATCHED_QUERY */
    int fd;
    bool used; /* the connection was used before: it may be closed at the other side */
    struct query *previous, *next;
    struct asker *asker;
    struct policy *policy;
    struct outbound_choice choice;
    char *key;
    int64_t now, deadline; /* the time of the request; milliseconds */
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

bool askers_watch(const struct askers *askers, int operation, int fd, uint32_t events, void *what);

/* What is to happen next on the connection; 0: only its end is of interest. */
bool askers_await(const struct askers *askers, struct asker *asker, uint32_t events);

/* It sent a whole request: now it is the one whose last request is newest. */
void askers_renew(struct askers *askers, struct asker *asker);

/* Closes a connection; it is freed by askers_sweep(). */
void askers_hang_up(struct askers *askers, struct asker *asker);

/* Sends the answer. False: the connection is to be closed. */
bool askers_answer(const struct askers *askers, struct asker *asker, const struct request *request,
                   const struct upstream *upstream);

/* Sends a reply, "OK ", "NOTFOUND " or "TEMP " and a text. False: the connection is to be closed. */
bool askers_reply(const struct askers *askers, struct asker *asker, const char *word, const char *text);

/* Judges a request of the map "sendmail" and answers it. False: the connection is to be closed. */
bool askers_judge(const struct askers *askers, struct asker *asker, const char *request, size_t length);

/* Takes the requests that are whole, one after the other. False: the connection is to be closed. */
bool askers_take(struct askers *askers, struct asker *asker, int64_t moment);

/* Puts a request aside until the upstream map has answered. Takes the policy over; false: out of memory. */
bool queries_ask(struct askers *askers, struct asker *asker, struct policy *policy,
                 const struct request *request, int64_t moment);

/* Does what an event of epoll says of a question. */
void queries_serve(struct askers *askers, struct query *query, uint32_t events, int64_t now);

/* Takes a question out of those that wait, and closes its connection; queries_free() frees it. */
void queries_forget(struct askers *askers, struct query *query);
void queries_free(struct query *query);

#endif
