/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reports warnings about a policy that loads. Each begins with whose rule it is about, and is left out if the
 * partner acknowledges it.
 */
#include "policy/language/doubts.h"

#include <stdarg.h>
#include <stdio.h>

/* Whether the partner acknowledges the warning. If so, notes that the warning was found. */
static bool is_acknowledged(struct doubts *doubts, enum warning warning)
{
    const struct terms *terms = doubts->partner == NULL ? NULL : doubts->partner->terms;

    for (size_t i = 0; terms != NULL && i < terms->acknowledgement_count; i++)
        if (terms->acknowledgements[i].warning == warning) {
            doubts->acknowledged |= (uint64_t)1 << warning;
            return true;
        }
    return false;
}

void doubts_report(struct doubts *doubts, struct place place, enum warning warning, const char *format, ...)
{
    char text[600];
    struct diag diag = {SEVERITY_WARNING, place, text, warning_id(warning)};
    int length = snprintf(text, sizeof text, "%s%s%.128s", doubts->kind, *doubts->name == '\0' ? "" : " ",
                          doubts->name);
    va_list args;

    if (is_acknowledged(doubts, warning))
        return;
    va_start(args, format);
    diag_text(text + length, sizeof text - (size_t)length, format, args);
    va_end(args);
    diag_append_id(text, sizeof text, diag.id);
    if (doubts->diag != NULL)
        doubts->diag(doubts->arg, &diag);
}
