/* SPDX-License-Identifier: BSD-2-Clause */
/* A connection with one time limit for all that is done over it. */
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

/* Sets the time limit: all that follows may take `wait` milliseconds. */
void stream_allow(struct stream *stream, int wait);

/*
 * Connects to one address within the time limit. Returns 0 or an errno; after an error there is nothing to
 * close.
 */
int stream_connect(struct stream *stream, const struct sockaddr *address, socklen_t size);

/*
 * Connects to "unix:/path", "/path", "inet:port@host" or "inet6:port@host". Sets the time limit: this and
 * all that follows may take `seconds`. Returns 0 or an errno: ETIMEDOUT, EACCES, ECONNREFUSED, ENOENT,
 * EINVAL for a host that is not found.
 */
int stream_open(struct stream *stream, const char *spec, int seconds);
void stream_close(struct stream *stream);

/* Sends all octets. Returns 0 or an errno. */
int stream_send(struct stream *stream, const void *octets, size_t count);

/*
 * Receives at least one octet and at most `size`: *count. Returns 0 or an errno; EPIPE: the other side has
 * closed.
 */
int stream_receive(struct stream *stream, void *octets, size_t size, size_t *count);

#endif
