/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What Postfix is answered when it asks how to send to a next hop
 * (smtp_tls_policy_maps by socketmap_table(5)). Pure: no I/O, no clock.
 */
#ifndef POLICY_OUTBOUND_OUTBOUND_H
#define POLICY_OUTBOUND_OUTBOUND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "policy/policy.h"

struct outbound;
struct exception;

/* What a key selects. Points into the policy. */
struct outbound_choice {
    const struct partner *partner; /* with `outbound`; NULL: none */
    const struct outbound *rule;   /* the partner's */
    enum mode mode;
    const char *excepted; /* the reason of an exception that is in force, or NULL */
    const struct exception *exception; /* that one */
    bool unread;          /* memory ran out: whether it is a partner's key is not known */
    bool asks_upstream;   /* the answer depends on what the upstream map says */
    char domain[256];     /* of the key, in compared form; "" where it is a listed next hop */
};

/*
 * Looks a key up: a domain in any case, as U-labels or A-labels, with or without a port, or a next hop that a
 * partner lists. One that begins with a dot selects nobody: suffixes are matched on the full key.
 */
void outbound_choose(struct outbound_choice *choice, const struct policy *policy, const char *key,
                     size_t length, int64_t now);

enum upstream_state { UPSTREAM_NOT_FOUND, UPSTREAM_OK, UPSTREAM_FAILED };

/* What another map answered for the same key. NOT_FOUND also where there is no other map. */
struct upstream {
    enum upstream_state state;
    const char *text; /* of OK: a TLS policy, "dane-only" */
};

/*
 * Reads a socketmap reply ("OK dane-only", "NOTFOUND ", "TEMP ..."), writing a NUL behind it at
 * octets[length]. `bare`: a TLS policy alone is one, too. The text points into the reply.
 */
struct upstream upstream_read(char *octets, size_t length, bool bare);

enum outbound_result { OUTBOUND_NOT_FOUND, OUTBOUND_OK, OUTBOUND_TEMP };

/* "notfound", "ok", "temp" */
const char *outbound_result_name(enum outbound_result result);

enum { OUTBOUND_ANSWER_MAX = 100000 }; /* octets that Postfix takes */

struct outbound_answer {
    enum outbound_result result;
    char *text; /* of OK the TLS policy, of TEMP the reason; to be freed; NULL: not found, or out of memory */
};

/* The answer. Out of memory is TEMP for a partner. */
void outbound_answer(struct outbound_answer *answer, const struct policy *policy,
                     const struct outbound_choice *choice, const struct upstream *upstream, int64_t now);

#endif
