/* SPDX-License-Identifier: BSD-2-Clause */
/* What a reload changed, for the log and for the client that asked for the reload. */
#ifndef MILTER_CHANGES_H
#define MILTER_CHANGES_H

#include <stdbool.h>
#include <stddef.h>
#include "milter/log.h"
#include "milter/reloads.h"

/* The first few of many items, as one text, and how many items there are. */
struct change_list {
    const char *separator;
    size_t count, length, shown;
    char text[LOG_TEXT_MAX + 1];
};

/* Which partners were added and removed, and what else changed. */
struct changes {
    bool known, whole; /* false: memory ran out before anything was found; before `changed` was complete */
    struct change_list added, removed, changed;
};

void changes_find(struct changes *changes, const struct policy *old, const struct policy *new);

/* Adds the changes to a line of the log, each list with its number of items. */
void changes_log(struct log_line *line, const struct changes *changes);

/* "3 partners; added a,b; removed c; changed contoso: mode testing->none". `count`: the partners now. */
void changes_describe(const struct changes *changes, size_t count, char text[RELOAD_TEXT]);

#endif
