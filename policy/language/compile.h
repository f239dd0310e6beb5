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

/* `require`, `defaults`, `profiles`, `exempt`, `milter`. */
void compile_require(struct loading *loading, const struct node *node, struct require *require,
                     const char *what);
void compile_defaults(struct loading *loading, const struct node *node);
void compile_profiles(struct loading *loading, const struct node *node);
void compile_exempt(struct loading *loading, const struct node *node);
void compile_milter(struct loading *loading, const struct node *node);

/* `exceptions`; NULL: reported. */
const struct exception *compile_exceptions(struct loading *loading, const struct node *node, size_t *count);

/* What exceptions of both directions have: readers of two keys, and a report where one is missing. */
void compile_exception_until(struct loading *loading, const struct node *node, void *into);
void compile_exception_reason(struct loading *loading, const struct node *node, void *into);
void compile_exception_whole(struct loading *loading, const struct node *node);

/* `acknowledge`; NULL: reported. */
struct acknowledgement *compile_acknowledge(struct loading *loading, const struct node *node, size_t *count);

/* `require` of outbound, `defaults: {outbound: ...}`, and `outbound` of a partner; NULL: out of memory. */
void compile_server_require(struct loading *loading, const struct node *node, struct server_require *require);
void compile_default_outbound(struct loading *loading, const struct node *node, struct outbound *outbound);
const struct outbound *compile_outbound(struct loading *loading, const struct node *node);
/* Its `certificates`; NULL: reported. */
const struct server_certificates *compile_server_certificates(struct loading *loading,
                                                              const struct node *node);
/* Its `next_hops` (NULL: none), of the partner that was added last and has its selectors. */
void compile_next_hops(struct loading *loading, const struct node *partner, const struct node *hops);
/* When all files are read: what only all partners together show of outbound. */
void compile_outbound_finish(struct loading *loading);

#define OUTBOUND_HAS_NO_ACTION "the MTA defers mail that falls short; delete it"

/* `rollout`; `outbound`: its steps have no action. */
const struct step *compile_rollout(struct loading *loading, const struct node *node, bool outbound,
                                   size_t *count);

/* `domains` and `clients`, each NULL where there is none, of the partner that was added last. */
void compile_selectors(struct loading *loading, const struct node *partner, const struct node *domains,
                       const struct node *clients);

/* One entry of `partners`. */
void compile_partner(struct loading *loading, const struct node *node);

/*
 * When all files are read: puts the profiles in the place of their names; reports circles and partners
 * that have too many. False: reported, and what a partner requires is not known.
 */
bool compile_profiles_resolved(struct loading *loading);

/*
 * When all files are read: warns of files with partners that none of these patterns of `include` reads,
 * as written.
 */
void compile_unread(struct loading *loading, const char *const *patterns, size_t count);

/* When all files are read: the profiles, quarantine by recipient, what the policy needs. */
void compile_finish(struct loading *loading);

/* When there are no errors: the digest of the policy. */
void compile_digest(struct loading *loading);

#endif
