/* SPDX-License-Identifier: BSD-2-Clause */
/* The listening socket from which libmilter takes the MTA's connections, and how to make it take no more. */
#ifndef MILTER_ACCEPTING_H
#define MILTER_ACCEPTING_H

#include <stdbool.h>
#include <stddef.h>
#include "milter/socket.h"

/*
 * Gives libmilter a socket that listens, after smfi_register(), and takes it over. `held`: another process
 * keeps it open, too. False: libmilter does not take it. Once per process.
 */
bool accepting_start(const struct listening *listening, bool held);

/*
 * From now on libmilter takes no connection; those that it has go on. A held socket keeps new ones for the
 * next daemon. One of our own loses its path, takes in those that wait, and then refuses new ones. False:
 * there was no place for what this needs, and libmilter goes on taking them.
 */
bool accepting_stop(void);

/* How many connections of the MTA are open, also silent ones. Looks at every descriptor. */
size_t accepting_connections(void);

#endif
