/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A set of names in little memory. Knows no syntax of names. Strangers choose the
 * names, so the memory is bounded, and so is the time of a search, even among
 * names with the same hash.
 */
#include "policy/names/name_set.h"

#include <stdlib.h>
#include <string.h>
#include "policy/slots.h"

/* A search in an index that is at most half full takes a few steps: STEPS_MOST are no accident. */
enum { ROOM_FIRST = 256, INDEX_FIRST = 16, STEPS_MOST = 256 };

/* The slot of the name at `place`, or the free slot for it; index_room: none within STEPS_MOST. */
static size_t find(const struct name_set *set, size_t place)
{
    const char *name = set->text + place;
    size_t mask = set->index_room - 1, slot = slots_hash(name, strlen(name)) & mask;

    for (unsigned steps = 0; steps < STEPS_MOST; steps++) {
        if (set->index[slot] == 0 || strcmp(set->text + set->index[slot] - 1, name) == 0)
            return slot;
        slot = (slot + 1) & mask;
    }
    return set->index_room;
}

/* Enters a name; true: it is new. */
static bool enter(struct name_set *set, size_t place)
{
    size_t slot = find(set, place);

    set->full |= slot == set->index_room;
    if (slot == set->index_room || set->index[slot] != 0)
        return false;
    set->index[slot] = (uint32_t)place + 1;
    return true;
}

/* Makes room for one more name in the index. Names enter in their order, as name_set_cut() expects. */
static bool grow_index(struct name_set *set)
{
    size_t room = set->index_room == 0 ? INDEX_FIRST : 2 * set->index_room;
    uint32_t *index;

    if (2 * (set->count + 1) <= set->index_room)
        return true;
    index = calloc(room, sizeof *index);
    set->exhausted |= index == NULL;
    if (index == NULL)
        return false;
    free(set->index);
    set->index = index;
    set->index_room = room;
    for (size_t place = 0, i = 0; i < set->count; i++) {
        (void)enter(set, place);
        place += strlen(set->text + place) + 1;
    }
    return true;
}

static bool grow_text(struct name_set *set, size_t more)
{
    size_t room = set->room == 0 ? ROOM_FIRST : set->room;
    char *text;

    if (set->full || set->exhausted)
        return false;
    if (set->length + more <= set->room)
        return true;
    while (room < set->length + more)
        room *= 2;
    set->full = room > NAME_SET_OCTETS;
    if (set->full)
        return false;
    text = realloc(set->text, room);
    set->exhausted = text == NULL;
    if (text == NULL)
        return false;
    set->text = text;
    set->room = room;
    return true;
}

void name_set_begin(struct name_set *set, char kind)
{
    set->open = set->length;
    name_set_put(set, &kind, 1);
}

void name_set_put(struct name_set *set, const char *octets, size_t length)
{
    if (!grow_text(set, length + 1)) /* and the NUL */
        return;
    memcpy(set->text + set->length, octets, length);
    set->length += length;
}

void name_set_end(struct name_set *set)
{
    bool kept = false;

    set->full |= set->count == NAME_SET_NAMES;
    if (!set->full && !set->exhausted && grow_index(set)) {
        set->text[set->length++] = '\0';
        kept = enter(set, set->open);
    }
    set->count += kept;
    if (!kept)
        set->length = set->open;
}

void name_set_add(struct name_set *set, char kind, const char *name, size_t length)
{
    name_set_begin(set, kind);
    name_set_put(set, name, length);
    name_set_end(set);
}

/* Frees the slot of the name at `place`. Looks past free slots: they may be free since it was entered. */
static bool leave(struct name_set *set, size_t place)
{
    const char *name = set->text + place;
    size_t mask = set->index_room - 1, slot = slots_hash(name, strlen(name)) & mask;

    for (unsigned steps = 0; steps < STEPS_MOST; steps++, slot = (slot + 1) & mask) {
        if (set->index[slot] == place + 1) {
            set->index[slot] = 0;
            return true;
        }
    }
    return false;
}

void name_set_cut(struct name_set *set, size_t length)
{
    for (size_t place = length; place < set->length; place += strlen(set->text + place) + 1)
        set->count -= leave(set, place);
    set->length = length;
}

const char *name_set_next(const struct name_set *set, size_t *at, size_t *length, char *kind)
{
    const char *name;

    if (*at >= set->length)
        return NULL;
    name = set->text + *at;
    *kind = *name++;
    *length = strlen(name);
    *at += *length + 2;
    return name;
}

void name_set_free(struct name_set *set)
{
    free(set->text);
    free(set->index);
    *set = (struct name_set){0};
}
