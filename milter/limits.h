/* SPDX-License-Identifier: BSD-2-Clause */
/* What the process may use: descriptors, stacks, rights. */
#ifndef MILTER_LIMITS_H
#define MILTER_LIMITS_H

#include <stddef.h>

/*
 * Opens standard files that are closed. Raises the number of descriptors to what is allowed. Gives new
 * threads a small stack, and large memory back to the system when it is freed. Logs a warning if few
 * descriptors are allowed, and if the daemon runs as root.
 */
void limits_set(void);

/*
 * How many connections a listener of our own may have: a quarter of the descriptors, because libmilter
 * needs most of them; but at least `least` and at most `most`.
 */
size_t limits_connections(size_t least, size_t most);

#endif
