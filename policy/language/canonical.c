/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Writes octets that do not depend on order and repetition. Knows numbers, texts and sets of them; does not
 * know what they mean.
 */
#include "policy/language/canonical.h"

#include <stdlib.h>
#include <string.h>
#include "policy/array.h"

enum { NUMBER_OCTETS = 8 };

/* A member of a set. */
struct range {
    const unsigned char *octets;
    size_t length;
};

/* Extends the octets by `count`, and returns where these begin; NULL: out of memory. */
static unsigned char *extend(struct canonical *to, size_t count)
{
    if (to->exhausted)
        return NULL;
    if (to->room - to->length < count) {
        size_t room = 2 * to->room + count + 256;
        unsigned char *octets = realloc(to->octets, room);

        if (octets == NULL) {
            to->exhausted = true;
            return NULL;
        }
        to->octets = octets;
        to->room = room;
    }
    to->length += count;
    return to->octets + to->length - count;
}

static void put_number(unsigned char at[NUMBER_OCTETS], uint64_t number)
{
    for (int i = NUMBER_OCTETS; i-- > 0; number >>= 8)
        at[i] = (unsigned char)number;
}

void canonical_number(struct canonical *to, uint64_t number)
{
    unsigned char *at = extend(to, NUMBER_OCTETS);

    if (at != NULL)
        put_number(at, number);
}

void canonical_octets(struct canonical *to, const void *octets, size_t count)
{
    unsigned char *at = extend(to, count);

    if (at != NULL && count > 0)
        memcpy(at, octets, count);
}

void canonical_text(struct canonical *to, const char *text)
{
    canonical_octets(to, text, strlen(text) + 1);
}

static unsigned char lower(unsigned char octet)
{
    return octet >= 'A' && octet <= 'Z' ? (unsigned char)(octet - 'A' + 'a') : octet;
}

void canonical_lower(struct canonical *to, const char *text)
{
    size_t size = strlen(text) + 1;
    unsigned char *at = extend(to, size);

    for (size_t i = 0; at != NULL && i < size; i++)
        at[i] = lower((unsigned char)text[i]);
}

/* ---- sets ---- */

struct canonical_set canonical_begin(struct canonical *to)
{
    struct canonical_set set = {to->length, to->start_count};

    canonical_number(to, 0);
    return set;
}

void canonical_member(struct canonical *to)
{
    size_t *starts = to->exhausted ? NULL : array_grow(to->starts, to->start_count, sizeof *starts);

    if (starts == NULL) {
        to->exhausted = true;
        return;
    }
    to->starts = starts;
    starts[to->start_count++] = to->length;
}

static int compare(const void *a, const void *b)
{
    const struct range *first = a, *second = b;
    size_t both = first->length < second->length ? first->length : second->length;
    int order = memcmp(first->octets, second->octets, both);

    return order != 0 ? order : (first->length > second->length) - (first->length < second->length);
}

static struct range member_at(const struct canonical *to, size_t i)
{
    size_t end = i + 1 < to->start_count ? to->starts[i + 1] : to->length;

    return (struct range){to->octets + to->starts[i], end - to->starts[i]};
}

static bool ascends(const struct canonical *to, size_t first)
{
    for (size_t i = first + 1; i < to->start_count; i++) {
        struct range before = member_at(to, i - 1), member = member_at(to, i);

        if (compare(&before, &member) >= 0)
            return false;
    }
    return true;
}

/* Sorts the members and drops duplicates. Returns how many are left; 0: out of memory. */
static size_t sort(struct canonical *to, size_t first)
{
    size_t count = to->start_count - first, start = to->starts[first], left = 0;
    struct range *members = malloc(count * sizeof *members);
    unsigned char *sorted = malloc(to->length - start), *end = sorted;

    if (members == NULL || sorted == NULL) {
        to->exhausted = true;
    } else {
        for (size_t i = 0; i < count; i++)
            members[i] = member_at(to, first + i);
        qsort(members, count, sizeof *members, compare);
        for (size_t i = 0; i < count; i++) {
            if (i > 0 && compare(&members[i - 1], &members[i]) == 0)
                continue;
            memcpy(end, members[i].octets, members[i].length);
            end += members[i].length;
            left++;
        }
        memcpy(to->octets + start, sorted, (size_t)(end - sorted));
        to->length = start + (size_t)(end - sorted);
    }
    free(members);
    free(sorted);
    return left;
}

void canonical_end(struct canonical *to, struct canonical_set set)
{
    size_t count = to->start_count - set.first;

    if (to->exhausted)
        return;
    if (!ascends(to, set.first))
        count = sort(to, set.first);
    to->start_count = set.first;
    put_number(to->octets + set.at, count);
}

void canonical_reset(struct canonical *to)
{
    to->length = 0;
    to->start_count = 0;
}

void canonical_free(struct canonical *to)
{
    free(to->octets);
    free(to->starts);
    *to = (struct canonical){0};
}
