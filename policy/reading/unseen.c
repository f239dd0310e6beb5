/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Words, numbers and dates with characters that are invisible or look like others: finds the one that is
 * meant.
 */
#include "policy/reading/reading.h"

#include <stdio.h>
#include <string.h>
#include "policy/names/pasted.h"

/* Replaces what only looks like ASCII: dashes, full-width digits. False: there was none. */
static bool clean_likeness(char *word, char what[PASTED_WHAT])
{
    return pasted_hyphens(word, what) || pasted_widths(word, what);
}

/*
 * Removes invisible characters, surrounding blanks and quotation marks, and replaces what only looks like
 * ASCII. `what` says what was odd. False: there were at most plain blanks.
 */
static bool clean_word(char *word, char what[PASTED_WHAT])
{
    char other[PASTED_WHAT];
    bool unseen = pasted_clean(word, what);
    size_t front = strspn(word, " "), end = strlen(word), quotes;

    while (end > front && word[end - 1] == ' ')
        end--;
    memmove(word, word + front, end - front);
    word[end - front] = '\0';
    quotes = pasted_quote_in_front(word);
    if (quotes > 0 && pasted_quote_at_end(word) > 0 && strlen(word) > quotes + pasted_quote_at_end(word)) {
        word[strlen(word) - pasted_quote_at_end(word)] = '\0';
        memmove(word, word + quotes, strlen(word + quotes) + 1);
        if (!unseen)
            snprintf(what, PASTED_WHAT, "has quotation marks that are part of it");
        unseen = true;
    }
    if (!unseen)
        unseen = clean_likeness(word, what);
    while (clean_likeness(word, other))
        continue;
    return unseen;
}

const char *compile_seen_word(const char *text, const char *const *words, char what[PASTED_WHAT])
{
    char word[64];

    if (strlen(text) >= sizeof word)
        return NULL;
    strcpy(word, text);
    if (!clean_word(word, what))
        return NULL;
    for (; *words != NULL; words++)
        if (strcmp(*words, word) == 0)
            return *words;
    return NULL;
}

bool compile_unseen(struct loading *loading, const struct node *node)
{
    char word[64], what[PASTED_WHAT];

    if (node->kind != NODE_SCALAR || strlen(node->text) >= sizeof word)
        return false;
    strcpy(word, node->text);
    if (!clean_word(word, what) || *word == '\0')
        return false;
    loading_error(loading, node, "\"%.64s\" %s; write %s%s%s", node->text, what,
                  node->key == NULL ? "" : node->key->text, node->key == NULL ? "" : ": ", word);
    return true;
}
