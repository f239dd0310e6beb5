/* SPDX-License-Identifier: BSD-2-Clause */
/* The `certificates` of a `require`: how the list is read and put into words. */
#ifndef POLICY_REQUIREMENT_CERTIFICATE_H
#define POLICY_REQUIREMENT_CERTIFICATE_H

#include "policy/requirement/requirement.h"

/* `certificates`; 0 after loading_exhausted(). */
arena_ref compile_certificates(struct loading *loading, const struct node *node);
/* Warns of names that prove less than they seem to, or not for long. The node is the identity. */
void compile_doubt_identity(struct loading *loading, const struct node *node, const struct name_rule *subject,
                            const struct name_rule *issuer);

void certificate_wanted(struct growing *text, const struct weighing *weighing, const struct finding *finding);
bool certificate_found(struct growing *text, const struct weighing *weighing, const struct finding *finding);


/* Pins of an identity, also of a server. False: reported. */
void compile_fingerprint(struct loading *loading, const struct node *node, struct particulars *particulars);
bool compile_certificate_file(struct loading *loading, const struct node *node,
                              struct particulars *particulars);

#endif
