/* SPDX-License-Identifier: BSD-2-Clause */
/* The parts of a summary: words, growing lists, sums, and lists of words with their mails. */
#include <stdlib.h>
#include <string.h>
#include "policy/array.h"
#include "policy/tool/evidence/kinds.h"
#include "policy/tool/evidence/summary.h"
#include "policy/words.h"

enum { PARTS_MAX = 500 };

void *summary_grow(struct summary *summary, void *list, size_t count, size_t size)
{
    void *grown = array_grow(list, count, size);

    summary->exhausted |= grown == NULL;
    return grown;
}

const char *summary_word(struct summary *summary, const char *text)
{
    const char *copy = text != NULL && *text != '\0' ? arena_text(&summary->arena, text, strlen(text)) : "";

    if (copy == NULL)
        summary->exhausted = true;
    return copy != NULL ? copy : "";
}

void sums_add(struct sums *to, const struct sums *sums)
{
    to->mails += sums->mails;
    to->pass += sums->pass;
    to->fail += sums->fail;
    to->undecidable += sums->undecidable;
    to->excepted += sums->excepted;
    to->exempt += sums->exempt;
    to->refused += sums->refused;
    to->would_fail += sums->would_fail;
    for (size_t i = 0; i < CLASS_COUNT; i++)
        to->tls[i] += sums->tls[i];
}

void sums_add_times(struct sums *to, const struct sums *sums, int64_t times)
{
    struct sums many = {sums->mails * times,       sums->pass * times,       sums->fail * times,
                        sums->undecidable * times, sums->excepted * times,   sums->exempt * times,
                        sums->refused * times,     sums->would_fail * times, {0}};

    for (size_t i = 0; i < CLASS_COUNT; i++)
        many.tls[i] = sums->tls[i] * times;
    sums_add(to, &many);
}

void parts_widen(int64_t *first, int64_t *last, const struct part *mails)
{
    if (*first == STAMP_NONE || mails->first < *first)
        *first = mails->first;
    if (*last == STAMP_NONE || mails->last > *last)
        *last = mails->last;
}

static bool same_words(const char *a, const char *b)
{
    return (a == NULL) == (b == NULL) && (a == NULL || strcmp(a, b) == 0);
}

static struct part *find_part(const struct parts *parts, const struct part *wanted)
{
    for (size_t i = 0; i < parts->count; i++)
        if (same_words(parts->part[i].name, wanted->name) && same_words(parts->part[i].more, wanted->more)
            && same_words(parts->part[i].extra, wanted->extra))
            return &parts->part[i];
    return NULL;
}

void parts_add(struct summary *summary, struct parts *parts, const struct part *mails)
{
    static const struct part many = {.name = KIND_MANY, .more = ""};
    const struct part *wanted = mails;
    struct part *part = find_part(parts, wanted);

    if (part == NULL && parts->count >= PARTS_MAX) {
        wanted = &many;
        part = find_part(parts, wanted);
    }
    if (part == NULL) {
        part = summary_grow(summary, parts->part, parts->count, sizeof *part);
        if (part == NULL)
            return;
        parts->part = part;
        part += parts->count++;
        *part = *wanted;
        part->mails = 0;
        part->first = part->last = STAMP_NONE;
    }
    part->mails += mails->mails;
    parts_widen(&part->first, &part->last, mails);
}

/*
 * Returns the position of a reason in the order in which reasons decide. All other words share one position.
 */
static enum reason place_of(const char *name)
{
    enum reason reason = REASON_NONE;

    while (reason < REASON_COUNT && strcmp(reason_name(reason), name) != 0)
        reason++;
    return reason;
}

static int by_mails(const void *a, const void *b)
{
    const struct part *first = a, *second = b;
    enum reason place = place_of(first->name), other = place_of(second->name);

    if (first->mails != second->mails)
        return first->mails > second->mails ? -1 : 1;
    if (place != other)
        return place < other ? -1 : 1;
    return strcmp(first->name, second->name);
}

void parts_sort(struct parts *parts)
{
    if (parts->count > 0)
        qsort(parts->part, parts->count, sizeof *parts->part, by_mails);
}
