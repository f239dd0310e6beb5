/* SPDX-License-Identifier: BSD-2-Clause */
/* The socket on which the MTA is awaited: checked before libmilter opens it. */
#ifndef MILTER_SOCKET_H
#define MILTER_SOCKET_H

#include <stddef.h>

enum socket_state {
    SOCKET_GOOD,
    SOCKET_REFUSED, /* the specification, its directory or what stands there is not to be used */
    SOCKET_FAILED   /* in use, or the system says no */
};

/* What is wrong with a socket, in words. */
struct socket_problem {
    char text[256];
};

/*
 * Checks a specification: unix:/path, local:/path, /path, inet:port@host,
 * inet6:port@host. Nothing is touched. Answers GOOD or REFUSED.
 */
enum socket_state socket_check(const char *spec, struct socket_problem *problem);

/*
 * Checks it, and for a unix socket makes sure that its place is safe and free: the
 * directory is there and not writable by everyone; no directory above can be
 * exchanged by others; a socket of our own that nobody listens on is
 * removed. Anything else that stands at the path is refused.
 */
enum socket_state socket_prepare(const char *spec, struct socket_problem *problem);

#endif
