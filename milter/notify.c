/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tells the service manager that the daemon listens, or stops: one datagram to
 * the socket that $NOTIFY_SOCKET names, a path or an abstract name behind "@".
 * Nobody is helped by a failure here, so there is none.
 */
#include "milter/notify.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

void notify_send(const char *state)
{
    const char *name = getenv("NOTIFY_SOCKET");
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (name == NULL || (*name != '/' && *name != '@') || strlen(name) >= sizeof address.sun_path)
        return;
    size_t length = strlen(name);
    memcpy(address.sun_path, name, length);
    if (*name == '@')
        address.sun_path[0] = '\0';

    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return;
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
    (void)sendto(fd, state, strlen(state), MSG_NOSIGNAL, (const struct sockaddr *)&address, size);
    close(fd);
}
