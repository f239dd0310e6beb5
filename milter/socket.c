/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What libmilter does not check of its socket: that an inet socket names the
 * address to listen on (without one it would be every address), and that
 * nobody else can put a socket of his own in the place of a unix socket. Whoever
 * answers there decides over the mail. Opening the milter's socket is libmilter's
 * affair; a socket of our own is opened here. Mode and group are the service manager's.
 */
#include "milter/socket.h"

#include <errno.h>
#include <limits.h>
#include <netdb.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include "policy/socket_form.h"

enum { BACKLOG = 4096 };

__attribute__((format(printf, 3, 4))) static enum socket_state problem_is(struct socket_problem *problem,
                                                                          enum socket_state state,
                                                                          const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(problem->text, sizeof problem->text, format, arguments);
    va_end(arguments);
    return state;
}

enum socket_state socket_check(const char *spec, struct socket_problem *problem)
{
    const char *wrong = socket_form_check(spec);
    return wrong == NULL ? SOCKET_GOOD : problem_is(problem, SOCKET_REFUSED, "%s", wrong);
}

/* A directory's owner can put another socket in this one's place, whatever the mode is. */
static bool is_trusted(uid_t owner)
{
    return owner == 0 || owner == geteuid();
}

static enum socket_state check_owner(const char *path, uid_t owner, struct socket_problem *problem)
{
    if (is_trusted(owner))
        return SOCKET_GOOD;
    return problem_is(problem, SOCKET_REFUSED,
                      "directory '%s' belongs to user %lu, who could put another socket there", path,
                      (unsigned long)owner);
}

/* One directory on the way to the socket; `last` is the one that holds it. */
static enum socket_state check_directory(const char *path, bool last, struct socket_problem *problem)
{
    struct stat found;
    if (lstat(path, &found) != 0)
        return problem_is(problem, SOCKET_REFUSED, "directory '%s': %s", path, strerror(errno));
    if (S_ISLNK(found.st_mode) && !is_trusted(found.st_uid))
        return problem_is(problem, SOCKET_REFUSED, "'%s' is another user's symbolic link", path);
    if (S_ISLNK(found.st_mode) && stat(path, &found) != 0)
        return problem_is(problem, SOCKET_REFUSED, "directory '%s': %s", path, strerror(errno));
    if (!S_ISDIR(found.st_mode))
        return problem_is(problem, SOCKET_REFUSED, "'%s' is not a directory", path);
    /* In a sticky directory nobody can move away what is not his; but anyone can put a socket there first. */
    if ((found.st_mode & S_IWOTH) && (last || !(found.st_mode & S_ISVTX)))
        return problem_is(problem, SOCKET_REFUSED, "directory '%s' is writable by everyone", path);
    return check_owner(path, found.st_uid, problem);
}

/* From the root down to what holds the socket. */
static enum socket_state check_way(const char *path, struct socket_problem *problem)
{
    char part[PATH_MAX];
    const char *last = strrchr(path, '/');
    for (const char *slash = path; slash != NULL; slash = strchr(slash + 1, '/')) {
        size_t length = slash == path ? 1 : (size_t)(slash - path);
        memcpy(part, path, length);
        part[length] = '\0';
        enum socket_state state = check_directory(part, slash == last, problem);
        if (state != SOCKET_GOOD)
            return state;
    }
    return SOCKET_GOOD;
}

/* The way as it is written, and the one that its symbolic links lead. */
static enum socket_state check_directories(const char *path, struct socket_problem *problem)
{
    char directory[sizeof((struct sockaddr_un *)0)->sun_path], real[PATH_MAX + 2];
    enum socket_state state = check_way(path, problem);
    if (state != SOCKET_GOOD)
        return state;
    snprintf(directory, sizeof directory, "%.*s", (int)(strrchr(path, '/') - path + 1), path);
    if (realpath(directory, real) == NULL)
        return problem_is(problem, SOCKET_REFUSED, "directory '%s': %s", directory, strerror(errno));
    return check_way(strcmp(real, "/") == 0 ? real : strcat(real, "/"), problem);
}

