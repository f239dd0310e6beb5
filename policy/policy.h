/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The partner list: loaded whole or not at all, immutable after that, shared by reference counting. Nothing
 * here writes anywhere, reads the clock or knows the transport. This header is all that code outside of the
 * policy needs. The parts of a policy are in internal.h.
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
 * Loads `path` and what it includes. Reports every error and warning to `diag` (NULL: none is reported), in
 * the order in which they are found. Returns one reference, or NULL if there was an error. Only reads files;
 * relative paths in a file are relative to that file.
 */
struct policy *policy_load(const char *path, diag_fn *diag, void *arg);

/*
 * The same. Sets *looked_at to the files and patterns that it looked at, with one reference, whether the
 * policy loaded or not. NULL: it looked at nothing, because memory ran out or ICU did not start.
 */
struct policy *policy_load_noting(const char *path, struct disk **looked_at, diag_fn *diag, void *arg);

struct policy *policy_ref(struct policy *policy); /* one more reference; from any thread */
void policy_unref(struct policy *policy);         /* the last one frees it; NULL is fine */

/*
 * Adds 1 to *alive now, and subtracts it when the policy is freed. At most once for each policy. *alive must
 * outlive the policy.
 */
void policy_count_in(struct policy *policy, atomic_uint *alive);

/*
 * Reports to `diag` the warnings about a policy that loaded: expired exceptions, shared provider
 * certificates, gaps between identities, and the like (forcetls.yaml(5), WARNINGS). `now` is the present
 * time.
 */
void policy_warn(const struct policy *policy, int64_t now, diag_fn *diag, void *arg);

/* NEED_*: the events besides MAIL that this policy needs to judge any transaction. */
unsigned policy_needs(const struct policy *policy);

const struct milter_settings *policy_milter(const struct policy *policy);

/*
 * Sixteen hexadecimal digits of a SHA-256 of what the policy means. Policies that judge all mail alike have
 * the same digest: the order of files, partners and lists, comments, paths and spelling do not count, nor
 * does it matter whether a rule is in a profile, in the defaults or in the partner. Any change of a verdict,
 * a reply or a partner's name changes the digest.
 */
const char *policy_digest(const struct policy *policy);

/*
 * Whether a file that the policy was read from (policy, included file, certificate) has changed, by device,
 * inode, size and times, or an `include` matches other files. Calls stat(2); opens no file. From any thread.
 */
bool policy_has_changed(const struct policy *policy);

/* Returns the files and patterns that the policy was read from, with one more reference. */
struct disk *policy_disk(const struct policy *policy);

size_t policy_partner_count(const struct policy *policy);
const struct partner *policy_partner(const struct policy *policy, size_t i); /* in the order of the files */
/* Finds a partner by its name in exact case; NULL: none. A linear search. */
const struct partner *policy_find_partner(const struct policy *policy, const char *name);

/* Calls `found` with the name of each profile that the policy defines; not for built-in ones. */
void policy_each_profile(const struct policy *policy, void (*found)(void *arg, const char *name), void *arg);

#endif
