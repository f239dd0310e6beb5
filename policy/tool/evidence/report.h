/* SPDX-License-Identifier: BSD-2-Clause */
/* The output formats of a summary. */
#ifndef POLICY_TOOL_EVIDENCE_REPORT_H
#define POLICY_TOOL_EVIDENCE_REPORT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include "policy/tool/evidence/summary.h"

/* Each one writes the summary. -1: out of memory. */
int report_text(FILE *stream, const struct summary *summary, const struct summary_request *request);
int report_json(FILE *stream, const struct summary *summary, const struct summary_request *request);
int report_html(FILE *stream, const struct summary *summary, const struct summary_request *request);

/* Writes a row per partner and day; the course of the summary must be in days. */
int report_csv(FILE *stream, const struct summary *summary, const struct summary_request *request);

/*
 * Returns what the partner, or we, must do about a reason of mail in that direction. "": the reason is
 * unknown.
 */
const char *report_advice(const char *direction, const char *reason);

/* Returns the text instead of the share of good mail if there is no mail; `failing`: with --failing. */
const char *report_no_mail(bool failing);

/* Returns one sentence about what the sources prove. */
const char *report_source(const struct summary *summary);

enum { REPORT_UNKNOWN_SIZE = 128 };

/*
 * Whether the evidence of a gateway misses a past part of the report's period. If so, writes what is missing:
 * "nothing is known before 2026-12-01T08:30:00Z.".
 */
bool report_unknown(const struct summary *summary, const struct cover *cover, int64_t now,
                    char text[REPORT_UNKNOWN_SIZE]);

/* Writes "99.2 %"; 100 % and 0 % only if it is exactly all or nothing. */
void report_share(int64_t part, int64_t whole, char text[16]);

#endif
