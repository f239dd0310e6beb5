/* SPDX-License-Identifier: BSD-2-Clause */
/* The rules of partners under the digest of their policy, so that a report says what was agreed then. */
#ifndef POLICY_TOOL_EVIDENCE_RULES_H
#define POLICY_TOOL_EVIDENCE_RULES_H

#include "policy/policy.h"
#include "policy/tool/evidence/database.h"

/*
 * Keeps the rule of each partner of the policy, if the database has none of this policy yet. The text of a
 * rule is a line for each key, "min_tls_version: TLSv1.2", without line end behind the last. False: it
 * failed, stderr says why, and nothing must be committed.
 */
bool rules_keep(struct database *database, const struct policy *policy);

/* Deletes the rules of policies by which no mail that is kept was judged. */
void rules_forget(struct database *database);

#endif
