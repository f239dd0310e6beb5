/* SPDX-License-Identifier: BSD-2-Clause */
/* What code outside of the policy may read of a partner. */
#ifndef POLICY_PARTNER_H
#define POLICY_PARTNER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "policy/words.h"
#include "policy/yaml/diag.h"

struct policy;
struct partner;
struct exception;

/* Texts are borrowed from the policy. */
const char *partner_name(const struct partner *partner);
struct place partner_place(const struct policy *policy, const struct partner *partner);
const char *partner_contact(const struct partner *partner); /* NULL: none */
const char *partner_comment(const struct partner *partner); /* NULL: none */
/*
 * Returns the id of the i-th warning that the partner acknowledges, and sets *reason. NULL: after the last
 * one.
 */
const char *partner_acknowledgement(const struct partner *partner, size_t i, const char **reason);
enum mode partner_mode(const struct policy *policy, const struct partner *partner, int64_t now);
/* Sets *action to the action at `now`. True: it depends on the reason, and *action is that of `default`. */
bool partner_action(const struct policy *policy, const struct partner *partner, int64_t now,
                    enum action *action);
/* The text after the reply: the partner's own, else that of the defaults, else NULL. */
const char *partner_message(const struct policy *policy, const struct partner *partner);
/*
 * Calls `selector(arg, text)` for every domain and client selector of the partner, in the policy's compared
 * form.
 */
void partner_each_selector(const struct policy *policy, const struct partner *partner,
                           void (*selector)(void *arg, const char *text), void *arg);

/* An exception: its end in seconds since 1970, its reason, and its place in the files. */
int64_t exception_until(const struct exception *exception);
const char *exception_reason(const struct exception *exception);
struct place exception_place(const struct exception *exception);

#endif
