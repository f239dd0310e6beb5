/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A hash index. A search that ends without a find, as that of nearly all mail
 * does, reads one octet or two of the tags and nothing else, however many
 * things there are. Knows no names and no networks.
 */
#include "policy/slots.h"

#include <stdlib.h>

enum { ROOM_MIN = 16 };

uint32_t slots_hash(const void *octets, size_t count)
{
    const unsigned char *octet = octets;
    uint32_t hash = 2166136261u;

    for (size_t i = 0; i < count; i++)
        hash = (hash ^ octet[i]) * 16777619u; /* FNV-1a */
    hash ^= hash >> 15;
    hash *= 0x2c1b3c6du;
    return hash ^ hash >> 13;
}

/* From the bits of the hash that a table of any likely size does not use for the place. */
static unsigned char tag_of(uint32_t hash)
{
    return (unsigned char)(hash >> 24 | 1);
}

bool slots_grow(struct slots *slots, uint32_t (*hash_of)(const void *owner, uint32_t number),
                const void *owner)
{
    struct slots grown = {.room = slots->room == 0 ? ROOM_MIN : slots->room * 2};

    if ((slots->count + 1) * 3 <= slots->room * 2)
        return true;
    grown.numbers = malloc(grown.room * sizeof *grown.numbers);
    grown.tags = calloc(grown.room, 1);
    if (grown.numbers == NULL || grown.tags == NULL) {
        slots_free(&grown);
        return false;
    }
    for (size_t i = 0; i < slots->room; i++)
        if (slots->tags[i] != 0)
            slots_add(&grown, hash_of(owner, slots->numbers[i]), slots->numbers[i]);
    slots_free(slots);
    *slots = grown;
    return true;
}

void slots_add(struct slots *slots, uint32_t hash, uint32_t number)
{
    size_t mask = slots->room - 1, i = hash & mask;

    while (slots->tags[i] != 0)
        i = (i + 1) & mask;
    slots->tags[i] = tag_of(hash);
    slots->numbers[i] = number;
    slots->count++;
}

bool slots_next(const struct slots *slots, uint32_t hash, size_t *at, uint32_t *number)
{
    size_t mask = slots->room - 1;
    unsigned char tag = tag_of(hash);

    if (slots->room == 0)
        return false;
    for (;;) {
        size_t i = (hash + (*at)++) & mask;

        if (slots->tags[i] == 0)
            return false;
        if (slots->tags[i] == tag) {
            *number = slots->numbers[i];
            return true;
        }
    }
}

void slots_free(struct slots *slots)
{
    free(slots->numbers);
    free(slots->tags);
}
