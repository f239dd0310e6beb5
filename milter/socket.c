/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What libmilter does not check of its socket: that an inet socket names the address to listen on (without
 * one it would be every address), and that nobody else can put a socket in the place of a unix socket.
 * Whoever answers there decides about the mail. What is opened here is removed again, unless another socket
 * has taken its place. Mode and group are those that the service manager set up, unless a mode is asked for.
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
#include "policy/names/socket_form.h"

enum { BACKLOG = 4096 };

enum socket_state socket_problem_is(struct socket_problem *problem, enum socket_state state,
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

    return wrong == NULL ? SOCKET_GOOD : socket_problem_is(problem, SOCKET_REFUSED, "%s", wrong);
}

/* The owner of a directory can put another socket in this one's place, whatever the mode is. */
static bool is_trusted(uid_t owner)
{
    return owner == 0 || owner == geteuid();
}

static enum socket_state check_owner(const char *path, uid_t owner, struct socket_problem *problem)
{
    if (is_trusted(owner))
        return SOCKET_GOOD;
    return socket_problem_is(problem, SOCKET_REFUSED,
                             "directory '%s' belongs to user %lu, who could put another socket there", path,
                             (unsigned long)owner);
}

/* Checks who may put something into a directory. `last`: it holds the socket. */
static enum socket_state check_writers(const char *path, const struct stat *found, bool last,
                                       struct socket_problem *problem)
{
    /* In a sticky directory nobody can move others' files; but anyone can put a socket there first. */
    if ((found->st_mode & S_IWOTH) && (last || !(found->st_mode & S_ISVTX)))
        return socket_problem_is(problem, SOCKET_REFUSED, "directory '%s' is writable by everyone%s", path,
                                 last ? " (see milter.shared_directory)" : "");
    return check_owner(path, found->st_uid, problem);
}

/* Checks one directory on the way to the socket; `last`: it holds the socket. */
static enum socket_state check_directory(const char *path, bool last, bool shared,
                                         struct socket_problem *problem)
{
    struct stat found;

    if (lstat(path, &found) != 0)
        return socket_problem_is(problem, SOCKET_REFUSED, "directory '%s': %s", path, strerror(errno));
    if (S_ISLNK(found.st_mode) && !is_trusted(found.st_uid))
        return socket_problem_is(problem, SOCKET_REFUSED, "'%s' is another user's symbolic link", path);
    if (S_ISLNK(found.st_mode) && stat(path, &found) != 0)
        return socket_problem_is(problem, SOCKET_REFUSED, "directory '%s': %s", path, strerror(errno));
    if (!S_ISDIR(found.st_mode))
        return socket_problem_is(problem, SOCKET_REFUSED, "'%s' is not a directory", path);
    return last && shared ? SOCKET_GOOD : check_writers(path, &found, last, problem);
}

/* Checks each directory from the root down to the one that holds the socket. */
static enum socket_state check_way(const char *path, bool shared, struct socket_problem *problem)
{
    char part[PATH_MAX];
    const char *last = strrchr(path, '/');

    for (const char *slash = path; slash != NULL; slash = strchr(slash + 1, '/')) {
        size_t length = slash == path ? 1 : (size_t)(slash - path);
        enum socket_state state;

        memcpy(part, path, length);
        part[length] = '\0';
        state = check_directory(part, slash == last, shared, problem);
        if (state != SOCKET_GOOD)
            return state;
    }
    return SOCKET_GOOD;
}

/* Checks the way as it is written, and the one to which its symbolic links lead. */
static enum socket_state check_directories(const char *path, bool shared, struct socket_problem *problem)
{
    char directory[sizeof((struct sockaddr_un *)0)->sun_path], real[PATH_MAX + 2];
    enum socket_state state = check_way(path, shared, problem);

    if (state != SOCKET_GOOD)
        return state;
    snprintf(directory, sizeof directory, "%.*s", (int)(strrchr(path, '/') - path + 1), path);
    if (realpath(directory, real) == NULL)
        return socket_problem_is(problem, SOCKET_REFUSED, "directory '%s': %s", directory, strerror(errno));
    return check_way(strcmp(real, "/") == 0 ? real : strcat(real, "/"), shared, problem);
}

/* 0: somebody listens; else the errno that says why nobody can be reached. */
static int knock(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd;
    int why;

    memcpy(address.sun_path, path, strlen(path));
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return errno;
    why = connect(fd, (const struct sockaddr *)&address, sizeof address) == 0 ? 0 : errno;
    close(fd);
    return why == EAGAIN ? 0 : why; /* its backlog is full */
}

static enum socket_state clear_path(const char *path, struct socket_problem *problem)
{
    struct stat found;
    int why;

    if (lstat(path, &found) != 0 && errno == ENOENT)
        return SOCKET_GOOD;
    if (lstat(path, &found) != 0)
        return socket_problem_is(problem, SOCKET_FAILED, "'%s': %s", path, strerror(errno));
    if (S_ISLNK(found.st_mode))
        return socket_problem_is(problem, SOCKET_REFUSED, "'%s' is a symbolic link", path);
    if (!S_ISSOCK(found.st_mode))
        return socket_problem_is(problem, SOCKET_REFUSED, "'%s' exists and is not a socket", path);
    if (found.st_uid != geteuid())
        return socket_problem_is(problem, SOCKET_REFUSED, "'%s' belongs to another user", path);
    why = knock(path);
    if (why == 0)
        return socket_problem_is(problem, SOCKET_FAILED, "'%s' is already in use", path);
    if (why == ECONNREFUSED && unlink(path) == 0)
        return SOCKET_GOOD;
    return socket_problem_is(problem, SOCKET_FAILED, "'%s': %s", path,
                             strerror(why == ECONNREFUSED ? errno : why));
}

