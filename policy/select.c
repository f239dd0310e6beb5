/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From an identity to partners. One hash table holds every domain, client name
 * and block; a lookup probes it once for each label of a name, or for each
 * length of block that the policy has, however many partners there are. Knows
 * nothing of recipients, modes or requirements: the caller passes over what
 * does not apply and asks for the next.
 */
#include "policy/select.h"

#include <stdlib.h>
#include <string.h>

/* ---- the table ---- */

static unsigned hash_octets(unsigned hash, const void *octets, size_t count)
{
    const unsigned char *octet = octets;

    for (size_t i = 0; i < count; i++)
        hash = (hash ^ octet[i]) * 16777619u; /* FNV-1a */
    return hash;
}

static unsigned hash_finish(unsigned hash)
{
    hash ^= hash >> 15;
    hash *= 0x2c1b3c6du;
    return hash ^ hash >> 13;
}

static unsigned hash_name(const char *name, enum selector_kind kind)
{
    return hash_finish(hash_octets(2166136261u + (unsigned)kind, name, strlen(name)));
}

static unsigned hash_network(const struct network *network)
{
    unsigned char form[2] = {network->v6, network->prefix};

    return hash_finish(hash_octets(hash_octets(2166136261u, form, 2), network->octets, 16));
}

static unsigned hash_selector(const struct selector *selector)
{
    return selector->kind == SELECT_NETWORK ? hash_network(selector->network)
                                            : hash_name(selector->domain, selector->kind);
}

static bool same_selector(const struct selector *a, const struct selector *b)
{
    if (a->kind != b->kind)
        return false;
    return a->kind == SELECT_NETWORK ? network_equal(a->network, b->network)
                                     : strcmp(a->domain, b->domain) == 0;
}

static const struct selector *find(const struct policy *policy, const struct selector *wanted)
{
    size_t mask = policy->slot_count - 1;

    if (policy->slot_count == 0)
        return NULL;
    for (size_t i = hash_selector(wanted) & mask; policy->slots[i] != 0; i = (i + 1) & mask) {
        const struct selector *selector = &policy->selectors[policy->slots[i] - 1];

        if (same_selector(selector, wanted))
            return selector;
    }
    return NULL;
}

static void enter(struct policy *policy, unsigned index)
{
    size_t mask = policy->slot_count - 1, i = hash_selector(&policy->selectors[index]) & mask;

    while (policy->slots[i] != 0)
        i = (i + 1) & mask;
    policy->slots[i] = index + 1;
}

/* Makes room for one more: the array doubles, the table stays at most two thirds full. */
static bool grow(struct policy *policy)
{
    size_t count = policy->selector_count;

    if ((count & (count - 1)) == 0) {
        size_t room = count == 0 ? 8 : count * 2;
        struct selector *selectors = count != 0 && count < 8
                                         ? policy->selectors
                                         : realloc(policy->selectors, room * sizeof *selectors);

        if (selectors == NULL)
            return false;
        policy->selectors = selectors;
    }
    if ((count + 1) * 3 > policy->slot_count * 2) {
        size_t slots = policy->slot_count == 0 ? 16 : policy->slot_count * 2;
        unsigned *table = calloc(slots, sizeof *table);

        if (table == NULL)
            return false;
        free(policy->slots);
        policy->slots = table;
        policy->slot_count = slots;
        for (unsigned i = 0; i < count; i++)
            enter(policy, i);
    }
    return true;
}

static unsigned labels_of(const char *domain)
{
    unsigned labels = 1;

    for (; *domain != '\0'; domain++)
        labels += *domain == '.';
    return labels;
}

bool select_add(struct policy *policy, const struct selector *selector, const struct selector **other)
{
    *other = find(policy, selector);
    if (*other != NULL)
        return true;
    if (!grow(policy))
        return false;
    policy->selectors[policy->selector_count] = *selector;
    enter(policy, (unsigned)policy->selector_count++);
    switch (selector->kind) {
    case SELECT_EVERYONE:
        policy->everyone = selector->partner + 1;
        break;
    case SELECT_NETWORK:
        policy->prefixes[selector->network->v6][selector->network->prefix] = 1;
        break;
    case SELECT_DOMAIN:
    case SELECT_SUBDOMAINS:
        if (labels_of(selector->domain) > policy->labels_max)
            policy->labels_max = labels_of(selector->domain);
        break;
    }
    return true;
}

static const struct partner *lookup(const struct policy *policy, const char *name, enum selector_kind kind)
{
    struct selector wanted = {.domain = name, .kind = kind};
    const struct selector *found = find(policy, &wanted);

    return found == NULL ? NULL : &policy->partners[found->partner];
}

const struct partner *select_exact(const struct policy *policy, const char *domain, enum selector_kind kind)
{
    return lookup(policy, domain, kind);
}

/* ---- partners by name ---- */

/* The slot in which the name is or would be. The table has room. */
static unsigned *name_slot(const struct policy *policy, const char *name)
{
    size_t mask = policy->name_slot_count - 1, i = hash_name(name, 0) & mask;

    while (policy->name_slots[i] != 0 && strcmp(policy->partners[policy->name_slots[i] - 1].name, name) != 0)
        i = (i + 1) & mask;
    return &policy->name_slots[i];
}

