/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Columns by display width. Cells hold text from outside (names in
 * certificates, addresses): each is made printable when it comes in, so that
 * width and output agree. Widths are Unicode's, whatever the locale. It knows
 * nothing of what the cells mean.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include "policy/tool/table.h"

enum { CELL_WIDTH_MAX = 40, GAP = 2 };

struct table {
    size_t columns, cells, room;
    char **cell; /* row by row, printable UTF-8 */
    unsigned indent;
    bool exhausted;
};

struct table *table_new(size_t columns, unsigned indent)
{
    struct table *table = calloc(1, sizeof(*table));

    if (table) {
        table->columns = columns;
        table->indent = indent;
    }
    return table;
}

static char *printable(const char *text)
{
    char *copy = NULL;
    size_t size;
    FILE *stream = open_memstream(&copy, &size);

    if (!stream)
        return NULL;
    text_show(stream, text ? text : "");
    if (fclose(stream) != 0) {
        free(copy);
        return NULL;
    }
    return copy;
}

void table_row(struct table *table, const char *const cells[])
{
    if (!table || table->exhausted)
        return;
    if (table->cells + table->columns > table->room) {
        size_t room = 2 * table->room + 16 * table->columns;
        char **cell = realloc(table->cell, room * sizeof(*cell));

        if (!cell) {
            table->exhausted = true;
            return;
        }
        table->cell = cell;
        table->room = room;
    }
    for (size_t i = 0; i < table->columns; i++) {
        char *copy = printable(cells[i]);

        table->cell[table->cells++] = copy;
        table->exhausted |= copy == NULL;
    }
}

/*
 * The octets of `text` that go on one line of `limit` columns: all, else up to
 * the last blank that fits, else as many characters as fit. *width: their columns.
 */
static size_t line_length(const char *text, int limit, int *width)
{
    size_t length = 0, left = strlen(text), blank = 0;
    int columns = 0, blank_columns = 0;

    while (length < left) {
        int wide = 0;
        size_t step = printable_character(text + length, left - length, &wide);

        if (columns + wide > limit)
            break;
        if (text[length] == ' ' && length > 0) {
            blank = length;
            blank_columns = columns;
        }
        length += step > 0 ? step : 1;
        columns += wide;
    }
    if (length < left && text[length] != ' ' && blank > 0) {
        length = blank;
        columns = blank_columns;
    }
    *width = columns;
    return length;
}

static int column_width(const struct table *table, size_t column)
{
    int widest = 0;

    for (size_t i = column; i < table->cells; i += table->columns) {
        const char *rest = table->cell[i];

        while (*rest) {
            int width;

            rest += line_length(rest, CELL_WIDTH_MAX, &width);
            rest += *rest == ' ';
            widest = width > widest ? width : widest;
        }
    }
    return widest;
}

/* Prints one line of a row and moves its cells on to what is left of them; false when nothing was left. */
static bool print_line(const struct table *table, const char **rest, const int *widths, FILE *stream)
{
    int due = (int)table->indent;
    bool any = false;

    for (size_t i = 0; i < table->columns; i++)
        any |= *rest[i] != '\0';
    if (!any)
        return false;
    for (size_t i = 0; i < table->columns; i++) {
        int width = 0;
        size_t length = line_length(rest[i], CELL_WIDTH_MAX, &width);

        if (length > 0)
            fprintf(stream, "%*s%.*s", due, "", (int)length, rest[i]);
        due = (length > 0 ? 0 : due + width) + widths[i] - width + GAP;
        rest[i] += length;
        rest[i] += *rest[i] == ' ';
    }
    fputc('\n', stream);
    return true;
}

int table_print(struct table *table, FILE *stream)
{
    int *widths = NULL;
    const char **rest = NULL;
    int answer = -1;

    if (!table || table->exhausted)
        goto out;
    widths = calloc(table->columns, sizeof(*widths));
    rest = calloc(table->columns, sizeof(*rest));
    if (!widths || !rest)
        goto out;
    for (size_t i = 0; i < table->columns; i++)
        widths[i] = column_width(table, i);
    for (size_t row = 0; row < table->cells; row += table->columns) {
        memcpy(rest, table->cell + row, table->columns * sizeof(*rest));
        while (print_line(table, rest, widths, stream))
            ;
    }
    answer = 0;
out:
    for (size_t i = 0; table && i < table->cells; i++)
        free(table->cell[i]);
    if (table)
        free(table->cell);
    free(table);
    free(widths);
    free(rest);
    return answer;
}
