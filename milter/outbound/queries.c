/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Questions to the upstream map, one for each request that depends on it. Each has UPSTREAM_MS, so that
 * Postfix gets its answer in time; a failure is an answer, too. Connections are kept for later questions.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>
#include "milter/outbound/internal.h"
#include "policy/outbound/netstring.h"
#include "policy/outbound/upstream.h"

enum { REPLY_MAX = 16 * 1024, UPSTREAM_MS = 2000 };

void queries_forget(struct outbound_connections *connections, struct query *query)
{
    if (query->previous != NULL)
        query->previous->next = query->next;
    else
        connections->oldest = query->next;
    if (query->next != NULL)
        query->next->previous = query->previous;
    else
        connections->newest = query->previous;
    if (query->fd >= 0)
        close(query->fd);
    query->fd = -1;
    query->connection->query = NULL;
    query->next = connections->done;
    connections->done = query;
}

void queries_free(struct query *query)
{
    octets_clear(&query->question);
    octets_clear(&query->reply);
    policy_unref(query->policy);
    free(query->key);
    free(query);
}

static void start_query(struct outbound_connections *connections, struct query *query);

/* Answers the request with what the upstream map said, or with its failure. */
static void finish_query(struct outbound_connections *connections, struct query *query,
                         const struct upstream *upstream)
{
    struct outbound_connection *connection = query->connection;
    const struct request request = {query->policy, &query->choice, query->key, query->now};

    queries_forget(connections, query);
    if (!outbound_request_answer(connections, connection, &request, upstream))
        outbound_connections_close(connections, connection);
}

static void fail_query(struct outbound_connections *connections, struct query *query)
{
    const struct upstream failed = {UPSTREAM_FAILED, NULL};

    finish_query(connections, query, &failed);
}

/* If the connection was used before, the other side may have closed it: then tries a new one. */
static void retry_query(struct outbound_connections *connections, struct query *query)
{
    bool again = query->used && query->reply.length == 0;

    close(query->fd);
    query->fd = -1;
    query->question.done = 0;
    while (again && connections->idle_count > 0)
        close(connections->idle[--connections->idle_count]);
    if (again)
        start_query(connections, query);
    else
        fail_query(connections, query);
}

static int connect_upstream(const struct outbound_connections *connections)
{
    int fd = socket(connections->upstream.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd >= 0
        && connect(fd, (const struct sockaddr *)&connections->upstream, connections->upstream_size) != 0
        && errno != EINPROGRESS) {
        close(fd);
        return -1;
    }
    return fd;
}

static void start_query(struct outbound_connections *connections, struct query *query)
{
    query->used = connections->idle_count > 0;
    query->fd = query->used ? connections->idle[--connections->idle_count] : connect_upstream(connections);
    if (query->fd < 0
        || !outbound_connections_watch(connections, EPOLL_CTL_ADD, query->fd, EPOLLIN | EPOLLOUT, query))
        fail_query(connections, query);
}

/* Keeps the connection for a later question, if there is a place for it. */
static void keep_idle(struct outbound_connections *connections, struct query *query)
{
    const size_t most = sizeof connections->idle / sizeof *connections->idle;

    if (connections->idle_count == most
        || epoll_ctl(connections->events, EPOLL_CTL_DEL, query->fd, NULL) != 0)
        return;
    connections->idle[connections->idle_count++] = query->fd;
    query->fd = -1;
}

