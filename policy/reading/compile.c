/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The parts that several keys of the policy language share: mappings read by a table of keys, typed values,
 * lists. Knows nodes and the parts of a policy; opens no file, and decides nothing about mail.
 */
#include "policy/reading/reading.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include "policy/names/ascii.h"
#include "policy/names/date.h"
#include "policy/names/scalar.h"
#include "policy/names/suggest.h"
#include "policy/yaml/syntax.h"

enum { NAME_LENGTH_MAX = 64 };

/* ---- mappings ---- */

/*
 * Reports plain text that was meant as "key: value", but has no blank after the colon. False: it is not that.
 */
static bool tell_glued(struct loading *loading, const struct node *node)
{
    struct node at = *node;
    char explanation[200];

    if (node->kind != NODE_SCALAR || node->quoted || syntax_glued_key(node->text) == 0)
        return false;
    syntax_explain_glued(node->text, explanation, sizeof explanation);
    at.column += (unsigned)syntax_glued_key(node->text);
    loading_error(loading, &at, "%s", explanation);
    return true;
}

enum { KEYS_MAX = 24 };

/*
 * Reports that a key is misplaced in `what`, and where it belongs. `meant` is the key, or the known key that
 * it resembles. False: the language has no key `meant`.
 */
static bool tell_home(struct loading *loading, const struct node *key, const char *meant, const char *what)
{
    const struct key_home *home = meant == NULL ? NULL : suggest_home(meant);
    bool same = home != NULL && strcmp(meant, key->text) == 0;

    if (home == NULL)
        return false;
    loading_error(loading, key, "unknown key \"%.64s\" in %s; %s%s%sbelongs in %s%s%s%s%s", key->text, what,
                  same ? "it " : "did you mean \"", same ? "" : meant, same ? "" : "\"? it ", home->home,
                  home->before == NULL ? "" : ": write ", home->before == NULL ? "" : home->before,
                  home->before == NULL ? "" : meant, home->before == NULL ? "" : home->after);
    return true;
}

void compile_unknown_key(struct loading *loading, const struct node *key, const struct key *keys,
                         const char *what)
{
    const char *words[KEYS_MAX + 1] = {NULL}, *nearest;
    char allowed[400] = "", odd[PASTED_WHAT];
    size_t count = 0, length = 0;

    if (tell_glued(loading, key))
        return;
    for (; count < KEYS_MAX && keys[count].name != NULL; count++) {
        words[count] = keys[count].name;
        length += (size_t)snprintf(allowed + length, sizeof allowed - length, "%s%s", count == 0 ? "" : ", ",
                                   words[count]);
        if (length >= sizeof allowed)
            length = sizeof allowed - 1;
    }
    nearest = compile_seen_word(key->text, words, odd);
    if (nearest != NULL) {
        loading_error(loading, key, "the key \"%.64s\" %s; write %s", key->text, odd, nearest);
        return;
    }
    if (tell_home(loading, key, key->text, what))
        return;
    nearest = suggest_word(key->text, words);
    if (nearest == NULL && tell_home(loading, key, suggest_key(key->text), what))
        return;
    if (nearest != NULL)
        loading_error(loading, key, "unknown key \"%.64s\" in %s; did you mean \"%s\"?", key->text, what,
                      nearest);
    else
        loading_error(loading, key, "unknown key \"%.64s\" in %s; allowed are %s", key->text, what, allowed);
}

static const char *why_refused(const struct refused_key *refused, const struct node *key)
{
    for (; refused != NULL && refused->name != NULL; refused++)
        if (node_is(key, refused->name))
            return refused->why;
    return NULL;
}

bool compile_mapping(struct loading *loading, const struct node *node, const struct key *keys, void *into,
                     const char *what)
{
    return compile_mapping_refusing(loading, node, keys, NULL, into, what);
}

