/* SPDX-License-Identifier: BSD-2-Clause */
/* Which row a list of texts is, for the lists that came last: most lines of a log are like earlier ones. */
#ifndef POLICY_TOOL_EVIDENCE_RECALL_H
#define POLICY_TOOL_EVIDENCE_RECALL_H

#include <stddef.h>
#include <stdint.h>

struct recall;

/* NULL: out of memory. */
struct recall *recall_new(void);
void recall_free(struct recall *recall); /* NULL is fine */

/* The row of these texts; 0: it is not known. */
uint32_t recall_find(struct recall *recall, const char *const text[], size_t count);

/* Keeps the row of the texts that were looked for last. */
void recall_keep(struct recall *recall, uint32_t row);

#endif
