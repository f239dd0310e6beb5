/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A client of the status socket. It has a buffer of fixed size, a deadline, and one answer or a piece of one
 * at a time; a line is read only when the answer before it is sent. So a client that is slow or sends too
 * much harms only itself. status_answer.c knows what a request means.
 */
#include "milter/status_connection.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "milter/current.h"
#include "milter/drain.h"
#include "milter/reloads.h"

void status_connection_begin(struct status_connection *connection, int fd, bool control, int64_t now)
{
    *connection = (struct status_connection){
        .fd = fd, .control = control, .deadline = now + STATUS_SECONDS * INT64_C(1000)};
}

void status_connection_end(struct status_connection *connection)
{
    close(connection->fd);
    free(connection->answer);
    connection->answer = NULL;
    metrics_end(connection->metrics);
    connection->metrics = NULL;
    connection->fd = -1;
}

short status_connection_events(const struct status_connection *connection)
{
    if (connection->answer != NULL || connection->metrics != NULL)
        return POLLOUT;
    return connection->awaited != 0 || connection->ended ? 0 : POLLIN;
}

/* ---- in ---- */

/* False: the connection is broken. */
static bool read_some(struct status_connection *connection)
{
    ssize_t count = recv(connection->fd, connection->request + connection->used,
                         STATUS_REQUEST_MAX - connection->used, MSG_DONTWAIT);

    if (count < 0)
        return errno == EAGAIN || errno == EINTR;
    connection->used += (size_t)count;
    connection->ended = count == 0;
    return true;
}

/*
 * Takes the next line out of the buffer, without its end. The last one needs no line feed. False: there is
 * none.
 */
static bool take_line(struct status_connection *connection, char line[STATUS_REQUEST_MAX + 1])
{
    const char *feed = memchr(connection->request, '\n', connection->used);
    size_t length = feed != NULL ? (size_t)(feed - connection->request) : connection->used;

    if (feed == NULL && (!connection->ended || connection->used == 0))
        return false;
    for (size_t i = 0; i < length; i++) /* a NUL ends no request: what follows it counts */
        line[i] = connection->request[i] != '\0' ? connection->request[i] : '?';
    line[length] = '\0';
    connection->used -= length + (feed != NULL);
    memmove(connection->request, connection->request + length + (feed != NULL), connection->used);
    while (length > 0 && (line[length - 1] == '\r' || line[length - 1] == ' '))
        line[--length] = '\0';
    return true;
}

/* ---- the requests ---- */

/* Notes what is to be sent. NULL (out of memory) ends the connection. */
static void put_answer(struct status_connection *connection, char *answer, int64_t now)
{
    connection->answer = answer;
    connection->sent = 0;
    connection->deadline = now + STATUS_SECONDS * INT64_C(1000);
}

/* Puts the next piece of the metrics. */
static void put_piece(struct status_connection *connection, int64_t now)
{
    put_answer(connection, metrics_next(connection->metrics, &connection->length), now);
    if (connection->deadline > connection->metrics_deadline)
        connection->deadline = connection->metrics_deadline;
    if (metrics_over(connection->metrics)) {
        metrics_end(connection->metrics);
        connection->metrics = NULL;
    }
}

static void begin_metrics(struct status_connection *connection, const struct status_facts *facts, int64_t now)
{
    connection->metrics = metrics_begin(facts->started);
    connection->metrics_deadline = now + STATUS_METRICS_SECONDS * INT64_C(1000);
    if (connection->metrics != NULL)
        put_piece(connection, now);
    else
        put_answer(connection, NULL, now);
}

static void refuse(struct status_connection *connection, const char *why, int64_t now)
{
    put_answer(connection, status_answer_error(why, &connection->length), now);
}

/* False: there is no whole request. */
static bool take_request(struct status_connection *connection, const struct status_facts *facts, int64_t now)
{
    char line[STATUS_REQUEST_MAX + 1];
    enum status_request request;

    if (connection->used == STATUS_REQUEST_MAX
        && memchr(connection->request, '\n', connection->used) == NULL) {
        connection->ended = true;
        connection->used = 0;
        refuse(connection, "the request is longer than 4095 octets", now);
        return true;
    }
    if (!take_line(connection, line))
        return false;
    request = status_request_read(line);
    if (request == STATUS_RELOAD && connection->control) {
        connection->awaited = current_ask_reload();
        connection->deadline = now + STATUS_RELOAD_SECONDS * INT64_C(1000);
    } else if (request == STATUS_DRAIN && connection->control) {
        drain_ask();
        put_answer(connection, status_answer_drain(&connection->length), now);
    } else if (request == STATUS_METRICS) {
        begin_metrics(connection, facts, now);
    } else {
        put_answer(connection, status_answer_of(facts, request, line, &connection->length), now);
    }
    return true;
}

static void await_reload(struct status_connection *connection, int64_t now)
{
    if (reloads_ended() >= connection->awaited) {
        connection->awaited = 0;
        put_answer(connection, status_answer_reload(&connection->length), now);
    } else if (now >= connection->deadline) {
        connection->awaited = 0;
        refuse(connection, "the reload takes longer than 60 seconds; it goes on, and the log has its result",
               now);
    }
}

/* ---- out ---- */

/* False: the connection is broken. */
static bool send_some(struct status_connection *connection)
{
    ssize_t count = send(connection->fd, connection->answer + connection->sent,
                         connection->length - connection->sent, MSG_DONTWAIT | MSG_NOSIGNAL);

    if (count < 0)
        return errno == EAGAIN || errno == EINTR;
    connection->sent += (size_t)count;
    if (connection->sent == connection->length) {
        free(connection->answer);
        connection->answer = NULL;
    }
    return true;
}

/* Puts the next answer, or the next piece of one. False: there is nothing to answer. */
static bool put_next(struct status_connection *connection, const struct status_facts *facts, int64_t now)
{
    if (connection->metrics == NULL)
        return take_request(connection, facts, now);
    put_piece(connection, now);
    return true;
}

/*
 * Answers the requests that are there, one after the other. Between two pieces of the metrics other
 * connections have their turn. False: the connection is to be closed.
 */
static bool go_on(struct status_connection *connection, const struct status_facts *facts, int64_t now)
{
    for (;;) {
        if (connection->awaited != 0)
            await_reload(connection, now);
        else if (connection->answer == NULL && !put_next(connection, facts, now))
            return !connection->ended;
        if (connection->awaited != 0)
            return true;
        if (connection->answer == NULL || !send_some(connection))
            return false;
        if (connection->answer != NULL || connection->metrics != NULL)
            return true;
    }
}

void status_connection_serve(struct status_connection *connection, const struct status_facts *facts,
                             short ready, int64_t now)
{
    bool late = now >= connection->deadline && connection->awaited == 0;
    bool broken = (ready & (POLLERR | POLLNVAL)) != 0;

    if (!late && !broken && (ready & POLLIN) != 0 && status_connection_events(connection) == POLLIN)
        broken = !read_some(connection);
    if (late || broken || !go_on(connection, facts, now))
        status_connection_end(connection);
}
