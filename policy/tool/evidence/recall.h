/* SPDX-License-Identifier: BSD-2-Clause */
/* Remembers which row a list of texts is, for recent lists: most lines of a log are like earlier ones. */
#ifndef POLICY_TOOL_EVIDENCE_RECALL_H
#define POLICY_TOOL_EVIDENCE_RECALL_H

#include <stddef.h>
#include <stdint.h>

struct recall;

/* NULL: out of memory. */
struct recall *recall_new(void);
void recall_free(struct recall *recall); /* NULL is allowed */

/* Returns the row of these texts. 0: unknown. */
uint32_t recall_find(struct recall *recall, const char *const text[], size_t count);

/* Remembers the row of the texts of the last recall_find(). */
void recall_keep(struct recall *recall, uint32_t row);

#endif
