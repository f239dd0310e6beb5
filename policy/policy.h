/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The partner list: loaded whole or not at all, immutable from then on, shared
 * by counted references. Nothing here writes anywhere, asks the clock or knows
 * the transport.
 */
#ifndef POLICY_POLICY_H
#define POLICY_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "policy/yaml/diag.h"
#include "policy/facts/facts.h"
#include "policy/verdict.h"

struct policy;

/*
 * Loads `path` and what it includes. Tells every error and warning to `diag`
 * (NULL: nobody), in the order in which they are found. Returns one reference, or NULL when there was an error.
 * Reads files only; relative paths inside are relative to the file that names them.
 */
struct policy *policy_load(const char *path, diag_fn *diag, void *arg);

struct policy *policy_ref(struct policy *policy); /* one more reference; from any thread */
void policy_unref(struct policy *policy);         /* the last one frees it; NULL is fine */

/*
 * Tells `diag` the doubts of a policy that loaded: expired exceptions, shared
 * provider certificates, gaps between identities, and the like (forcetls.yaml(5), WARNINGS). `now` is the present.
 */
void policy_warn(const struct policy *policy, int64_t now, diag_fn *diag, void *arg);

/*
 * Judges a transaction by what is known of it at `now` (seconds since 1970).
 * Pure: no I/O, no allocation, no clock. Recipients and header From that are
 * not known yet, and pins that are PIN_PENDING, make the verdict `pending`
 * where they matter; a refusal is final all the same, and so is anything with pending 0.
 */
void policy_evaluate(const struct policy *policy, const struct facts *facts, int64_t now,
                     struct verdict *verdict);

/*
 * Whether mail of this sender is nobody's, whatever else may become known of it: policy_evaluate() would select no
 * partner. Asks the facts for no more than facts_read_sender() has read. What cannot be told is no stranger.
 */
bool policy_is_stranger(const struct policy *policy, const struct facts *facts);

/* NEED_*: the events beside MAIL without which some transaction could not be judged by this policy. */
unsigned policy_needs(const struct policy *policy);

/* The `milter` section. */
struct milter_settings {
    const char *socket;        /* "unix:..." or "inet:..."; the default where none is given */
    struct place socket_place; /* line 0: the default */
    const char *postfix_facts; /* or NULL */
    struct place postfix_facts_place;
    enum mta mta;
    const char *recipient_delimiter; /* a set of characters; "": none */
};
const struct milter_settings *policy_milter(const struct policy *policy);

size_t policy_partner_count(const struct policy *policy);
const struct partner *policy_partner(const struct policy *policy, size_t i); /* in the order of the files */
/* By name, case and all; NULL: none. Walks through all. */
const struct partner *policy_find_partner(const struct policy *policy, const char *name);
/* Calls `missing` for each partner whose name `other` does not have. False: out of memory, and nobody was called. */
bool policy_each_missing(const struct policy *policy, const struct policy *other,
                         void (*missing)(void *arg, const struct partner *partner), void *arg);

/* What people want to see of a partner. Borrowed from the policy. */
const char *partner_name(const struct partner *partner);
struct place partner_place(const struct policy *policy, const struct partner *partner);
const char *partner_contact(const struct partner *partner); /* NULL: none */
const char *partner_comment(const struct partner *partner); /* NULL: none */
/* What the partner acknowledges: the id of the warning and the reason; NULL behind the last one. */
const char *partner_acknowledgement(const struct partner *partner, size_t i, const char **reason);
enum mode partner_mode(const struct policy *policy, const struct partner *partner, int64_t now);
/* The action at `now`, and whether it depends on the reason (then *action is the default's). */
bool partner_action(const struct policy *policy, const struct partner *partner, int64_t now,
                    enum action *action);
/* Text behind the reply: the partner's own, else the defaults', else NULL. */
const char *partner_message(const struct policy *policy, const struct partner *partner);
/* Calls `selector(arg, text)` for every domain and client selector of the partner, as in the policy's compared form. */
void partner_each_selector(const struct policy *policy, const struct partner *partner,
                           void (*selector)(void *arg, const char *text), void *arg);

/* Own and built-in profile names; calls `found` for each own one. */
void policy_each_profile(const struct policy *policy, void (*found)(void *arg, const char *name), void *arg);

/*
 * What a finding wanted and what was found, for people and for JSON, at most
 * size - 1 octets; UTF-8 or whatever octets the MTA sent. `found` answers false where there is nothing to show (null).
 */
void finding_wanted(const struct policy *policy, const struct judged *judged, const struct finding *finding,
                    char *text, size_t size);
bool finding_found(const struct policy *policy, const struct judged *judged, const struct finding *finding,
                   const struct facts *facts, char *text, size_t size);

/*
 * Whether a `certificates` finding is not known because the MTA reports fingerprints by another digest: the
 * reported one is that of the certificate in a `file:`, but not its SHA-256.
 */
bool finding_is_other_digest(const struct policy *policy, const struct finding *finding,
                             const struct facts *facts);

#endif
