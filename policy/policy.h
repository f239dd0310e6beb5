/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The partner list: loaded whole or not at all, immutable from then on, shared
 * by counted references. Nothing here writes anywhere, asks the clock or knows
 * the transport. For those outside of the policy: with this header they get all that they may use of it.
 * What a policy is made of stands in internal.h.
 */
#ifndef POLICY_POLICY_H
#define POLICY_POLICY_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "policy/disk.h"
#include "policy/facts/facts.h"
#include "policy/partner.h"
#include "policy/settings.h"
#include "policy/verdict/evaluate.h"
#include "policy/verdict/verdict.h"
#include "policy/yaml/diag.h"

/*
 * Loads `path` and what it includes. Reports every error and warning to `diag`
 * (NULL: nobody), in the order in which they are found. Returns one reference, or NULL when there was an
 * error. Reads files only; relative paths inside are relative to the file that names them.
 */
struct policy *policy_load(const char *path, diag_fn *diag, void *arg);

/*
 * The same. What it looked at is in `looked_at`, with one reference, whether the policy loaded or not; NULL
 * where it looked at nothing, because there was no memory.
 */
struct policy *policy_load_noting(const char *path, struct disk **looked_at, diag_fn *diag, void *arg);

struct policy *policy_ref(struct policy *policy); /* one more reference; from any thread */
void policy_unref(struct policy *policy);         /* the last one frees it; NULL is fine */

/*
 * Adds 1 to the count now, and takes it away when the policy is freed. Once for a policy; the count must
 * last.
 */
void policy_count_in(struct policy *policy, atomic_uint *alive);

/*
 * Reports to `diag` the doubts of a policy that loaded: expired exceptions, shared
 * provider certificates, gaps between identities, and the like (forcetls.yaml(5), WARNINGS). `now` is
 * the present.
 */
void policy_warn(const struct policy *policy, int64_t now, diag_fn *diag, void *arg);

/* NEED_*: the events beside MAIL without which some transaction could not be judged by this policy. */
unsigned policy_needs(const struct policy *policy);

const struct milter_settings *policy_milter(const struct policy *policy);

/*
 * Sixteen hexadecimal digits of a SHA-256 of what the policy means. The same for policies that judge all mail
 * alike: the order of files, partners and lists, comments, paths, spelling, and whether a rule stands in a
 * profile, in the defaults or with the partner make no difference. Another one for whatever changes a
 * verdict, a reply or a partner's name.
 */
const char *policy_digest(const struct policy *policy);

/*
 * Whether a file that the policy was read from (policy, included file, certificate) is no longer the one that
 * was read, by device, inode, size and times, or an `include` matches other files. Asks for the state of
 * files; opens none. From any thread.
 */
bool policy_has_changed(const struct policy *policy);

/* What the policy was read from; one more reference. */
struct disk *policy_disk(const struct policy *policy);

size_t policy_partner_count(const struct policy *policy);
const struct partner *policy_partner(const struct policy *policy, size_t i); /* in the order of the files */
/* By name, case and all; NULL: none. Walks through all. */
const struct partner *policy_find_partner(const struct policy *policy, const char *name);

/* Own and built-in profile names; calls `found` for each own one. */
void policy_each_profile(const struct policy *policy, void (*found)(void *arg, const char *name), void *arg);

#endif
