/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One process reads the connections whose request is not complete, and blocks on none of them. If there are
 * too many, it closes the one that has waited longest. Each complete request gets a process of its own: a
 * client that does not read delays nobody, and the memory of a large answer goes with the process. No
 * library is used: libmicrohttpd would add a TLS library and parsers of bodies and forms to every verb, for
 * one page by GET.
 */
#include "policy/tool/http_server.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>
#include "policy/tool/monotonic.h"
#include "policy/tool/stream.h"

enum {
    WAITING_MAX = 32,
    ANSWERING_MAX = 8,
    REQUEST_MAX = 8192, /* octets of the head */
    REQUEST_MS = 5000,  /* from the connection to the end of the head, and until a process is free */
    ANSWER_MS = 30000,  /* for a client to read the answer */
    LINGER_MS = 1000,   /* for what a client still sends after its request */
    NO_DESCRIPTOR_MS = 100
};

/* A connection that waits for the rest of its request, or for a process. */
struct client {
    int fd;
    int64_t deadline; /* milliseconds of CLOCK_MONOTONIC */
    bool whole;       /* the request is complete or too large; it waits for a process */
    size_t length;
    char octets[REQUEST_MAX];
};

struct server {
    int listener;
    http_answer_fn *answer;
    void *arg;
    size_t waiting;
    struct client client[WAITING_MAX]; /* the oldest first */
    unsigned answering;                /* processes that answer */
    bool failing;                      /* the last answer was HTTP_UNAVAILABLE */
};

/* ---- an answer, in a process of its own ---- */

static const char *status_words(unsigned status)
{
    switch (status) {
    case HTTP_OK:
        return "OK";
    case HTTP_BAD_REQUEST:
        return "Bad Request";
    case HTTP_NOT_FOUND:
        return "Not Found";
    case HTTP_METHOD_NOT_ALLOWED:
        return "Method Not Allowed";
    case HTTP_TOO_LARGE:
        return "Request Header Fields Too Large";
    case HTTP_UNAVAILABLE:
        return "Service Unavailable";
    case HTTP_VERSION:
        return "HTTP Version Not Supported";
    default:
        return "Internal Server Error";
    }
}

static struct http_answer write_body(const struct server *server, const struct client *client,
                                     struct http_request *request, FILE *body)
{
    bool whole = http_request_is_whole(client->octets, client->length);
    unsigned status = http_request_read(request, client->octets, client->length);

    if (!whole)
        status = HTTP_TOO_LARGE;
    if (status == HTTP_OK)
        return server->answer(server->arg, request, server->failing, body);
    fprintf(body, "%s\n", status_words(status));
    return (struct http_answer){status, "text/plain; charset=utf-8"};
}

/* Returns the whole answer, malloc'd. NULL: out of memory. */
static char *make_answer(const struct server *server, const struct client *client, size_t *length,
                         unsigned *status)
{
    struct http_request request;
    struct http_answer answer = {HTTP_INTERNAL, NULL};
    char *text = NULL, *whole = NULL;
    size_t size = 0;
    FILE *body = open_memstream(&text, &size), *out;

    if (body != NULL)
        answer = write_body(server, client, &request, body);
    if (body == NULL || fclose(body) != 0 || (out = open_memstream(&whole, length)) == NULL) {
        free(text);
        return NULL;
    }
    fprintf(out, "HTTP/1.1 %u %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\nConnection: close\r\n%s\r\n",
            answer.status, status_words(answer.status), answer.type, size,
            answer.status == HTTP_METHOD_NOT_ALLOWED ? "Allow: GET, HEAD\r\n" : "");
    if (!request.head)
        fwrite(text, 1, size, out);
    free(text);
    *status = answer.status;
    if (fclose(out) == 0)
        return whole;
    free(whole);
    return NULL;
}

/* Lets the client close first. A close with unread octets resets the connection, and loses the answer. */
static void linger(struct stream *stream)
{
    char ignored[4096];
    size_t count, total = 0;

    shutdown(stream->fd, SHUT_WR);
    stream_allow(stream, LINGER_MS);
    while (total < (1 << 20) && stream_receive(stream, ignored, sizeof ignored, &count) == 0)
        total += count;
}

/* Returns the exit status: EX_OK for a page, EX_UNAVAILABLE for HTTP_UNAVAILABLE, EX_USAGE for all else. */
static int answer_client(const struct server *server, const struct client *client)
{
    struct stream stream = {.fd = client->fd};
    size_t length = 0;
    unsigned status = HTTP_INTERNAL;
    char *text = make_answer(server, client, &length, &status);

    if (text != NULL) {
        stream_allow(&stream, ANSWER_MS);
        if (stream_send(&stream, text, length) == 0)
            linger(&stream);
    }
    free(text);
    return status == HTTP_OK ? EX_OK : status == HTTP_UNAVAILABLE ? EX_UNAVAILABLE : EX_USAGE;
}

/* ---- waiting connections ---- */

static void forget(struct server *server, size_t i)
{
    close(server->client[i].fd);
    server->waiting--;
    memmove(&server->client[i], &server->client[i + 1], (server->waiting - i) * sizeof(struct client));
}

/* Closes the oldest connection whose request is not complete. False: there is none. */
static bool make_room(struct server *server)
{
    for (size_t i = 0; i < server->waiting; i++)
        if (!server->client[i].whole) {
            forget(server, i);
            return true;
        }
    return false;
}

/* Whether one more connection can be taken: a place is free, or make_room() can free one. */
static bool has_room(const struct server *server)
{
    for (size_t i = 0; i < server->waiting; i++)
        if (!server->client[i].whole)
            return true;
    return server->waiting < WAITING_MAX;
}

