/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Permissions, seen with another user's eyes. Root takes on that user's
 * identity in a child and tries; anyone else reads the permission bits, which say
 * nothing of access lists. What the path is for is not known here.
 */
#include "policy/tool/reach.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <netdb.h>
#include <poll.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PATIENCE = 3000 };

static bool take(struct viewer *viewer, const struct passwd *found)
{
    if (!found)
        return false;
    *viewer = (struct viewer){"", found->pw_uid, found->pw_gid, NULL};
    snprintf(viewer->name, sizeof(viewer->name), "%s", found->pw_name);
    return true;
}

bool viewer_find(struct viewer *viewer, const char *name)
{
    return take(viewer, getpwnam(name));
}

bool viewer_of(struct viewer *viewer, uid_t user, gid_t group)
{
    if (take(viewer, getpwuid(user)))
        return true;
    *viewer = (struct viewer){"", user, group, NULL};
    snprintf(viewer->name, sizeof(viewer->name), "#%u", (unsigned)user);
    return false;
}

/* ---- by permission bits ---- */

static bool in_group(const struct viewer *viewer, gid_t group)
{
    gid_t groups[256];
    int count = 256;

    if (group == viewer->group)
        return true;
    if (viewer->name[0] == '#' || getgrouplist(viewer->name, viewer->group, groups, &count) < 0)
        return false;
    for (int i = 0; i < count; i++)
        if (groups[i] == group)
            return true;
    return false;
}

/* `bit` as others have it: S_IROTH, S_IWOTH, S_IXOTH. */
static bool allowed(const struct viewer *viewer, const struct stat *found, mode_t bit)
{
    if (viewer->user == 0)
        return true;
    if (found->st_uid == viewer->user)
        return (found->st_mode & (bit << 6)) != 0;
    if (in_group(viewer, found->st_gid))
        return (found->st_mode & (bit << 3)) != 0;
    return (found->st_mode & bit) != 0;
}

static void describe(const char *path, const struct stat *found, char *text, size_t size)
{
    const struct passwd *user = getpwuid(found->st_uid);
    const struct group *group = getgrgid(found->st_gid);

    snprintf(text, size, "%s (%04o %s:%s)", path, (unsigned)(found->st_mode & 07777),
             user ? user->pw_name : "?", group ? group->gr_name : "?");
}

/* 0, or an errno and the part of the path that has it. */
static int weigh(const struct viewer *viewer, const char *path, enum reach what, char *text, size_t size)
{
    char part[PATH_MAX];
    struct stat found;

    snprintf(text, size, "%s", "");
    for (const char *end = path; *end;) {
        const char *slash = strchr(end + (*end == '/'), '/');

        end = slash ? slash : path + strlen(path);
        snprintf(part, sizeof(part), "%.*s", (int)(end - path), path);
        if (stat(part, &found) != 0)
            return errno;
        if (!allowed(viewer, &found, slash ? S_IXOTH : what == REACH_READ ? S_IROTH : S_IWOTH)) {
            describe(part, &found, text, size);
            return EACCES;
        }
    }
    return 0;
}

void reach_obstacle(const struct viewer *viewer, const char *path, enum reach what, char *text, size_t size)
{
    weigh(viewer, path, what, text, size);
}

bool reach_everyone(const char *path)
{
    struct viewer nobody = {"#", (uid_t)-2, (gid_t)-2, NULL};
    char text[16];

    return weigh(&nobody, path, REACH_CONNECT, text, sizeof(text)) == 0;
}

/* ---- by trying ---- */

static int attempt(const char *path, enum reach what)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int file, why = 0;

    if (what == REACH_READ) {
        file = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
        why = file < 0 ? errno : 0;
    } else if (strlen(path) >= sizeof(address.sun_path)) {
        return ENAMETOOLONG;
    } else {
        memcpy(address.sun_path, path, strlen(path) + 1);
        file = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (file < 0 || connect(file, (const struct sockaddr *)&address, sizeof(address)) != 0)
            why = errno == EAGAIN ? 0 : errno; /* its backlog is full: somebody listens */
    }
    if (file >= 0)
        close(file);
    return why;
}

