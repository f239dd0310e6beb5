/* SPDX-License-Identifier: BSD-2-Clause */
/* Options of Postfix's filters and policy services: { ENDPOINT, name=value }. */
#ifndef POLICY_TOOL_DOCTOR_OPTION_H
#define POLICY_TOOL_DOCTOR_OPTION_H

#include <stdbool.h>
#include "policy/tool/doctor/endpoint.h"
#include "policy/tool/doctor/merge.h"

/* Returns what Postfix finds wrong with an option of a filter, or of a policy service. NULL: nothing. */
const char *option_error(const struct element *option, bool service);

/*
 * Picks options that Postfix cannot read. `arg` points to a bool: options of a
 * policy service, not of a filter.
 */
merge_fn option_drop_malformed;

#endif
