/* SPDX-License-Identifier: BSD-2-Clause */
/* Text made and folded. */
#ifndef POLICY_TOOL_TEXT_H
#define POLICY_TOOL_TEXT_H

#include <stdarg.h>
#include <stdio.h>

/* What printf would write; to be freed. NULL: out of memory. */
char *text_format(const char *format, ...) __attribute__((format(printf, 1, 2)));
char *text_vformat(const char *format, va_list arguments) __attribute__((format(printf, 1, 0)));

/* A copy in which every octet that does not print is \xNN; to be freed. NULL: out of memory. */
char *text_printable(const char *text);

/* Writes a value as the filter writes it in its log: with the quotation marks, or without them. */
void text_quoted(FILE *stream, const char *text);
void text_escaped(FILE *stream, const char *text);

/*
 * A word as a POSIX shell reads it back: as it is if that is safe, else in single quotes, or as $'...'
 * (bash, zsh, ksh) if an octet does not print. To be freed. NULL: out of memory.
 */
char *text_shell_word(const char *word);

/*
 * Writes `text`, made printable, and a line end. The first line begins at column `indent`, and the next
 * ones with as many blanks. Lines break at blanks; only a long word makes a line exceed `columns`.
 */
void text_fold(FILE *stream, const char *text, int indent, int columns);

#endif
