/* SPDX-License-Identifier: BSD-2-Clause */
/* The recipients of a message, equal ones stored once. Does not know how a recipient is read. */
#include "policy/facts/recipients.h"

#include <stdlib.h>
#include <string.h>
#include "policy/facts/recipient_words.h"

struct recipients recipients_of_one(const struct recipient *recipient)
{
    return (struct recipients){.count = 1,
                               .length = recipient_size(recipient->words),
                               .words = recipient->words,
                               .everywhere = (recipient->words[0] & EVERYWHERE) != 0};
}

static uint32_t hash_of(const uint32_t *recipient)
{
    return slots_hash(recipient, recipient_size(recipient) * sizeof *recipient);
}

static uint32_t hash_of_place(const void *owner, uint32_t place)
{
    const struct recipient_store *store = owner;

    return hash_of(store->words + place);
}

static bool is_known(const struct recipient_store *store, const uint32_t *recipient)
{
    uint32_t hash = hash_of(recipient), place;

    for (size_t at = 0; slots_next(&store->index, hash, &at, &place);)
        if (store->words[place] == recipient[0]
            && memcmp(store->words + place, recipient, recipient_size(recipient) * sizeof *recipient) == 0)
            return true;
    return false;
}

static bool make_room(struct recipient_store *store, size_t size)
{
    size_t room = store->room == 0 ? 16 : store->room;
    uint32_t *words;

    while (room < store->all.length + size)
        room *= 2;
    if (room > RECIPIENT_WORDS_MAX)
        return false;
    if (room == store->room)
        return true;
    words = realloc(store->words, room * sizeof *words);
    if (words == NULL)
        return false;
    store->all.words = store->words = words;
    store->room = room;
    return true;
}

static uint32_t hash_of_number(const void *owner, uint32_t number)
{
    (void)owner;
    return slots_hash(&number, sizeof number);
}

static bool has_number(const struct slots *numbers, uint32_t number)
{
    uint32_t other;

    for (size_t at = 0; slots_next(numbers, hash_of_number(NULL, number), &at, &other);)
        if (other == number)
            return true;
    return false;
}

/*
 * Adds the patterns that the recipient is in scope of to the index. If memory runs out, those already added
 * do no harm.
 */
static bool index_scope(struct recipient_store *store, const uint32_t *recipient)
{
    for (size_t i = 1; i <= row_count(recipient, ROW_SCOPE); i++) {
        if (has_number(&store->in_scope, recipient[i]))
            continue;
        if (!slots_grow(&store->in_scope, hash_of_number, NULL))
            return false;
        slots_add(&store->in_scope, hash_of_number(NULL, recipient[i]), recipient[i]);
    }
    return true;
}

bool recipients_add(struct recipient_store *store, const struct recipient *recipient)
{
    size_t size = recipient_size(recipient->words);

    if (!is_known(store, recipient->words)) {
        if (!make_room(store, size) || !index_scope(store, recipient->words)
            || !slots_grow(&store->index, hash_of_place, store))
            return false;
        memcpy(store->words + store->all.length, recipient->words, size * sizeof *store->words);
        slots_add(&store->index, hash_of(recipient->words), (uint32_t)store->all.length);
        store->all.length += size;
        store->all.in_scope = &store->in_scope;
        store->all.everywhere |= (recipient->words[0] & EVERYWHERE) != 0;
    }
    store->all.count++;
    return true;
}

void recipients_free(struct recipient_store *store)
{
    free(store->words);
    slots_free(&store->index);
    slots_free(&store->in_scope);
    *store = (struct recipient_store){0};
}

const uint32_t *recipients_next(const struct recipients *recipients, const uint32_t *recipient)
{
    const uint32_t *next = recipient == NULL ? recipients->words : recipient + recipient_size(recipient);

    return recipients->length == 0 || next == recipients->words + recipients->length ? NULL : next;
}

/* ---- what they match ---- */

static bool row_matches(const uint32_t *recipient, size_t begin, size_t count, const struct pattern_set *set)
{
    for (size_t i = begin; i < begin + count; i++)
        if (pattern_set_has(set, recipient[i]))
            return true;
    return false;
}

bool recipient_in_scope(const uint32_t *recipient, const struct pattern_set *scope)
{
    return (recipient[0] & EVERYWHERE) != 0
           || row_matches(recipient, 1, row_count(recipient, ROW_SCOPE), scope);
}

bool recipient_excepted(const uint32_t *recipient, const struct pattern_set *exception)
{
    size_t begin = 1 + row_count(recipient, ROW_SCOPE), count = row_count(recipient, ROW_ARGUMENT);

    if (!row_matches(recipient, begin, count, exception))
        return false;
    return (recipient[0] & HAS_MACRO) == 0
           || row_matches(recipient, begin + count, row_count(recipient, ROW_MACRO), exception);
}

/* Goes through whichever is shorter, the list or the recipients. */
bool recipients_in_scope(const struct recipients *recipients, const struct pattern_set *scope)
{
    const uint32_t *recipient = NULL;

    if (recipients->everywhere)
        return true;
    if (recipients->in_scope != NULL && scope->count < recipients->length) {
        for (size_t i = 0; i < scope->count; i++)
            if (has_number(recipients->in_scope, scope->numbers[i]))
                return true;
        return false;
    }
    while ((recipient = recipients_next(recipients, recipient)) != NULL)
        if (recipient_in_scope(recipient, scope))
            return true;
    return false;
}
