/* SPDX-License-Identifier: BSD-2-Clause */
/* A partner's rule, line by line: its own keys, the defaults and the profiles together. */
#ifndef POLICY_LANGUAGE_RULE_H
#define POLICY_LANGUAGE_RULE_H

#include "policy/policy.h"

/* One key, or one item of a list; valid during the call. */
struct rule_line {
    const char *key;   /* of the policy language: "mode", "min_tls_version", "require.clients" */
    const char *value; /* in the words of the policy language, one line */
    const char *from;  /* "": the partner itself; else "defaults", or "profile NAME" */
    bool item;         /* an item of a list; each item has a line with the key */
};
typedef void rule_fn(void *arg, const struct rule_line *line);

/*
 * Calls `line` for every key that applies to a partner, in the order of the language. The mode and the action
 * are those before any rollout; min_tls_version, min_cipher_bits and forward_secrecy are the strictest that
 * apply. False: out of memory, and a line is missing.
 */
bool rule_each(const struct policy *policy, const struct partner *partner, rule_fn *line, void *arg);

/* The same for the settings that are of no partner: the keys of `milter` and `exempt`. */
bool rule_each_setting(const struct policy *policy, rule_fn *line, void *arg);

#endif