bool compile_mapping_refusing(struct loading *loading, const struct node *node, const struct key *keys,
                              const struct refused_key *refused, void *into, const char *what)
{
    if (node->kind != NODE_MAPPING) {
        if (!tell_glued(loading, node))
            loading_error(loading, node, "%s must be a mapping (key: value)", what);
        return false;
    }
    for (const struct node *value = node->first; value != NULL; value = value->next) {
        const struct key *key = keys;

        while (key->name != NULL && !node_is(value->key, key->name))
            key++;
        if (key->name != NULL)
            key->read(loading, value, into);
        else if (why_refused(refused, value->key) != NULL)
            loading_error(loading, value->key, "%s has no %.64s: %s", what, value->key->text,
                          why_refused(refused, value->key));
        else
            compile_unknown_key(loading, value->key, keys, what);
    }
    return true;
}

/* ---- files ---- */

void loading_note_file(struct loading *loading, const char *path)
{
    if (!disk_note_file(loading->policy->disk, path))
        loading_exhausted(loading);
}

/* Returns the name by which a message calls the value. */
static const char *name_of(const struct node *node)
{
    return node->key != NULL ? node->key->text : "an item";
}

/* ---- scalars ---- */

static const char *kind_of(const struct node *node)
{
    return node->kind == NODE_SEQUENCE ? "a list" : node->kind == NODE_MAPPING ? "a mapping" : "a text";
}

bool compile_text(struct loading *loading, const struct node *node, const char **text)
{
    const char *other;

    if (node->kind != NODE_SCALAR) {
        loading_error(loading, node, "%.64s must be a text, not %s", name_of(node), kind_of(node));
        return false;
    }
    other = node->quoted ? NULL : scalar_other_type(node->text);
    if (other != NULL && *node->text == '\0' && node->comment != NULL) {
        loading_error(loading, node,
                      "%.64s must be a text; after a blank \"#\" begins a comment; put it in quotes: "
                      "\"%.64s\"",
                      name_of(node), node->comment);
        return false;
    }
    if (other != NULL) {
        loading_error(loading, node,
                      "%.64s must be a text; YAML reads %.64s as %s; put it in quotes: \"%.64s\"",
                      name_of(node), *node->text == '\0' ? "an empty value" : node->text, other, node->text);
        return false;
    }
    *text = node->text;
    return true;
}

static bool is_name(const char *text)
{
    const char *at = text;

    while (ascii_letter_or_digit(*at) || *at == '.' || *at == '_' || *at == '-')
        at++;
    return *at == '\0' && at > text && at - text <= NAME_LENGTH_MAX;
}

bool compile_name(struct loading *loading, const struct node *node, const char **text)
{
    if (!compile_text(loading, node, text))
        return false;
    if (is_name(*text))
        return true;
    loading_error(loading, node, "\"%.80s\" is not a name: use 1 to %d letters, digits, \".\", \"_\", \"-\"",
                  *text, NAME_LENGTH_MAX);
    return false;
}

/* Returns what to write instead of a scalar that is not a boolean; "": not known. */
static const char *boolean_advice(const struct node *node)
{
    static const char *const words[] = {"true", "false", NULL};
    static const char *const yes[] = {"yes", "on", "y", "1", "enable", "enabled"};
    static const char *const no[] = {"no", "off", "n", "0", "disable", "disabled", "none", "never"};
    const char *word = scalar_nearest(node->text, words);
    bool value;

    if (scalar_boolean(node->text, &value))
        return "; write it without quotes";
    for (size_t i = 0; i < sizeof yes / sizeof *yes; i++)
        word = strcasecmp(node->text, yes[i]) == 0 ? words[0] : word;
    for (size_t i = 0; i < sizeof no / sizeof *no; i++)
        word = strcasecmp(node->text, no[i]) == 0 ? words[1] : word;
    return word == NULL ? "" : word == words[0] ? "; write true" : "; write false";
}

bool compile_boolean(struct loading *loading, const struct node *node, bool *value)
{
    if (node->kind == NODE_SCALAR && !node->quoted && scalar_boolean(node->text, value))
        return true;
    if (!node->quoted && compile_unseen(loading, node))
        return false;
    if (node->kind == NODE_SCALAR)
        loading_error(loading, node, "%.64s must be true or false, not \"%.64s\"%s", name_of(node),
                      node->text, boolean_advice(node));
    else
        loading_error(loading, node, "%.64s must be true or false, not %s", name_of(node), kind_of(node));
    return false;
}

