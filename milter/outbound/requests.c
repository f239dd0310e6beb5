/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Requests of Postfix for how to send to a next hop, and of Sendmail whether to send: read as they arrive,
 * answered by policy/outbound/, one at a time per connection. No client can make others wait or make memory
 * grow: all descriptors are non-blocking; requests, answers and the connections (connections.c) are bounded.
 * An idle connection is left open while there is room: Postfix closes it, and may defer mail if we close it
 * first. Does not know who listens or how threads end.
 */
#include "milter/outbound/internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>
#include "milter/current.h"
#include "milter/log.h"
#include "milter/partner_counts.h"
#include "policy/outbound/netstring.h"
#include "policy/outbound/outbound.h"
#include "policy/policy.h"

enum {
    REQUEST_MAX = 12000, /* Postfix asks for at most 10,000 octets */
    READ_AT_ONCE = 512,  /* octets: one request, or a few short ones */
    TAKEN_AT_ONCE = 4,   /* requests, before other connections have their turn */
};

void octets_clear(struct octets *octets)
{
    free(octets->at);
    *octets = (struct octets){NULL, 0, 0};
}

bool octets_reserve(struct octets *octets, size_t more)
{
    char *grown = realloc(octets->at, octets->length + more + 1);

    if (grown != NULL)
        octets->at = grown;
    return grown != NULL;
}

static void add(struct octets *octets, const char *more, size_t length)
{
    memcpy(octets->at + octets->length, more, length);
    octets->length += length;
    octets->at[octets->length] = '\0';
}

bool octets_append(struct octets *octets, const char *more, size_t length)
{
    if (!octets_reserve(octets, length))
        return false;
    add(octets, more, length);
    return true;
}

static void octets_drop(struct octets *octets, size_t count)
{
    octets->length -= count;
    memmove(octets->at, octets->at + count, octets->length);
    if (octets->length == 0)
        octets_clear(octets);
}

/* ---- answers ---- */

/* Sends the output; false: the connection is to be closed. Reading goes on when all of it is sent. */
static bool send_output(const struct outbound_connections *connections,
                        struct outbound_connection *connection)
{
    struct octets *output = &connection->output;

    while (output->done < output->length) {
        ssize_t sent = send(connection->fd, output->at + output->done, output->length - output->done,
                            MSG_DONTWAIT | MSG_NOSIGNAL);

        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0 && errno == EAGAIN)
            return outbound_connections_await(connections, connection, EPOLLOUT);
        if (sent <= 0)
            return false;
        output->done += (size_t)sent;
    }
    octets_clear(output);
    return outbound_connections_await(connections, connection, EPOLLIN);
}

bool outbound_request_reply(const struct outbound_connections *connections,
                            struct outbound_connection *connection, const char *word, const char *text)
{
    char head[NETSTRING_HEAD];
    size_t word_length = strlen(word), text_length = strlen(text);
    size_t size = netstring_head(head, word_length + text_length);

    if (!octets_reserve(&connection->output, size + word_length + text_length + 1))
        return false;
    add(&connection->output, head, size);
    add(&connection->output, word, word_length);
    add(&connection->output, text, text_length);
    add(&connection->output, ",", 1);
    return send_output(connections, connection);
}

/* Logs and counts an answer about a partner whose mode is not none. */
static void log_answer(const struct outbound_choice *choice, const char *key,
                       const struct outbound_answer *answer, const struct upstream *upstream)
{
    static const char *const states[] = {"notfound", "ok", "failed"}; /* the order of enum upstream_state */
    struct log_line line;

    if (choice->partner == NULL || choice->mode == MODE_NONE)
        return;
    partner_counts_add_outbound(partner_counts_of(partner_name(choice->partner)), answer->result);
    log_begin(&line, "outbound");
    log_word(&line, "partner", partner_name(choice->partner));
    log_word(&line, "mode", mode_name(choice->mode));
    log_quoted(&line, "key", key);
    log_word(&line, "result", outbound_result_name(answer->result));
    log_text(&line, "answer", answer->text);
    log_word(&line, "upstream", choice->asks_upstream ? states[upstream->state] : NULL);
    log_write(answer->result == OUTBOUND_TEMP ? LOG_ERR : LOG_INFO, &line);
}

bool outbound_request_answer(const struct outbound_connections *connections,
                             struct outbound_connection *connection, const struct request *request,
                             const struct upstream *upstream)
{
    struct outbound_answer answer;
    const char *text;
    bool good;

    outbound_answer(&answer, request->policy, request->choice, upstream, request->now);
    log_answer(request->choice, request->key, &answer, upstream);
    text = answer.text != NULL              ? answer.text
           : answer.result == OUTBOUND_TEMP ? "forcetls: out of memory"
                                            : "";
    good = outbound_request_reply(connections, connection,
                                  answer.result == OUTBOUND_OK     ? "OK "
                                  : answer.result == OUTBOUND_TEMP ? "TEMP "
                                                                   : "NOTFOUND ",
                                  text);
    free(answer.text);
    return good;
}

/* ---- requests ---- */

/*
 * Answers a request of the map "postfix": a key, with a NUL after it. False: the connection is to be closed.
 */
