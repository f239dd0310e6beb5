/* SPDX-License-Identifier: BSD-2-Clause */
/* The sockets on which the MTA is awaited: checked, opened and removed. */
#ifndef MILTER_SOCKET_H
#define MILTER_SOCKET_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum socket_state {
    SOCKET_GOOD,
    SOCKET_REFUSED, /* the specification, its directory or what stands there is not to be used */
    SOCKET_FAILED   /* in use, or the system says no */
};

/* What is wrong with a socket, in words. */
struct socket_problem {
    char text[256];
};

/* Writes the problem down and returns the state. */
__attribute__((format(printf, 3, 4))) enum socket_state
socket_problem_is(struct socket_problem *problem, enum socket_state state, const char *format, ...);

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
 * `shared` (milter.shared_directory): the directory that holds the socket may be anybody's, and writable by
 * everyone.
 */
enum socket_state socket_prepare(const char *spec, bool shared, struct socket_problem *problem);

/* Whether others than root, the daemon's user and the directory's group may write the socket's directory. */
bool socket_is_shared(const char *spec);

/*
 * The mode of a socket in a shared directory: its group is the daemon's, or that of a set-group-ID
 * directory.
 */
enum { SOCKET_SHARED_MODE = 0660 };

/* The same checks of the place of a socket that listens already: what stands at the path is left alone. */
enum socket_state socket_check_place(const char *spec, bool shared, struct socket_problem *problem);

/*
 * A socket of our own that listens. For a unix socket its path, and which one it is: another may take
 * its place.
 */
struct listening {
    int fd;         /* does not block; -1: none */
    char path[108]; /* "" where it is no unix socket */
    dev_t device;
    ino_t inode;
};
#define LISTENING_NONE {.fd = -1}

/*
 * Opens a prepared socket and listens there. A unix socket has that `mode` before anyone can connect; 0:
 * the one that follows from the umask. Answers GOOD or FAILED.
 */
enum socket_state socket_listen(struct listening *listening, const char *spec, mode_t mode,
                                struct socket_problem *problem);

/* Removes a unix socket's path, unless another socket has taken its place. It still listens. */
void socket_remove(struct listening *listening);

/* Removes its path in the same way and closes it, if it is open. */
void socket_close(struct listening *listening);

#endif
