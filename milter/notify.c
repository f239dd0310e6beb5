/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reports to the service manager that the daemon listens, or stops: one datagram to the socket that
 * $NOTIFY_SOCKET names, a path or "@" and an abstract name. Errors are ignored: there is nobody to report
 * them to. $JOURNAL_STREAM shows whether the journal reads stderr.
 */
#include "milter/notify.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

void notify_send(const char *state)
{
    const char *name = getenv("NOTIFY_SOCKET");
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t length;
    int fd;
    socklen_t size;

    if (name == NULL || (*name != '/' && *name != '@') || strlen(name) >= sizeof address.sun_path)
        return;
    length = strlen(name);
    memcpy(address.sun_path, name, length);
    if (*name == '@')
        address.sun_path[0] = '\0';

    fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return;
    size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
    (void)sendto(fd, state, strlen(state), MSG_NOSIGNAL, (const struct sockaddr *)&address, size);
    close(fd);
}

bool notify_reads_stderr(void)
{
    const char *stream = getenv("JOURNAL_STREAM"); /* "device:inode" */
    unsigned long long device, inode;
    struct stat found;

    return stream != NULL && sscanf(stream, "%llu:%llu", &device, &inode) == 2
           && fstat(STDERR_FILENO, &found) == 0 && found.st_dev == device && found.st_ino == inode;
}
