/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Compares two policies by the lines of rule.c, which show what a policy means, not how it is written. Most
 * partners are the same in both policies: all lines of a partner are compared at once, and one by one only if
 * they differ.
 */
#include "policy/language/difference.h"

#include <stdlib.h>
#include <string.h>
#include "policy/language/rule.h"

/* One line; points into the rule. */
struct line {
    const char *key, *value;
    bool item;
};

/*
 * All lines of one partner, or all settings, one after the other: 'i' (an item of a list) or 'k', the key,
 * NUL, the value, NUL.
 */
struct rule {
    char *octets;
    size_t length, room, count;
    struct line *line;         /* in their order; made by index_lines() */
    const struct line **index; /* sorted by key and value */
    bool exhausted;
};

struct side {
    const struct policy *policy;
    size_t count;
    const struct partner **by_name;
};

struct difference {
    enum difference_order order;
    struct side old, new;
};

/* ---- the lines of a rule ---- */

static bool reserve(struct rule *rule, size_t size)
{
    if (rule->room - rule->length < size) {
        size_t room = 2 * rule->room + size;
        char *grown = realloc(rule->octets, room);

        if (grown == NULL)
            return false;
        rule->octets = grown;
        rule->room = room;
    }
    return true;
}

static void keep_line(void *arg, const struct rule_line *line)
{
    struct rule *rule = arg;
    size_t key = strlen(line->key) + 1, value = strlen(line->value) + 1;

    if (!reserve(rule, 1 + key + value)) {
        rule->exhausted = true;
        return;
    }
    rule->octets[rule->length++] = line->item ? 'i' : 'k';
    memcpy(rule->octets + rule->length, line->key, key);
    memcpy(rule->octets + rule->length + key, line->value, value);
    rule->length += key + value;
    rule->count++;
}

static int by_key_and_value(const void *a, const void *b)
{
    const struct line *one = *(const struct line *const *)a, *other = *(const struct line *const *)b;
    int order = strcmp(one->key, other->key);

    return order != 0 ? order : strcmp(one->value, other->value);
}

static void index_lines(struct rule *rule)
{
    const char *at = rule->octets;

    free(rule->line);
    free(rule->index);
    rule->line = calloc(rule->count + 1, sizeof *rule->line);
    rule->index = calloc(rule->count + 1, sizeof *rule->index);
    if (rule->line == NULL || rule->index == NULL) {
        rule->exhausted = true;
        return;
    }
    for (size_t i = 0; i < rule->count; i++) {
        const char *key = at + 1, *value = key + strlen(key) + 1;

        rule->line[i] = (struct line){key, value, *at == 'i'};
        rule->index[i] = &rule->line[i];
        at = value + strlen(value) + 1;
    }
    qsort(rule->index, rule->count, sizeof *rule->index, by_key_and_value);
}

/* Empties the rule, and keeps its memory for the next one. */
static void begin(struct rule *rule)
{
    rule->length = rule->count = 0;
}

static void clear(struct rule *rule)
{
    free(rule->octets);
    free(rule->line);
    free(rule->index);
}

/* Returns the line with the same key, and for an item of a list also the same value; NULL: none. */
static const struct line *find(const struct rule *rule, const struct line *line)
{
    size_t first = 0, end = rule->count;

    while (first < end) {
        size_t middle = first + (end - first) / 2;
        int order = strcmp(rule->index[middle]->key, line->key);

        if (order == 0 && line->item)
            order = strcmp(rule->index[middle]->value, line->value);
        if (order == 0)
            return rule->index[middle];
        if (order < 0)
            first = middle + 1;
        else
            end = middle;
    }
    return NULL;
}

/* False: out of memory. */
static bool compare(struct rule *old, struct rule *new, const char *partner, change_fn *change, void *arg)
{
    if (old->exhausted || new->exhausted)
        return false;
    if (old->length == new->length && memcmp(old->octets, new->octets, old->length) == 0)
        return true;
    index_lines(old);
    index_lines(new);
    if (old->exhausted || new->exhausted)
        return false;
    for (size_t i = 0; i < old->count; i++) {
        const struct line *line = &old->line[i], *other = find(new, line);

        if (other == NULL || strcmp(line->value, other->value) != 0)
            change(arg, &(struct change){partner, line->key, line->value, other != NULL ? other->value : NULL,
                                         line->item});
    }
    for (size_t i = 0; i < new->count; i++) {
        const struct line *line = &new->line[i];

        if (find(old, line) == NULL)
            change(arg, &(struct change){partner, line->key, NULL, line->value, line->item});
    }
    return true;
}

