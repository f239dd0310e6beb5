/* SPDX-License-Identifier: BSD-2-Clause */
/* Parts of an HTML page: outside text that stays text, numbers for humans, charts as SVG. */
#ifndef POLICY_TOOL_EVIDENCE_HTML_H
#define POLICY_TOOL_EVIDENCE_HTML_H

#include <stdint.h>
#include <stdio.h>
#include "policy/tool/evidence/summary.h"

/* Writes text from outside: unprintable octets as \xNN, and special characters of HTML as entities. */
void html_text(FILE *stream, const char *text);

/* The same for a text of several lines. */
void html_lines(FILE *stream, const char *text);

/* Writes "12 345" with thin spaces. */
void html_number(FILE *stream, int64_t number);

/* Writes "2026-12-01" for days and weeks, "12-01 14:00" for hours, in UTC. */
void html_bucket(FILE *stream, const struct summary *summary, size_t bucket);

/* Writes the patterns of the charts, once per page. */
void chart_definitions(FILE *stream);

/*
 * Draws the course of one partner or of all: bars of mails by class of TLS, and below them bars of failures.
 * `name` tells whose course it is. `large`: with a legend, and a title for each bar.
 */
void chart_course(FILE *stream, const struct summary *summary, const struct sums *course, const char *name,
                  bool large);

/* Writes the same numbers as a table, for those who cannot see the chart. */
void chart_table(FILE *stream, const struct summary *summary, const struct sums *course);

/* Draws a line of mails, and at its foot the share of failures. */
void chart_spark(FILE *stream, const struct summary *summary, const struct sums *course);

#endif
