/* SPDX-License-Identifier: BSD-2-Clause */
/* The differences of two policies: partners that were added or removed, and every key that changed. */
#ifndef POLICY_LANGUAGE_DIFFERENCE_H
#define POLICY_LANGUAGE_DIFFERENCE_H

#include "policy/policy.h"

/* One change; valid during the call. */
struct change {
    const char *partner;   /* its name; NULL: a setting of `milter` or `exempt` */
    const char *key;       /* as rule_each() and rule_each_setting() name it */
    const char *old, *new; /* NULL: none; an item of a list has only one of them */
    bool item;             /* one of several of that key */
};
typedef void change_fn(void *arg, const struct change *change);

/* The order in which partners are reported: by name, or as in the files. */
enum difference_order { DIFFERENCE_BY_NAME, DIFFERENCE_BY_FILE };

/* The partners of two policies. Holds no references to the policies. */
struct difference;

/* NULL: out of memory. */
struct difference *difference_new(const struct policy *old, const struct policy *new,
                                  enum difference_order order);
void difference_free(struct difference *difference); /* NULL is fine */

/* Call `partner` for each partner that only the new policy has, or only the old one. */
typedef void partner_fn(void *arg, const struct partner *partner);
void difference_each_added(const struct difference *difference, partner_fn *partner, void *arg);
void difference_each_removed(const struct difference *difference, partner_fn *partner, void *arg);

/*
 * Calls `change` for every key that differs, of each partner that both policies have. Partners come in the
 * order of the new policy, keys in the order of rule_each(): first those of the old policy that are different
 * or gone, then those that only the new one has. What applies is compared, wherever it is written: a changed
 * default is a change of every partner that has it. False: out of memory, and some changes may be missing.
 */
bool difference_each_change(const struct difference *difference, change_fn *change, void *arg);

/* The same for the settings. */
bool difference_each_setting(const struct difference *difference, change_fn *change, void *arg);

#endif
