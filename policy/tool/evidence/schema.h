/* SPDX-License-Identifier: BSD-2-Clause */
/* The tables of the database, by version. */
#ifndef POLICY_TOOL_EVIDENCE_SCHEMA_H
#define POLICY_TOOL_EVIDENCE_SCHEMA_H

/*
 * schema_steps[n] makes version n + 1 of version n; NULL behind the last one. Each step stays as it was
 * released: a database of any version is brought to the newest one by the steps that it lacks.
 */
extern const char *const schema_steps[];

#endif