/* 0: somebody listens; else why not, an errno. */
static int knock(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    memcpy(address.sun_path, path, strlen(path));
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return errno;
    int why = connect(fd, (const struct sockaddr *)&address, sizeof address) == 0 ? 0 : errno;
    close(fd);
    return why == EAGAIN ? 0 : why; /* its backlog is full */
}

static enum socket_state clear_path(const char *path, struct socket_problem *problem)
{
    struct stat found;
    if (lstat(path, &found) != 0 && errno == ENOENT)
        return SOCKET_GOOD;
    if (lstat(path, &found) != 0)
        return problem_is(problem, SOCKET_FAILED, "'%s': %s", path, strerror(errno));
    if (S_ISLNK(found.st_mode))
        return problem_is(problem, SOCKET_REFUSED, "'%s' is a symbolic link", path);
    if (!S_ISSOCK(found.st_mode))
        return problem_is(problem, SOCKET_REFUSED, "'%s' is there and is not a socket", path);
    if (found.st_uid != geteuid())
        return problem_is(problem, SOCKET_REFUSED, "'%s' belongs to another user", path);
    int why = knock(path);
    if (why == 0)
        return problem_is(problem, SOCKET_FAILED, "'%s' is already in use", path);
    if (why == ECONNREFUSED && unlink(path) == 0)
        return SOCKET_GOOD;
    return problem_is(problem, SOCKET_FAILED, "'%s': %s", path, strerror(why == ECONNREFUSED ? errno : why));
}

enum socket_state socket_prepare(const char *spec, struct socket_problem *problem)
{
    const char *path = socket_form_path(spec);
    enum socket_state state = socket_check(spec, problem);
    if (state == SOCKET_GOOD && path != NULL)
        state = check_directories(path, problem);
    if (state == SOCKET_GOOD && path != NULL)
        state = clear_path(path, problem);
    return state;
}

/* ---- A socket of our own ---- */

static enum socket_state listen_on(const struct sockaddr *address, socklen_t size, int *fd)
{
    int yes = 1, opened = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (opened < 0)
        return SOCKET_FAILED;
    if (address->sa_family != AF_UNIX)
        setsockopt(opened, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (bind(opened, address, size) == 0 && listen(opened, BACKLOG) == 0) {
        *fd = opened;
        return SOCKET_GOOD;
    }
    int why = errno;
    close(opened);
    errno = why;
    return SOCKET_FAILED;
}

static enum socket_state listen_unix(const char *path, int *fd)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    memcpy(address.sun_path, path, strlen(path));
    return listen_on((const struct sockaddr *)&address, sizeof address, fd);
}

/* inet:port@host, inet6:port@[host]; the form was checked. */
static enum socket_state listen_internet(const char *spec, int *fd, struct socket_problem *problem)
{
    struct addrinfo wanted = {.ai_socktype = SOCK_STREAM}, *found;
    char host[256], port[8];
    const char *colon = strchr(spec, ':'), *at = strchr(spec, '@');
    const char *name = at[1] == '[' ? at + 2 : at + 1;
    size_t length = strcspn(name, "]");
    if (length >= sizeof host)
        return problem_is(problem, SOCKET_FAILED, "has too long an address");
    memcpy(host, name, length);
    host[length] = '\0';
    snprintf(port, sizeof port, "%.*s", (int)(at - colon - 1), colon + 1);
    wanted.ai_family = strncmp(spec, "inet6:", 6) == 0 ? AF_INET6 : AF_INET;
    int why = getaddrinfo(host, port, &wanted, &found);
    if (why != 0)
        return problem_is(problem, SOCKET_FAILED, "'%s': %s", host, gai_strerror(why));
    enum socket_state state = listen_on(found->ai_addr, found->ai_addrlen, fd);
    if (state != SOCKET_GOOD)
        problem_is(problem, state, "%s", strerror(errno));
    freeaddrinfo(found);
    return state;
}

enum socket_state socket_listen(const char *spec, int *fd, struct socket_problem *problem)
{
    const char *path = socket_form_path(spec);
    if (path == NULL)
        return listen_internet(spec, fd, problem);
    enum socket_state state = listen_unix(path, fd);
    return state == SOCKET_GOOD ? state : problem_is(problem, state, "%s", strerror(errno));
}
