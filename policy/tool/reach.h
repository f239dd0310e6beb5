/* SPDX-License-Identifier: BSD-2-Clause */
/* Whether another user can reach a file or a socket. */
#ifndef POLICY_TOOL_REACH_H
#define POLICY_TOOL_REACH_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* The user whose access is examined. */
struct viewer {
    char name[64];
    uid_t user;
    gid_t group;
    const char *root; /* the root directory of his process, or NULL */
};

bool viewer_find(struct viewer *viewer, const char *name); /* false: there is no such user */
/* False: the user number has no name; viewer->name is "#NUMBER" then. */
bool viewer_of(struct viewer *viewer, uid_t user, gid_t group);

enum reach {
    REACH_READ,    /* a file or a directory */
    REACH_CONNECT, /* a unix socket */
    REACH_ANSWER   /* a unix socket where a filter answers the milter protocol */
};

/*
 * Whether the viewer can read or connect to what is at `path`, which is below the viewer's root directory.
 * Returns 0 or an errno; for REACH_ANSWER also one of milter_negotiate(). Root tries with the viewer's
 * identity. Any other user reads the permission bits, then tries the socket with his own rights. EPERM:
 * this user may not look or try.
 */
int reach(const struct viewer *viewer, const char *path, enum reach what);

/* A file or directory. `text` shows it to people, with mode and owner. */
struct part {
    char path[4096]; /* "": none */
    char text[4352];
};

/* Finds the part of the path that keeps the viewer out; "" if the permission bits show none. */
void reach_obstacle(const struct viewer *viewer, const char *path, enum reach what, struct part *part);

/*
 * Connects to an inet socket, negotiates with the filter there for REACH_ANSWER, and hangs up. Returns 0 or
 * an errno.
 */
int reach_internet(const char *host, const char *port, enum reach what);

/* Whether every user of this machine can connect to the socket. */
bool reach_everyone(const char *path);

/*
 * Finds the part of the path that lets another user put his own socket there: a directory that others can
 * write, or another user's symbolic link. With `strict`, as Sendmail judges: its group may not write a
 * directory either. "" for none.
 */
void path_danger(const char *path, bool strict, struct part *part);

/*
 * Finds the directory of the path that belongs neither to root nor to `user`, who listens there. Follows
 * symbolic links as well. "" for none.
 */
void path_owner(const char *path, uid_t user, struct part *part);

#endif