static bool answer_key(struct outbound_connections *connections, struct outbound_connection *connection,
                       const char *key, size_t length, int64_t moment)
{
    const struct upstream none = {UPSTREAM_NOT_FOUND, NULL};
    struct policy *policy = current_get();
    struct outbound_choice choice;
    const struct request request = {policy, &choice, key, (int64_t)time(NULL)};
    bool good;

    outbound_choose(&choice, policy, key, length, request.now);
    choice.asks_upstream &= connections->upstream_size > 0;
    if (choice.asks_upstream && queries_ask(connections, connection, policy, &request, moment))
        return true;
    good = !choice.asks_upstream && outbound_request_answer(connections, connection, &request, &none);
    policy_unref(policy);
    return good;
}

/* Returns what follows the name of the map; NULL: the request is for another map. */
static const char *after_map_name(const char *map, const struct netstring *found)
{
    size_t length = strlen(map);

    return found->length >= length && memcmp(found->text, map, length) == 0 ? found->text + length : NULL;
}

/* Answers one request, "postfix KEY" or "sendmail FIELDS". False: the connection is to be closed. */
static bool take_request(struct outbound_connections *connections, struct outbound_connection *connection,
                         const struct netstring *found, int64_t moment)
{
    const char *end = found->text + found->length, *key = after_map_name("postfix ", found);

    if (key != NULL)
        return answer_key(connections, connection, key, (size_t)(end - key), moment);
    key = after_map_name("sendmail ", found);
    if (key != NULL)
        return outbound_request_judge(connections, connection, key, (size_t)(end - key));
    return outbound_request_reply(connections, connection, "TEMP ",
                                  "forcetls: the maps of this socket are \"postfix\" and \"sendmail\"");
}

/*
 * Takes the whole requests, one after the other, as long as each is answered at once; the comma after one
 * becomes a NUL. More than a few wait until other connections had their turn; meanwhile the connection is not
 * read. *taken: how many octets were taken. False: the connection is to be closed.
 */
static bool take_requests(struct outbound_connections *connections, struct outbound_connection *connection,
                          char *octets, size_t length, size_t *taken, int64_t moment)
{
    struct netstring found;
    int count = 0;

    for (*taken = 0; connection->query == NULL && connection->output.length == 0 && *taken < length;
         *taken += found.used) {
        if (count++ == TAKEN_AT_ONCE)
            return outbound_connections_await(connections, connection, EPOLLOUT);
        switch (netstring_read(&found, octets + *taken, length - *taken, REQUEST_MAX)) {
        case NETSTRING_MORE:
            return true;
        case NETSTRING_BAD:
            return false;
        case NETSTRING_WHOLE:
            outbound_connections_renew(connections, connection);
            octets[*taken + found.used - 1] = '\0';
            if (!take_request(connections, connection, &found, moment) || connection->fd < 0)
                return false;
        }
    }
    return true;
}

bool outbound_request_take(struct outbound_connections *connections, struct outbound_connection *connection,
                           int64_t moment)
{
    size_t taken;

    if (connection->input.length == 0)
        return true;
    if (!take_requests(connections, connection, connection->input.at, connection->input.length, &taken,
                       moment))
        return false;
    octets_drop(&connection->input, taken);
    return true;
}

/* Requests mostly come whole: they are taken from the buffer into which they were read. */
static bool take_read(struct outbound_connections *connections, struct outbound_connection *connection,
                      size_t length, int64_t moment)
{
    size_t taken;

    if (connection->input.length > 0)
        return octets_append(&connection->input, connections->buffer, length)
               && outbound_request_take(connections, connection, moment);
    return take_requests(connections, connection, connections->buffer, length, &taken, moment)
           && (taken == length
               || octets_append(&connection->input, connections->buffer + taken, length - taken));
}

/* False: the connection is to be closed. */
static bool read_part(struct outbound_connections *connections, struct outbound_connection *connection,
                      int64_t moment)
{
    ssize_t count = recv(connection->fd, connections->buffer, READ_AT_ONCE, MSG_DONTWAIT);

    if (count < 0 && (errno == EAGAIN || errno == EINTR))
        return true;
    return count > 0 && take_read(connections, connection, (size_t)count, moment);
}

static void serve_connection(struct outbound_connections *connections, struct outbound_connection *connection,
                             uint32_t events, int64_t now)
{
    bool good = connection->fd >= 0;

    if (!good)
        return; /* it was closed in this turn */
    if ((events & EPOLLOUT) != 0)
        good = send_output(connections, connection) && outbound_request_take(connections, connection, now);
    else if ((events & EPOLLIN) != 0)
        good = read_part(connections, connection, now);
    else
        good = false; /* the other side is gone, while its request waits or while it was not read */
    if (!good && connection->fd >= 0)
        outbound_connections_close(connections, connection);
}

void outbound_connections_serve(struct outbound_connections *connections, enum watched *watched,
                                uint32_t events, int64_t now)
{
    if (*watched == WATCHED_CONNECTION)
        serve_connection(connections, (struct outbound_connection *)watched, events, now);
    else
        queries_serve(connections, (struct query *)watched, events, now);
}
