/* SPDX-License-Identifier: BSD-2-Clause */
/* The socket on which libmilter accepts the MTA's connections, and how to make it stop accepting. */
#ifndef MILTER_ACCEPTING_H
#define MILTER_ACCEPTING_H

#include <stdbool.h>
#include <stddef.h>
#include "milter/socket.h"

/*
 * Gives libmilter a listening socket, after smfi_register(), and takes ownership of it. `held`: another
 * process keeps it open, too. False: libmilter does not take it, and it is closed. Once per process.
 */
bool accepting_start(const struct listening *listening, bool held);

/*
 * From now on libmilter accepts no connection; those that it has go on. A held socket keeps new ones for the
 * next daemon. A socket of our own loses its path; the connections that wait are accepted, then new ones are
 * refused. False: there is no place for the socket that this needs, and libmilter goes on accepting.
 */
bool accepting_stop(void);

/* How many connections of the MTA are open, with those that have sent nothing. Looks at every descriptor. */
size_t accepting_connections(void);

#endif
