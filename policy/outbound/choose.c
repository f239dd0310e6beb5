/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From a key of smtp_tls_policy_maps to a partner. Knows next hops and how partners are selected; does not
 * know the answers.
 */
#include "policy/outbound/outbound.h"

#include <string.h>
#include "policy/internal.h"
#include "policy/names/next_hop.h"
#include "policy/requirement/outbound_rule.h"
#include "policy/verdict/select.h"

/*
 * Returns the partner with the most specific entry, if it has `outbound`. The partner of "*" cannot have it.
 */
static const struct partner *partner_of_domain(const struct policy *policy, const char *domain)
{
    struct selection selection;
    const struct partner *partner;

    select_domain(&selection, policy, domain, false);
    partner = select_next(&selection);
    return partner == NULL || partner->terms->outbound == NULL ? NULL : partner;
}

/* Whether the answer for an enforced rule depends on the answer of the upstream map. */
static bool depends_on_upstream(const struct policy *policy, const struct outbound *rule, int64_t now)
{
    const struct server_certificates *certificates = outbound_certificates(policy, rule);
    bool depends = certificates->proof == PROOF_NONE || certificates->proof == PROOF_DOMAIN;

    for (size_t i = 0; i < certificates->count; i++) {
        const struct server_identity *identity = &certificates->identities[i];

        if (particulars_in_force(&identity->particulars, now))
            depends |= identity->kind == SERVER_NAME || identity->kind == SERVER_SUFFIX;
    }
    return depends;
}

void outbound_choose(struct outbound_choice *choice, const struct policy *policy, const char *key,
                     size_t length, int64_t now)
{
    const struct exception *exception;
    struct next_hop hop;
    enum next_hop_form form;

    *choice = (struct outbound_choice){.mode = MODE_NONE};
    if (policy->outbound_count == 0)
        return;
    form = next_hop_read(&hop, key, length);
    choice->unread = form == NEXT_HOP_UNREAD;
    if (form != NEXT_HOP_DOMAIN && form != NEXT_HOP_HOST)
        return;
    choice->partner = hops_find(policy, hop.text);
    if (choice->partner == NULL && form == NEXT_HOP_DOMAIN) {
        choice->partner = partner_of_domain(policy, hop.domain.text);
        memcpy(choice->domain, hop.domain.text, hop.domain.length + 1u);
    }
    if (choice->partner == NULL)
        return;
    choice->rule = choice->partner->terms->outbound;
    choice->mode = outbound_in_force(policy, choice->rule, now);
    exception = outbound_excepted(choice->rule, now);
    choice->exception = exception;
    choice->excepted = exception == NULL ? NULL : exception->reason;
    choice->asks_upstream =
        choice->mode == MODE_ENFORCE && exception == NULL && depends_on_upstream(policy, choice->rule, now);
}
