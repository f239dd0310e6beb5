/* SPDX-License-Identifier: BSD-2-Clause */
/* Text made and folded. */
#ifndef POLICY_TOOL_TEXT_H
#define POLICY_TOOL_TEXT_H

#include <stdarg.h>
#include <stdio.h>

/* What printf would write; to be freed; NULL when out of memory. */
char *text_format(const char *format, ...) __attribute__((format(printf, 1, 2)));
char *text_vformat(const char *format, va_list arguments) __attribute__((format(printf, 1, 0)));

/* A copy in which every octet that does not print is \xNN; to be freed; NULL when out of memory. */
char *text_printable(const char *text);

/*
 * Writes `text`, made printable, and a line end: the first line begins at column `indent`, the next ones
 * behind as many blanks; broken at blanks so that no line exceeds `columns` where a word allows it.
 */
void text_fold(FILE *stream, const char *text, int indent, int columns);

#endif
