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

enum reach { REACH_READ, REACH_CONNECT };

/*
 * Whether the viewer can read a file, or connect to a unix socket, at `path`, which lies below the viewer's
 * root directory. 0, or an errno. Root tries it in the viewer's place; otherwise the permission bits are
 * weighed, and whether somebody listens is tried as far as that goes.
 */
int reach(const struct viewer *viewer, const char *path, enum reach what);

/* Which part of the path keeps the viewer out, with mode and owner; "" where the permission bits show none. */
void reach_obstacle(const struct viewer *viewer, const char *path, enum reach what, char *text, size_t size);

/* Connects to an inet socket and hangs up. 0, or an errno. */
int reach_internet(const char *host, const char *port);

/* Whether everyone on this machine gets at the socket. */
bool reach_everyone(const char *path);

/*
 * Which part of the path lets somebody else put a socket of his own there: writable by others, or another
 * user's link. With `strict` as Sendmail looks at it, which wants no directory writable by its group either.
 * "" for none.
 */
void path_danger(const char *path, bool strict, char *text, size_t size);

/*
 * Which directory of the path belongs to neither root nor `user`, who listens there; also on the way that
 * symbolic links lead. "" for none.
 */
void path_owner(const char *path, uid_t user, char *text, size_t size);

#endif
