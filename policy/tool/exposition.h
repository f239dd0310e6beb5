/* SPDX-License-Identifier: BSD-2-Clause */
/* Writes the daemon's answer to "metrics" as text for Prometheus. */
#ifndef POLICY_TOOL_EXPOSITION_H
#define POLICY_TOOL_EXPOSITION_H

#include <stdbool.h>
#include <stdio.h>
#include "policy/yaml/node.h"

/* Whether the answer holds nothing but series of ours with numbers. */
bool exposition_is_readable(const struct node *top);

/* Writes an answer that is readable: as OpenMetrics 1.0.0, or in the classic text format 0.0.4. */
void exposition_show(FILE *stream, const struct node *top, bool openmetrics);

#endif
