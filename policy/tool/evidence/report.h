/* SPDX-License-Identifier: BSD-2-Clause */
/* The forms in which a summary is shown. */
#ifndef POLICY_TOOL_EVIDENCE_REPORT_H
#define POLICY_TOOL_EVIDENCE_REPORT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include "policy/tool/evidence/summary.h"

/* Each writes the summary; -1: out of memory. */
int report_text(FILE *stream, const struct summary *summary, const struct summary_request *request);
int report_json(FILE *stream, const struct summary *summary, const struct summary_request *request);
int report_html(FILE *stream, const struct summary *summary, const struct summary_request *request);

/* A row a partner and day; the course of the summary must be in days. */
int report_csv(FILE *stream, const struct summary *summary, const struct summary_request *request);

/*
 * What the partner, or we, must do about a reason of mail in that direction; "" for a reason that is not
 * known.
 */
const char *report_advice(const char *direction, const char *reason);

/* What stands for the share of mail that met the rules, where there is no mail; `failing`: of --failing. */
const char *report_no_mail(bool failing);

/* What the sources prove: one sentence. */
const char *report_source(const struct summary *summary);

enum { REPORT_UNKNOWN_SIZE = 128 };

/*
 * Whether the evidence of a gateway does not cover the period of the report, as far as it is past; then
 * what is said of it: "nothing is known before 2026-12-01T08:30:00Z.".
 */
bool report_unknown(const struct summary *summary, const struct cover *cover, int64_t now,
                    char text[REPORT_UNKNOWN_SIZE]);

/* "99.2 %" of a whole; 100 % and 0 % only where it is all or nothing. */
void report_share(int64_t part, int64_t whole, char text[16]);

#endif
