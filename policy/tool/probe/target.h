/* SPDX-License-Identifier: BSD-2-Clause */
/* A partner under probe: its next hops, and what their servers showed. */
#ifndef POLICY_TOOL_PROBE_TARGET_H
#define POLICY_TOOL_PROBE_TARGET_H

#include "policy/policy.h"
#include "policy/tool/probe/probe.h"

/* A next hop. */
struct target {
    char *key;
    char port[32];
    char *answer; /* Postfix's TLS policy; if `waits`, why mail is deferred */
    bool waits;   /* the rule allows no server today */
    struct hosts hosts;
    struct answer_state sts;
    struct showing shown[HOSTS_MAX]; /* of each host */
    bool met;                        /* every host meets the rule, and there is at least one */
};

struct probe {
    struct policy *policy;
    const struct partner *partner;
    enum mode mode; /* the mode in force now */
    struct trust trust;
    unsigned patience; /* seconds */
    bool json;
    struct target *target;
    size_t count;
};

/* Prints a table for people, with a row for each host. -1: out of memory. */
int probe_show(const struct probe *probe);
void probe_show_json(const struct probe *probe);

#endif
