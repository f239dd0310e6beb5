/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is counted by partner, for the metrics. The counts belong to no policy: they go by the partner's
 * name, and a partner that a reload removes and another one adds again goes on where it was. Nothing is ever
 * freed, so a pointer lasts as long as the process. From any thread; takes no lock.
 */
#ifndef MILTER_PARTNER_COUNTS_H
#define MILTER_PARTNER_COUNTS_H

#include <stdbool.h>
#include <stdint.h>
#include "policy/names/tls.h"
#include "policy/outbound/outbound.h"
#include "policy/words.h"

/* So many partners have counts of their own; those that come later share the counts of the name "". */
enum { PARTNER_COUNTS_MAX = 10000 };

struct partner_counts;

/*
 * The counts of that name, made at its first use. NULL or "" is no partner, and where there is no memory or
 * no room for one more, these counts are returned, too. Never NULL.
 */
struct partner_counts *partner_counts_of(const char *name);

/* What one decision was. */
struct decision_kind {
    enum outcome outcome;
    enum action action;
    enum reason reason; /* the first one; REASON_NONE: nothing was wrong */
    bool outbound;      /* mail to the partner, not from it */
};

/* One more decision. Where there is no memory for a kind's first one, it counts under the name "". */
void partner_counts_add_decision(struct partner_counts *counts, struct decision_kind kind);

/* One more answer to Postfix about mail to the partner. */
void partner_counts_add_outbound(struct partner_counts *counts, enum outbound_result result);

/* One more TLS session. */
void partner_counts_add_tls(struct partner_counts *counts, enum tls_version version);

/*
 * For the reader: all counts that there are now, one after the other, those of "" last. The first; the next,
 * or NULL behind the last one. Their name.
 */
const struct partner_counts *partner_counts_first(void);
const struct partner_counts *partner_counts_next(const struct partner_counts *counts);
const char *partner_counts_name(const struct partner_counts *counts);

/* Calls `found` for each kind of decision that came at least once, in no order. */
typedef void decision_count_fn(void *arg, struct decision_kind kind, uint64_t count);
void partner_counts_each_decision(const struct partner_counts *counts, decision_count_fn *found, void *arg);

/* How many answers with that result there were. */
uint64_t partner_counts_outbound(const struct partner_counts *counts, enum outbound_result result);

/* How many TLS sessions of a version there were. */
uint64_t partner_counts_tls(const struct partner_counts *counts, enum tls_version version);

#endif
