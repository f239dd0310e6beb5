/* SPDX-License-Identifier: BSD-2-Clause */
/* The tables of the database, by version. */
#ifndef POLICY_TOOL_EVIDENCE_SCHEMA_H
#define POLICY_TOOL_EVIDENCE_SCHEMA_H

/*
 * schema_steps[n] migrates version n to version n + 1; NULL ends the list. A released step never changes: a
 * database of any version is migrated by the steps that it lacks.
 */
extern const char *const schema_steps[];

#endif
