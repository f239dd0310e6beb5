/* SPDX-License-Identifier: BSD-2-Clause */
/* Opens a listening socket for HTTP at an address as people write it. Accepts no connection. */
#include "policy/tool/http_listen.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BACKLOG = 64 };

static int inherited(const char *number, const char **why)
{
    int type = 0, listens = 0, flags;
    socklen_t size = sizeof(int);
    char *end;
    long fd = strtol(number, &end, 10);

    *why = "is no listening socket";
    if (end == number || *end != '\0' || fd < 0 || fd > 1 << 20
        || getsockopt((int)fd, SOL_SOCKET, SO_TYPE, &type, &size) != 0 || type != SOCK_STREAM
        || getsockopt((int)fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) != 0 || !listens
        || (flags = fcntl((int)fd, F_GETFL)) < 0 || fcntl((int)fd, F_SETFL, flags | O_NONBLOCK) != 0)
        return -1;
    return (int)fd;
}

/* Splits "[ADDRESS]:PORT", "HOST:PORT", ":PORT" or "PORT". False: a part is missing or does not fit. */
static bool split(const char *where, char host[256], char port[16])
{
    const char *colon = strrchr(where, ':'), *from = where, *number = colon != NULL ? colon + 1 : where;
    size_t length = colon != NULL ? (size_t)(colon - where) : 0;

    if (length >= 2 && from[0] == '[' && from[length - 1] == ']') {
        from++;
        length -= 2;
    } else if (memchr(where, ':', length) != NULL) {
        return false; /* an IPv6 address without brackets: where it ends is not known */
    }
    if (length == 0) {
        from = "127.0.0.1";
        length = strlen(from);
    }
    if (length >= 256 || number[0] == '\0' || strlen(number) > 5
        || strspn(number, "0123456789") != strlen(number) || strtoul(number, NULL, 10) > 65535)
        return false;
    snprintf(port, 16, "%s", number);
    memcpy(host, from, length);
    host[length] = '\0';
    return true;
}

/* Opens a listening socket at the address. Returns the descriptor; -1 with errno. */
static int open_at(const struct addrinfo *address)
{
    const int on = 1;
    int error, fd = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd < 0)
        return -1;
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0
        && (address->ai_family != AF_INET6 || setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on) == 0)
        && bind(fd, address->ai_addr, address->ai_addrlen) == 0 && listen(fd, BACKLOG) == 0)
        return fd;
    error = errno;
    close(fd);
    errno = error;
    return -1;
}

static int opened(const char *where, const char **why)
{
    const struct addrinfo wanted = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
    struct addrinfo *found;
    char host[256], port[16];
    int fd = -1, error;

    *why = "is no address";
    if (!split(where, host, port))
        return -1;
    error = getaddrinfo(host, port, &wanted, &found);
    if (error != 0) {
        *why = gai_strerror(error);
        return -1;
    }
    for (const struct addrinfo *each = found; each != NULL && fd < 0; each = each->ai_next)
        fd = open_at(each);
    *why = strerror(errno);
    freeaddrinfo(found);
    return fd;
}

static void show_address(int fd, char shown[HTTP_ADDRESS_MAX])
{
    struct sockaddr_storage address;
    socklen_t size = sizeof address;
    char host[256], port[16];

    if (getsockname(fd, (struct sockaddr *)&address, &size) != 0
        || getnameinfo((struct sockaddr *)&address, size, host, sizeof host, port, sizeof port,
                       NI_NUMERICHOST | NI_NUMERICSERV)
               != 0)
        snprintf(shown, HTTP_ADDRESS_MAX, "fd:%d", fd);
    else
        snprintf(shown, HTTP_ADDRESS_MAX, strchr(host, ':') != NULL ? "[%s]:%s" : "%s:%s", host, port);
}

bool http_listen_is_address(const char *where)
{
    char host[256], port[16];

    if (strncmp(where, "fd:", 3) == 0)
        return where[3] != '\0' && where[3 + strspn(where + 3, "0123456789")] == '\0';
    return split(where, host, port);
}

int http_listen(const char *where, char shown[HTTP_ADDRESS_MAX], const char **why)
{
    int fd = strncmp(where, "fd:", 3) == 0 ? inherited(where + 3, why) : opened(where, why);

    if (fd >= 0)
        show_address(fd, shown);
    return fd;
}
