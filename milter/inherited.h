/* SPDX-License-Identifier: BSD-2-Clause */
/* The listening sockets that the service manager hands over (sd_listen_fds(3), without its library). */
#ifndef MILTER_INHERITED_H
#define MILTER_INHERITED_H

#include "milter/socket.h"

/* A socket that another process opened, and that outlives this one. */
struct inherited {
    int fd;         /* does not block; -1: none */
    char spec[160]; /* as the policy writes it: unix:/path, inet:port@host, inet6:port@[host]; not checked */
};

/* What each is for. */
enum inherited_use { INHERITED_MILTER, INHERITED_OUTBOUND, INHERITED_COUNT };

/*
 * Looks for them by $LISTEN_PID, $LISTEN_FDS and $LISTEN_FDNAMES. The socket named "outbound" is outbound's.
 * The milter's is the only other one or, of several, the one named "milter". Closes the rest. Call it before
 * anything opens a descriptor: it could get the number of one that was not handed over. GOOD with an fd of
 * -1: there is none. REFUSED: the service manager's settings are wrong.
 */
enum socket_state inherited_find(struct inherited inherited[INHERITED_COUNT], struct socket_problem *problem);

#endif
