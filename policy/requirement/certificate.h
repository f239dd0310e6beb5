/* SPDX-License-Identifier: BSD-2-Clause */
/* The `certificates` of a `require`: reading the list and describing it in words. */
#ifndef POLICY_REQUIREMENT_CERTIFICATE_H
#define POLICY_REQUIREMENT_CERTIFICATE_H

#include "policy/requirement/requirement.h"

/* Reads `certificates`. 0: out of memory, and loading_exhausted() was called. */
arena_ref compile_certificates(struct loading *loading, const struct node *node);
/* Warns of names that prove less than they seem to, or not for long. `node` is the identity. */
void compile_doubt_identity(struct loading *loading, const struct node *node, const struct name_rule *subject,
                            const struct name_rule *issuer);

void certificate_wanted(struct growing *text, const struct weighing *weighing, const struct finding *finding);
bool certificate_found(struct growing *text, const struct weighing *weighing, const struct finding *finding);

/*
 * Read a pin of an identity, of a client or a server. After a reported mistake, the fingerprint stays NULL,
 * or the result is false.
 */
void compile_fingerprint(struct loading *loading, const struct node *node, struct particulars *particulars);
bool compile_certificate_file(struct loading *loading, const struct node *node,
                              struct particulars *particulars);

#endif
