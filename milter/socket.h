/* SPDX-License-Identifier: BSD-2-Clause */
/* The sockets on which the MTA is awaited: checked before they are opened, the milter's by libmilter. */
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
 * exchanged by others; every directory on the way belongs to root or to the user that
 * runs this; a socket of our own that nobody listens on is removed. Anything else that
 * stands at the path is refused. Members of a directory's group are trusted: it is the MTA's.
 */
enum socket_state socket_prepare(const char *spec, struct socket_problem *problem);

/*
 * Opens a prepared socket and listens there: *fd, which does not block. A unix
 * socket's mode follows from the umask. Answers GOOD or FAILED.
 */
enum socket_state socket_listen(const char *spec, int *fd, struct socket_problem *problem);

#endif
