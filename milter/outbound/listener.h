/* SPDX-License-Identifier: BSD-2-Clause */
/* The listener of `milter.outbound`, a thread of its own. */
#ifndef MILTER_OUTBOUND_LISTENER_H
#define MILTER_OUTBOUND_LISTENER_H

#include <stdbool.h>
#include "milter/socket.h"
#include "policy/policy.h"

/*
 * Opens the socket `outbound` of the settings, or takes ownership of `held`, which listens already (-1:
 * none), and starts the thread. REFUSED or FAILED: nothing was started. Once per process.
 */
enum socket_state outbound_listener_start(const struct milter_settings *settings, int held,
                                          struct socket_problem *problem);

/* Whether a request waits for the upstream map's answer. From any thread. */
bool outbound_listener_is_asking(void);

/* Whether a connection has not asked anything yet. From any thread. */
bool outbound_listener_has_newcomers(void);

/*
 * Stops accepting on a held socket: new connections wait there for the next daemon. A socket of our own is
 * served until the end. Call it from the thread that starts and stops the listener.
 */
void outbound_listener_stop_accepting(void);

/*
 * Answers what has arrived, ends the thread and removes a unix socket. Does nothing if none was started. A
 * held socket stays open elsewhere: new connections wait there for the next daemon.
 */
void outbound_listener_stop(void);

#endif
