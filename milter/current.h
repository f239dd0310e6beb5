/* SPDX-License-Identifier: BSD-2-Clause */
/* The policy in force, and the thread that replaces it on SIGUSR1. */
#ifndef MILTER_CURRENT_H
#define MILTER_CURRENT_H

#include <stdbool.h>
#include "policy/policy.h"

/* Loads a policy and tells its errors, warnings and doubts to `diag`. One reference, or NULL. */
struct policy *current_load(const char *path, diag_fn *diag, void *arg);

/* Writes a finding to the log (a diag_fn). */
void current_log_diag(void *unused, const struct diag *diag);

/* Puts a policy in force; takes over the reference. */
void current_replace(struct policy *policy);

/* A new reference to the policy in force. */
struct policy *current_get(void);

/*
 * Starts the thread that loads `path` (which must last) again on SIGUSR1, which
 * every thread must have blocked. `begun_with`: where the daemon listens by the policy's
 * word; its `socket` is NULL where it is by the command line's. False: no memory or no thread.
 */
bool current_start(const char *path, const struct milter_settings *begun_with);

/* Ends the thread. False: it is in the middle of a long load, and still runs. */
bool current_stop(void);

#endif
