/* SPDX-License-Identifier: BSD-2-Clause */
/* What a reload changed, for the log and for whoever asked for it. */
#ifndef MILTER_CHANGES_H
#define MILTER_CHANGES_H

#include <stdbool.h>
#include <stddef.h>
#include "milter/log.h"
#include "milter/reloads.h"

/* Of many items the first few, as one text, and how many there are. */
struct change_list {
    const char *separator;
    size_t count, length, shown;
    char text[LOG_TEXT_MAX + 1];
};

/* Which partners came and went, and what changed. */
struct changes {
    bool known, whole; /* false: memory ran out over all of it; over what changed */
    struct change_list added, removed, changed;
};

void changes_find(struct changes *changes, const struct policy *old, const struct policy *new);

/* Adds them to a line of the log, each list with its length. */
void changes_log(struct log_line *line, const struct changes *changes);

/* "3 partners; added a,b; removed c; changed contoso: mode testing->none"; of `count`. */
void changes_describe(const struct changes *changes, size_t count, char text[RELOAD_TEXT]);

#endif