/* Accepts a connection. Returns 0, or the errno of a listener that is no longer usable. */
static int take_client(struct server *server)
{
    int fd = accept4(server->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    struct client *client;

    if (fd < 0 && (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)) {
        if (!make_room(server))
            poll(NULL, 0, NO_DESCRIPTOR_MS);
        return 0;
    }
    if (fd < 0)
        return errno == EBADF || errno == EINVAL || errno == ENOTSOCK ? errno : 0;
    if (server->waiting == WAITING_MAX && !make_room(server)) {
        close(fd);
        return 0;
    }
    client = &server->client[server->waiting++];
    client->fd = fd;
    client->deadline = monotonic_ms() + REQUEST_MS;
    client->whole = false;
    client->length = 0;
    return 0;
}

/* Reads what is available. False: the client is gone. */
static bool read_more(struct client *client)
{
    ssize_t count = recv(client->fd, client->octets + client->length, REQUEST_MAX - client->length, 0);

    if (count < 0)
        return errno == EAGAIN || errno == EINTR;
    client->length += (size_t)count;
    client->whole = client->length == REQUEST_MAX || http_request_is_whole(client->octets, client->length);
    return count > 0;
}

/* In the new process: closes the listener and all other connections, and answers this one. */
static _Noreturn void be_answer(struct server *server, size_t chosen, const sigset_t *signals)
{
    int status;

    close(server->listener);
    for (size_t i = 0; i < server->waiting; i++)
        if (i != chosen)
            close(server->client[i].fd);
    sigprocmask(SIG_SETMASK, signals, NULL);
    status = answer_client(server, &server->client[chosen]);

    free(server);
    exit(status);
}

static void answer_those_that_asked(struct server *server, const sigset_t *signals)
{
    for (size_t i = 0; i < server->waiting && server->answering < ANSWERING_MAX;) {
        pid_t child;

        if (!server->client[i].whole) {
            i++;
            continue;
        }
        child = fork();
        if (child == 0)
            be_answer(server, i, signals);
        if (child > 0)
            server->answering++;
        forget(server, i);
    }
}

/* Collects the processes that have ended, and notes whether the last answer failed. */
static void reap(struct server *server)
{
    int status;

    while (server->answering > 0 && waitpid(-1, &status, WNOHANG) > 0) {
        server->answering--;
        if (WIFEXITED(status) && WEXITSTATUS(status) == EX_OK)
            server->failing = false;
        else if (WIFEXITED(status) && WEXITSTATUS(status) == EX_UNAVAILABLE)
            server->failing = true;
    }
}

/* ---- the loop ---- */

/*
 * Fills in what to poll: first the listener, then each client. A client whose request is complete is
 * skipped.
 */
static void fill(struct pollfd polled[WAITING_MAX + 1], const struct server *server)
{
    polled[0] = (struct pollfd){.fd = has_room(server) ? server->listener : -1, .events = POLLIN};
    for (size_t i = 0; i < server->waiting; i++) {
        const struct client *client = &server->client[i];

        polled[i + 1] = (struct pollfd){.fd = client->whole ? -1 : client->fd, .events = POLLIN};
    }
}

/* From the last to the first, because forget() moves up those after it. */
static void read_clients(struct server *server, const struct pollfd polled[WAITING_MAX + 1])
{
    int64_t now = monotonic_ms();

    for (size_t i = server->waiting; i-- > 0;)
        if ((polled[i + 1].revents != 0 && !read_more(&server->client[i]))
            || now >= server->client[i].deadline)
            forget(server, i);
}

/* Waits until a descriptor is ready, a process ends (SIGCHLD) or the first deadline has passed. */
static int wait_for_events(struct pollfd polled[WAITING_MAX + 1], const struct server *server,
                           const sigset_t *signals)
{
    int64_t left = server->waiting > 0 ? server->client[0].deadline - monotonic_ms() : 0;
    struct timespec wait = {.tv_sec = (left > 0 ? left : 0) / 1000 + 1};

    return ppoll(polled, server->waiting + 1, server->waiting > 0 ? &wait : NULL, signals);
}

static int serve(struct server *server, const sigset_t *signals)
{
    struct pollfd polled[WAITING_MAX + 1];

    for (;;) {
        int why = 0;

        fill(polled, server);
        if (wait_for_events(polled, server, signals) < 0) {
            if (errno != EINTR)
                return errno;
            reap(server);
            answer_those_that_asked(server, signals);
            continue;
        }
        read_clients(server, polled);
        if (polled[0].revents != 0)
            why = take_client(server);
        if (why != 0)
            return why;
        reap(server);
        answer_those_that_asked(server, signals);
    }
}

static void note(int signal_number)
{
    (void)signal_number; /* the signal only ends the wait */
}

int http_serve(int listener, http_answer_fn *answer, void *arg)
{
    struct server *server = calloc(1, sizeof *server);
    const struct sigaction noted = {.sa_handler = note};
    sigset_t blocked, signals;
    int why;

    if (server == NULL)
        return errno;
    server->listener = listener;
    server->answer = answer;
    server->arg = arg;
    fflush(NULL); /* else each process would write what is left in a buffer */
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGCHLD);
    if (sigprocmask(SIG_BLOCK, &blocked, &signals) != 0 || sigaction(SIGCHLD, &noted, NULL) != 0) {
        free(server);
        return errno;
    }
    sigdelset(&signals, SIGCHLD);
    why = serve(server, &signals);
    while (server->waiting > 0)
        forget(server, 0);
    free(server);
    return why;
}
