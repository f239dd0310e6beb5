/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * libmilter opens its socket itself, and at its end removes whatever socket is at the path. So it gets one
 * that is open: as "fd:N" if this libmilter knows that (Debian's does), else in the place of one that it
 * opened. To make it stop accepting, and nothing else, its descriptor number is given to another socket, to
 * which nobody can connect. This file knows nothing of sessions but their connections.
 */
#include "milter/accepting.h"

#include <dirent.h>
#include <fcntl.h>
#include <libmilter/mfapi.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { BACKLOG = 4096, TICK_MS = 2, BACKLOG_MS = 1000 };

/* One per process, as there is one libmilter. */
static struct {
    struct listening listening; /* its fd is the number that libmilter knows */
    bool held;
    struct sockaddr_storage address;
    int nobody; /* listens where nobody can connect; -1: there is no place for such a socket */
} accepting = {.listening = LISTENING_NONE, .nobody = -1};

/* Makes a path for a socket that is removed at once: beside our own, else in /tmp. */
static void name_spare(struct sockaddr_un *spare)
{
    const struct sockaddr_un *own = (const struct sockaddr_un *)&accepting.address;
    const char *slash = own->sun_family == AF_UNIX ? strrchr(own->sun_path, '/') : NULL;
    char directory[sizeof own->sun_path], path[sizeof own->sun_path + 32];
    int place = slash != NULL ? (int)(slash - own->sun_path) : 0;
    size_t length;

    snprintf(directory, sizeof directory, "%.*s/", place, own->sun_path);
    length = (size_t)snprintf(path, sizeof path, "%s.spare-%ld", directory, (long)getpid());
    if (slash == NULL || length >= sizeof spare->sun_path || access(directory, W_OK | X_OK) != 0)
        length = (size_t)snprintf(path, sizeof path, "/tmp/.forcetls-spare-%ld", (long)getpid());
    *spare = (struct sockaddr_un){.sun_family = AF_UNIX};
    memcpy(spare->sun_path, path, length);
}

/*
 * Removes the path before it listens, so nobody ever connects. If our own socket is an inet one, this one has
 * an abstract name from the kernel instead: anyone who can reach that can reach the inet socket as well.
 */
static int listen_for_nobody(void)
{
    struct sockaddr_un spare;
    bool internet = accepting.address.ss_family != AF_UNIX;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    bool bound;

    name_spare(&spare);
    bound =
        fd >= 0
        && bind(fd, (const struct sockaddr *)&spare, internet ? sizeof spare.sun_family : sizeof spare) == 0;
    if (bound && !internet)
        unlink(spare.sun_path);
    if (bound && listen(fd, 1) == 0)
        return fd;
    if (fd >= 0)
        close(fd);
    return -1;
}

/* ---- Giving libmilter its socket ---- */

static bool listens(int fd)
{
    int value = 0;
    socklen_t size = sizeof value;

    return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &value, &size) == 0 && value == 1;
}

static bool open_in_libmilter(char *spec)
{
    return smfi_setconn(spec) == MI_SUCCESS && smfi_setbacklog(BACKLOG) == MI_SUCCESS
           && smfi_opensocket(false) == MI_SUCCESS;
}

static bool give_number(void)
{
    char spec[24];

    snprintf(spec, sizeof spec, "fd:%d", accepting.listening.fd);
    return open_in_libmilter(spec);
}

/*
 * libmilter opens a socket of the same kind. That gets the lowest free number, to which ours is then moved.
 * At its end libmilter removes the path of the socket that it opened, which nobody uses.
 */
static bool give_in_place_of_another(void)
{
    struct sockaddr_un spare;
    char spec[sizeof spare.sun_path + 24];
    int family = accepting.address.ss_family, number = fcntl(accepting.listening.fd, F_DUPFD_CLOEXEC, 0);

    name_spare(&spare);
    snprintf(spec, sizeof spec, "%s%s",
             family == AF_UNIX   ? "unix:"
             : family == AF_INET ? "inet:0@127.0.0.1"
                                 : "inet6:0@[::1]",
             family == AF_UNIX ? spare.sun_path : "");
    close(number);
    if (number < 0 || !open_in_libmilter(spec))
        return false;
    if (family == AF_UNIX)
        unlink(spare.sun_path);
    if (!listens(number) || dup3(accepting.listening.fd, number, O_CLOEXEC) < 0)
        return false;
    close(accepting.listening.fd);
    accepting.listening.fd = number;
    return true;
}

bool accepting_start(const struct listening *listening, bool held)
{
    socklen_t size = sizeof accepting.address;

    accepting.listening = *listening;
    accepting.held = held;
    if (getsockname(listening->fd, (struct sockaddr *)&accepting.address, &size) != 0
        || (!give_number() && !give_in_place_of_another())) {
        socket_close(&accepting.listening);
        return false;
    }
    accepting.nobody = listen_for_nobody();
    return true;
}

/* ---- Accepting no more ---- */

/* Lets libmilter accept the connections that were made before the path was gone. */
static void accept_backlog(void)
{
    struct pollfd waiting = {.fd = accepting.listening.fd, .events = POLLIN};

    for (int waited = 0; waited < BACKLOG_MS && poll(&waiting, 1, 0) > 0; waited += TICK_MS)
        poll(NULL, 0, TICK_MS);
}

bool accepting_stop(void)
{
    bool stopped;

    socket_remove(&accepting.listening);
    if (accepting.nobody < 0)
        return false;
    if (!accepting.held)
        accept_backlog();
    stopped = dup3(accepting.nobody, accepting.listening.fd, O_CLOEXEC) >= 0;
    close(accepting.nobody);
    accepting.nobody = -1;
    return stopped;
}

/* ---- Connections ---- */

static in_port_t port_of(const struct sockaddr_storage *address)
{
    return address->ss_family == AF_INET ? ((const struct sockaddr_in *)address)->sin_port
                                         : ((const struct sockaddr_in6 *)address)->sin6_port;
}

/*
 * A connection has the address of the socket that accepted it. If an inet socket listens on all addresses,
 * only the port is the same.
 */
static bool came_from_ours(int fd)
{
    struct sockaddr_storage address;
    socklen_t size = sizeof address;

    memset(&address, 0, sizeof address);
    if (getsockname(fd, (struct sockaddr *)&address, &size) != 0
        || address.ss_family != accepting.address.ss_family || listens(fd))
        return false;
    if (address.ss_family == AF_UNIX)
        return strcmp(((const struct sockaddr_un *)&address)->sun_path,
                      ((const struct sockaddr_un *)&accepting.address)->sun_path)
               == 0;
    return port_of(&address) == port_of(&accepting.address);
}

size_t accepting_connections(void)
{
    size_t count = 0;
    DIR *descriptors = opendir("/proc/self/fd");
    const struct dirent *entry;

    while (descriptors != NULL && (entry = readdir(descriptors)) != NULL)
        count += came_from_ours((int)strtol(entry->d_name, NULL, 10));
    if (descriptors != NULL)
        closedir(descriptors);
    return count;
}
