/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The sections of the language: from a file to a policy. Knows every section, and how partners, defaults
 * and profiles combine. Judges no mail.
 */
#ifndef POLICY_LANGUAGE_COMPILE_H
#define POLICY_LANGUAGE_COMPILE_H

#include "policy/policy.h"
#include "policy/reading/reading.h"
#include "policy/requirement/certificate.h"
#include "policy/requirement/weigh.h"

bool compile_mode(struct loading *loading, const struct node *node, enum mode *mode);
const struct actions *compile_actions(struct loading *loading, const struct node *node);
void compile_message(struct loading *loading, const struct node *node, const char **message);

/* Read `require`, `defaults`, `profiles`, `exempt`, `milter`. */
void compile_require(struct loading *loading, const struct node *node, struct require *require,
                     const char *what);
void compile_defaults(struct loading *loading, const struct node *node);
void compile_profiles(struct loading *loading, const struct node *node);
void compile_exempt(struct loading *loading, const struct node *node);
void compile_milter(struct loading *loading, const struct node *node);

/* Reads `exceptions`; NULL: reported. */
const struct exception *compile_exceptions(struct loading *loading, const struct node *node, size_t *count);

/*
 * Shared by exceptions of both directions: read `until` and `reason`, and report if one of them is missing.
 */
void compile_exception_until(struct loading *loading, const struct node *node, void *into);
void compile_exception_reason(struct loading *loading, const struct node *node, void *into);
void compile_exception_whole(struct loading *loading, const struct node *node);

/* Reads `acknowledge`; NULL: reported. */
struct acknowledgement *compile_acknowledge(struct loading *loading, const struct node *node, size_t *count);

/* Read `require` of outbound, `defaults: {outbound: ...}`, and `outbound` of a partner; NULL: reported. */
void compile_server_require(struct loading *loading, const struct node *node, struct server_require *require);
void compile_default_outbound(struct loading *loading, const struct node *node, struct outbound *outbound);
const struct outbound *compile_outbound(struct loading *loading, const struct node *node);
/* Reads `certificates` of outbound; NULL: reported. */
const struct server_certificates *compile_server_certificates(struct loading *loading,
                                                              const struct node *node);
/* Reads `next_hops` of outbound (NULL: none), for the partner that was added last and has its selectors. */
void compile_next_hops(struct loading *loading, const struct node *partner, const struct node *hops);
/* When all files are read: checks outbound across all partners. */
void compile_outbound_finish(struct loading *loading);

#define OUTBOUND_HAS_NO_ACTION "the MTA defers mail that falls short; delete it"

/* Reads `rollout`. `outbound`: its steps have no action. */
const struct step *compile_rollout(struct loading *loading, const struct node *node, bool outbound,
                                   size_t *count);

/* Reads `domains` and `clients` (each NULL: none) of the partner that was added last. */
void compile_selectors(struct loading *loading, const struct node *partner, const struct node *domains,
                       const struct node *clients);

/* Reads one entry of `partners`. */
void compile_partner(struct loading *loading, const struct node *node);

/*
 * When all files are read: replaces names of profiles by the profiles; reports circles and partners with too
 * many profiles. False: reported, and what a partner requires is not known.
 */
bool compile_profiles_resolved(struct loading *loading);

/*
 * When all files are read: warns of files with partners that no pattern of `include` reads. `patterns` are as
 * written.
 */
void compile_unread(struct loading *loading, const char *const *patterns, size_t count);

/*
 * When all files are read: resolves the profiles, refuses quarantine by recipient, notes what the policy
 * needs, and checks outbound.
 */
void compile_finish(struct loading *loading);

/* If there are no errors: computes the digest of the policy. */
void compile_digest(struct loading *loading);

#endif
