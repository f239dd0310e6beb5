/* SPDX-License-Identifier: BSD-2-Clause */
/* Which identity of a `certificates` list gives the result. Knows results and dates, no names and no pins. */
#include "policy/requirement/comparison.h"

#include "policy/requirement/requirement.h"

struct comparison comparison_of(enum met met, enum reason reason)
{
    return (struct comparison){met, met == MET ? REASON_NONE : reason};
}

struct comparison comparison_without_trust(enum certificate_state state)
{
    switch (state) {
    case CERTIFICATE_NONE:
        return comparison_of(UNMET, REASON_CERTIFICATE_MISSING);
    case CERTIFICATE_UNTRUSTED:
        return comparison_of(UNMET, REASON_CERTIFICATE_UNTRUSTED);
    case CERTIFICATE_NOT_REQUESTED:
        return comparison_of(UNKNOWN, REASON_VERIFY_NOT_REQUESTED);
    case CERTIFICATE_VERIFY_TEMPORARY:
        return comparison_of(UNKNOWN, REASON_VERIFY_TEMPORARY);
    default:
        return comparison_of(UNKNOWN, REASON_MTA_MACROS);
    }
}

struct nearest nearest_begin(struct finding *finding)
{
    requirement_found(finding, UNMET, REASON_NONE);
    finding->identity = 0;
    return (struct nearest){.finding = finding};
}

static struct comparison out_of_dates(struct comparison comparison)
{
    if (comparison.met == MET)
        return comparison_of(UNMET, REASON_CERTIFICATE_DATES);
    return comparison.met == UNMET ? comparison : comparison_of(UNMET, REASON_CERTIFICATE_MISSING);
}

/*
 * Whether the comparison is better than the best so far: a match first, then pending, then unknown, then the
 * nearest unmet one, whose reason comes last in enum reason.
 */
static bool is_better(const struct comparison *comparison, const struct finding *best)
{
    static const int rank[] = {[MET] = 3, [PENDING] = 2, [UNKNOWN] = 1, [UNMET] = 0};

    if (comparison->met != best->met)
        return rank[comparison->met] > rank[best->met];
    return comparison->met == UNMET ? comparison->reason > best->reason : comparison->reason < best->reason;
}

void nearest_add(struct nearest *nearest, struct comparison comparison, bool in_force)
{
    nearest->count++;
    nearest->any_in_force |= in_force;
    if (!in_force)
        comparison = out_of_dates(comparison);
    if (is_better(&comparison, nearest->finding)) {
        requirement_found(nearest->finding, comparison.met, comparison.reason);
        nearest->finding->identity = nearest->count;
    }
}

void nearest_end(const struct nearest *nearest)
{
    if (!nearest->any_in_force)
        requirement_found(nearest->finding, UNKNOWN, REASON_POLICY_DATES);
}
