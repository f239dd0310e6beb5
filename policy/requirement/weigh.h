/* SPDX-License-Identifier: BSD-2-Clause */
/* What a partner requires, and whether a session meets it. */
#ifndef POLICY_REQUIREMENT_WEIGH_H
#define POLICY_REQUIREMENT_WEIGH_H

#include "policy/internal.h"
#include "policy/names/growing.h"
#include "policy/requirement/finding.h"

/*
 * Fills the pieces of a partner's requirements: own keys, those that the defaults add, profiles. Returns the
 * number of pieces; those beyond PIECES_MAX are counted, not stored.
 */
size_t require_pieces(const struct policy *policy, const struct partner *partner,
                      struct piece piece[PIECES_MAX]);

/* The same for any `require`: `given` has its own keys, `added` those that the defaults add. */
size_t require_combine(const struct policy *policy, const struct piece *given, const struct piece *added,
                       struct piece piece[PIECES_MAX]);

/*
 * Whether the client's address or verified name is in the list. UNKNOWN: what decides is not known, and
 * *reason says why.
 */
enum met clients_match(const struct clients *clients, const struct facts *facts, enum reason *reason);

/* Weighs all that judged->partner requires: fills the pieces and findings of *judged. */
void weigh_partner(const struct policy *policy, const struct facts *facts, int64_t now,
                   struct judged *judged);

/*
 * Sets *value to the strictest value of a key of COMBINE_GREATEST in all pieces. False: no piece has the key,
 * and *value is 0.
 */
bool weigh_strictest(const struct judged *judged, enum requirement requirement, unsigned *value);

/*
 * Sets outcome and deciding reason from the findings. Returns PENDING if a requirement waits for facts that
 * are still to come, else MET.
 */
enum met weigh_conclude(struct judged *judged);

/* Adds a finding, which the caller fills. */
struct finding *weigh_add(struct judged *judged, enum requirement requirement);

/*
 * Describes an identity in words: "subject mail.contoso.com, issuer CA, until 2027-06-01"; at most size - 1
 * octets.
 */
void identity_describe(const struct policy *policy, const struct identity *identity, char *text, size_t size);

/*
 * An identity in a few words, without its dates: "mail.contoso.com by DigiCert", "the certificate of
 * new.pem"; at most size - 1 octets.
 */
void identity_name(const struct policy *policy, const struct identity *identity, char *text, size_t size);
/* The same for a pin. `key`: it is of the certificate's key. */
void identity_name_pin(struct growing *text, const struct particulars *particulars, bool key);

#endif
