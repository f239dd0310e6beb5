/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A policy seen from the MTA's side: whether any rule needs verified names, any
 * a fingerprint, who is exempt. It sums up what the partners require, defaults
 * and profiles included, and judges neither the policy nor the MTA; how an MTA
 * is to be configured for it is not known here.
 */
#include "policy/survey.h"

#include <string.h>
#include "policy/internal.h"

/* One call of policy_survey(). */
struct look {
    const struct policy *policy;
    int64_t now;
    struct survey *survey;
};

static void first(const char **of, bool holds, const struct partner *partner)
{
    if (holds && *of == NULL)
        *of = partner->name;
}

static void survey_certificates(const struct look *look, const struct partner *partner,
                                const struct certificates *certificates)
{
    struct survey *survey = look->survey;
    bool names = certificates->trusted, pins = false, in_force = certificates->trusted;

    first(&survey->trusted, certificates->trusted, partner);
    for (unsigned i = 0; i < certificates->count; i++) {
        const struct identity *identity = &certificates->identities[i];
        const struct particulars *particulars = identity_particulars(look->policy, identity);
        bool by_names = identity->kind == IDENTITY_NAMES;

        if (look->now >= particulars->until)
            continue; /* what is over asks for nothing */
        names |= by_names;
        pins |= !by_names;
        in_force |= particulars->from <= look->now;
        first(&survey->trusted, by_names && identity->issuer == 0, partner);
        first(&survey->pins, identity->kind == IDENTITY_FINGERPRINT, partner);
        first(&survey->key_pins, identity->kind == IDENTITY_KEY_FINGERPRINT, partner);
    }
    first(&survey->names, names, partner);
    first(&survey->names_alone, names && !pins, partner);
    first(&survey->dates, !in_force, partner);
}

static void survey_partner(const struct look *look, const struct partner *partner)
{
    struct piece piece[PIECES_MAX];
    size_t count = require_pieces(look->policy, partner, piece);
    const struct actions *actions;
    enum mode mode = partner_in_force(look->policy, partner, look->now, &actions);

    look->survey->enforcing += mode == MODE_ENFORCE;
    if (mode == MODE_NONE)
        return;
    for (size_t i = 0; i < count && i < PIECES_MAX; i++)
        if ((piece[i].keys & 1u << REQUIRE_CERTIFICATES) != 0)
            survey_certificates(look, partner, piece[i].certificates);
}

struct survey policy_survey(const struct policy *policy, int64_t now)
{
    struct survey survey = {.partners = policy->partner_count,
                            .authenticated_exempt = policy->exempt_authenticated};
    const struct look look = {policy, now, &survey};

    for (size_t i = 0; i < policy->partner_count; i++)
        survey_partner(&look, &policy->partners[i]);
    return survey;
}

bool policy_exempts_client(const struct policy *policy, const struct network *address)
{
    for (size_t i = 0; i < policy->exempt_clients.network_count; i++)
        if (network_contains(&policy->exempt_clients.networks[i], address))
            return true;
    return false;
}

bool policy_exempts_daemon(const struct policy *policy, const char *name)
{
    for (size_t i = 0; i < policy->exempt_daemon_count; i++)
        if (strcmp(policy->exempt_daemons[i], name) == 0)
            return true;
    return false;
}

size_t policy_file_count(const struct policy *policy)
{
    return policy->file_count;
}

const char *policy_file(const struct policy *policy, size_t i)
{
    return policy->files[i];
}
