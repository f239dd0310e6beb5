/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The policy in force, and the thread that replaces it: on SIGUSR1, and by itself where it watches the
 * files.
 */
#ifndef MILTER_CURRENT_H
#define MILTER_CURRENT_H

#include <stdbool.h>
#include "policy/policy.h"

/* Loads a policy and reports its errors, warnings and doubts to `diag`. One reference, or NULL. */
struct policy *current_load(const char *path, diag_fn *diag, void *arg);

/* How many policies are in memory: the one in force, older ones that sessions still hold, one that loads. */
unsigned current_policies_alive(void);

/* Writes a finding to the log (a diag_fn). */
void current_log_diag(void *unused, const struct diag *diag);

/*
 * Puts a policy in force, and its digest into the lines that log_policy() completes; takes over the
 * reference.
 */
void current_replace(struct policy *policy);

/* A new reference to the policy in force; and since when it is. */
struct policy *current_get(void);
struct policy *current_get_loaded(int64_t *since);

/* Wakes the reload thread; answers the number of the reload that will have read what is on disk now. */
uint64_t current_ask_reload(void);

/*
 * Starts the thread that loads `path` (which must last) again: on SIGUSR1, and on changes if the policy
 * in force has `watch`. Every thread must have blocked SIGUSR1. `begun_with`: where the daemon listens
 * by the policy's word; its `socket` is NULL where it is by the command line's. False: no memory,
 * descriptor or thread.
 */
bool current_start(const char *path, const struct milter_settings *begun_with);

/* Ends the thread. False: it is in the middle of a long load, and still runs. */
bool current_stop(void);

#endif
