/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The policy in force, and the thread that replaces it: on SIGUSR1, and on changes of the files if the policy
 * has `watch`.
 */
#ifndef MILTER_CURRENT_H
#define MILTER_CURRENT_H

#include <stdbool.h>
#include "policy/policy.h"

/* Loads a policy and reports errors, warnings and doubts to `diag`. Returns a reference, or NULL. */
struct policy *current_load(const char *path, diag_fn *diag, void *arg);

/* How many policies are in memory: the one in force, older ones that sessions hold, one being loaded. */
unsigned current_policies_alive(void);

/* Writes a finding to the log (a diag_fn). */
void current_log_diag(void *unused, const struct diag *diag);

/*
 * Puts a policy in force, and its digest into the lines that log_policy() completes. Takes ownership of the
 * reference.
 */
void current_replace(struct policy *policy);

/* Returns a new reference to the policy in force; *since is when it came into force, as time(2). */
struct policy *current_get(void);
struct policy *current_get_loaded(int64_t *since);

/* Wakes the reload thread. Returns the number of the reload that will have read what is on disk now. */
uint64_t current_ask_reload(void);

/*
 * Starts the thread that loads `path` (which must last) again: on SIGUSR1, and on changes if the policy in
 * force has `watch`. Every thread must have blocked SIGUSR1. `begun_with`: the settings with which the daemon
 * started; `socket` is NULL if the command line gave the socket. False: no memory, descriptor or thread.
 */
bool current_start(const char *path, const struct milter_settings *begun_with);

/* Ends the thread. False: it is in the middle of a long load, and still runs. */
bool current_stop(void);

#endif
