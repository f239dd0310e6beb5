/* SPDX-License-Identifier: BSD-2-Clause */
/* The sockets to which the MTA connects: checked, opened and removed. */
#ifndef MILTER_SOCKET_H
#define MILTER_SOCKET_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum socket_state {
    SOCKET_GOOD,
    SOCKET_REFUSED, /* the specification, its directory or what is at the path is not to be used */
    SOCKET_FAILED   /* in use, or a system call failed */
};

/* What is wrong with a socket, in words. */
struct socket_problem {
    char text[256];
};

/* Writes the problem's text and returns `state`. */
__attribute__((format(printf, 3, 4))) enum socket_state socket_problem_is(struct socket_problem *problem,
                                                                          enum socket_state state,
                                                                          const char *format, ...);

/*
 * Checks a specification: unix:/path, local:/path, /path, inet:port@host, inet6:port@host. Does not look at
 * the file system. Returns GOOD or REFUSED.
 */
enum socket_state socket_check(const char *spec, struct socket_problem *problem);

/*
 * Checks the specification, and for a unix socket makes sure that its place is safe and free: the directory
 * exists and is not writable by everyone; others cannot replace a directory above it; every directory on the
 * way belongs to root or to the user that runs this. Removes a socket of our own that nobody listens on, and
 * refuses anything else at the path. Members of a directory's group are trusted: it is the MTA's. `shared`
 * (milter.shared_directory): the directory that holds the socket may belong to anybody, and be writable by
 * everyone.
 */
enum socket_state socket_prepare(const char *spec, bool shared, struct socket_problem *problem);

/* Whether others than root, the daemon's user and the directory's group may write the socket's directory. */
bool socket_is_shared(const char *spec);

/*
 * The mode of a socket in a shared directory. Its group is the daemon's, or the directory's if that has the
 * set-group-ID bit.
 */
enum { SOCKET_SHARED_MODE = 0660 };

/* The same checks for a socket that listens already: what is at the path is left alone. */
enum socket_state socket_check_place(const char *spec, bool shared, struct socket_problem *problem);

/*
 * A socket of our own that listens. `device` and `inode` identify a unix socket: another may take its path.
 */
struct listening {
    int fd;         /* does not block; -1: none */
    char path[108]; /* "": it is no unix socket */
    dev_t device;
    ino_t inode;
};
/* clang-format off */
#define LISTENING_NONE {.fd = -1}
/* clang-format on */

/*
 * Opens a prepared socket and listens there. A unix socket has that `mode` before anyone can connect; 0: the
 * mode that follows from the umask. Returns GOOD or FAILED.
 */
enum socket_state socket_listen(struct listening *listening, const char *spec, mode_t mode,
                                struct socket_problem *problem);

/* Removes a unix socket's path, unless another socket has taken its place. The socket still listens. */
void socket_remove(struct listening *listening);

/* Removes the socket's path in the same way and closes the socket, if it is open. */
void socket_close(struct listening *listening);

#endif
