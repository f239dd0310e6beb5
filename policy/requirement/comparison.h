/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How the identities of a `certificates` list compare with what was shown, a client's or a server's. What
 * a name or a pin means is for those who compare.
 */
#ifndef POLICY_REQUIREMENT_COMPARISON_H
#define POLICY_REQUIREMENT_COMPARISON_H

#include <stdbool.h>
#include "policy/facts/facts.h"
#include "policy/requirement/finding.h"

/* How one identity compares: met, unmet or unknown, and why. */
struct comparison {
    enum met met;
    enum reason reason; /* REASON_NONE where it is met */
};

/* MET has no reason, whatever is given. */
struct comparison comparison_of(enum met met, enum reason reason);

/* Why a certificate in this state, which is not CERTIFICATE_TRUSTED, proves no name. */
struct comparison comparison_without_trust(enum certificate_state state);

/* The list as far as it is compared; the finding has the comparison that says most. */
struct nearest {
    struct finding *finding;
    unsigned count;
    bool any_in_force;
};

/* Begins with the finding: unmet, of no identity. */
struct nearest nearest_begin(struct finding *finding);

/*
 * Adds the next identity. One out of its dates cannot match: then only how near it came counts, and what
 * is not known is not near.
 */
void nearest_add(struct nearest *nearest, struct comparison comparison, bool in_force);

/* Ends the list: where none was in force, that is our own mistake. */
void nearest_end(const struct nearest *nearest);

#endif
