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
#include "policy/names/date.h"
#include "policy/verdict/select.h"

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
    slots_free(&policy->selector_slots);
    patterns_free(&policy->patterns);
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

static size_t add_piece(struct piece piece[PIECES_MAX], size_t count, const struct piece *added)
{
    if (added->keys != 0 && count < PIECES_MAX)
        piece[count] = *added;
    return count + (added->keys != 0);
}

/* The pieces of the profiles that a `require` names, and of those that they name. */
static size_t add_profiles(const struct policy *policy, const struct require *require,
                           struct piece piece[PIECES_MAX], size_t count)
{
    for (size_t i = 0; i < require->profile_count && count <= PIECES_MAX; i++) {
        const struct require *profile = require->profiles[i]->require;
        const struct piece added = {profile, arena_at(&policy->arena, profile->certificates), profile->keys};

        count = add_piece(piece, count, &added);
        count = add_profiles(policy, profile, piece, count);
    }
    return count;
}

size_t require_pieces(const struct policy *policy, const struct partner *partner,
                      struct piece piece[PIECES_MAX])
{
    const struct require *own = &partner->terms->require, *defaults = &policy->require;
    const struct piece given = {own, arena_at(&policy->arena, partner->certificates), own->keys};
    const struct piece added = {defaults, arena_at(&policy->arena, defaults->certificates),
                                defaults->keys & ~own->keys};
    size_t count = add_piece(piece, 0, &given);

    count = add_piece(piece, count, &added);
    return add_profiles(policy, own->has_profiles ? own : defaults, piece, count);
}

/* ---- certificate identities ---- */

const struct particulars *identity_particulars(const struct policy *policy, const struct identity *identity)
{
    static const struct particulars none = {.from = DATE_BEGIN, .until = DATE_END};

    return identity->particulars == 0 ? &none : arena_at(&policy->arena, identity->particulars);
}

/* A rule as it was kept: `is_rule`, or else the text of a lone common name. */
static struct name_rule rule_at(const struct policy *policy, arena_ref ref, bool is_rule,
                                struct lone_name *lone)
{
    const struct name_rule *rule = arena_at(&policy->arena, ref);

    if (ref == 0)
        return (struct name_rule){0, NULL};
    if (is_rule)
        return *rule;
    lone->attribute = (struct name_attribute){NULL, arena_at(&policy->arena, ref)};
    lone->pattern = (struct name_pattern){1, &lone->attribute};
    return (struct name_rule){1, &lone->pattern};
}

struct name_rule identity_subject(const struct policy *policy, const struct identity *identity,
                                  struct lone_name *lone)
{
    return rule_at(policy, identity->subject, identity->subject_rule, lone);
}

struct name_rule identity_issuer(const struct policy *policy, const struct identity *identity,
                                 struct lone_name *lone)
{
    return rule_at(policy, identity->issuer, identity->issuer_rule, lone);
}

/* ---- partners ---- */

enum mode partner_in_force(const struct policy *policy, const struct partner *partner, int64_t now,
                           const struct actions **actions)
{
    enum mode mode = partner->mode == MODE_COUNT ? policy->mode : (enum mode)partner->mode;

    *actions = partner->terms->actions == NULL ? policy->actions : partner->terms->actions;
    for (size_t i = 0; i < partner->terms->step_count && partner->terms->steps[i].from <= now; i++) {
        const struct step *step = &partner->terms->steps[i];

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
    return partner->terms->contact;
}

const char *partner_comment(const struct partner *partner)
{
    return partner->terms->comment;
}

const char *partner_acknowledgement(const struct partner *partner, size_t i, const char **reason)
{
    const struct terms *terms = partner->terms;

    if (i >= terms->acknowledgement_count)
        return NULL;
    *reason = terms->acknowledgements[i].reason;
    return warning_id(terms->acknowledgements[i].warning);
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
    return partner->terms->message != NULL ? partner->terms->message : policy->message;
}

const struct selector *partner_selectors(const struct policy *policy, const struct partner *partner,
                                         size_t *count)
{
    const struct partner *next = partner + 1;
    size_t end =
        next == policy->partners + policy->partner_count ? policy->selector_count : next->selector_first;

    *count = end - partner->selector_first;
    return &policy->selectors[partner->selector_first];
}

void selector_format(const struct policy *policy, const struct selector *entry, unsigned kind, char *text,
                     size_t size)
{
    const void *of = arena_at(&policy->arena, entry->text);
    char network[64];

    if (kind == SELECT_NETWORK)
        network_format(of, network);
    snprintf(text, size, "%s%s", kind == SELECT_SUBDOMAINS || kind == SELECT_CLIENT_SUFFIX ? "." : "",
             kind == SELECT_NETWORK ? network : (const char *)of);
}

void partner_each_selector(const struct policy *policy, const struct partner *partner,
                           void (*selector)(void *arg, const char *text), void *arg)
{
    size_t count;
    const struct selector *entry = partner_selectors(policy, partner, &count);

    for (; count-- > 0; entry++) {
        char text[DOMAIN_MAX + 64];

        for (unsigned kind = 0; kind < SELECT_COUNT; kind++) {
            if ((entry->kinds & 1u << kind) == 0)
                continue;
            selector_format(policy, entry, kind, text, sizeof text);
            selector(arg, text);
        }
    }
}

const struct partner *policy_find_partner(const struct policy *policy, const char *name)
{
    for (size_t i = 0; i < policy->partner_count; i++)
        if (strcmp(policy->partners[i].name, name) == 0)
            return &policy->partners[i];
    return NULL;
}

/* Two reloads differ in little: partners that both lists begin or end with are in both, and need no index. */
bool policy_each_missing(const struct policy *policy, const struct policy *other,
                         void (*missing)(void *arg, const struct partner *partner), void *arg)
{
    struct slots names = {0};
    const struct partner *same;
    size_t first = 0, end = policy->partner_count, other_end = other->partner_count;
    bool good;

    while (first < end && first < other_end
           && strcmp(policy->partners[first].name, other->partners[first].name) == 0)
        first++;
    while (first < end && first < other_end
           && strcmp(policy->partners[end - 1].name, other->partners[other_end - 1].name) == 0)
        end--, other_end--;
    good = slots_reserve(&names, other_end - first);
    for (size_t i = first; good && i < other_end; i++)
        good = select_add_name(&names, other, i, &same);
    for (size_t i = first; good && i < end; i++)
        if (select_by_name(&names, other, policy->partners[i].name) == NULL)
            missing(arg, &policy->partners[i]);
    slots_free(&names);
    return good;
}

void policy_each_profile(const struct policy *policy, void (*found)(void *arg, const char *name), void *arg)
{
    for (size_t i = 0; i < policy->profile_count; i++)
        if (policy->profiles[i].builtin == NULL)
            found(arg, policy->profiles[i].name);
}
