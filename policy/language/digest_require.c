/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a partner's mail must show, for the digest: the strictest of several minimums, the suites that several
 * lists have in common. Knows how requirements combine; does not know the partner and what happens to its
 * mail.
 */
#include "policy/language/digest.h"

#include <string.h>
#include "policy/requirement/requirement.h"

/* ---- who ---- */

void digest_pattern(struct canonical *to, const struct address_pattern *pattern)
{
    canonical_number(to, (uint64_t)(pattern->local != NULL) << 1 | pattern->suffix);
    canonical_text(to, pattern->local != NULL ? pattern->local : "");
    canonical_text(to, pattern->domain);
}

void digest_patterns(struct canonical *to, const struct address_pattern *patterns, size_t count)
{
    struct canonical_set set = canonical_begin(to);

    for (size_t i = 0; i < count; i++) {
        canonical_member(to);
        digest_pattern(to, &patterns[i]);
    }
    canonical_end(to, set);
}

void digest_network(struct canonical *to, const struct network *network)
{
    canonical_number(to, (uint64_t)network->v6 << 8 | network->prefix);
    canonical_octets(to, network->octets, sizeof network->octets);
}

void digest_clients(struct canonical *to, const struct clients *clients)
{
    struct canonical_set networks = canonical_begin(to), names;

    for (size_t i = 0; i < clients->network_count; i++) {
        canonical_member(to);
        digest_network(to, &clients->networks[i]);
    }
    canonical_end(to, networks);
    names = canonical_begin(to);
    for (size_t i = 0; i < clients->name_count; i++) {
        canonical_member(to);
        canonical_number(to, clients->names[i].suffix);
        canonical_text(to, clients->names[i].domain);
    }
    canonical_end(to, names);
}

/* ---- what is required ---- */

static void write_name_rule(struct canonical *to, const struct name_rule *rule)
{
    struct canonical_set patterns = canonical_begin(to);

    for (size_t i = 0; i < rule->count; i++) {
        const struct name_pattern *pattern = &rule->patterns[i];
        struct canonical_set attributes;

        canonical_member(to);
        attributes = canonical_begin(to);
        for (size_t k = 0; k < pattern->count; k++) {
            canonical_member(to);
            canonical_text(to, pattern->attributes[k].type != NULL ? pattern->attributes[k].type : "CN");
            canonical_lower(to, pattern->attributes[k].value);
        }
        canonical_end(to, attributes);
    }
    canonical_end(to, patterns);
}

static void write_identity(struct digesting *digesting, const struct identity *identity)
{
    const struct policy *policy = digesting->policy;
    const struct particulars *particulars = identity_particulars(policy, identity);
    struct canonical *to = &digesting->text;
    struct lone_name lone;
    struct name_rule rule;

    canonical_number(to, identity->kind);
    canonical_number(to, (uint64_t)particulars->from);
    canonical_number(to, (uint64_t)particulars->until);
    if (identity->kind != IDENTITY_NAMES) {
        canonical_octets(to, particulars->fingerprint, FINGERPRINT_SIZE);
        return;
    }
    rule = identity_subject(policy, identity, &lone);
    write_name_rule(to, &rule);
    rule = identity_issuer(policy, identity, &lone);
    write_name_rule(to, &rule);
}

static void write_certificates(struct digesting *digesting, const struct certificates *certificates)
{
    struct canonical *to = &digesting->text;
    struct canonical_set set;

    canonical_number(to, certificates->trusted);
    set = canonical_begin(to);
    for (unsigned i = 0; i < certificates->count; i++) {
        canonical_member(to);
        write_identity(digesting, &certificates->identities[i]);
    }
    canonical_end(to, set);
}

/* Sets *allowed to the suites that are in every list. False: there is no list, and *allowed is empty. */
static bool allowed_suites(const struct piece *piece, size_t count, struct suite_set *allowed)
{
    bool listed = false;

    *allowed = (struct suite_set){{0}};
    for (size_t i = 0; i < count; i++)
        if ((piece[i].keys & 1u << REQUIRE_CIPHERS) != 0) {
            const struct suite_set *set = &piece[i].require->ciphers->set;

            for (size_t k = 0; k < SUITES_MAX / 64; k++)
                allowed->bits[k] = listed ? allowed->bits[k] & set->bits[k] : set->bits[k];
            listed = true;
        }
    return listed;
}

/*
 * Writes the hash of the suites' names. Most partners have the same suites as the one before: the last hash
 * is kept.
 */
static void write_suites(struct digesting *digesting, const struct suite_set *set)
{
    const struct suites *suites = digesting->policy->suites;
    struct canonical *to = &digesting->suites;
    struct canonical_set names;

    if (to->octets == NULL || memcmp(&digesting->last_suites, set, sizeof *set) != 0) {
        canonical_reset(to);
        names = canonical_begin(to);
        for (int suite = 0; suite < (int)suites_count(suites); suite++)
            if (suite_set_has(set, suite)) {
                canonical_member(to);
                canonical_text(to, suites_name(suites, suite));
            }
        canonical_end(to, names);
        digest_hash(digesting, to, digesting->last_suites_hash);
        digesting->last_suites = *set;
    }
    canonical_octets(&digesting->text, digesting->last_suites_hash, DIGEST_OCTETS);
}

static unsigned strictest(const struct piece *piece, size_t count, enum requirement requirement)
{
    struct judged judged;
    unsigned value;

    judged.piece_count = count;
    memcpy(judged.piece, piece, count * sizeof *piece);
    weigh_strictest(&judged, requirement, &value);
    return value;
}

void digest_requirements(struct digesting *digesting, const struct partner *partner)
{
    struct canonical *to = &digesting->text;
    struct piece piece[PIECES_MAX];
    size_t count = require_pieces(digesting->policy, partner, piece);
    struct suite_set suites;
    bool listed = allowed_suites(piece, count, &suites);
    struct canonical_set set;

    for (int i = 0; i < REQUIREMENT_COUNT; i++)
        if (requirement_row((enum requirement)i)->combination == COMBINE_GREATEST)
            canonical_number(to, strictest(piece, count, (enum requirement)i));
    canonical_number(to, listed);
    if (listed)
        write_suites(digesting, &suites);
    set = canonical_begin(to);
    for (size_t i = 0; i < count; i++)
        if ((piece[i].keys & 1u << REQUIRE_CLIENTS) != 0) {
            canonical_member(to);
            digest_clients(to, piece[i].require->clients);
        }
    canonical_end(to, set);
}

void digest_certificates(struct digesting *digesting, const struct partner *partner)
{
    struct piece piece[PIECES_MAX];
    size_t count = require_pieces(digesting->policy, partner, piece);
    struct canonical_set set = canonical_begin(&digesting->text);

    for (size_t i = 0; i < count; i++)
        if ((piece[i].keys & 1u << REQUIRE_CERTIFICATES) != 0) {
            canonical_member(&digesting->text);
            write_certificates(digesting, piece[i].certificates);
        }
    canonical_end(&digesting->text, set);
}
