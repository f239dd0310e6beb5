/* SPDX-License-Identifier: BSD-2-Clause */
/* The status socket and its thread: shows the daemon's status, and reloads or drains for those who may. */
#ifndef MILTER_STATUS_H
#define MILTER_STATUS_H

#include <stdbool.h>
#include "milter/socket.h"

/* What the answers say of the daemon. Copied. */
struct status_subject {
    const char *policy_file, *socket;
    bool shared; /* see socket_prepare() */
};

/*
 * Opens `spec` with mode 0660, and beside it the control socket with mode 0600, and starts the thread.
 * REFUSED or FAILED: nothing was started. Once per process.
 */
enum socket_state status_start(const char *spec, const struct status_subject *subject,
                               struct socket_problem *problem);

/* Ends the thread and removes the sockets, unless others took their place. False: the thread still runs. */
bool status_stop(void);

#endif