/* In a child: becomes the viewer, as Postfix's chroot_uid() does, and tries. */
static int become_and_attempt(const struct viewer *viewer, const char *path, enum reach what)
{
    const char *inner = path;

    if (viewer->root && strncmp(path, viewer->root, strlen(viewer->root)) == 0)
        inner = path + strlen(viewer->root);
    if (setgid(viewer->group) != 0
        || (viewer->name[0] == '#' ? setgroups(0, NULL) : initgroups(viewer->name, viewer->group)) != 0)
        return errno;
    if (viewer->root && (chroot(viewer->root) != 0 || chdir("/") != 0))
        return errno;
    if (setuid(viewer->user) != 0)
        return errno;
    return attempt(inner, what);
}

int reach(const struct viewer *viewer, const char *path, enum reach what)
{
    char text[16];
    pid_t child;
    int status, why;

    if (geteuid() != 0) {
        why = weigh(viewer, path, what, text, sizeof(text));
        if (why == 0 && what == REACH_CONNECT) {
            why = attempt(path, what);
            why = why == EACCES ? 0 : why; /* ours, not the viewer's */
        }
        return why;
    }
    child = fork();
    if (child < 0)
        return errno;
    if (child == 0)
        _exit(become_and_attempt(viewer, path, what));
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR)
            return errno;
    return WIFEXITED(status) ? WEXITSTATUS(status) : EIO;
}

static int try_address(const struct addrinfo *address)
{
    int file = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), why = 0;
    socklen_t size = sizeof(why);
    struct pollfd wait = {file, POLLOUT, 0};

    if (file < 0)
        return errno;
    if (connect(file, address->ai_addr, address->ai_addrlen) != 0) {
        why = errno;
        if (why == EINPROGRESS) {
            if (poll(&wait, 1, PATIENCE) <= 0)
                why = ETIMEDOUT;
            else if (getsockopt(file, SOL_SOCKET, SO_ERROR, &why, &size) != 0)
                why = errno;
        }
    }
    close(file);
    return why;
}

int reach_internet(const char *host, const char *port)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found = NULL;
    int why = EADDRNOTAVAIL;

    if (getaddrinfo(host, port, &hints, &found) != 0)
        return why;
    for (const struct addrinfo *address = found; address && why != 0; address = address->ai_next)
        why = try_address(address);
    freeaddrinfo(found);
    return why;
}

/* ---- who could put another socket there ---- */

static bool dangerous(const char *part, bool last, bool strict, struct stat *found)
{
    if (lstat(part, found) != 0)
        return false;
    if (S_ISLNK(found->st_mode)) {
        if (found->st_uid != 0 && found->st_uid != geteuid())
            return true;
        if (stat(part, found) != 0)
            return false;
    }
    if (!S_ISDIR(found->st_mode))
        return false;
    if (strict)
        return (found->st_mode & (S_IWOTH | S_IWGRP)) != 0;
    return (found->st_mode & S_IWOTH) != 0 && (last || (found->st_mode & S_ISVTX) == 0);
}

void path_danger(const char *path, bool strict, char *text, size_t size)
{
    char part[PATH_MAX];
    const char *last = strrchr(path, '/');
    struct stat found;

    snprintf(text, size, "%s", "");
    for (const char *slash = path; slash; slash = strchr(slash + 1, '/')) {
        snprintf(part, sizeof(part), "%.*s", slash == path ? 1 : (int)(slash - path), path);
        if (dangerous(part, slash == last, strict, &found)) {
            describe(part, &found, text, size);
            return;
        }
    }
}

static bool owner_on_way(const char *path, uid_t user, char *text, size_t size)
{
    char part[PATH_MAX];
    struct stat found;

    for (const char *slash = path; slash; slash = strchr(slash + 1, '/')) {
        snprintf(part, sizeof(part), "%.*s", slash == path ? 1 : (int)(slash - path), path);
        if (lstat(part, &found) != 0 || found.st_uid == 0 || found.st_uid == user)
            continue;
        describe(part, &found, text, size);
        return true;
    }
    return false;
}

void path_owner(const char *path, uid_t user, char *text, size_t size)
{
    char directory[PATH_MAX], real[PATH_MAX + 2];

    snprintf(text, size, "%s", "");
    if (owner_on_way(path, user, text, size))
        return;
    snprintf(directory, sizeof(directory), "%.*s", (int)(strrchr(path, '/') - path + 1), path);
    if (realpath(directory, real) && strcmp(real, "/") != 0)
        owner_on_way(strcat(real, "/"), user, text, size);
}