/* ---- both policies ---- */

static int compare_names(const void *a, const void *b)
{
    return strcmp(partner_name(*(const struct partner *const *)a),
                  partner_name(*(const struct partner *const *)b));
}

/* Sorts the partners by name, unless they are sorted already, as most long lists are. */
static void sort(struct side *side)
{
    for (size_t i = 1; i < side->count; i++)
        if (compare_names(&side->by_name[i - 1], &side->by_name[i]) > 0) {
            qsort(side->by_name, side->count, sizeof *side->by_name, compare_names);
            return;
        }
}

/* False: out of memory. */
static bool list(struct side *side, const struct policy *policy)
{
    side->policy = policy;
    side->count = policy_partner_count(policy);
    side->by_name = calloc(side->count + 1, sizeof *side->by_name);
    if (side->by_name == NULL)
        return false;
    for (size_t i = 0; i < side->count; i++)
        side->by_name[i] = policy_partner(policy, i);
    sort(side);
    return true;
}

/* Returns the i-th partner in the order of `difference`. */
static const struct partner *partner_at(const struct difference *difference, const struct side *side,
                                        size_t i)
{
    return difference->order == DIFFERENCE_BY_NAME ? side->by_name[i] : policy_partner(side->policy, i);
}

/* Returns the partner of the same name; NULL: none. */
static const struct partner *partner_like(const struct side *side, const struct partner *partner)
{
    const struct partner *const *found =
        bsearch(&partner, side->by_name, side->count, sizeof *side->by_name, compare_names);

    return found != NULL ? *found : NULL;
}

struct difference *difference_new(const struct policy *old, const struct policy *new,
                                  enum difference_order order)
{
    struct difference *difference = calloc(1, sizeof *difference);

    if (difference == NULL)
        return NULL;
    difference->order = order;
    if (list(&difference->old, old) && list(&difference->new, new))
        return difference;
    difference_free(difference);
    return NULL;
}

void difference_free(struct difference *difference)
{
    if (difference == NULL)
        return;
    free(difference->old.by_name);
    free(difference->new.by_name);
    free(difference);
}

void difference_each_added(const struct difference *difference, partner_fn *partner, void *arg)
{
    for (size_t i = 0; i < difference->new.count; i++) {
        const struct partner *one = partner_at(difference, &difference->new, i);

        if (partner_like(&difference->old, one) == NULL)
            partner(arg, one);
    }
}

void difference_each_removed(const struct difference *difference, partner_fn *partner, void *arg)
{
    for (size_t i = 0; i < difference->old.count; i++) {
        const struct partner *one = partner_at(difference, &difference->old, i);

        if (partner_like(&difference->new, one) == NULL)
            partner(arg, one);
    }
}

bool difference_each_change(const struct difference *difference, change_fn *change, void *arg)
{
    const struct side *old = &difference->old, *new = &difference->new;
    struct rule before = {0}, after = {0};
    bool good = true;

    for (size_t i = 0; i < new->count &&good; i++) {
        const struct partner *now = partner_at(difference, new, i), *then = partner_like(old, now);

        if (then == NULL)
            continue;
        begin(&before);
        begin(&after);
        before.exhausted |= !rule_each(old->policy, then, keep_line, &before);
        after.exhausted |= !rule_each(new->policy, now, keep_line, &after);
        good = compare(&before, &after, partner_name(now), change, arg);
    }
    clear(&before);
    clear(&after);
    return good;
}

bool difference_each_setting(const struct difference *difference, change_fn *change, void *arg)
{
    struct rule before = {0}, after = {0};
    bool good;

    before.exhausted |= !rule_each_setting(difference->old.policy, keep_line, &before);
    after.exhausted |= !rule_each_setting(difference->new.policy, keep_line, &after);
    good = compare(&before, &after, NULL, change, arg);
    clear(&before);
    clear(&after);
    return good;
}
