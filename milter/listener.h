/* SPDX-License-Identifier: BSD-2-Clause */
/* The listener of `milter.postfix_facts`, a thread of its own, and what it heard. */
#ifndef MILTER_LISTENER_H
#define MILTER_LISTENER_H

#include <stdbool.h>
#include <stdint.h>
#include "milter/socket.h"
#include "policy/delegation.h"

/* Opens the socket and starts the thread. REFUSED or FAILED: nothing was started. Once per process. */
enum socket_state listener_start(const char *spec, struct socket_problem *problem);

/* Ends the thread and removes a unix socket; what it heard stays. Nothing happens where none was started. */
void listener_stop(void);

/* Whether it was started. */
bool listener_runs(void);

/* To be remembered at MAIL: what was heard until now is of other messages. */
uint64_t listener_moment(void);

/* What Postfix reported of a message behind that moment; never waits for it. */
bool listener_find(const struct delegation_key *key, uint64_t moment, struct delegation *report);

#endif
