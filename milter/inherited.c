/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Takes the MTA's sockets from the service manager: descriptors from 3 on, as many as $LISTEN_FDS says. If
 * the MTA can reach a socket that the daemon cannot use, every session waits for nothing: so anything wrong
 * is an error. Knows the environment and descriptors; opens nothing.
 */
#include "milter/inherited.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include "policy/names/scalar.h"

enum { FIRST = 3, MOST = 1024 };

static const char *const names[INHERITED_COUNT] = {"milter", "outbound"};

/* How many descriptors are meant for this process; 0: none, or for another one. */
static enum socket_state read_count(unsigned *count, struct socket_problem *problem)
{
    const char *process = getenv("LISTEN_PID"), *number = getenv("LISTEN_FDS");
    char own[24];

    *count = 0;
    snprintf(own, sizeof own, "%ld", (long)getpid());
    if (process == NULL || number == NULL || strcmp(process, own) != 0)
        return SOCKET_GOOD;
    if (!scalar_number(number, MOST, count))
        return socket_problem_is(problem, SOCKET_REFUSED, "LISTEN_FDS is '%.40s', and not a number up to %d",
                                 number, MOST);
    return SOCKET_GOOD;
}

/* ---- Which one ---- */

/* Whether $LISTEN_FDNAMES, a list with colons, has the name of that use at this place. */
static bool is_named(unsigned place, enum inherited_use use)
{
    const char *name = getenv("LISTEN_FDNAMES"), *wanted = names[use];

    for (; name != NULL && place > 0; place--) {
        const char *colon = strchr(name, ':');

        name = colon != NULL ? colon + 1 : NULL;
    }
    return name != NULL && strncmp(name, wanted, strlen(wanted)) == 0
           && (name[strlen(wanted)] == '\0' || name[strlen(wanted)] == ':');
}

/* How many sockets have the name of a use; *chosen is the last of them. */
static unsigned count_named(enum inherited_use use, unsigned count, int *chosen)
{
    unsigned found = 0;

    for (unsigned i = 0; i < count; i++) {
        if (!is_named(i, use))
            continue;
        *chosen = FIRST + (int)i;
        found++;
    }
    return found;
}

/* The milter's is the only socket that is not for outbound, whatever its name; of several, the named one. */
static enum socket_state choose(int chosen[INHERITED_COUNT], unsigned count, struct socket_problem *problem)
{
    unsigned outbound = count_named(INHERITED_OUTBOUND, count, &chosen[INHERITED_OUTBOUND]);
    unsigned others = count - outbound, found = others;

    if (outbound > 1)
        return socket_problem_is(problem, SOCKET_REFUSED, "%u sockets have FileDescriptorName=%s", outbound,
                                 names[INHERITED_OUTBOUND]);
    if (others == 1)
        chosen[INHERITED_MILTER] = chosen[INHERITED_OUTBOUND] == FIRST ? FIRST + 1 : FIRST;
    if (others > 1)
        found = count_named(INHERITED_MILTER, count, &chosen[INHERITED_MILTER]);
    if (others > 0 && found != 1)
        return socket_problem_is(problem, SOCKET_REFUSED,
                                 "of %u sockets exactly one must have FileDescriptorName=%s, and %u have",
                                 others, names[INHERITED_MILTER], found);
    return SOCKET_GOOD;
}

static void close_others(const int chosen[INHERITED_COUNT], unsigned count)
{
    for (int fd = FIRST; fd < FIRST + (int)count; fd++)
        if (fd != chosen[INHERITED_MILTER] && fd != chosen[INHERITED_OUTBOUND])
            close(fd);
}

/* ---- What it is ---- */

/* The value of a socket's option; -1: it is no socket, errno says why. */
static int option(int fd, int name)
{
    int value;
    socklen_t size = sizeof value;

    return getsockopt(fd, SOL_SOCKET, name, &value, &size) == 0 ? value : -1;
}

static enum socket_state check_kind(int fd, struct socket_problem *problem)
{
    int type = option(fd, SO_TYPE);

