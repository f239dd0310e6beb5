/* SPDX-License-Identifier: BSD-2-Clause */
/* The index of a policy's recipient patterns. Knows their texts; does not know which recipient matches them. */
#include "policy/names/patterns.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "policy/internal.h"

static const char *text_of(const struct policy *policy, uint32_t number)
{
    return arena_at(&policy->arena, policy->patterns.texts[number - 1]);
}

static uint32_t hash_of_number(const void *owner, uint32_t number)
{
    const char *text = text_of(owner, number);

    return slots_hash(text, strlen(text));
}

bool patterns_find(const struct policy *policy, const char *text, size_t length, uint32_t *number)
{
    uint32_t hash = slots_hash(text, length);

    for (size_t at = 0; slots_next(&policy->patterns.slots, hash, &at, number);) {
        const char *other = text_of(policy, *number);

        if (strncmp(other, text, length) == 0 && other[length] == '\0')
            return true;
    }
    return false;
}

/* What the lookups have to know of all patterns. */
static void note(struct patterns *patterns, const struct address_pattern *pattern)
{
    size_t length = pattern->local == NULL ? 0 : strlen(pattern->local);
    unsigned labels = 1;

    for (const char *at = pattern->domain; *at != '\0'; at++)
        labels += *at == '.';
    if (length > patterns->local_max)
        patterns->local_max = length;
    if (pattern->suffix && labels > patterns->labels_max)
        patterns->labels_max = labels;
}

/* Appends a text that is not there yet. False: out of memory. */
static bool append(struct policy *policy, const char *text, size_t length)
{
    struct patterns *patterns = &policy->patterns;
    size_t count = patterns->count;

    if ((count & (count - 1)) == 0) {
        uint32_t *texts = realloc(patterns->texts, (count == 0 ? 1 : count * 2) * sizeof *texts);

        if (texts == NULL)
            return false;
        patterns->texts = texts;
    }
    patterns->texts[count] = arena_keep(&policy->arena, text, length);
    if (patterns->texts[count] == 0 || !slots_grow(&patterns->slots, hash_of_number, policy))
        return false;
    patterns->count++;
    slots_add(&patterns->slots, slots_hash(text, length), (uint32_t)patterns->count);
    return true;
}

bool patterns_add(struct policy *policy, const struct address_pattern *pattern, uint32_t *number)
{
    char text[sizeof(struct address) + 4];
    size_t length =
        (size_t)snprintf(text, sizeof text, "%s@%s%s", pattern->local == NULL ? "" : pattern->local,
                         pattern->suffix ? "." : "", pattern->domain);

    if (patterns_find(policy, text, length, number))
        return true;
    if (!append(policy, text, length))
        return false;
    note(&policy->patterns, pattern);
    *number = (uint32_t)policy->patterns.count;
    return true;
}

bool pattern_set_has(const struct pattern_set *set, uint32_t number)
{
    size_t first = 0, end = set->count;

    while (first < end) {
        size_t middle = first + (end - first) / 2;

        if (set->numbers[middle] == number)
            return true;
        if (set->numbers[middle] < number)
            first = middle + 1;
        else
            end = middle;
    }
    return false;
}

void patterns_free(struct patterns *patterns)
{
    slots_free(&patterns->slots);
    free(patterns->texts);
}
