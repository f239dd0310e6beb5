/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Permissions as another user has them. Root takes on that user's identity in a child process and tries.
 * Any other user reads the permission bits, which do not show access lists. Does not know what the path is
 * for.
 */
#include "policy/tool/reach.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <netdb.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#include "policy/tool/negotiate.h"

enum { PATIENCE = 3000, ANSWER = 5000 };

static bool take(struct viewer *viewer, const struct passwd *found)
{
    if (found == NULL)
        return false;
    *viewer = (struct viewer){"", found->pw_uid, found->pw_gid, NULL};
    snprintf(viewer->name, sizeof viewer->name, "%s", found->pw_name);
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
    snprintf(viewer->name, sizeof viewer->name, "#%u", (unsigned)user);
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

/* `bit`: S_IROTH, S_IWOTH or S_IXOTH; shifted here for the owner or the group. */
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

static void describe(const char *path, const struct stat *found, struct part *part)
{
    const struct passwd *user = getpwuid(found->st_uid);
    const struct group *group = getgrgid(found->st_gid);

    snprintf(part->path, sizeof part->path, "%s", path);
    snprintf(part->text, sizeof part->text, "%s (%04o %s:%s)", part->path, (unsigned)(found->st_mode & 07777),
             user != NULL ? user->pw_name : "?", group != NULL ? group->gr_name : "?");
}

/*
 * Checks the permission bits along the path. Returns 0, or an errno with the part of the path that causes
 * it in *obstacle. EPERM: this user may not look.
 */
static int weigh(const struct viewer *viewer, const char *path, enum reach what, struct part *obstacle)
{
    char part[PATH_MAX];
    struct stat found;

    obstacle->path[0] = '\0';
    obstacle->text[0] = '\0';
    for (const char *end = path; *end;) {
        const char *slash = strchr(end + (*end == '/'), '/');

        end = slash != NULL ? slash : path + strlen(path);
        snprintf(part, sizeof part, "%.*s", (int)(end - path), path);
        if (stat(part, &found) != 0)
            return errno == EACCES ? EPERM : errno;
        if (!allowed(viewer, &found, slash != NULL ? S_IXOTH : what == REACH_READ ? S_IROTH : S_IWOTH)) {
            describe(part, &found, obstacle);
            return EACCES;
        }
    }
    return 0;
}

void reach_obstacle(const struct viewer *viewer, const char *path, enum reach what, struct part *part)
{
    weigh(viewer, path, what, part);
}

bool reach_everyone(const char *path)
{
    struct viewer nobody = {"#", (uid_t)-2, (gid_t)-2, NULL};
    struct part part;

    return weigh(&nobody, path, REACH_CONNECT, &part) == 0;
}

/* ---- by trying ---- */

static int attempt_to_read(const char *path)
{
    int file = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY), why = file < 0 ? errno : 0;

    if (file >= 0)
        close(file);
    return why;
}

static int negotiate(struct stream *stream)
{
    stream_allow(stream, ANSWER);
    return milter_negotiate(stream);
}

static int attempt_to_connect(const char *path, enum reach what)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int file, why = 0;

    if (strlen(path) >= sizeof address.sun_path)
        return ENAMETOOLONG;
    memcpy(address.sun_path, path, strlen(path) + 1);
    file = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (file < 0)
        return errno;
    if (connect(file, (const struct sockaddr *)&address, sizeof address) != 0)
        why = errno;
    if (why == EAGAIN) /* the backlog is full: somebody listens, but accepts nobody */
        why = what == REACH_ANSWER ? ETIMEDOUT : 0;
    else if (why == 0 && what == REACH_ANSWER)
        why = negotiate(&(struct stream){.fd = file});
    close(file);
    return why;
}

static int attempt(const char *path, enum reach what)
{
    return what == REACH_READ ? attempt_to_read(path) : attempt_to_connect(path, what);
}

/* The path as seen from inside the root directory; to be freed. NULL: it is outside, or not there. */
static char *inner_path(const char *root, const char *path)
{
    char *real = realpath(path, NULL), *real_root = realpath(root, NULL), *inner = NULL;
    size_t length = real_root != NULL ? strlen(real_root) : 0;

    if (real != NULL && length == 1)
        inner = strdup(real);
    else if (real != NULL && length > 0 && strncmp(real, real_root, length) == 0 && real[length] == '/')
        inner = strdup(real + length);
    free(real);
    free(real_root);
    return inner;
}

