/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Counts by partner, for the metrics. The counts belong to no policy: they go by the partner's name, so that
 * a partner that one reload removes and another adds again keeps its counts. Nothing is ever freed, so a
 * pointer lasts as long as the process. From any thread; takes no lock.
 */
#ifndef MILTER_PARTNER_COUNTS_H
#define MILTER_PARTNER_COUNTS_H

#include <stdbool.h>
#include <stdint.h>
#include "policy/names/tls.h"
#include "policy/outbound/outbound.h"
#include "policy/words.h"

/* This many partners have counts of their own; those that come later share the counts of the name "". */
enum { PARTNER_COUNTS_MAX = 10000 };

struct partner_counts;

/*
 * Returns the counts of that name, made at its first use. Never NULL: if the name is NULL (no partner),
 * memory is out or PARTNER_COUNTS_MAX is reached, returns the counts of "".
 */
struct partner_counts *partner_counts_of(const char *name);

/* What one decision was. */
struct decision_kind {
    enum outcome outcome;
    enum action action;
    enum reason reason; /* the first reason; REASON_NONE: nothing was wrong */
    bool outbound;      /* mail to the partner, not from it */
};

/* Counts a decision. If there is no memory for the first one of a kind, it counts under the name "". */
void partner_counts_add_decision(struct partner_counts *counts, struct decision_kind kind);

/* Counts an answer to Postfix about mail to the partner. */
void partner_counts_add_outbound(struct partner_counts *counts, enum outbound_result result);

/* Counts a TLS session. */
void partner_counts_add_tls(struct partner_counts *counts, enum tls_version version);

/*
 * For the reader: all counts that exist now, one after the other, those of "" last. The first; the next, or
 * NULL after the last; their name.
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
