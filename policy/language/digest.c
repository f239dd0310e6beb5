/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The digest of a policy's meaning. Two policies that judge all mail alike have the same digest, however they
 * are written: each partner is written with the defaults and profiles in place, as numbers and in compared
 * form, and the hashes of all partners are added, so that their order does not matter.
 *
 * The digest must cover all that changes a verdict, a reply or the name in a log line. It leaves out texts
 * for people (contact, comment, acknowledge, the reason of an exception), sockets and the names of files and
 * profiles. Suites count by their names, as this OpenSSL understands a cipher string.
 */
#include "policy/language/digest.h"

#include <stdio.h>
#include <string.h>
#include "policy/language/compile.h"
#include "policy/names/date.h"

static void write_selectors(struct digesting *digesting, const struct partner *partner)
{
    const struct policy *policy = digesting->policy;
    struct canonical *to = &digesting->text;
    struct canonical_set set = canonical_begin(to);
    size_t count;
    const struct selector *entry = partner_selectors(policy, partner, &count);

    for (; count-- > 0; entry++)
        for (unsigned kind = 0; kind < SELECT_COUNT; kind++) {
            if ((entry->kinds & 1u << kind) == 0)
                continue;
            canonical_member(to);
            canonical_number(to, kind);
            if (kind == SELECT_NETWORK)
                digest_network(to, arena_at(&policy->arena, entry->text));
            else
                canonical_text(to, arena_at(&policy->arena, entry->text));
        }
    canonical_end(to, set);
}

/* ---- terms ---- */

static void write_actions(struct canonical *to, const struct actions *actions)
{
    canonical_octets(to, actions->by_reason + 1, sizeof actions->by_reason - 1);
}

/* Writes mode and actions as they begin, and again for each date that changes one of them. */
static void write_conduct(struct digesting *digesting, const struct partner *partner)
{
    const struct terms *terms = partner->terms;
    const struct actions *before, *after;
    struct canonical *to = &digesting->text;
    struct canonical_set set = canonical_begin(to);
    enum mode mode = partner_in_force(digesting->policy, partner, DATE_BEGIN, &before), next;

    canonical_member(to);
    canonical_number(to, (uint64_t)DATE_BEGIN);
    canonical_number(to, (uint64_t)mode);
    write_actions(to, before);
    for (size_t i = 0; i < terms->step_count; i++, mode = next, before = after) {
        int64_t from = terms->steps[i].from;

        next = partner_in_force(digesting->policy, partner, from, &after);
        if (next == mode && memcmp(before->by_reason, after->by_reason, sizeof before->by_reason) == 0)
            continue;
        canonical_member(to);
        canonical_number(to, (uint64_t)from);
        canonical_number(to, (uint64_t)next);
        write_actions(to, after);
    }
    canonical_end(to, set);
}

static void write_exception(struct canonical *to, const struct exception *exception)
{
    static const struct clients none;
    struct canonical_set senders;

    canonical_number(to, (uint64_t)exception->until);
    digest_clients(to, exception->clients != NULL ? exception->clients : &none);
    senders = canonical_begin(to);
    for (size_t i = 0; i < exception->sender_count; i++) {
        canonical_member(to);
        canonical_number(to, exception->senders[i].null);
        if (!exception->senders[i].null)
            digest_pattern(to, &exception->senders[i].address);
    }
    canonical_end(to, senders);
    digest_patterns(to, exception->recipients, exception->recipient_count);
}

static void write_terms(struct digesting *digesting, const struct partner *partner)
{
    const struct terms *terms = partner->terms;
    const char *message = partner_message(digesting->policy, partner);
    struct canonical *to = &digesting->text;
    struct canonical_set exceptions;

    digest_requirements(digesting, partner);
    write_conduct(digesting, partner);
    digest_patterns(to, terms->recipients, terms->recipient_count);
    exceptions = canonical_begin(to);
    for (size_t i = 0; i < terms->exception_count; i++) {
        canonical_member(to);
        write_exception(to, &terms->exceptions[i]);
    }
    canonical_end(to, exceptions);
    canonical_text(to, message != NULL ? message : "");
}

