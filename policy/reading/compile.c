/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The parts that several keys of the policy language share: findings at a
 * node, mappings read by a table of keys, typed values, lists. Knows nodes and what a policy is made of; opens no file but
 * through certfile, and decides nothing about mail.
 */
#include "policy/reading/reading.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "policy/names/date.h"
#include "policy/names/scalar.h"
#include "policy/names/suggest.h"
#include "policy/yaml/syntax.h"

enum { TEXT_MAX = 600, NAME_LENGTH_MAX = 64 };

/* ---- findings ---- */

struct place loading_place(const struct loading *loading, const struct node *node)
{
    struct place place = {loading->file, node == NULL ? 0 : node->line, node == NULL ? 0 : node->column};

    return place;
}

__attribute__((format(printf, 4, 0))) static void tell(struct loading *loading, enum warning warning,
                                                       const struct node *node, const char *format,
                                                       va_list args)
{
    char text[TEXT_MAX];
    struct diag diag = {warning == WARNING_NONE ? SEVERITY_ERROR : SEVERITY_WARNING,
                        loading_place(loading, node), text, warning_id(warning)};

    diag_text(text, sizeof text, format, args);
    diag_append_id(text, sizeof text, diag.id);
    if (loading->diag != NULL)
        loading->diag(loading->arg, &diag);
}

void loading_error(struct loading *loading, const struct node *node, const char *format, ...)
{
    va_list args;

    loading->errors++;
    va_start(args, format);
    tell(loading, WARNING_NONE, node, format, args);
    va_end(args);
}

/* Notes that the partner being read acknowledges that warning; false: it does not. */
static bool is_acknowledged(struct loading *loading, enum warning warning)
{
    for (size_t i = 0; i < loading->acknowledgement_count; i++)
        if (loading->acknowledgements[i].warning == warning)
            return loading->acknowledgements[i].seen = true;
    return false;
}

void loading_finding(struct loading *loading, const struct node *node, enum warning warning,
                     const char *format, ...)
{
    va_list args;

    if (warning == WARNING_NONE)
        loading->errors++;
    else if (is_acknowledged(loading, warning))
        return;
    va_start(args, format);
    tell(loading, warning, node, format, args);
    va_end(args);
}

void loading_warning(struct loading *loading, const struct node *node, enum warning warning,
                     const char *format, ...)
{
    va_list args;

    if (is_acknowledged(loading, warning))
        return;
    va_start(args, format);
    tell(loading, warning, node, format, args);
    va_end(args);
}

void loading_exhausted(struct loading *loading)
{
    if (!loading->out_of_memory)
        loading_error(loading, NULL, "out of memory");
    loading->out_of_memory = true;
}

void *loading_alloc(struct loading *loading, size_t size)
{
    void *memory = arena_alloc(&loading->policy->arena, size);

    if (memory == NULL)
        loading_exhausted(loading);
    return memory;
}

void *loading_scratch(struct loading *loading, size_t size)
{
    void *memory = arena_alloc(&loading->scratch, size);

    if (memory == NULL)
        loading_exhausted(loading);
    return memory;
}

const char *loading_text(struct loading *loading, const char *text)
{
    return arena_at(&loading->policy->arena, loading_keep(loading, text));
}

arena_ref loading_keep(struct loading *loading, const char *text)
{
    struct arena *arena = &loading->policy->arena;
    size_t length = strlen(text);
    arena_ref *kept = &loading->texts[slots_hash(text, length) % TEXTS_KEPT];

    if (*kept == 0 || strcmp(arena_at(arena, *kept), text) != 0)
        *kept = arena_keep(arena, text, length);
    if (*kept == 0)
        loading_exhausted(loading);
    return *kept;
}

unsigned short loading_column(const struct node *node)
{
    return (unsigned short)(node->column > 65535 ? 65535 : node->column);
}

/* ---- mappings ---- */

/* Tells of a plain text whose key has no blank behind its colon; false: it is none. */
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

/* Tells where a key of the language belongs that stands in `what`; `meant` is that key. False: there is no such key. */
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

bool compile_mapping(struct loading *loading, const struct node *node, const struct key *keys, void *into,
                     const char *what)
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
        if (key->name == NULL)
            compile_unknown_key(loading, value->key, keys, what);
        else
            key->read(loading, value, into);
    }
    return true;
}

/* The name under which a value is told of. */
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
                      "%.64s must be a text; behind a blank \"#\" begins a comment, put it in quotation "
                      "marks: \"%.64s\"",
                      name_of(node), node->comment);
        return false;
    }
    if (other != NULL) {
        loading_error(loading, node,
                      "%.64s must be a text; YAML reads %.64s as %s, put it in quotation marks: \"%.64s\"",
                      name_of(node), *node->text == '\0' ? "an empty value" : node->text, other, node->text);
        return false;
    }
    *text = node->text;
    return true;
}

static bool is_name(const char *text)
{
    const char *at = text;

    while ((*at >= 'a' && *at <= 'z') || (*at >= 'A' && *at <= 'Z') || (*at >= '0' && *at <= '9')
           || *at == '.' || *at == '_' || *at == '-')
        at++;
    return *at == '\0' && at > text && at - text <= NAME_LENGTH_MAX;
}

bool compile_name(struct loading *loading, const struct node *node, const char **text)
{
    if (!compile_text(loading, node, text))
        return false;
    if (is_name(*text))
        return true;
    loading_error(loading, node, "\"%.80s\" is no name: use 1 to %d letters, digits, \".\", \"_\", \"-\"",
                  *text, NAME_LENGTH_MAX);
    return false;
}

bool compile_boolean(struct loading *loading, const struct node *node, bool *value)
{
    if (node->kind == NODE_SCALAR && !node->quoted && scalar_boolean(node->text, value))
        return true;
    if (!node->quoted && compile_unseen(loading, node))
        return false;
    if (node->kind == NODE_SCALAR)
        loading_error(loading, node, "%.64s must be true or false, not \"%.64s\"", name_of(node), node->text);
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
                      "%.64s must be a whole number from 0 to %u without leading zeros, not \"%.64s\"",
                      name_of(node), max, node->text);
    else
        loading_error(loading, node, "%.64s must be a whole number, not %s", name_of(node), kind_of(node));
    return false;
}

bool compile_date(struct loading *loading, const struct node *node, int64_t *date)
{
    if (node->kind == NODE_SCALAR && date_parse(node->text, date))
        return true;
    if (compile_unseen(loading, node))
        return false;
    loading_error(
        loading, node, "%.64s must be a date such as 2026-12-01 or 2026-12-01T08:00:00Z, not %s%.64s%s",
        name_of(node), node->kind == NODE_SCALAR ? "\"" : "",
        node->kind == NODE_SCALAR ? node->text : kind_of(node), node->kind == NODE_SCALAR ? "\"" : "");
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
    for (size_t i = 0; words[i] != NULL && length < sizeof allowed; i++)
        length +=
            (size_t)snprintf(allowed + length, sizeof allowed - length, "%s%s", i == 0 ? "" : ", ", words[i]);
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
        loading_error(loading, node, "a blank is missing behind the dash; write \"- %.*s\"",
                      (int)strcspn(node->text + 1, " "), node->text + 1);
    else
        loading_error(loading, node, "%.64s must be a list: [%s]", name_of(node),
                      node->kind == NODE_SCALAR && strlen(node->text) < 64 && *node->text != '\0' ? node->text
                                                                                                  : "...");
    return 0;
}
