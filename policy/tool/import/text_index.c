/* SPDX-License-Identifier: BSD-2-Clause */
/* A hash index of texts of drafts, so that no search visits every draft. Knows nothing of what they mean. */
#include <stdlib.h>
#include <string.h>
#include "policy/array.h"
#include "policy/tool/import/import.h"

static uint32_t hash_of_text(const char *text)
{
    return slots_hash(text, strlen(text));
}

static uint32_t hash_of(const void *owner, uint32_t number)
{
    const struct text_index *index = owner;

    return hash_of_text(index->entry[number].text);
}

bool text_index_add(struct text_index *index, const char *text, struct draft *draft)
{
    struct indexed *grown = array_grow(index->entry, index->count, sizeof *grown);

    if (grown != NULL)
        index->entry = grown;
    if (grown == NULL || !slots_grow(&index->slots, hash_of, index))
        return false;
    grown[index->count] = (struct indexed){text, draft, 1};
    slots_add(&index->slots, hash_of_text(text), (uint32_t)index->count);
    index->count++;
    return true;
}

struct indexed *text_index_find(const struct text_index *index, const char *text, bool removed)
{
    uint32_t hash = hash_of_text(text), number, first = UINT32_MAX;
    size_t at = 0;

    while (slots_next(&index->slots, hash, &at, &number)) {
        const struct indexed *entry = &index->entry[number];

        if (number < first && strcmp(entry->text, text) == 0 && (removed || !entry->draft->removed))
            first = number;
    }
    return first == UINT32_MAX ? NULL : &index->entry[first];
}

void text_index_free(struct text_index *index)
{
    free(index->entry);
    slots_free(&index->slots);
    *index = (struct text_index){.count = 0};
}
