/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The index of a policy's recipient patterns. Knows their texts; does not know which recipient matches
 * them.
 */
#include "policy/names/patterns.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "policy/array.h"

static const char *text_of(const struct patterns *patterns, uint32_t number)
{
    return arena_at(patterns->arena, patterns->texts[number - 1]);
}

static uint32_t hash_of_number(const void *owner, uint32_t number)
{
    const char *text = text_of(owner, number);

    return slots_hash(text, strlen(text));
}

bool patterns_find(const struct patterns *patterns, const char *text, size_t length, uint32_t *number)
{
    uint32_t hash = slots_hash(text, length);

    for (size_t at = 0; slots_next(&patterns->slots, hash, &at, number);) {
        const char *other = text_of(patterns, *number);

        if (strncmp(other, text, length) == 0 && other[length] == '\0')
            return true;
    }
    return false;
}

/* Notes what look-ups must know of all patterns. */
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
static bool append(struct patterns *patterns, const char *text, size_t length)
{
    uint32_t *texts = array_grow(patterns->texts, patterns->count, sizeof *texts);

    if (texts == NULL)
        return false;
    patterns->texts = texts;
    texts[patterns->count] = arena_keep(patterns->arena, text, length);
    if (texts[patterns->count] == 0 || !slots_grow(&patterns->slots, hash_of_number, patterns))
        return false;
    patterns->count++;
    slots_add(&patterns->slots, slots_hash(text, length), (uint32_t)patterns->count);
    return true;
}

bool patterns_add(struct patterns *patterns, const struct address_pattern *pattern, uint32_t *number)
{
    char text[sizeof(struct address) + 4];
    size_t length =
        (size_t)snprintf(text, sizeof text, "%s@%s%s", pattern->local == NULL ? "" : pattern->local,
                         pattern->suffix ? "." : "", pattern->domain);

    if (patterns_find(patterns, text, length, number))
        return true;
    if (!append(patterns, text, length))
        return false;
    note(patterns, pattern);
    *number = (uint32_t)patterns->count;
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
