/* SPDX-License-Identifier: BSD-2-Clause */
/* Which partners a transaction selects: for evaluate.c and from_partners.c. */
#ifndef POLICY_VERDICT_PARTNERS_H
#define POLICY_VERDICT_PARTNERS_H

#include "policy/verdict/judge.h"
#include "policy/verdict/select.h"

/*
 * Whether this identity may select the partner. HELO counts as the envelope sender. A client may select every
 * partner.
 */
bool partners_list(const struct partner *partner, unsigned identity);

/* Whether some recipient is in the partner's scope. True while no recipient is known: one may still come. */
bool partners_may_be_for(const struct partner *partner, const struct facts *facts);

/*
 * Judges, for each recipient, the most specific partner that applies. `selection` is at its start.
 * `undecidable`, unless REASON_NONE, is why it is not known whether the mail is that partner's.
 */
void partners_select(const struct evaluation *e, const struct selection *selection, unsigned identity,
                     enum reason undecidable);

/*
 * The same for a domain. If the MTA is not Postfix, "x.y.UUCP" selects as "x.y", too: Sendmail may rewrite it
 * to that.
 */
void partners_select_domain(const struct evaluation *e, const struct domain *domain, unsigned identity);

/*
 * Judges every partner with domains that this identity may select, because it is not known whose mail this
 * is. There may be very many: a partner whose result would not enter the verdict is not judged.
 */
void partners_select_all(const struct evaluation *e, unsigned identity, enum reason undecidable);

/* Judges the partners that the From fields of the message select. */
void partners_select_from(const struct evaluation *e);

#endif
