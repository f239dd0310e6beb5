/* SPDX-License-Identifier: BSD-2-Clause */
/* `mode`, `action` and `message`: what happens to mail that does not meet the rule. */
#include <string.h>
#include "policy/language/compile.h"
#include "policy/names/suggest.h"

enum { MESSAGE_MAX = 200 };

static const char *const mode_words[] = {"none", "testing", "enforce", NULL}; /* the order of enum mode */

/* The values of `action`, in the order of enum action after accept. */
static const char *const action_words[] = {"quarantine", "tempfail", "reject", NULL};

/* Returns the word of another key that the value is or resembles; NULL: none. */
static const char *other_word(const struct node *node, const char *const *own, const char *const *other)
{
    if (node->kind != NODE_SCALAR || suggest_word(node->text, own) != NULL)
        return NULL;
    return suggest_word(node->text, other);
}

bool compile_mode(struct loading *loading, const struct node *node, enum mode *mode)
{
    const char *action = other_word(node, mode_words, action_words);
    int word;

    if (action != NULL) {
        loading_error(loading, node, "unknown mode \"%.64s\"; write mode: enforce, and action: %s",
                      node->text, action);
        return false;
    }
    word = compile_word(loading, node, mode_words, "mode");
    if (word >= 0)
        *mode = (enum mode)word;
    return word >= 0;
}

static int compile_action_word(struct loading *loading, const struct node *node)
{
    const char *mode = other_word(node, action_words, mode_words);
    int word;

    if (mode != NULL) {
        loading_error(loading, node, "unknown action \"%.64s\"; write mode: %s instead", node->text, mode);
        return -1;
    }
    word = compile_word(loading, node, action_words, "action");
    return word < 0 ? -1 : word + ACTION_QUARANTINE;
}

/* Reads {reason: action, default: action}. */
static bool compile_action_map(struct loading *loading, const struct node *node, struct actions *actions)
{
    const char *words[REASON_FIRST_UNKNOWN + 1] = {"default"};
    const struct node *otherwise = node_find(node, "default");
    int action;
    bool good = true;

    for (int reason = 1; reason < REASON_FIRST_UNKNOWN; reason++)
        words[reason] = reason_name((enum reason)reason);
    actions->mapped = true;
    if (otherwise != NULL && (action = compile_action_word(loading, otherwise)) >= 0)
        actions->otherwise = (enum action)action;
    memset(actions->by_reason, (int)actions->otherwise, sizeof actions->by_reason);
    for (const struct node *value = node->first; value != NULL; value = value->next) {
        int reason = compile_word(loading, value->key, words, "reason");

        action = reason <= 0 ? -1 : compile_action_word(loading, value);
        if (action >= 0)
            actions->by_reason[reason] = (unsigned char)action;
        else if (reason != 0)
            good = false;
    }
    return good;
}

const struct actions *compile_actions(struct loading *loading, const struct node *node)
{
    struct actions *actions = loading_alloc(loading, sizeof *actions);
    int action;

    if (actions == NULL)
        return NULL;
    actions->otherwise = ACTION_TEMPFAIL;
    if (node->kind == NODE_MAPPING && node->count > 0)
        return compile_action_map(loading, node, actions) ? actions : NULL;
    action = compile_action_word(loading, node);
    if (action < 0)
        return NULL;
    actions->otherwise = (enum action)action;
    memset(actions->by_reason, action, sizeof actions->by_reason);
    return actions;
}

void compile_message(struct loading *loading, const struct node *node, const char **message)
{
    const char *text;

    if (!compile_free_text(loading, node, &text))
        return;
    if (strlen(text) > MESSAGE_MAX) {
        loading_error(loading, node, "message of %zu characters; at most %d are allowed", strlen(text),
                      MESSAGE_MAX);
        return;
    }
    for (const char *c = text; *c != '\0'; c++)
        if (*c < 0x20 || *c > 0x7E) {
            loading_error(loading, node, "message must be one line of printable ASCII");
            return;
        }
    *message = loading_text(loading, text);
}
