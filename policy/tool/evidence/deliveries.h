/* SPDX-License-Identifier: BSD-2-Clause */
/* Postfix's deliveries to partners, as its own log shows them: each counts once, as mail to the partner. */
#ifndef POLICY_TOOL_EVIDENCE_DELIVERIES_H
#define POLICY_TOOL_EVIDENCE_DELIVERIES_H

#include <stdbool.h>
#include <stdint.h>
#include "policy/policy.h"
#include "policy/slots.h"
#include "policy/tool/evidence/ledger.h"

struct delivery_process;
struct delivery_host;
struct delivery_waiting;

struct deliveries {
    struct ledger *ledger;
    const struct policy *policy; /* has the outbound rules; borrowed */
    struct slots slots;
    struct delivery_process *process;
    size_t count, sweep; /* when `count` reaches `sweep`, old processes are removed */
    struct delivery_host *host;
    size_t hosts;
    struct delivery_waiting *waiting; /* deliveries to hosts without a logged session so far */
    size_t waits;
    unsigned file;    /* the number of the current file */
    int64_t begin;    /* the time of its first line; STAMP_NONE: unknown */
    uint64_t counted; /* new deliveries */
    uint64_t unknown; /* deliveries whose session is not in the lines that were read; not counted */
};

/* Whether the policy has an outbound rule: otherwise there is nothing to read. */
bool deliveries_wanted(const struct policy *policy);

/* Loads the state of the gateways from the database. Call deliveries_close() in any case. False: failed. */
bool deliveries_open(struct deliveries *deliveries, struct ledger *ledger, const struct policy *policy);
void deliveries_close(struct deliveries *deliveries);

/* Begins another file, or the journal; `begin`: the time of its first line, or STAMP_NONE. */
void deliveries_begin(struct deliveries *deliveries, int64_t begin);

/* Ends that file; `end`: the time of its last line, or STAMP_NONE. The next file may continue from there. */
void deliveries_end_of_file(struct deliveries *deliveries, int64_t end);

/*
 * Notes a line that is not the daemon's, written by `gateway` at `at` (STAMP_NONE: unknown). Ignores a line
 * that is not about a delivery to a partner.
 */
void deliveries_note(struct deliveries *deliveries, const struct entry *entry, const char *gateway,
                     int64_t at);

/* Ends after all lines: a delivery that still waits for a session stays unknown. */
void deliveries_end(struct deliveries *deliveries);

#endif
