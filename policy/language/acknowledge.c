/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * `acknowledge`: warnings about a partner that the administrator knows of. Read before the partner's other
 * keys, so that the warnings of those keys are known to be acknowledged.
 */
#include <string.h>
#include "policy/language/compile.h"

/* Lists the ids of the warnings that a partner can acknowledge, in the order of the enum; ends with NULL. */
static void partner_ids(const char *ids[WARNING_COUNT])
{
    size_t count = 0;

    for (int i = 1; i < WARNING_COUNT; i++)
        if (warning_is_of_partner((enum warning)i))
            ids[count++] = warning_id((enum warning)i);
    ids[count] = NULL;
}

static enum warning warning_of(const char *id)
{
    for (int i = 1; i < WARNING_COUNT; i++)
        if (strcmp(warning_id((enum warning)i), id) == 0)
            return (enum warning)i;
    return WARNING_NONE;
}

static void read_warning(struct loading *loading, const struct node *node, void *into)
{
    struct acknowledgement *acknowledgement = into;
    enum warning warning = node->kind == NODE_SCALAR ? warning_of(node->text) : WARNING_NONE;
    const char *ids[WARNING_COUNT];
    int word;

    if (warning != WARNING_NONE && !warning_is_of_partner(warning)) {
        loading_error(loading, node,
                      "the warning \"%s\" is not about a partner and cannot be acknowledged here",
                      node->text);
        return;
    }
    partner_ids(ids);
    word = compile_word(loading, node, ids, "warning");
    if (word >= 0)
        acknowledgement->warning = warning;
}

static void read_reason(struct loading *loading, const struct node *node, void *into)
{
    const char *text;

    if (!compile_free_text(loading, node, &text))
        return;
    if (*text == '\0')
        loading_error(loading, node, "an acknowledgement needs a reason");
    ((struct acknowledgement *)into)->reason = loading_text(loading, text);
}

static void check_twice(struct loading *loading, const struct node *node, const struct acknowledgement *first,
                        const struct acknowledgement *last)
{
    for (; last->warning != WARNING_NONE && first < last; first++)
        if (first->warning == last->warning)
            loading_error(loading, node, "the warning \"%s\" is acknowledged twice; the first is in line %u",
                          warning_id(last->warning), first->line);
}

struct acknowledgement *compile_acknowledge(struct loading *loading, const struct node *node, size_t *count)
{
    static const struct key keys[] = {{"warning", read_warning}, {"reason", read_reason}, {NULL, NULL}};
    const struct node *item = NULL;
    struct acknowledgement *list;

    *count = compile_list(loading, node, false, &item);
    list = loading_alloc(loading, *count * sizeof *list);
    if (list == NULL) {
        *count = 0;
        return NULL;
    }
    for (size_t i = 0; i < *count; i++, item = item->next) {
        list[i].line = item->line;
        list[i].column = loading_column(item);
        if (!compile_mapping(loading, item, keys, &list[i], "an acknowledgement"))
            continue;
        if (node_find(item, "warning") == NULL)
            loading_error(loading, item, "an acknowledgement needs a warning");
        if (node_find(item, "reason") == NULL)
            loading_error(loading, item, "an acknowledgement needs a reason");
        check_twice(loading, item, list, &list[i]);
    }
    return list;
}
