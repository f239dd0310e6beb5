/* SPDX-License-Identifier: BSD-2-Clause */
/* Deliveries by Postfix to partners, as its own log shows them: each counts once, as mail to the partner. */
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
    const struct policy *policy; /* whose outbound rules count; borrowed */
    struct slots slots;
    struct delivery_process *process;
    size_t count, sweep; /* at `sweep` processes the old ones go */
    struct delivery_host *host;
    size_t hosts;
    struct delivery_waiting *waiting; /* deliveries of hosts that have not logged a session yet */
    size_t waits;
    unsigned file;    /* the number of the file that is read */
    int64_t begin;    /* the time of its first line; STAMP_NONE: not known */
    uint64_t counted; /* new ones */
    uint64_t unknown; /* whose session the lines that were read do not show; not counted */
};

/* Whether the policy has an outbound rule, so that there is anything to read. */
bool deliveries_wanted(const struct policy *policy);

/* Takes up what the database knows of the gateways. To be closed, whatever it answers. False: it failed. */
bool deliveries_open(struct deliveries *deliveries, struct ledger *ledger, const struct policy *policy);
void deliveries_close(struct deliveries *deliveries);

/* Another file, or the journal, begins; `begin`: the time of its first line, or STAMP_NONE. */
void deliveries_begin(struct deliveries *deliveries, int64_t begin);

/*
 * That file was read; `end`: the time of its last line, or STAMP_NONE. The next one may go on where it ends.
 */
void deliveries_end_of_file(struct deliveries *deliveries, int64_t end);

/*
 * Notes a line of somebody else than the daemon, written by `gateway` at `at` (STAMP_NONE: not known). One
 * that is not about a delivery to a partner is passed over.
 */
void deliveries_note(struct deliveries *deliveries, const struct entry *entry, const char *gateway,
                     int64_t at);

/* All lines were noted: what still waits for a session stays unknown. */
void deliveries_end(struct deliveries *deliveries);

#endif
