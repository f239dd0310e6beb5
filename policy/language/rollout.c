/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * `rollout` of a partner and of `outbound`: steps that ascend by date.
 */
#include "policy/language/compile.h"

#include "policy/names/date.h"

static void read_step_from(struct loading *loading, const struct node *node, void *into)
{
    compile_date(loading, node, &((struct step *)into)->from);
}

static void read_step_mode(struct loading *loading, const struct node *node, void *into)
{
    compile_mode(loading, node, &((struct step *)into)->mode);
}

static void read_step_action(struct loading *loading, const struct node *node, void *into)
{
    ((struct step *)into)->actions = compile_actions(loading, node);
}

static void check_step(struct loading *loading, const struct node *item, const struct step *step,
                       int64_t last, bool outbound)
{
    bool mode = node_find(item, "mode") != NULL, action = node_find(item, "action") != NULL;

    if (node_find(item, "from") == NULL)
        loading_error(loading, item, "a step of a rollout needs from");
    else if (step->from != DATE_BEGIN && step->from <= last)
        loading_error(loading, item, "the steps of a rollout must ascend by date");
    if (!mode && outbound)
        loading_error(loading, item, "a step of a rollout needs a mode");
    else if (!mode && !action)
        loading_error(loading, item, "a step of a rollout needs a mode, an action or both");
}

const struct step *compile_rollout(struct loading *loading, const struct node *node, bool outbound,
                                   size_t *count)
{
    static const struct key inbound_keys[] = {
        {"from", read_step_from}, {"mode", read_step_mode}, {"action", read_step_action}, {NULL, NULL}};
    static const struct key outbound_keys[] = {
        {"from", read_step_from}, {"mode", read_step_mode}, {NULL, NULL}};
    static const struct refused_key refused[] = {{"action", OUTBOUND_HAS_NO_ACTION}, {NULL, NULL}};
    const struct node *item = NULL;
    struct step *steps;
    int64_t last = DATE_BEGIN;

    *count = compile_list(loading, node, false, &item);
    steps = loading_alloc(loading, *count * sizeof *steps);
    for (size_t i = 0; steps != NULL && i < *count; i++, item = item->next) {
        steps[i] =
            (struct step){.place = loading_place(loading, item), .from = DATE_BEGIN, .mode = MODE_COUNT};
        if (!compile_mapping_refusing(loading, item, outbound ? outbound_keys : inbound_keys,
                                      outbound ? refused : NULL, &steps[i],
                                      outbound ? "a step of outbound's rollout" : "a step of a rollout"))
            continue;
        check_step(loading, item, &steps[i], last, outbound);
        last = steps[i].from != DATE_BEGIN ? steps[i].from : last;
    }
    if (steps == NULL)
        *count = 0;
    return steps;
}
