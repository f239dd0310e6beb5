/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a reload changed, in words that are short enough for a line of the log. policy/language/difference.c
 * compares the policies.
 */
#include "milter/changes.h"

#include <stdio.h>
#include <string.h>
#include "policy/language/difference.h"

enum { ITEMS_SHOWN = 20 };

/* Adds an item if it is one of the first ITEMS_SHOWN and fits, and counts it. */
static void summarize(struct change_list *summary, const char *item)
{
    const char *separator = summary->count != 0 ? summary->separator : "";
    size_t left = sizeof summary->text - summary->length;

    if (summary->shown == summary->count && summary->shown < ITEMS_SHOWN
        && strlen(separator) + strlen(item) + strlen(summary->separator) + sizeof "..." < left) {
        summary->length += (size_t)snprintf(summary->text + summary->length, left, "%s%s", separator, item);
        summary->shown++;
    }
    summary->count++;
}

static void add_partner(void *summary, const struct partner *partner)
{
    summarize(summary, partner_name(partner));
}

/* "contoso: mode testing->none", "contoso: domains added contoso.com"; long values are cut. A change_fn. */
static void add_change(void *summary, const struct change *change)
{
    enum { SHOWN = 60 };
    const char *old = change->old != NULL ? change->old : "(none)";
    const char *new = change->new != NULL ? change->new : "(none)";
    char old_text[SHOWN + 4], new_text[SHOWN + 4], item[512];
    const char *partner;
    const char *colon;

    snprintf(old_text, sizeof old_text, "%.*s%s", SHOWN, old, strlen(old) > SHOWN ? "..." : "");
    snprintf(new_text, sizeof new_text, "%.*s%s", SHOWN, new, strlen(new) > SHOWN ? "..." : "");
    partner = change->partner != NULL ? change->partner : "";
    colon = change->partner != NULL ? ": " : "";
    if (change->item)
        snprintf(item, sizeof item, "%s%s%s %s %s", partner, colon, change->key,
                 change->old != NULL ? "removed" : "added", change->old != NULL ? old_text : new_text);
    else
        snprintf(item, sizeof item, "%s%s%s %s->%s", partner, colon, change->key, old_text, new_text);
    summarize(summary, item);
}

/* Ends the list with "..." if it does not have all items. */
static void end_list(struct change_list *summary)
{
    if (summary->shown < summary->count)
        snprintf(summary->text + summary->length, sizeof summary->text - summary->length, "%s...",
                 summary->shown != 0 ? summary->separator : "");
}

void changes_find(struct changes *changes, const struct policy *old, const struct policy *new)
{
    struct difference *difference = difference_new(old, new, DIFFERENCE_BY_FILE);

    *changes = (struct changes){
        .added = {.separator = ","}, .removed = {.separator = ","}, .changed = {.separator = "; "}};
    if (difference == NULL)
        return;
    difference_each_added(difference, add_partner, &changes->added);
    difference_each_removed(difference, add_partner, &changes->removed);
    changes->known = true;
    changes->whole = difference_each_setting(difference, add_change, &changes->changed)
                     && difference_each_change(difference, add_change, &changes->changed);
    difference_free(difference);
    end_list(&changes->added);
    end_list(&changes->removed);
    end_list(&changes->changed);
}

/* The list under `key`, and its length under `key`_count. */
static void log_list(struct log_line *line, const char *key, const struct change_list *summary)
{
    char count_key[32];

    log_text(line, key, summary->text);
    snprintf(count_key, sizeof count_key, "%s_count", key);
    log_number(line, count_key, summary->count);
}

void changes_log(struct log_line *line, const struct changes *changes)
{
    if (changes->known) {
        log_list(line, "added", &changes->added);
        log_list(line, "removed", &changes->removed);
    }
    if (changes->whole)
        log_list(line, "changed", &changes->changed);
    else
        log_text(line, "changed", "out of memory");
}

void changes_describe(const struct changes *changes, size_t count, char text[RELOAD_TEXT])
{
    const struct change_list *const lists[] = {&changes->added, &changes->removed, &changes->changed};
    static const char *const words[] = {"added", "removed", "changed"};
    size_t length = (size_t)snprintf(text, RELOAD_TEXT, "%zu partner%s", count, count == 1 ? "" : "s");
    size_t begin = length;

    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        if (lists[i]->count > 0 && length < RELOAD_TEXT)
            length +=
                (size_t)snprintf(text + length, RELOAD_TEXT - length, "; %s %s", words[i], lists[i]->text);
    if (!changes->whole && length < RELOAD_TEXT)
        snprintf(text + length, RELOAD_TEXT - length, "; out of memory over what changed");
    else if (length == begin)
        snprintf(text + length, RELOAD_TEXT - length, "; no changes");
}