static bool grow_names(struct policy *policy)
{
    size_t old_count = policy->name_slot_count, count = old_count == 0 ? 16 : old_count * 2;
    unsigned *old = policy->name_slots, *slots;

    if ((policy->partner_count + 1) * 3 <= old_count * 2)
        return true;
    slots = calloc(count, sizeof *slots);
    if (slots == NULL)
        return false;
    policy->name_slots = slots;
    policy->name_slot_count = count;
    for (size_t i = 0; i < old_count; i++)
        if (old[i] != 0)
            *name_slot(policy, policy->partners[old[i] - 1].name) = old[i];
    free(old);
    return true;
}

bool select_add_name(struct policy *policy, const char *name, const struct partner **other)
{
    unsigned *slot;

    if (!grow_names(policy))
        return false;
    slot = name_slot(policy, name);
    *other = *slot == 0 ? NULL : &policy->partners[*slot - 1];
    if (*slot == 0)
        *slot = (unsigned)policy->partner_count + 1;
    return true;
}

const struct partner *policy_find_partner(const struct policy *policy, const char *name)
{
    unsigned slot = policy->name_slot_count == 0 ? 0 : *name_slot(policy, name);

    return slot == 0 ? NULL : &policy->partners[slot - 1];
}

/* ---- the walk ---- */

enum {
    STAGE_NETWORKS,
    STAGE_NAME,
    STAGE_NAME_SUFFIXES,
    STAGE_DOMAIN,
    STAGE_SUFFIXES,
    STAGE_PARENTS,
    STAGE_EVERYONE,
    STAGE_END
};

void select_domain(struct selection *selection, const struct policy *policy, const char *domain,
                   bool null_sender)
{
    *selection =
        (struct selection){.policy = policy,
                           .domain = domain,
                           .rest = domain,
                           .null_sender = null_sender,
                           .stage = domain != NULL && *domain != '\0' ? STAGE_DOMAIN : STAGE_EVERYONE};
}

void select_client(struct selection *selection, const struct policy *policy, const struct network *address,
                   const char *name)
{
    *selection = (struct selection){.policy = policy,
                                    .domain = name,
                                    .rest = name,
                                    .address = address,
                                    .stage = address != NULL ? STAGE_NETWORKS : STAGE_NAME};
    if (address != NULL)
        selection->prefix = address->v6 ? 128 : 32;
}

/* The next of the blocks that hold the address, from the longest prefix down. */
static const struct partner *next_network(struct selection *selection)
{
    const struct policy *policy = selection->policy;

    while (selection->prefix >= 0) {
        unsigned prefix = (unsigned)selection->prefix--;
        struct network block;
        struct selector wanted = {.network = &block, .kind = SELECT_NETWORK};
        const struct selector *found;

        if (!policy->prefixes[selection->address->v6][prefix])
            continue;
        block = network_mask(selection->address, prefix);
        found = find(policy, &wanted);
        if (found != NULL)
            return &policy->partners[found->partner];
    }
    return NULL;
}

/* The next of the entries of that kind for what stands behind a dot of the name, from the longest down. */
static const struct partner *next_parent(struct selection *selection, enum selector_kind kind)
{
    const struct partner *partner;

    while (selection->rest != NULL && (selection->rest = strchr(selection->rest, '.')) != NULL) {
        selection->rest++;
        partner = *selection->rest == '\0' ? NULL : lookup(selection->policy, selection->rest, kind);
        if (partner != NULL)
            return partner;
    }
    return NULL;
}

/* What a stage that answers once, or no more, is followed by. */
static void next_stage(struct selection *selection)
{
    selection->rest = selection->domain;
    switch (selection->stage) {
    case STAGE_NETWORKS:
        selection->stage = selection->domain != NULL ? STAGE_NAME : STAGE_END;
        break;
    case STAGE_NAME_SUFFIXES:
    case STAGE_EVERYONE:
        selection->stage = STAGE_END;
        break;
    case STAGE_SUFFIXES:
        selection->stage = selection->null_sender ? STAGE_PARENTS : STAGE_EVERYONE;
        break;
    default:
        selection->stage++;
        break;
    }
}

const struct partner *select_next(struct selection *selection)
{
    const struct policy *policy = selection->policy;
    const struct partner *partner = NULL;

    while (partner == NULL && selection->stage != STAGE_END) {
        bool once = false;

        switch (selection->stage) {
        case STAGE_NETWORKS:
            partner = next_network(selection);
            break;
        case STAGE_NAME:
            partner =
                selection->domain == NULL ? NULL : lookup(policy, selection->domain, SELECT_CLIENT_NAME);
            once = true;
            break;
        case STAGE_NAME_SUFFIXES:
            partner = next_parent(selection, SELECT_CLIENT_SUFFIX);
            break;
        case STAGE_DOMAIN:
            partner = lookup(policy, selection->domain, SELECT_DOMAIN);
            once = true;
            break;
        case STAGE_SUFFIXES:
            partner = next_parent(selection, SELECT_SUBDOMAINS);
            break;
        case STAGE_PARENTS:
            partner = next_parent(selection, SELECT_DOMAIN);
            break;
        case STAGE_EVERYONE:
            partner = policy->everyone == 0 ? NULL : &policy->partners[policy->everyone - 1];
            once = true;
            break;
        }
        if (once || partner == NULL)
            next_stage(selection);
    }
    return partner;
}
