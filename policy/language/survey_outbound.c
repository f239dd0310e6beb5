/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the outbound rules of a policy need from the MTA, and to which domains
 * they apply. It does not know how an MTA is configured.
 */
#include "policy/language/survey.h"
#include "policy/requirement/outbound_rule.h"

/* The strictest mode of the rule, now or at a later step of its rollout. */
static enum mode strictest_mode(const struct policy *policy, const struct outbound *rule, int64_t now)
{
    enum mode mode = outbound_in_force(policy, rule, now);

    for (size_t i = 0; i < rule->step_count; i++) {
        const struct step *step = &rule->steps[i];

        if (step->from > now && step->mode != MODE_COUNT && step->mode > mode)
            mode = step->mode;
    }
    return mode;
}

static void first(const char **of, bool holds, const struct partner *partner)
{
    if (holds && *of == NULL)
        *of = partner->name;
}

static void survey_certificates(struct outbound_survey *survey, const struct partner *partner,
                                const struct server_certificates *certificates, int64_t now)
{
    first(&survey->names, certificates->proof == PROOF_DOMAIN, partner);
    first(&survey->dane, certificates->proof == PROOF_DANE, partner);
    for (size_t i = 0; certificates->proof == PROOF_LIST && i < certificates->count; i++) {
        const struct server_identity *identity = &certificates->identities[i];

        if (now >= identity->particulars.until)
            continue; /* an identity that has ended needs nothing */
        first(&survey->pins, identity->kind == SERVER_FINGERPRINT, partner);
        first(&survey->key_pins, identity->kind == SERVER_KEY_FINGERPRINT, partner);
        first(&survey->names, identity->kind == SERVER_NAME || identity->kind == SERVER_SUFFIX, partner);
    }
}

struct outbound_survey policy_outbound_survey(const struct policy *policy, int64_t now)
{
    struct outbound_survey survey = {.partners = 0};

    for (size_t i = 0; i < policy->partner_count; i++) {
        const struct partner *partner = &policy->partners[i];
        const struct outbound *rule = partner->terms->outbound;
        enum mode mode = rule == NULL ? MODE_NONE : strictest_mode(policy, rule, now);

        if (mode == MODE_NONE)
            continue;
        survey.partners++;
        survey.enforcing += mode == MODE_ENFORCE;
        survey_certificates(&survey, partner, outbound_certificates(policy, rule), now);
    }
    return survey;
}

static void give_domains(const struct policy *policy, struct outbound_domain *domain,
                         void (*found)(void *arg, const struct outbound_domain *domain), void *arg)
{
    size_t count;
    const struct selector *entry = partner_selectors(policy, domain->partner, &count);

    for (; count-- > 0; entry++) {
        if ((entry->kinds & (1u << SELECT_DOMAIN | 1u << SELECT_SUBDOMAINS)) == 0)
            continue;
        domain->domain = arena_get(&policy->arena, entry->text);
        for (int below = 0; below < 2; below++) {
            domain->below = below == 1;
            if ((entry->kinds & 1u << (domain->below ? SELECT_SUBDOMAINS : SELECT_DOMAIN)) != 0)
                found(arg, domain);
        }
    }
}

void policy_each_outbound_domain(const struct policy *policy, int64_t now,
                                 void (*found)(void *arg, const struct outbound_domain *domain), void *arg)
{
    for (size_t i = 0; i < policy->partner_count; i++) {
        const struct outbound *rule = policy->partners[i].terms->outbound;
        struct outbound_domain domain = {.partner = &policy->partners[i]};

        domain.mode = rule == NULL ? MODE_NONE : strictest_mode(policy, rule, now);
        if (domain.mode != MODE_NONE)
            give_domains(policy, &domain, found, arg);
    }
}
