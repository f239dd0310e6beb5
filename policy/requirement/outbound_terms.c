/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Versions and suites that a partner's rule allows: the strictest of its own keys, the defaults and the
 * profiles. Knows suites; does not know how to ask an MTA for them.
 */
#include "policy/requirement/outbound_rule.h"
#include "policy/requirement/weigh.h"

/* The limits of all pieces together. */
struct limits {
    unsigned bits;
    bool ciphers; /* some piece lists suites */
};

static struct limits read_pieces(const struct piece *piece, size_t count, struct server_terms *terms)
{
    struct limits limits = {0, false};

    for (size_t i = 0; i < count; i++) {
        const struct require *require = piece[i].require;
        unsigned keys = piece[i].keys;

        if ((keys & 1u << REQUIRE_MIN_TLS_VERSION) != 0
            && require->value[REQUIRE_MIN_TLS_VERSION] > terms->min)
            terms->min = (enum tls_version)require->value[REQUIRE_MIN_TLS_VERSION];
        if ((keys & 1u << REQUIRE_MIN_CIPHER_BITS) != 0
            && require->value[REQUIRE_MIN_CIPHER_BITS] > limits.bits)
            limits.bits = require->value[REQUIRE_MIN_CIPHER_BITS];
        if ((keys & 1u << REQUIRE_FORWARD_SECRECY) != 0)
            terms->forward_secrecy |= require->value[REQUIRE_FORWARD_SECRECY] != 0;
        if ((keys & 1u << REQUIRE_CIPHERS) == 0)
            continue;
        limits.ciphers = true;
        suite_set_keep(&terms->suites, &require->ciphers->set);
    }
    return limits;
}

static void leave_out_short(struct suite_set *set, const struct suites *suites, unsigned bits)
{
    for (int suite = 0; suite < (int)suites_count(suites); suite++)
        if (suites_bits(suites, suite) < (int)bits)
            set->bits[suite / 64] &= ~((uint64_t)1 << suite % 64);
}

/* Keeps the suites that satisfy all limits; weak ones only if a list names them. */
static void keep_suites(const struct suites *suites, struct server_terms *terms, const struct limits *limits)
{
    suite_set_keep(&terms->suites, suites_of(suites, SUITES_USABLE));
    if (!limits->ciphers)
        suite_set_leave_out(&terms->suites, suites_of(suites, SUITES_WEAK));
    if (terms->forward_secrecy)
        suite_set_keep(&terms->suites, suites_of(suites, SUITES_EPHEMERAL));
    if (limits->bits > 0)
        leave_out_short(&terms->suites, suites, limits->bits);
}

/* Leaves out versions of which no suite is left. Postfix cannot exclude suites of TLS 1.3. */
static void keep_versions(const struct suites *suites, struct server_terms *terms)
{
    struct suite_set old = terms->suites, missing = *suites_of(suites, SUITES_OFFERED);
    const struct suite_set *new = suites_of(suites, SUITES_TLS13);
    bool any_new = suite_set_meets(&terms->suites, new);

    suite_set_leave_out(&missing, &terms->suites);
    suite_set_leave_out(&old, new);
    terms->unasked = any_new && suite_set_meets(&missing, &missing);
    if (!suite_set_meets(&old, &old))
        terms->min = TLS_VERSION_1_3;
    if (!any_new)
        terms->max = TLS_VERSION_1_2;
    terms->none = terms->min > terms->max;
}

static struct server_terms terms_of(const struct policy *policy, const struct piece *piece, size_t count)
{
    struct server_terms terms = {.min = TLS_VERSION_1_0, .max = TLS_VERSION_1_3};
    struct limits limits;

    for (size_t word = 0; word < SUITES_MAX / 64; word++)
        terms.suites.bits[word] = UINT64_MAX;
    limits = read_pieces(piece, count > PIECES_MAX ? PIECES_MAX : count, &terms);
    terms.listed = limits.ciphers || limits.bits > 0;
    keep_suites(policy->suites, &terms, &limits);
    keep_versions(policy->suites, &terms);
    return terms;
}

struct server_terms outbound_terms(const struct policy *policy, const struct outbound *outbound)
{
    struct piece piece[PIECES_MAX];
    size_t count = outbound_pieces(policy, outbound, piece);

    return terms_of(policy, piece, count);
}

bool require_has_suite(const struct policy *policy, const struct partner *partner)
{
    struct piece piece[PIECES_MAX];
    size_t count = require_pieces(policy, partner, piece);

    for (size_t i = 0; i < count && i < PIECES_MAX; i++)
        if (piece[i].require->value[REQUIRE_MIN_CIPHER_BITS] > CIPHER_BITS_MAX)
            piece[i].keys &= ~(1u << REQUIRE_MIN_CIPHER_BITS); /* reported by its own warning (cipher_bits) */
    return !terms_of(policy, piece, count).none;
}
