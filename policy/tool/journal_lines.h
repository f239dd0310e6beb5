/* SPDX-License-Identifier: BSD-2-Clause */
/* How a unit of the packages writes to the journal: in lines of logfmt, as the filter does. */
#ifndef POLICY_TOOL_JOURNAL_LINES_H
#define POLICY_TOOL_JOURNAL_LINES_H

#include <stdbool.h>

/*
 * If stderr is the journal, each line that is written to it from now on becomes event=error text="...",
 * unless it begins with event=. Returns whether stderr is the journal.
 */
bool journal_lines(void);

#endif