bool compile_number(struct loading *loading, const struct node *node, unsigned max, unsigned *value)
{
    if (node->kind == NODE_SCALAR && !node->quoted && scalar_number(node->text, max, value))
        return true;
    if (!node->quoted && compile_unseen(loading, node))
        return false;
    if (node->kind == NODE_SCALAR)
        loading_error(loading, node,
                      "%.64s must be a whole number from 0 to %u without leading zeros, not \"%.64s\"%s",
                      name_of(node), max, node->text,
                      scalar_number(node->text, max, value) ? "; write it without quotes" : "");
    else
        loading_error(loading, node, "%.64s must be a whole number, not %s", name_of(node), kind_of(node));
    return false;
}

bool compile_date(struct loading *loading, const struct node *node, int64_t *date)
{
    const char *doubt;
    char meant[32];

    if (node->kind == NODE_SCALAR && date_parse(node->text, date))
        return true;
    if (compile_unseen(loading, node))
        return false;
    if (node->kind != NODE_SCALAR) {
        loading_error(loading, node,
                      "%.64s must be a date such as 2026-12-01 or 2026-12-01T08:00:00Z, not %s",
                      name_of(node), kind_of(node));
        return false;
    }
    doubt = date_doubt(node->text, meant);
    loading_error(loading, node,
                  "%.64s must be a date such as 2026-12-01 or 2026-12-01T08:00:00Z, not \"%.64s\"%s%s%s%s",
                  name_of(node), node->text, doubt == NULL ? "" : ": ", doubt == NULL ? "" : doubt,
                  meant[0] == '\0' ? "" : "; write ", meant);
    return false;
}

int compile_word(struct loading *loading, const struct node *node, const char *const *words, const char *what)
{
    char allowed[500] = "", odd[PASTED_WHAT];
    const char *nearest;
    size_t length = 0;

    if (node->kind == NODE_SCALAR)
        for (int i = 0; words[i] != NULL; i++)
            if (strcmp(words[i], node->text) == 0)
                return i;
    for (size_t i = 0; words[i] != NULL; i++) {
        bool fits = length + strlen(words[i]) + sizeof ", , ..." <= sizeof allowed;

        length += (size_t)snprintf(allowed + length, sizeof allowed - length, "%s%s", i == 0 ? "" : ", ",
                                   fits ? words[i] : "...");
        if (!fits)
            break;
    }
    nearest = node->kind == NODE_SCALAR ? compile_seen_word(node->text, words, odd) : NULL;
    if (nearest != NULL) {
        loading_error(loading, node, "the %s \"%.64s\" %s; write %s", what, node->text, odd, nearest);
        return -1;
    }
    nearest = node->kind == NODE_SCALAR ? suggest_word(node->text, words) : NULL;
    if (node->kind != NODE_SCALAR)
        loading_error(loading, node, "%s must be one of %s, not %s", what, allowed, kind_of(node));
    else if (nearest != NULL)
        loading_error(loading, node, "unknown %s \"%.64s\"; did you mean \"%s\"?", what, node->text, nearest);
    else if (!node->quoted && *node->text == '\0')
        loading_error(loading, node, "%.64s has no value; allowed are %s", name_of(node), allowed);
    else
        loading_error(loading, node, "unknown %s \"%.64s\"; allowed are %s", what, node->text, allowed);
    return -1;
}

size_t compile_list(struct loading *loading, const struct node *node, bool lone, const struct node **first)
{
    if (node->kind == NODE_SEQUENCE && node->count > 0) {
        *first = node->first;
        return node->count;
    }
    if (node->kind == NODE_SEQUENCE)
        loading_error(loading, node, "%.64s is an empty list", name_of(node));
    else if (lone && node->kind == NODE_SCALAR) {
        *first = node;
        return 1;
    } else if (node->kind == NODE_SCALAR && !node->quoted && syntax_glued_dash(node->text))
        loading_error(loading, node, "a blank is missing after the dash; write \"- %.*s\"",
                      (int)strcspn(node->text + 1, " "), node->text + 1);
    else
        loading_error(loading, node, "%.64s must be a list: [%s]", name_of(node),
                      node->kind == NODE_SCALAR && strlen(node->text) < 64 && *node->text != '\0' ? node->text
                                                                                                  : "...");
    return 0;
}
