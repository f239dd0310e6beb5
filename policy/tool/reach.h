/* SPDX-License-Identifier: BSD-2-Clause */
/* Whether another user can get at a file or a socket. */
#ifndef POLICY_TOOL_REACH_H
#define POLICY_TOOL_REACH_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Who looks. */
struct viewer {
    char name[64];
    uid_t user;
    gid_t group;
    const char *root; /* its root directory, or NULL */
};

bool viewer_find(struct viewer *viewer, const char *name); /* false: there is no such user */
/* false: that number has no name; it has one then */
bool viewer_of(struct viewer *viewer, uid_t user, gid_t group);

enum reach {
    REACH_READ,    /* a file or a directory */
    REACH_CONNECT, /* a unix socket */
    REACH_ANSWER   /* a unix socket where a filter answers the milter protocol */
};

/*
 * Whether the viewer can read or reach what is at `path`, which lies below the viewer's root directory. 0, or
 * an errno; of REACH_ANSWER also those of milter_negotiate(). Root tries it in the viewer's place. Any other
 * user weighs the permission bits and tries the socket with his own rights. EPERM: this user may not look or
 * try.
 */
int reach(const struct viewer *viewer, const char *path, enum reach what);

/* A file or directory, and how it is shown to people: with mode and owner. */
struct part {
    char path[4096]; /* "": none */
    char text[4352];
};

/* Finds the part of the path that keeps the viewer out; "" where the permission bits show none. */
void reach_obstacle(const struct viewer *viewer, const char *path, enum reach what, struct part *part);

/* Connects to an inet socket, negotiates with the filter there if asked to, and hangs up. 0, or an errno. */
int reach_internet(const char *host, const char *port, enum reach what);

/* Whether everyone on this machine gets at the socket. */
bool reach_everyone(const char *path);

/*
 * Finds the part of the path that lets somebody else put a socket of his own there: writable by others, or
 * another user's link. With `strict` as Sendmail looks at it, which wants no directory writable by its group
 * either. "" for none.
 */
void path_danger(const char *path, bool strict, struct part *part);

/*
 * Finds the directory of the path that belongs to neither root nor `user`, who listens there; also on the way
 * that symbolic links lead. "" for none.
 */
void path_owner(const char *path, uid_t user, struct part *part);

#endif