/* Becomes the viewer, as Postfix's chroot_uid() does. Returns 0 or an errno. */
static int become(const struct viewer *viewer)
{
    if (setgid(viewer->group) != 0
        || (viewer->name[0] == '#' ? setgroups(0, NULL) : initgroups(viewer->name, viewer->group)) != 0)
        return errno;
    if (viewer->root != NULL && (chroot(viewer->root) != 0 || chdir("/") != 0))
        return errno;
    return setuid(viewer->user) != 0 ? errno : 0;
}

/* In a child: becomes the viewer, and tries. */
static int become_and_attempt(const struct viewer *viewer, const char *path, enum reach what)
{
    char *inner = viewer->root != NULL ? inner_path(viewer->root, path) : strdup(path);
    int why;

    if (inner == NULL)
        return access(path, F_OK) != 0 ? errno : ENOENT;
    why = become(viewer);
    if (why == 0)
        why = attempt(inner, what);
    free(inner);
    return why;
}

/* For a user who cannot become the viewer: reads the permission bits, then tries with his own rights. */
static int weigh_and_attempt(const struct viewer *viewer, const char *path, enum reach what)
{
    struct part part;
    int why = weigh(viewer, path, what, &part);

    if (why == 0 && what != REACH_READ) {
        why = attempt(path, what);
        why = why == EACCES ? EPERM : why; /* this user may not, which says nothing of the viewer */
    }
    return why;
}

int reach(const struct viewer *viewer, const char *path, enum reach what)
{
    pid_t child;
    int status;

    if (geteuid() != 0)
        return weigh_and_attempt(viewer, path, what);
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

static int try_address(const struct addrinfo *address, enum reach what)
{
    struct stream stream;
    int why;

    stream_allow(&stream, PATIENCE);
    why = stream_connect(&stream, address->ai_addr, address->ai_addrlen);
    if (why != 0)
        return why;
    if (what == REACH_ANSWER)
        why = negotiate(&stream);
    stream_close(&stream);
    return why;
}

int reach_internet(const char *host, const char *port, enum reach what)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found = NULL;
    int why = EADDRNOTAVAIL;

    if (getaddrinfo(host, port, &hints, &found) != 0)
        return why;
    for (const struct addrinfo *address = found; address != NULL && why != 0; address = address->ai_next)
        why = try_address(address, what);
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

void path_danger(const char *path, bool strict, struct part *danger)
{
    char part[PATH_MAX];
    const char *last = strrchr(path, '/');
    struct stat found;

    danger->path[0] = '\0';
    danger->text[0] = '\0';
    for (const char *slash = path; slash != NULL; slash = strchr(slash + 1, '/')) {
        snprintf(part, sizeof part, "%.*s", slash == path ? 1 : (int)(slash - path), path);
        if (dangerous(part, slash == last, strict, &found)) {
            describe(part, &found, danger);
            return;
        }
    }
}

static bool owner_on_way(const char *path, uid_t user, struct part *owned)
{
    char part[PATH_MAX];
    struct stat found;

    for (const char *slash = path; slash != NULL; slash = strchr(slash + 1, '/')) {
        snprintf(part, sizeof part, "%.*s", slash == path ? 1 : (int)(slash - path), path);
        if (lstat(part, &found) != 0 || found.st_uid == 0 || found.st_uid == user)
            continue;
        describe(part, &found, owned);
        return true;
    }
    return false;
}

void path_owner(const char *path, uid_t user, struct part *owned)
{
    char directory[PATH_MAX], real[PATH_MAX + 2];

    owned->path[0] = '\0';
    owned->text[0] = '\0';
    if (owner_on_way(path, user, owned))
        return;
    snprintf(directory, sizeof directory, "%.*s", (int)(strrchr(path, '/') - path + 1), path);
    if (realpath(directory, real) != NULL && strcmp(real, "/") != 0)
        owner_on_way(strcat(real, "/"), user, owned);
}
