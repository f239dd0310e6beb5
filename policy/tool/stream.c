/* SPDX-License-Identifier: BSD-2-Clause */
/* Connections with a time limit. Knows how a policy writes sockets. Callers know what is said over them. */
#include "policy/tool/stream.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include "policy/names/socket_form.h"
#include "policy/tool/monotonic.h"

void stream_allow(struct stream *stream, int wait)
{
    stream->deadline = monotonic_ms() + wait;
}

/* Waits until the socket is ready. Returns 0 or an errno. */
static int wait_until(const struct stream *stream, short events)
{
    struct pollfd polled = {.fd = stream->fd, .events = events};

    for (;;) {
        int64_t left = stream->deadline - monotonic_ms();
        int ready = left <= 0 ? 0 : poll(&polled, 1, (int)left);

        if (ready > 0)
            return 0;
        if (ready == 0)
            return ETIMEDOUT;
        if (errno != EINTR)
            return errno;
    }
}

int stream_connect(struct stream *stream, const struct sockaddr *address, socklen_t size)
{
    int why = 0;
    socklen_t length = sizeof why;

    stream->fd = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (stream->fd < 0)
        return errno;
    if (connect(stream->fd, address, size) != 0) {
        why = errno;
        if (why == EINPROGRESS) {
            why = wait_until(stream, POLLOUT);
            if (why == 0 && getsockopt(stream->fd, SOL_SOCKET, SO_ERROR, &why, &length) != 0)
                why = errno;
        }
    }
    if (why != 0)
        stream_close(stream);
    return why;
}

static int connect_unix(struct stream *stream, const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    if (strlen(path) >= sizeof address.sun_path)
        return ENAMETOOLONG;
    memcpy(address.sun_path, path, strlen(path));
    return stream_connect(stream, (const struct sockaddr *)&address, sizeof address);
}

/* inet:port@host, inet6:port@[host] */
static int connect_internet(struct stream *stream, const char *spec)
{
    struct addrinfo wanted = {.ai_socktype = SOCK_STREAM}, *found;
    char host[SOCKET_HOST_SIZE], port[SOCKET_PORT_SIZE];
    int why = EINVAL;

    if (!socket_form_internet(spec, host, port))
        return EINVAL;
    wanted.ai_family = strncmp(spec, "inet6:", 6) == 0 ? AF_INET6 : AF_INET;
    if (getaddrinfo(host, port, &wanted, &found) != 0)
        return EINVAL;
    for (const struct addrinfo *each = found; each != NULL && why != 0; each = each->ai_next)
        why = stream_connect(stream, each->ai_addr, each->ai_addrlen);
    freeaddrinfo(found);
    return why;
}

int stream_open(struct stream *stream, const char *spec, int seconds)
{
    const char *path = socket_form_path(spec);

    stream->fd = -1;
    stream_allow(stream, seconds * 1000);
    return path != NULL ? connect_unix(stream, path) : connect_internet(stream, spec);
}

void stream_close(struct stream *stream)
{
    if (stream->fd >= 0)
        close(stream->fd);
    stream->fd = -1;
}

int stream_send(struct stream *stream, const void *octets, size_t count)
{
    const char *at = octets;

    while (count > 0) {
        int why = wait_until(stream, POLLOUT);
        ssize_t sent = why == 0 ? send(stream->fd, at, count, MSG_NOSIGNAL) : -1;

        if (why != 0)
            return why;
        if (sent < 0 && errno != EAGAIN && errno != EINTR)
            return errno;
        at += sent > 0 ? sent : 0;
        count -= sent > 0 ? (size_t)sent : 0;
    }
    return 0;
}

int stream_receive(struct stream *stream, void *octets, size_t size, size_t *count)
{
    for (;;) {
        int why = wait_until(stream, POLLIN);
        ssize_t got = why == 0 ? recv(stream->fd, octets, size, 0) : -1;

        if (why != 0)
            return why;
        if (got > 0) {
            *count = (size_t)got;
            return 0;
        }
        if (got == 0)
            return EPIPE;
        if (errno != EAGAIN && errno != EINTR)
            return errno;
    }
}
