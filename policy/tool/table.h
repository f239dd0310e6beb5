/* SPDX-License-Identifier: BSD-2-Clause */
/* Text for people: columns that line up, and outside text that cannot disturb the terminal. */
#ifndef POLICY_TOOL_TABLE_H
#define POLICY_TOOL_TABLE_H

#include <stddef.h>
#include <stdio.h>
#include "policy/names/printable.h"

struct table;

/* A table of `columns` columns; each line begins with `indent` blanks. NULL: out of memory. */
struct table *table_new(size_t columns, unsigned indent);

/* Adds a row of copies of its cells; NULL is an empty cell. table_print() reports if memory ran out. */
void table_row(struct table *table, const char *const cells[]);

/*
 * Prints the table and frees it. Returns 0; -1: memory ran out, or `table` is NULL. On a terminal, columns
 * are narrowed until the table fits: a long cell continues on the next line, broken at blanks, never within
 * a word. If that is not enough, every cell has a line of its own, after its header. The first row is bold
 * if there are colours. A column without any text is left out. If the stream is no terminal, every row is
 * one line.
 */
int table_print(struct table *table, FILE *stream);

#endif
