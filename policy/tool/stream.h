/* SPDX-License-Identifier: BSD-2-Clause */
/* A connection to one of the daemon's sockets, with a time limit for all of it. */
#ifndef POLICY_TOOL_STREAM_H
#define POLICY_TOOL_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

struct stream {
    int fd;
    int64_t deadline; /* milliseconds of CLOCK_MONOTONIC */
};

/* Begins the time that all that follows may take, in milliseconds. */
void stream_allow(struct stream *stream, int wait);

/* Connects to one address within the stream's time. 0, or an errno, and then there is nothing to close. */
int stream_connect(struct stream *stream, const struct sockaddr *address, socklen_t size);

/*
 * Connects to "unix:/path", "/path", "inet:port@host", "inet6:port@host", and begins the time that all that
 * follows may take. 0, or an errno: ETIMEDOUT, EACCES, ECONNREFUSED, ENOENT, EINVAL for a host that is
 * not found.
 */
int stream_open(struct stream *stream, const char *spec, int seconds);
void stream_close(struct stream *stream);

/* All octets, or an errno. */
int stream_send(struct stream *stream, const void *octets, size_t count);

/* At most `size` octets, at least one: *count. 0, or an errno: EPIPE where the other side has closed. */
int stream_receive(struct stream *stream, void *octets, size_t size, size_t *count);

#endif
