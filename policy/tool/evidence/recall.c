/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Keeps a list of texts as one text, at a place that its hash gives. A new list replaces the old one at its
 * place. So one comparison replaces the look-up of some twenty words and of their row. Knows nothing of what
 * the texts mean. The caller must always find the same row for the same texts.
 */
#include "policy/tool/evidence/recall.h"

#include <stdlib.h>
#include <string.h>
#include "policy/slots.h"

enum { PLACES = 1 << 14, TEXT_MOST = 4096 };

struct recalled {
    uint32_t row;
    size_t length;
    char text[];
};

struct recall {
    struct recalled *place[PLACES];
    size_t at, length; /* of the last texts of recall_find(); length 0: too long */
    char text[TEXT_MOST];
};

struct recall *recall_new(void)
{
    return calloc(1, sizeof(struct recall));
}

void recall_free(struct recall *recall)
{
    for (size_t i = 0; recall != NULL && i < PLACES; i++)
        free(recall->place[i]);
    free(recall);
}

/* Joins the texts, each with its NUL. */
static void join(struct recall *recall, const char *const text[], size_t count)
{
    recall->length = 0;
    for (size_t i = 0; i < count; i++) {
        size_t size = strlen(text[i]) + 1;

        if (size > TEXT_MOST - recall->length) {
            recall->length = 0;
            return;
        }
        memcpy(recall->text + recall->length, text[i], size);
        recall->length += size;
    }
    recall->at = slots_hash(recall->text, recall->length) % PLACES;
}

uint32_t recall_find(struct recall *recall, const char *const text[], size_t count)
{
    const struct recalled *recalled;

    join(recall, text, count);
    recalled = recall->place[recall->at];
    if (recalled == NULL || recalled->length != recall->length
        || memcmp(recalled->text, recall->text, recall->length) != 0)
        return 0;
    return recalled->row;
}

void recall_keep(struct recall *recall, uint32_t row)
{
    struct recalled *recalled;

    if (recall->length == 0)
        return;
    recalled = realloc(recall->place[recall->at], sizeof *recalled + recall->length);
    if (recalled == NULL)
        return;
    recall->place[recall->at] = recalled;
    recalled->row = row;
    recalled->length = recall->length;
    memcpy(recalled->text, recall->text, recall->length);
}
