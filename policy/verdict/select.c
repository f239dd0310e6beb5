/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From an identity to partners. One hash table holds every domain, client name and block. A lookup probes it
 * once for each label of a name, or for each length of block that the policy has, however many partners there
 * are. Knows nothing of recipients, modes or requirements: the caller skips what does not apply and asks for
 * the next.
 */
#include "policy/verdict/select.h"

#include <stdlib.h>
#include <string.h>
#include "policy/array.h"

/* ---- the table ---- */

/* What a lookup searches for: a name, or a block (SELECT_NETWORK). */
struct wanted {
    enum selector_kind kind;
    const void *text;
    uint32_t hash;
};

static struct wanted wanted_name(const char *name, enum selector_kind kind)
{
    return (struct wanted){kind, name, slots_hash(name, strlen(name))};
}

static struct wanted wanted_network(const struct network *network)
{
    return (struct wanted){SELECT_NETWORK, network, slots_hash(network, sizeof *network)};
}

static enum selector_kind kind_of(const struct selector *selector)
{
    enum selector_kind kind = SELECT_DOMAIN;

    while ((selector->kinds & 1u << kind) == 0)
        kind++;
    return kind;
}

static struct wanted wanted_selector(const struct policy *policy, const struct selector *selector)
{
    const void *text = arena_at(&policy->arena, selector->text);

    return selector->kinds == 1u << SELECT_NETWORK ? wanted_network(text)
                                                   : wanted_name(text, kind_of(selector));
}

static bool has_text(const struct policy *policy, const struct selector *selector,
                     const struct wanted *wanted)
{
    const void *text = arena_at(&policy->arena, selector->text);

    if (wanted->kind == SELECT_NETWORK || selector->kinds == 1u << SELECT_NETWORK)
        return wanted->kind == SELECT_NETWORK && selector->kinds == 1u << SELECT_NETWORK
               && network_equal(text, wanted->text);
    return strcmp(text, wanted->text) == 0;
}

static const struct selector *find(const struct policy *policy, const struct wanted *wanted)
{
    uint32_t number;

    for (size_t at = 0; slots_next(&policy->selector_slots, wanted->hash, &at, &number);) {
        const struct selector *selector = &policy->selectors[number];

        if ((selector->kinds & 1u << wanted->kind) != 0 && has_text(policy, selector, wanted))
            return selector;
    }
    return NULL;
}

static uint32_t hash_of_selector(const void *owner, uint32_t number)
{
    const struct policy *policy = owner;

    return wanted_selector(policy, &policy->selectors[number]).hash;
}

/* Makes room for one more. */
static bool grow(struct policy *policy)
{
    struct selector *selectors = array_grow(policy->selectors, policy->selector_count, sizeof *selectors);

    if (selectors == NULL)
        return false;
    policy->selectors = selectors;
    return slots_grow(&policy->selector_slots, hash_of_selector, policy);
}

static unsigned labels_of(const char *domain)
{
    unsigned labels = 1;

    for (; *domain != '\0'; domain++)
        labels += *domain == '.';
    return labels;
}

static void note_labels(struct label_counts *counts, unsigned labels)
{
    if (labels <= DOMAIN_LABELS_MAX && memchr(counts->labels, (int)labels, counts->count) == NULL)
        counts->labels[counts->count++] = (unsigned char)labels;
}

/* Updates what the policy keeps about its selectors as a whole. */
static void note(struct policy *policy, const struct selector *selector, const struct wanted *wanted)
{
    const struct network *network = wanted->text;

    switch (wanted->kind) {
    case SELECT_EVERYONE:
        policy->everyone = selector->partner + 1;
        break;
    case SELECT_NETWORK:
        policy->prefixes[network->v6][network->prefix] = 1;
        break;
    case SELECT_DOMAIN:
    case SELECT_SUBDOMAINS:
        note_labels(&policy->labels, labels_of(wanted->text));
        break;
    default:
        break;
    }
}

/* Whether the selector differs from the one added last by its kind only: "[contoso.com, .contoso.com]". */
static bool joins_last(const struct policy *policy, const struct selector *selector,
                       const struct wanted *wanted)
{
    const struct selector *last =
        policy->selector_count == 0 ? NULL : &policy->selectors[policy->selector_count - 1];

    return last != NULL && last->partner == selector->partner && last->line == selector->line
           && has_text(policy, last, wanted);
}

