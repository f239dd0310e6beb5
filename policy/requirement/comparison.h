/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How the identities of a `certificates` list compare with the certificate of a client or a server. The
 * callers compare names and pins; this file combines the results.
 */
#ifndef POLICY_REQUIREMENT_COMPARISON_H
#define POLICY_REQUIREMENT_COMPARISON_H

#include <stdbool.h>
#include "policy/facts/facts.h"
#include "policy/requirement/finding.h"

/* How one identity compares: met, unmet, unknown or pending, and why. */
struct comparison {
    enum met met;
    enum reason reason; /* REASON_NONE if met */
};

/* Makes a comparison. For MET, `reason` is ignored. */
struct comparison comparison_of(enum met met, enum reason reason);

/* Why a certificate in this state, which is not CERTIFICATE_TRUSTED, proves no name. */
struct comparison comparison_without_trust(enum certificate_state state);

/* A list being compared; the finding holds the best comparison so far. */
struct nearest {
    struct finding *finding;
    unsigned count;
    bool any_in_force;
};

/* Begins a list: sets the finding to unmet, by no identity. */
struct nearest nearest_begin(struct finding *finding);

/*
 * Adds the next identity. An identity that is not in force cannot match: MET becomes unmet by its dates, and
 * an unknown or pending result counts as a missing certificate.
 */
void nearest_add(struct nearest *nearest, struct comparison comparison, bool in_force);

/* Ends the list. If no identity was in force, the finding is unknown: that is our own mistake. */
void nearest_end(const struct nearest *nearest);

#endif
