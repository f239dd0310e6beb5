/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A hash index. Most searches find nothing, because most mail is no partner's. Such a search reads one or two
 * octets of the tags and nothing else, however large the index is. Knows no names and no networks.
 */
#include "policy/slots.h"

#include <stdlib.h>
#include <string.h>

enum { ROOM_MIN = 16 };

uint32_t slots_hash(const void *octets, size_t count)
{
    const unsigned char *octet = octets;
    uint64_t hash = count;

    for (size_t done = 0; done < count; done += sizeof hash) {
        uint64_t word = 0;

        memcpy(&word, octet + done, count - done < sizeof word ? count - done : sizeof word);
        hash = (hash ^ word) * 0x9E3779B97F4A7C15u;
        hash ^= hash >> 32;
    }
    hash *= 0xD6E8FEB86659FD93u;
    return (uint32_t)(hash ^ hash >> 32);
}

/* Uses the top bits of the hash: a table of any likely size takes the position from the lower ones. */
static unsigned char tag_of(uint32_t hash)
{
    return (unsigned char)(hash >> 24 | 1);
}

static bool has_room(size_t room, size_t count)
{
    return count * 3 <= room * 2;
}

/* Makes an empty index. False: out of memory. */
static bool make(struct slots *slots, size_t room)
{
    *slots = (struct slots){
        .room = room, .numbers = malloc(room * sizeof *slots->numbers), .tags = calloc(room, 1)};
    if (slots->numbers != NULL && slots->tags != NULL)
        return true;
    slots_free(slots);
    *slots = (struct slots){0};
    return false;
}

bool slots_reserve(struct slots *slots, size_t count)
{
    size_t room = ROOM_MIN;

    while (!has_room(room, count))
        room *= 2;
    return make(slots, room);
}

/*
 * Adds the numbers of `slots` to `grown` in ascending order, so that the hashed objects are read one after
 * the other. In random order, a million of them would take longer than all the rest. False: out of memory.
 */
static bool add_all(struct slots *grown, const struct slots *slots,
                    uint32_t (*hash_of)(const void *owner, uint32_t number), const void *owner)
{
    size_t most = 0;
    unsigned char *present; /* one bit for each number */

    for (size_t i = 0; i < slots->room; i++)
        if (slots->tags[i] != 0 && slots->numbers[i] > most)
            most = slots->numbers[i];
    present = calloc(most / 8 + 1, 1);
    if (present == NULL)
        return false;
    for (size_t i = 0; i < slots->room; i++)
        if (slots->tags[i] != 0)
            present[slots->numbers[i] / 8] |= (unsigned char)(1u << slots->numbers[i] % 8);
    for (size_t number = 0; number <= most; number++)
        if (present[number / 8] >> number % 8 & 1)
            slots_add(grown, hash_of(owner, (uint32_t)number), (uint32_t)number);
    free(present);
    return true;
}

bool slots_grow(struct slots *slots, uint32_t (*hash_of)(const void *owner, uint32_t number),
                const void *owner)
{
    struct slots grown;

    if (has_room(slots->room, slots->count + 1))
        return true;
    if (!make(&grown, slots->room == 0 ? ROOM_MIN : slots->room * 2))
        return false;
    if (!add_all(&grown, slots, hash_of, owner)) {
        slots_free(&grown);
        return false;
    }
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

void slots_empty(struct slots *slots)
{
    if (slots->room > 0)
        memset(slots->tags, 0, slots->room);
    slots->count = 0;
}

void slots_free(struct slots *slots)
{
    free(slots->numbers);
    free(slots->tags);
}
