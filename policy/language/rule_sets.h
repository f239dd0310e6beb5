/* SPDX-License-Identifier: BSD-2-Clause */
/* How the requirements of a partner, of the defaults and of profiles combine. */
#ifndef POLICY_LANGUAGE_RULE_SETS_H
#define POLICY_LANGUAGE_RULE_SETS_H

#include "policy/requirement/weigh.h"

/* Keys of a `require` that apply to a partner together with others, and where they come from. */
struct rule_set {
    const struct require *require;
    const struct certificates *certificates;
    unsigned keys;                         /* those of `require` that count */
    const struct builtin_profile *builtin; /* or NULL */
    char from[80];                         /* "" the partner, "defaults", "profile NAME" */
};

enum { RULE_SETS_MAX = PIECES_MAX + 2 };

/*
 * Fills the sets that apply to the partner: its own keys, those of the defaults that it does not have,
 * profiles. Returns the number of sets.
 */
size_t rule_sets(const struct policy *policy, const struct partner *partner,
                 struct rule_set sets[RULE_SETS_MAX]);

/* As rule_sets(), for what a partner requires of servers; without certificates. */
size_t outbound_sets(const struct policy *policy, const struct outbound *outbound,
                     struct rule_set sets[RULE_SETS_MAX]);

/* Returns the set with the greatest value of the key; NULL: none has the key. */
const struct rule_set *rule_strictest(const struct rule_set *sets, size_t count,
                                      enum requirement requirement);

#endif
