/* SPDX-License-Identifier: BSD-2-Clause */
/* Keeps the rules of partners under the digest of their policy, so that a report can say what was agreed. */
#ifndef POLICY_TOOL_EVIDENCE_RULES_H
#define POLICY_TOOL_EVIDENCE_RULES_H

#include "policy/policy.h"
#include "policy/tool/evidence/database.h"

/*
 * Keeps the rule of each partner of the policy, unless the database has rules of this policy. The text of a
 * rule is one line per key, "min_tls_version: TLSv1.2", without a line end after the last one. False: it
 * failed, stderr says why, and nothing may be committed.
 */
bool rules_keep(struct database *database, const struct policy *policy);

/* Deletes the rules of policies that no remaining mail was judged by. */
void rules_forget(struct database *database);

#endif
