/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A partner's `outbound` combined with the defaults: mode, exceptions, requirements, and the next hops that
 * the partner lists. Judges nothing, reads no clock.
 */
#include "policy/requirement/outbound_rule.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "policy/array.h"
#include "policy/names/date.h"
#include "policy/requirement/weigh.h"

size_t outbound_pieces(const struct policy *policy, const struct outbound *outbound,
                       struct piece piece[PIECES_MAX])
{
    const struct require *own = &outbound->require.require, *defaults = &policy->outbound.require.require;
    const struct piece given = {own, NULL, own->keys}, added = {defaults, NULL, defaults->keys & ~own->keys};

    return require_combine(policy, &given, &added, piece);
}

enum mode outbound_in_force(const struct policy *policy, const struct outbound *outbound, int64_t now)
{
    enum mode mode = outbound->mode == MODE_COUNT ? policy->outbound.mode : outbound->mode;

    for (size_t i = 0; i < outbound->step_count && outbound->steps[i].from <= now; i++)
        mode = outbound->steps[i].mode;
    return mode;
}

bool partner_outbound_mode(const struct policy *policy, const struct partner *partner, int64_t now,
                           enum mode *mode)
{
    if (partner->terms->outbound == NULL)
        return false;
    *mode = outbound_in_force(policy, partner->terms->outbound, now);
    return true;
}

const struct exception *outbound_excepted(const struct outbound *outbound, int64_t now)
{
    for (size_t i = 0; i < outbound->exception_count; i++)
        if (now < outbound->exceptions[i].until)
            return &outbound->exceptions[i];
    return NULL;
}

const struct server_certificates *outbound_certificates(const struct policy *policy,
                                                        const struct outbound *outbound)
{
    return outbound->require.certificates != NULL ? outbound->require.certificates
                                                  : policy->outbound.require.certificates;
}

/* ---- in words ---- */

const char *proof_name(enum proof proof)
{
    static const char *const names[] = {
        [PROOF_DOMAIN] = "domain", [PROOF_LIST] = NULL, [PROOF_DANE] = "dane", [PROOF_NONE] = "none"};

    return names[proof];
}

void server_identity_describe(const struct server_identity *identity, char *text, size_t size)
{
    const struct particulars *particulars = &identity->particulars;
    char fingerprint[FINGERPRINT_TEXT] = "", from[32], until[32];
    bool key = identity->kind == SERVER_KEY_FINGERPRINT;

    date_format(particulars->from, from);
    date_format(particulars->until, until);
    if (identity->kind == SERVER_NAME || identity->kind == SERVER_SUFFIX) {
        snprintf(text, size, "name %s%s%s%s%s%s", identity->kind == SERVER_SUFFIX ? "." : "", identity->name,
                 *from == '\0' ? "" : ", from ", from, *until == '\0' ? "" : ", until ", until);
        return;
    }
    fingerprint_format(particulars->fingerprint, fingerprint);
    snprintf(text, size, "%s %s%s%s%s%s%s%s", key ? "key_fingerprint" : "fingerprint", fingerprint,
             particulars->file == NULL ? "" : ", file ", particulars->file == NULL ? "" : particulars->file,
             *from == '\0' ? "" : ", from ", from, *until == '\0' ? "" : ", until ", until);
}

void server_identity_name(const struct server_identity *identity, char *to, size_t size)
{
    struct growing text = growing_begin(to, size);

    if (identity->kind == SERVER_NAME || identity->kind == SERVER_SUFFIX)
        growing_add(&text, "%s%s", identity->kind == SERVER_SUFFIX ? "." : "", identity->name);
    else
        identity_name_pin(&text, &identity->particulars, identity->kind == SERVER_KEY_FINGERPRINT);
}

/* ---- listed next hops ---- */

static const char *text_of(const struct policy *policy, size_t hop)
{
    return arena_get(&policy->arena, policy->hops[hop].text);
}

static uint32_t hash_of_hop(const void *owner, uint32_t number)
{
    const char *text = text_of(owner, number);

    return slots_hash(text, strlen(text));
}

static const struct listed_hop *find(const struct policy *policy, const char *text)
{
    uint32_t hash = slots_hash(text, strlen(text)), number;

    for (size_t at = 0; slots_next(&policy->hop_slots, hash, &at, &number);)
        if (strcmp(text_of(policy, number), text) == 0)
            return &policy->hops[number];
    return NULL;
}

const struct partner *hops_find(const struct policy *policy, const char *text)
{
    const struct listed_hop *hop = find(policy, text);

    return hop == NULL ? NULL : &policy->partners[hop->partner];
}

bool hops_add(struct policy *policy, const struct listed_hop *hop, const struct listed_hop **other)
{
    const char *text = arena_get(&policy->arena, hop->text);
    struct listed_hop *hops;

    *other = find(policy, text);
    if (*other != NULL)
        return true;
    hops = array_grow(policy->hops, policy->hop_count, sizeof *hops);
    if (hops != NULL)
        policy->hops = hops;
    if (hops == NULL || !slots_grow(&policy->hop_slots, hash_of_hop, policy))
        return false;
    hops[policy->hop_count] = *hop;
    slots_add(&policy->hop_slots, slots_hash(text, strlen(text)), (uint32_t)policy->hop_count++);
    return true;
}

/* A binary search: hops are in the order of the partners. */
const struct listed_hop *partner_hops(const struct policy *policy, const struct partner *partner,
                                      size_t *count)
{
    size_t number = (size_t)(partner - policy->partners), first = 0, end = policy->hop_count;

    while (first < end) {
        size_t middle = first + (end - first) / 2;

        if (policy->hops[middle].partner < number)
            first = middle + 1;
        else
            end = middle;
    }
    for (*count = 0; first + *count < policy->hop_count && policy->hops[first + *count].partner == number;)
        ++*count;
    return *count == 0 ? NULL : &policy->hops[first];
}