enum socket_state socket_check_place(const char *spec, bool shared, struct socket_problem *problem)
{
    const char *path = socket_form_path(spec);
    enum socket_state state = socket_check(spec, problem);

    return state == SOCKET_GOOD && path != NULL ? check_directories(path, shared, problem) : state;
}

enum socket_state socket_prepare(const char *spec, bool shared, struct socket_problem *problem)
{
    const char *path = socket_form_path(spec);
    enum socket_state state = socket_check_place(spec, shared, problem);

    return state == SOCKET_GOOD && path != NULL ? clear_path(path, problem) : state;
}

bool socket_is_shared(const char *spec)
{
    const char *path = socket_form_path(spec);
    char directory[sizeof((struct sockaddr_un *)0)->sun_path];
    struct stat found;

    if (path == NULL)
        return false;
    snprintf(directory, sizeof directory, "%.*s", (int)(strrchr(path, '/') - path + 1), path);
    return stat(directory, &found) == 0 && ((found.st_mode & S_IWOTH) != 0 || !is_trusted(found.st_uid));
}

/* ---- A socket of our own ---- */

/* Sets the umask of the whole process so that a new socket has that mode. Returns the umask before. */
static mode_t umask_for(mode_t mode)
{
    return umask(0777 & ~mode);
}

/*
 * Binds. A unix socket has that mode from its first moment. Its path is not used to set it: in a directory
 * that others may write, something else may be there by then.
 */
static bool bind_with_mode(int fd, const struct sockaddr *address, socklen_t size, mode_t mode)
{
    mode_t before;
    bool bound;

    if (mode == 0)
        return bind(fd, address, size) == 0;
    before = umask_for(mode);
    bound = bind(fd, address, size) == 0;
    umask(before);
    return bound;
}

/* SOCKET_FAILED: errno says why. */
static enum socket_state listen_on(struct listening *listening, const struct sockaddr *address,
                                   socklen_t size, mode_t mode)
{
    int yes = 1, opened = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    bool bound;
    int why;

    if (opened < 0)
        return SOCKET_FAILED;
    if (address->sa_family != AF_UNIX)
        setsockopt(opened, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    bound = bind_with_mode(opened, address, size, mode);
    if (bound && listen(opened, BACKLOG) == 0) {
        listening->fd = opened;
        return SOCKET_GOOD;
    }
    why = errno;
    if (bound && listening->path[0] != '\0')
        unlink(listening->path);
    close(opened);
    errno = why;
    return SOCKET_FAILED;
}

static enum socket_state listen_unix(struct listening *listening, mode_t mode, struct socket_problem *problem)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct stat found;

    memcpy(address.sun_path, listening->path, strlen(listening->path));
    if (listen_on(listening, (const struct sockaddr *)&address, sizeof address, mode) != SOCKET_GOOD)
        return socket_problem_is(problem, SOCKET_FAILED, "%s", strerror(errno));
    if (lstat(listening->path, &found) == 0) {
        listening->device = found.st_dev;
        listening->inode = found.st_ino;
    }
    return SOCKET_GOOD;
}

/* inet:port@host, inet6:port@[host]; the form was checked. */
static enum socket_state listen_internet(struct listening *listening, const char *spec,
                                         struct socket_problem *problem)
{
    struct addrinfo wanted = {.ai_socktype = SOCK_STREAM}, *found;
    char host[SOCKET_HOST_SIZE], port[SOCKET_PORT_SIZE];
    int why;
    enum socket_state state;

    if (!socket_form_internet(spec, host, port))
        return socket_problem_is(problem, SOCKET_FAILED, "has an address that is too long");
    wanted.ai_family = strncmp(spec, "inet6:", 6) == 0 ? AF_INET6 : AF_INET;
    why = getaddrinfo(host, port, &wanted, &found);
    if (why != 0)
        return socket_problem_is(problem, SOCKET_FAILED, "'%s': %s", host, gai_strerror(why));
    state = listen_on(listening, found->ai_addr, found->ai_addrlen, 0);
    if (state != SOCKET_GOOD)
        socket_problem_is(problem, state, "%s", strerror(errno));
    freeaddrinfo(found);
    return state;
}

enum socket_state socket_listen(struct listening *listening, const char *spec, mode_t mode,
                                struct socket_problem *problem)
{
    const char *path = socket_form_path(spec);

    *listening = (struct listening)LISTENING_NONE;
    if (path == NULL)
        return listen_internet(listening, spec, problem);
    snprintf(listening->path, sizeof listening->path, "%s", path);
    return listen_unix(listening, mode, problem);
}

void socket_remove(struct listening *listening)
{
    struct stat found;

    if (listening->path[0] != '\0' && lstat(listening->path, &found) == 0 && found.st_dev == listening->device
        && found.st_ino == listening->inode)
        unlink(listening->path);
    listening->path[0] = '\0';
}

void socket_close(struct listening *listening)
{
    if (listening->fd < 0)
        return;
    socket_remove(listening); /* before the close: after it another daemon may take the path */
    close(listening->fd);
    *listening = (struct listening)LISTENING_NONE;
}