bool select_add(struct policy *policy, const struct selector *selector, const struct selector **other)
{
    struct wanted wanted = wanted_selector(policy, selector);

    *other = find(policy, &wanted);
    if (*other != NULL)
        return true;
    if (joins_last(policy, selector, &wanted)) {
        policy->selectors[policy->selector_count - 1].kinds |= selector->kinds;
    } else {
        if (!grow(policy))
            return false;
        policy->selectors[policy->selector_count] = *selector;
        slots_add(&policy->selector_slots, wanted.hash, (uint32_t)policy->selector_count++);
    }
    note(policy, selector, &wanted);
    return true;
}

static const struct partner *lookup(const struct policy *policy, const struct wanted *wanted)
{
    const struct selector *found = find(policy, wanted);

    return found == NULL ? NULL : &policy->partners[found->partner];
}

static const struct partner *lookup_name(const struct policy *policy, const char *name,
                                         enum selector_kind kind)
{
    struct wanted wanted = wanted_name(name, kind);

    return lookup(policy, &wanted);
}

void select_exact(const struct policy *policy, const char *domain, size_t length,
                  const struct partner *found[2])
{
    uint32_t hash = slots_hash(domain, length), number;

    found[0] = found[1] = NULL;
    for (size_t at = 0; slots_next(&policy->selector_slots, hash, &at, &number);) {
        const struct selector *selector = &policy->selectors[number];
        const char *text = arena_at(&policy->arena, selector->text);

        if ((selector->kinds & (1u << SELECT_DOMAIN | 1u << SELECT_SUBDOMAINS)) == 0
            || strncmp(text, domain, length) != 0 || text[length] != '\0')
            continue;
        for (unsigned i = 0; i < 2; i++)
            if ((selector->kinds & 1u << (i == 0 ? SELECT_DOMAIN : SELECT_SUBDOMAINS)) != 0)
                found[i] = &policy->partners[selector->partner];
    }
}

/* ---- partners by name ---- */

static uint32_t hash_name(const char *name)
{
    return slots_hash(name, strlen(name));
}

static uint32_t hash_of_partner(const void *owner, uint32_t number)
{
    const struct policy *policy = owner;

    return hash_name(policy->partners[number].name);
}

const struct partner *select_by_name(const struct slots *names, const struct policy *policy, const char *name)
{
    uint32_t hash = hash_name(name), number;

    for (size_t at = 0; slots_next(names, hash, &at, &number);)
        if (strcmp(policy->partners[number].name, name) == 0)
            return &policy->partners[number];
    return NULL;
}

bool select_add_name(struct slots *names, const struct policy *policy, size_t partner,
                     const struct partner **other)
{
    const char *name = policy->partners[partner].name;

    *other = select_by_name(names, policy, name);
    if (*other != NULL)
        return true;
    if (!slots_grow(names, hash_of_partner, policy))
        return false;
    slots_add(names, hash_name(name), (uint32_t)partner);
    return true;
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

/* Returns the partner of the next block that contains the address, the longest prefix first. */
static const struct partner *next_network(struct selection *selection)
{
    const struct policy *policy = selection->policy;

    while (selection->prefix >= 0) {
        unsigned prefix = (unsigned)selection->prefix--;
        struct network block;
        struct wanted wanted;
        const struct partner *partner;

        if (!policy->prefixes[selection->address->v6][prefix])
            continue;
        block = network_mask(selection->address, prefix);
        wanted = wanted_network(&block);
        partner = lookup(policy, &wanted);
        if (partner != NULL)
            return partner;
    }
    return NULL;
}

/* Returns the partner of the next entry of that kind for a parent of the name, the longest parent first. */
static const struct partner *next_parent(struct selection *selection, enum selector_kind kind)
{
    const struct partner *partner;

    while (selection->rest != NULL && (selection->rest = strchr(selection->rest, '.')) != NULL) {
        selection->rest++;
        partner = *selection->rest == '\0' ? NULL : lookup_name(selection->policy, selection->rest, kind);
        if (partner != NULL)
            return partner;
    }
    return NULL;
}

/* Goes to the next stage: the current one answers only once, or has no more entries. */
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
                selection->domain == NULL ? NULL : lookup_name(policy, selection->domain, SELECT_CLIENT_NAME);
            once = true;
            break;
        case STAGE_NAME_SUFFIXES:
            partner = next_parent(selection, SELECT_CLIENT_SUFFIX);
            break;
        case STAGE_DOMAIN:
            partner = lookup_name(policy, selection->domain, SELECT_DOMAIN);
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

const char *select_found_entry(const struct selection *selection)
{
    return selection->stage == STAGE_END ? "*" : selection->rest;
}
