/* SPDX-License-Identifier: BSD-2-Clause */
/* Text for people: columns that line up, and outside text that cannot disturb the terminal. */
#ifndef POLICY_TOOL_TABLE_H
#define POLICY_TOOL_TABLE_H

#include <stddef.h>
#include <stdio.h>
#include "policy/names/printable.h"

struct table;

/* A table of `columns` columns, each line of it behind `indent` blanks. NULL when out of memory. */
struct table *table_new(size_t columns, unsigned indent);

/* Adds a row of copies of its cells; NULL is an empty cell. table_print() reports where memory ran out. */
void table_row(struct table *table, const char *const cells[]);

/*
 * Prints the table and frees it (NULL is fine). On a terminal it is made as narrow as the terminal where
 * its words allow it: a long cell goes on below itself, broken at blanks, never within a word; where
 * even that is too wide every cell has a line of its own, behind its header. The first row is bold where
 * there are colours. A column without any text takes no room. Elsewhere every row is one line. Answers
 * -1 where memory ran out, else 0.
 */
int table_print(struct table *table, FILE *stream);

#endif
