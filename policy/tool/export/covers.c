/* SPDX-License-Identifier: BSD-2-Clause */
/* Chooses the partners that are written, by modes and dates. Does not know the formats. */
#include "policy/tool/export/export.h"

/* Whether the mode is in force now or at a later date. */
static bool comes(const struct export *export, const struct outbound *rule, enum mode mode)
{
    if (outbound_in_force(export->policy, rule, export->now) == mode)
        return true;
    for (size_t i = 0; i < rule->step_count; i++)
        if (rule->steps[i].from > export->now && rule->steps[i].mode == mode)
            return true;
    return false;
}

bool export_covers(const struct export *export, const struct partner *partner)
{
    const struct outbound *rule = partner->terms->outbound;

    if (rule == NULL)
        return false;
    if (export->what == EXPORT_ANSWERED)
        return outbound_in_force(export->policy, rule, export->now) == MODE_ENFORCE
               && outbound_excepted(rule, export->now) == NULL;
    return comes(export, rule, MODE_ENFORCE)
           || (export->what == EXPORT_TESTING && comes(export, rule, MODE_TESTING));
}
