/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The policy as a thing: references, and what others may ask of it. Knows how
 * partners, defaults and profiles combine, and what a rollout's dates mean;
 * reads no files and judges no mail.
 */
#include "policy/policy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "policy/internal.h"

struct policy *policy_ref(struct policy *policy)
{
    atomic_fetch_add_explicit(&policy->references, 1, memory_order_relaxed);
    return policy;
}

void policy_unref(struct policy *policy)
{
    if (policy == NULL || atomic_fetch_sub_explicit(&policy->references, 1, memory_order_acq_rel) != 1)
        return;
    suites_free(policy->suites);
    free(policy->files);
    free(policy->profiles);
    free(policy->partners);
    free(policy->selectors);
    free(policy->slots);
    free(policy->name_slots);
    arena_free(&policy->arena);
    free(policy);
}

unsigned policy_needs(const struct policy *policy)
{
    return policy->needs;
}

const struct milter_settings *policy_milter(const struct policy *policy)
{
    return &policy->milter;
}

/* ---- how requirements combine ---- */

static size_t add_piece(struct piece piece[PIECES_MAX], size_t count, const struct require *require,
                        unsigned keys)
{
    if (keys != 0 && count < PIECES_MAX)
        piece[count] = (struct piece){require, keys};
    return count + (keys != 0);
}

static size_t add_profiles(const struct require *require, struct piece piece[PIECES_MAX], size_t count)
{
    for (size_t i = 0; i < require->profile_count && count <= PIECES_MAX; i++) {
        const struct require *profile = require->profiles[i]->require;

        count = add_piece(piece, count, profile, profile->keys);
        count = add_profiles(profile, piece, count);
    }
    return count;
}

size_t require_pieces(const struct policy *policy, const struct require *own, struct piece piece[PIECES_MAX])
{
    const struct require *profiles = own != NULL && own->has_profiles ? own : &policy->require;
    unsigned keys = own == NULL ? 0 : own->keys;
    size_t count = add_piece(piece, 0, own, keys);

    count = add_piece(piece, count, &policy->require, policy->require.keys & ~keys);
    return add_profiles(profiles, piece, count);
}

/* ---- partners ---- */

enum mode partner_in_force(const struct policy *policy, const struct partner *partner, int64_t now,
                           const struct actions **actions)
{
    enum mode mode = partner->mode == MODE_COUNT ? policy->mode : (enum mode)partner->mode;

    *actions = partner->actions == NULL ? policy->actions : partner->actions;
    for (size_t i = 0; i < partner->extras->step_count && partner->extras->steps[i].from <= now; i++) {
        const struct step *step = &partner->extras->steps[i];

        mode = step->mode == MODE_COUNT ? mode : step->mode;
        *actions = step->actions == NULL ? *actions : step->actions;
    }
    return mode;
}

size_t policy_partner_count(const struct policy *policy)
{
    return policy->partner_count;
}

const struct partner *policy_partner(const struct policy *policy, size_t i)
{
    return &policy->partners[i];
}

const char *partner_name(const struct partner *partner)
{
    return partner->name;
}

struct place partner_place(const struct policy *policy, const struct partner *partner)
{
    return (struct place){policy->files[partner->file], partner->line, partner->column};
}

const char *partner_contact(const struct partner *partner)
{
    return partner->extras->contact;
}

const char *partner_comment(const struct partner *partner)
{
    return partner->extras->comment;
}

enum mode partner_mode(const struct policy *policy, const struct partner *partner, int64_t now)
{
    const struct actions *actions;

    return partner_in_force(policy, partner, now, &actions);
}

bool partner_action(const struct policy *policy, const struct partner *partner, int64_t now,
                    enum action *action)
{
    const struct actions *actions;

    partner_in_force(policy, partner, now, &actions);
    *action = actions->otherwise;
    return actions->mapped;
}

const char *partner_message(const struct policy *policy, const struct partner *partner)
{
    return partner->extras->message != NULL ? partner->extras->message : policy->message;
}

void partner_each_selector(const struct policy *policy, const struct partner *partner,
                           void (*selector)(void *arg, const char *text), void *arg)
{
    for (size_t i = 0; i < partner->selector_count; i++) {
        const struct selector *entry = &policy->selectors[partner->selector_first + i];
        char text[DOMAIN_MAX + 64];

        if (entry->kind == SELECT_NETWORK)
            network_format(entry->network, text);
        else
            snprintf(text, sizeof text, "%s%s",
                     entry->kind == SELECT_SUBDOMAINS || entry->kind == SELECT_CLIENT_SUFFIX ? "." : "",
                     entry->domain);
        selector(arg, text);
    }
}

void policy_each_profile(const struct policy *policy, void (*found)(void *arg, const char *name), void *arg)
{
    for (size_t i = 0; i < policy->profile_count; i++)
        if (policy->profiles[i].builtin == NULL)
            found(arg, policy->profiles[i].name);
}
