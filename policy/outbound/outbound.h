/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The answer when Postfix asks how to send to a next hop (smtp_tls_policy_maps by socketmap_table(5)). Pure:
 * no I/O, no clock.
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
    const char *excepted;              /* the reason of an exception that is in force, or NULL */
    const struct exception *exception; /* that exception, or NULL */
    bool unread;                       /* out of memory: it is not known whether the key is a partner's */
    bool asks_upstream;                /* the answer depends on that of the upstream map */
    char domain[256];                  /* of the key, in compared form; "" if the key is a listed next hop */
};

/*
 * Looks up a key: a domain in any case, as U-labels or A-labels, with or without a port, or a next hop that a
 * partner lists. A key that begins with a dot selects nobody: suffixes are matched when Postfix asks for the
 * full key.
 */
void outbound_choose(struct outbound_choice *choice, const struct policy *policy, const char *key,
                     size_t length, int64_t now);

enum upstream_state { UPSTREAM_NOT_FOUND, UPSTREAM_OK, UPSTREAM_FAILED };

/* The answer of the upstream map for the same key. NOT_FOUND also if there is no upstream map. */
struct upstream {
    enum upstream_state state;
    const char *text; /* of OK: a TLS policy, "dane-only" */
};

/*
 * Reads a socketmap reply ("OK dane-only", "NOTFOUND ", "TEMP ..."). Writes a NUL after it at octets[length].
 * `bare`: a TLS policy without "OK" is a reply, too. The text points into `octets`.
 */
struct upstream upstream_read(char *octets, size_t length, bool bare);

enum outbound_result { OUTBOUND_NOT_FOUND, OUTBOUND_OK, OUTBOUND_TEMP };

/* "notfound", "ok", "temp" */
const char *outbound_result_name(enum outbound_result result);

enum { OUTBOUND_ANSWER_MAX = 100000 }; /* octets that Postfix accepts */

struct outbound_answer {
    enum outbound_result result;
    char *text; /* the TLS policy, or the reason of TEMP; malloc'd; NULL: not found, or out of memory */
};

/* Makes the answer. If memory runs out, mail to a partner gets TEMP. */
void outbound_answer(struct outbound_answer *answer, const struct policy *policy,
                     const struct outbound_choice *choice, const struct upstream *upstream, int64_t now);

#endif
