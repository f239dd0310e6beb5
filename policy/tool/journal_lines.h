/* SPDX-License-Identifier: BSD-2-Clause */
/* What a unit of the packages says in the journal: lines of logfmt, as the filter writes them. */
#ifndef POLICY_TOOL_JOURNAL_LINES_H
#define POLICY_TOOL_JOURNAL_LINES_H

#include <stdbool.h>

/*
 * Where stderr is the journal, each line that is written to it from now on becomes event=error text="...",
 * unless it begins with event= itself. Answers whether it is the journal.
 */
bool journal_lines(void);

#endif
