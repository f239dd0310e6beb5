/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a partner's `outbound` means, for the digest: with the defaults and profiles in place. It must cover
 * all that changes an answer to the MTA.
 */
#include "policy/language/digest.h"
#include "policy/names/date.h"
#include "policy/requirement/outbound_rule.h"

static void write_modes(struct digesting *digesting, const struct outbound *outbound)
{
    struct canonical *to = &digesting->text;
    struct canonical_set set = canonical_begin(to);
    enum mode mode = outbound_in_force(digesting->policy, outbound, DATE_BEGIN);

    canonical_member(to);
    canonical_number(to, (uint64_t)DATE_BEGIN);
    canonical_number(to, (uint64_t)mode);
    for (size_t i = 0; i < outbound->step_count; i++) {
        if (outbound->steps[i].mode == mode)
            continue;
        mode = outbound->steps[i].mode;
        canonical_member(to);
        canonical_number(to, (uint64_t)outbound->steps[i].from);
        canonical_number(to, (uint64_t)mode);
    }
    canonical_end(to, set);
}

static void write_identity(struct canonical *to, const struct server_identity *identity)
{
    canonical_number(to, (uint64_t)identity->kind);
    canonical_number(to, (uint64_t)identity->particulars.from);
    canonical_number(to, (uint64_t)identity->particulars.until);
    if (identity->kind == SERVER_NAME || identity->kind == SERVER_SUFFIX)
        canonical_text(to, identity->name);
    else
        canonical_octets(to, identity->particulars.fingerprint, FINGERPRINT_SIZE);
}

static void write_certificates(struct digesting *digesting, const struct outbound *outbound)
{
    const struct server_certificates *certificates = outbound_certificates(digesting->policy, outbound);
    struct canonical *to = &digesting->text;
    struct canonical_set set;

    canonical_number(to, (uint64_t)certificates->proof);
    set = canonical_begin(to);
    for (size_t i = 0; i < certificates->count; i++) {
        canonical_member(to);
        write_identity(to, &certificates->identities[i]);
    }
    canonical_end(to, set);
}

static void write_session(struct digesting *digesting, const struct outbound *outbound)
{
    const struct suites *suites = digesting->policy->suites;
    struct server_terms terms = outbound_terms(digesting->policy, outbound);
    struct canonical *to = &digesting->text;
    struct canonical_set set;

    canonical_number(to, (uint64_t)terms.min);
    canonical_number(to, (uint64_t)terms.max);
    canonical_number(to, terms.forward_secrecy);
    set = canonical_begin(to);
    for (int suite = 0; terms.listed && suite < (int)suites_count(suites); suite++)
        if (suite_set_has(&terms.suites, suite)) {
            canonical_member(to);
            canonical_text(to, suites_name(suites, suite));
        }
    canonical_end(to, set);
}

void digest_outbound(struct digesting *digesting, const struct partner *partner)
{
    const struct outbound *outbound = partner->terms->outbound;
    struct canonical *to = &digesting->text;
    struct canonical_set set;
    size_t count;
    const struct listed_hop *hop = partner_hops(digesting->policy, partner, &count);

    if (outbound == NULL)
        return;
    write_modes(digesting, outbound);
    write_session(digesting, outbound);
    write_certificates(digesting, outbound);
    set = canonical_begin(to);
    for (size_t i = 0; i < outbound->exception_count; i++) {
        canonical_member(to);
        canonical_number(to, (uint64_t)outbound->exceptions[i].until);
    }
    canonical_end(to, set);
    set = canonical_begin(to);
    for (; count-- > 0; hop++) {
        canonical_member(to);
        canonical_text(to, arena_at(&digesting->policy->arena, hop->text));
    }
    canonical_end(to, set);
}
