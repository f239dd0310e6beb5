/* SPDX-License-Identifier: BSD-2-Clause */
/* Pieces of an HTML page: outside text that stays text, numbers for people, charts as SVG. */
#ifndef POLICY_TOOL_EVIDENCE_HTML_H
#define POLICY_TOOL_EVIDENCE_HTML_H

#include <stdint.h>
#include <stdio.h>
#include "policy/tool/evidence/summary.h"

/* Writes text from outside: octets that do not print as \xNN, and what HTML would read escaped. */
void html_text(FILE *stream, const char *text);

/* Likewise, of several lines. */
void html_lines(FILE *stream, const char *text);

/* "12 345" with thin spaces. */
void html_number(FILE *stream, int64_t number);

/* "2026-12-01" for days and weeks, "12-01 14:00" for hours, in UTC. */
void html_bucket(FILE *stream, const struct summary *summary, size_t bucket);

/* Where style and patterns of the charts are; once a page. */
void chart_definitions(FILE *stream);

/*
 * The course of a partner or of all: bars of mails by class of TLS, and bars of failures below. `name` is
 * what it is the course of; `large` with labels and a title for each bar.
 */
void chart_course(FILE *stream, const struct summary *summary, const struct sums *course, const char *name,
                  bool large);

/* The same numbers as a table, for those who do not see the chart. */
void chart_table(FILE *stream, const struct summary *summary, const struct sums *course);

/* A line of mails, and at its foot the share of failures. */
void chart_spark(FILE *stream, const struct summary *summary, const struct sums *course);

#endif
