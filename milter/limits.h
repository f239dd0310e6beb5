/* SPDX-License-Identifier: BSD-2-Clause */
/* What the process may use: descriptors, stacks, rights. */
#ifndef MILTER_LIMITS_H
#define MILTER_LIMITS_H

/*
 * Opens standard files that are closed, raises the number of descriptors to what
 * is allowed, makes the stacks of threads to come small, and warns in the log of
 * too few descriptors and of running as root.
 */
void limits_set(void);

#endif