/* Returns the hash of the partner's terms. Many partners share their terms, so the last hashes are kept. */
static const unsigned char *terms_hash(struct digesting *digesting, const struct partner *partner)
{
    struct terms_hash *kept;

    for (unsigned i = 0; i < TERMS_REMEMBERED && i < digesting->terms_count; i++)
        if (digesting->terms[i].terms == partner->terms && digesting->terms[i].mode == partner->mode)
            return digesting->terms[i].hash;
    kept = &digesting->terms[digesting->terms_count++ % TERMS_REMEMBERED];
    kept->terms = partner->terms;
    kept->mode = partner->mode;
    canonical_reset(&digesting->text);
    write_terms(digesting, partner);
    digest_hash(digesting, &digesting->text, kept->hash);
    return kept->hash;
}

/* ---- the whole ---- */

static void hash_partner(struct digesting *digesting, const struct partner *partner,
                         unsigned char result[DIGEST_OCTETS])
{
    const unsigned char *terms = terms_hash(digesting, partner);
    struct canonical *to = &digesting->text;

    canonical_reset(to);
    canonical_octets(to, terms, DIGEST_OCTETS);
    canonical_text(to, partner->name);
    canonical_number(to, partner->identities);
    write_selectors(digesting, partner);
    digest_certificates(digesting, partner);
    digest_outbound(digesting, partner);
    digest_hash(digesting, to, result);
}

/* Adds two numbers of 256 bits. */
static void add(unsigned char sum[DIGEST_OCTETS], const unsigned char number[DIGEST_OCTETS])
{
    unsigned carry = 0;

    for (int i = DIGEST_OCTETS; i-- > 0; carry >>= 8) {
        carry += (unsigned)sum[i] + number[i];
        sum[i] = (unsigned char)carry;
    }
}

static void write_characters(struct canonical *to, const char *characters)
{
    struct canonical_set set = canonical_begin(to);

    for (; *characters != '\0'; characters++) {
        canonical_member(to);
        canonical_octets(to, characters, 1);
    }
    canonical_end(to, set);
}

static void write_settings(struct canonical *to, const struct policy *policy)
{
    struct canonical_set daemons;

    canonical_number(to, policy->milter.mta);
    canonical_number(to, policy->milter.postfix_facts != NULL);
    write_characters(to, policy->milter.recipient_delimiter);
    digest_clients(to, &policy->exempt_clients);
    canonical_number(to, policy->exempt_authenticated);
    daemons = canonical_begin(to);
    for (size_t i = 0; i < policy->exempt_daemon_count; i++) {
        canonical_member(to);
        canonical_text(to, policy->exempt_daemons[i]);
    }
    canonical_end(to, daemons);
    if (policy->milter.outbound_upstream != NULL) /* answers are merged with those of that map */
        canonical_text(to, "outbound_upstream");
}

static void digest_all(struct digesting *digesting, char digest[POLICY_DIGEST_TEXT])
{
    const struct policy *policy = digesting->policy;
    unsigned char sum[DIGEST_OCTETS] = {0}, of_partner[DIGEST_OCTETS];

    for (size_t i = 0; i < policy->partner_count && !digesting->failed; i++) {
        hash_partner(digesting, &policy->partners[i], of_partner);
        add(sum, of_partner);
    }
    canonical_reset(&digesting->text);
    write_settings(&digesting->text, policy);
    canonical_octets(&digesting->text, sum, sizeof sum);
    digest_hash(digesting, &digesting->text, sum);
    for (size_t i = 0; i < POLICY_DIGEST_TEXT / 2; i++)
        snprintf(digest + 2 * i, 3, "%02x", sum[i]);
}

void compile_digest(struct loading *loading)
{
    struct digesting digesting = {.policy = loading->policy, .hashing = EVP_MD_CTX_new()};

    if (digesting.hashing == NULL || EVP_DigestInit_ex(digesting.hashing, EVP_sha256(), NULL) != 1)
        digesting.failed = true;
    else
        digest_all(&digesting, loading->policy->digest);
    if (digesting.failed)
        loading_exhausted(loading);
    canonical_free(&digesting.text);
    canonical_free(&digesting.suites);
    EVP_MD_CTX_free(digesting.hashing);
}
