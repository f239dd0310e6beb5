/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Looks for the CAs that rules name among those that the MTA trusts. If none of a rule's CAs is there, no
 * certificate that the rule wants ever verifies.
 */
#include "policy/tool/doctor/doctor.h"

struct look {
    struct examination *examination;
    const struct authorities *authorities;
    const char *parameter, *place;
};

/* Returns the best result for any of the rule's alternatives. */
static enum authority best_of(const struct look *look, const struct issuer_rule *rule)
{
    enum authority best = AUTHORITY_MISSING;

    for (size_t i = 0; i < rule->count; i++) {
        enum authority found = authorities_find(look->authorities, rule->issuers[i]);

        best = found < best ? found : best;
    }
    return best;
}

static void examine(void *arg, const struct issuer_rule *rule)
{
    const struct look *look = arg;
    struct remarks *remarks = &look->examination->remarks;
    const char *issuer = rule->issuers[0], *others = rule->count > 1 ? " or another that its rule names" : "";
    enum authority best = best_of(look, rule);

    if (best == AUTHORITY_MISSING)
        remark(remarks, LEVEL_ERROR, look->parameter,
               "%s: the CA \"%s\"%s is not there, nor one that seems to have issued it: certificates of "
               "partner %s "
               "never verify",
               look->place, issuer, others, rule->partner);
    else if (best == AUTHORITY_UNCERTAIN)
        remark(
            remarks, LEVEL_WARNING, look->parameter,
            "%s: the CA \"%s\"%s is not there: certificates of partner %s verify only if the CA above it is",
            look->place, issuer, others, rule->partner);
    else
        return;
    remark_change(remarks, "Add the certificate of this CA, or of the root CA above it, to %s.", look->place);
}

void doctor_issuers(struct examination *examination, const struct authorities *authorities,
                    const char *parameter, const char *place)
{
    struct look look = {examination, authorities, parameter, place};

    if (examination->policy != NULL)
        policy_each_issuer(examination->policy, examination->now, examine, &look);
}