    if (type < 0 && errno == EBADF)
        return socket_problem_is(problem, SOCKET_REFUSED, "descriptor %d is closed", fd);
    if (type < 0)
        return socket_problem_is(problem, SOCKET_REFUSED,
                                 "descriptor %d is no socket: the socket unit needs ListenStream=", fd);
    if (type != SOCK_STREAM)
        return socket_problem_is(
            problem, SOCKET_REFUSED,
            "descriptor %d is no stream socket: the socket unit needs ListenStream=", fd);
    if (option(fd, SO_ACCEPTCONN) != 1)
        return socket_problem_is(problem, SOCKET_REFUSED,
                                 "descriptor %d does not listen: the socket unit needs Accept=no", fd);
    return SOCKET_GOOD;
}

static enum socket_state describe_unix(struct inherited *inherited, const struct sockaddr_un *address,
                                       socklen_t size, struct socket_problem *problem)
{
    size_t offset = offsetof(struct sockaddr_un, sun_path);

    if (size <= offset || address->sun_path[0] == '\0')
        return socket_problem_is(problem, SOCKET_REFUSED,
                                 "descriptor %d has no path, and so is open to everyone", inherited->fd);
    snprintf(inherited->spec, sizeof inherited->spec, "unix:%.*s", (int)(size - offset), address->sun_path);
    return SOCKET_GOOD;
}

/* Writes the socket's address as the policy does. */
static enum socket_state describe(struct inherited *inherited, struct socket_problem *problem)
{
    struct sockaddr_storage address = {.ss_family = AF_UNSPEC};
    socklen_t size = sizeof address;
    char host[NI_MAXHOST], port[NI_MAXSERV];
    bool six;

    if (getsockname(inherited->fd, (struct sockaddr *)&address, &size) != 0)
        return socket_problem_is(problem, SOCKET_REFUSED, "descriptor %d: %s", inherited->fd,
                                 strerror(errno));
    if (address.ss_family == AF_UNIX)
        return describe_unix(inherited, (const struct sockaddr_un *)&address, size, problem);
    if ((address.ss_family != AF_INET && address.ss_family != AF_INET6)
        || getnameinfo((const struct sockaddr *)&address, size, host, sizeof host, port, sizeof port,
                       NI_NUMERICHOST | NI_NUMERICSERV)
               != 0)
        return socket_problem_is(problem, SOCKET_REFUSED,
                                 "descriptor %d is neither a unix nor an inet socket", inherited->fd);
    six = address.ss_family == AF_INET6;
    snprintf(inherited->spec, sizeof inherited->spec, six ? "inet6:%.6s@[%.100s]" : "inet:%.6s@%.100s", port,
             host);
    return SOCKET_GOOD;
}

/* If others accept first, accept(2) must not block. Programs that are run must not get the socket. */
static bool set_flags(int fd)
{
    int flags = fcntl(fd, F_GETFL);

    return flags >= 0 && fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0 && fcntl(fd, F_SETFD, FD_CLOEXEC) == 0;
}

static enum socket_state take(struct inherited *inherited, int fd, struct socket_problem *problem)
{
    enum socket_state state = check_kind(fd, problem);

    if (state != SOCKET_GOOD)
        return state;
    inherited->fd = fd;
    state = describe(inherited, problem);
    if (state == SOCKET_GOOD && !set_flags(fd))
        state = socket_problem_is(problem, SOCKET_REFUSED, "descriptor %d: %s", fd, strerror(errno));
    return state;
}

enum socket_state inherited_find(struct inherited inherited[INHERITED_COUNT], struct socket_problem *problem)
{
    unsigned count;
    int chosen[INHERITED_COUNT] = {-1, -1};
    enum socket_state state = read_count(&count, problem);

    inherited[INHERITED_MILTER].fd = inherited[INHERITED_OUTBOUND].fd = -1;
    if (state == SOCKET_GOOD && count > 0)
        state = choose(chosen, count, problem);
    for (int use = 0; state == SOCKET_GOOD && use < INHERITED_COUNT; use++)
        if (chosen[use] >= 0)
            state = take(&inherited[use], chosen[use], problem);
    if (state == SOCKET_GOOD)
        close_others(chosen, count);
    return state;
}
