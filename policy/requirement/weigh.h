/* SPDX-License-Identifier: BSD-2-Clause */
/* What a partner requires, and whether a session has it. */
#ifndef POLICY_REQUIREMENT_WEIGH_H
#define POLICY_REQUIREMENT_WEIGH_H

#include "policy/internal.h"
#include "policy/names/growing.h"
#include "policy/requirement/finding.h"

/*
 * The pieces of which a partner's requirements consist: own keys, what the
 * defaults add, profiles. Returns how many there are; more than PIECES_MAX are
 * counted and not stored.
 */
size_t require_pieces(const struct policy *policy, const struct partner *partner,
                      struct piece piece[PIECES_MAX]);

/* The same of any `require`: `given` and `added` are its own keys and those that the defaults add. */
size_t require_combine(const struct policy *policy, const struct piece *given, const struct piece *added,
                       struct piece piece[PIECES_MAX]);

/*
 * Whether an address, a verified name or both are in the list. UNKNOWN: what decides is not known,
 * *reason says why.
 */
enum met clients_match(const struct clients *clients, const struct facts *facts, enum reason *reason);

/* Weighs all that judged->partner requires: fills its pieces and findings. */
void weigh_partner(const struct policy *policy, const struct facts *facts, int64_t now,
                   struct judged *judged);

/*
 * The strictest of what the pieces say of a key that is one value (COMBINE_GREATEST). False: none says
 * anything, and *value is 0.
 */
bool weigh_strictest(const struct judged *judged, enum requirement requirement, unsigned *value);

/*
 * Outcome and deciding reason from the findings. PENDING: a requirement waits for facts that are still to
 * come; else MET.
 */
enum met weigh_conclude(struct judged *judged);

/* One more finding, to be filled. */
struct finding *weigh_add(struct judged *judged, enum requirement requirement);

/* An identity in words: "subject mail.contoso.com, issuer CA, until 2027-06-01"; at most size - 1 octets. */
void identity_describe(const struct policy *policy, const struct identity *identity, char *text, size_t size);

/*
 * An identity in a few words, without its dates: "mail.contoso.com by DigiCert", "the certificate of
 * new.pem"; at most size - 1 octets.
 */
void identity_name(const struct policy *policy, const struct identity *identity, char *text, size_t size);
/* The same of a pin; `key`: of the certificate's key. */
void identity_name_pin(struct growing *text, const struct particulars *particulars, bool key);

#endif