/* Reads what has arrived of the reply, and finishes the question when it is whole. */
static void read_reply(struct outbound_connections *connections, struct query *query)
{
    ssize_t count = recv(query->fd, connections->buffer, PART, MSG_DONTWAIT);
    struct netstring found;
    struct upstream upstream;

    if (count < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (count <= 0) {
        retry_query(connections, query);
        return;
    }
    if (!octets_append(&query->reply, connections->buffer, (size_t)count)) {
        fail_query(connections, query);
        return;
    }
    switch (netstring_read(&found, query->reply.at, query->reply.length, REPLY_MAX)) {
    case NETSTRING_MORE:
        return;
    case NETSTRING_BAD:
        fail_query(connections, query);
        return;
    case NETSTRING_WHOLE:
        if (found.used == query->reply.length)
            keep_idle(connections, query);
        upstream = upstream_read(query->reply.at + (found.text - query->reply.at), found.length, false);
        finish_query(connections, query, &upstream);
    }
}

static void send_question(struct outbound_connections *connections, struct query *query)
{
    struct octets *question = &query->question;
    ssize_t sent = send(query->fd, question->at + question->done, question->length - question->done,
                        MSG_DONTWAIT | MSG_NOSIGNAL);

    if (sent < 0 && errno != EAGAIN && errno != EINTR) {
        retry_query(connections, query);
        return;
    }
    question->done += sent > 0 ? (size_t)sent : 0;
    if (question->done == question->length)
        outbound_connections_watch(connections, EPOLL_CTL_MOD, query->fd, EPOLLIN, query);
}

int outbound_connections_wait(const struct outbound_connections *connections, int64_t now)
{
    if (connections->oldest == NULL)
        return -1;
    return connections->oldest->deadline <= now ? 0 : (int)(connections->oldest->deadline - now);
}

static bool write_question(struct octets *question, const char *key)
{
    static const char map[] = "QUERY ";
    char head[NETSTRING_HEAD];
    struct next_hop hop;
    size_t size;

    key = upstream_key(&hop, key, strlen(key));
    if (key == NULL)
        return false;
    size = netstring_head(head, strlen(map) + strlen(key));
    return octets_append(question, head, size) && octets_append(question, map, strlen(map))
           && octets_append(question, key, strlen(key)) && octets_append(question, ",", 1);
}

bool queries_ask(struct outbound_connections *connections, struct outbound_connection *connection,
                 struct policy *policy, const struct request *request, int64_t moment)
{
    struct query *query = calloc(1, sizeof *query);

    if (query != NULL)
        query->key = strdup(request->key);
    if (query == NULL || query->key == NULL || !write_question(&query->question, request->key)
        || !outbound_connections_await(connections, connection, 0)) {
        if (query != NULL) {
            octets_clear(&query->question);
            free(query->key);
        }
        free(query);
        return false;
    }
    query->watched = WATCHED_QUERY;
    query->fd = -1;
    query->connection = connection;
    query->policy = policy;
    query->choice = *request->choice;
    query->now = request->now;
    query->deadline = moment + UPSTREAM_MS;
    query->previous = connections->newest;
    *(connections->newest != NULL ? &connections->newest->next : &connections->oldest) = query;
    connections->newest = query;
    connection->query = query;
    start_query(connections, query);
    return true;
}

/* After an answer: goes on with what the connection sent meanwhile. */
static void resume(struct outbound_connections *connections, struct outbound_connection *connection,
                   int64_t moment)
{
    if (connection->fd >= 0 && connection->query == NULL
        && !outbound_request_take(connections, connection, moment) && connection->fd >= 0)
        outbound_connections_close(connections, connection);
}

void queries_serve(struct outbound_connections *connections, struct query *query, uint32_t events,
                   int64_t now)
{
    struct outbound_connection *connection = query->connection;

    if (query->fd < 0)
        return; /* it was finished in this turn */
    if ((events & EPOLLOUT) != 0 && query->question.done < query->question.length)
        send_question(connections, query);
    else if ((events & ~(uint32_t)EPOLLOUT) != 0)
        read_reply(connections, query);
    resume(connections, connection, now);
}

void outbound_connections_expire(struct outbound_connections *connections, int64_t now)
{
    while (connections->oldest != NULL && connections->oldest->deadline <= now) {
        struct outbound_connection *connection = connections->oldest->connection;

        fail_query(connections, connections->oldest);
        resume(connections, connection, now);
    }
}
