/* SPDX-License-Identifier: BSD-2-Clause */
#include "policy/language/rule_sets.h"

#include <stdio.h>

static size_t add_profiles(const struct policy *policy, const struct require *require, struct rule_set *sets,
                           size_t count)
{
    for (size_t i = 0; i < require->profile_count; i++) {
        const struct profile *profile = require->profiles[i];

        if (profile->require->keys != 0 && count < RULE_SETS_MAX) {
            sets[count] =
                (struct rule_set){profile->require, arena_at(&policy->arena, profile->require->certificates),
                                  profile->require->keys, profile->builtin, ""};
            snprintf(sets[count].from, sizeof sets[count].from, "profile %s", profile->name);
            count++;
        }
        count = add_profiles(policy, profile->require, sets, count);
    }
    return count;
}

size_t rule_sets(const struct policy *policy, const struct partner *partner,
                 struct rule_set sets[RULE_SETS_MAX])
{
    const struct require *own = &partner->terms->require, *defaults = &policy->require;

    sets[0] = (struct rule_set){own, arena_at(&policy->arena, partner->certificates), own->keys, NULL, ""};
    sets[1] = (struct rule_set){defaults, arena_at(&policy->arena, defaults->certificates),
                                defaults->keys & ~own->keys, NULL, "defaults"};
    return add_profiles(policy, own->has_profiles ? own : defaults, sets, 2);
}

size_t outbound_sets(const struct policy *policy, const struct outbound *outbound,
                     struct rule_set sets[RULE_SETS_MAX])
{
    const struct require *own = &outbound->require.require, *defaults = &policy->outbound.require.require;

    sets[0] = (struct rule_set){own, NULL, own->keys, NULL, ""};
    sets[1] = (struct rule_set){defaults, NULL, defaults->keys & ~own->keys, NULL, "defaults"};
    return add_profiles(policy, own->has_profiles ? own : defaults, sets, 2);
}

const struct rule_set *rule_strictest(const struct rule_set *sets, size_t count, enum requirement requirement)
{
    const struct rule_set *strictest = NULL;

    for (size_t i = 0; i < count; i++)
        if ((sets[i].keys & 1u << requirement) != 0
            && (strictest == NULL
                || sets[i].require->value[requirement] > strictest->require->value[requirement]))
            strictest = &sets[i];
    return strictest;
}
