/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The policy as a whole: references to it, and what other code may ask of it. Reads no files and judges no
 * mail.
 */
#include "policy/policy.h"

#include <stdlib.h>
#include <string.h>
#include "policy/internal.h"

struct policy *policy_ref(struct policy *policy)
{
    atomic_fetch_add_explicit(&policy->references, 1, memory_order_relaxed);
    return policy;
}

void policy_count_in(struct policy *policy, atomic_uint *alive)
{
    policy->alive = alive;
    atomic_fetch_add_explicit(alive, 1, memory_order_relaxed);
}

void policy_unref(struct policy *policy)
{
    if (policy == NULL || atomic_fetch_sub_explicit(&policy->references, 1, memory_order_acq_rel) != 1)
        return;
    if (policy->alive != NULL)
        atomic_fetch_sub_explicit(policy->alive, 1, memory_order_relaxed);
    suites_free(policy->suites);
    free(policy->files);
    free(policy->profiles);
    free(policy->partners);
    free(policy->selectors);
    free(policy->hops);
    slots_free(&policy->selector_slots);
    slots_free(&policy->hop_slots);
    patterns_free(&policy->patterns);
    disk_unref(policy->disk);
    arena_free(&policy->arena);
    free(policy);
}

unsigned policy_needs(const struct policy *policy)
{
    return policy->needs;
}

const struct milter_settings *policy_milter(const struct policy *policy)
{
    return &policy->milter;
}

bool policy_has_changed(const struct policy *policy)
{
    return disk_has_changed(policy->disk);
}

struct disk *policy_disk(const struct policy *policy)
{
    return disk_ref(policy->disk);
}

const char *policy_digest(const struct policy *policy)
{
    return policy->digest;
}

/* ---- partners ---- */

size_t policy_partner_count(const struct policy *policy)
{
    return policy->partner_count;
}

const struct partner *policy_partner(const struct policy *policy, size_t i)
{
    return &policy->partners[i];
}

const struct partner *policy_find_partner(const struct policy *policy, const char *name)
{
    for (size_t i = 0; i < policy->partner_count; i++)
        if (strcmp(policy->partners[i].name, name) == 0)
            return &policy->partners[i];
    return NULL;
}

void policy_each_profile(const struct policy *policy, void (*found)(void *arg, const char *name), void *arg)
{
    for (size_t i = 0; i < policy->profile_count; i++)
        if (policy->profiles[i].builtin == NULL)
            found(arg, policy->profiles[i].name);
}
