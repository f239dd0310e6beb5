/* SPDX-License-Identifier: BSD-2-Clause */
/* What the process may use: descriptors, stacks, rights. */
#ifndef MILTER_LIMITS_H
#define MILTER_LIMITS_H

/*
 * Opens standard files that are closed, raises the number of descriptors to what
 * is allowed, makes the stacks of threads to come small and large memory return to
 * the system when it is freed, and warns in the log of descriptors and of running as root.
 */
void limits_set(void);

#endif
