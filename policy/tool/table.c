/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Columns by display width. Cells hold text from outside, such as names in certificates and addresses: each
 * is made printable when it is added, so that width and output agree. Widths are Unicode's, whatever the
 * locale. Knows nothing of what the cells mean.
 */
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include "policy/tool/table.h"
#include "policy/tool/terminal.h"

enum { GAP = 2, WORD_WIDTH_MAX = 40, LONG_WORD_WIDTH = 24 };

struct table {
    size_t columns, cells, room;
    char **cell; /* row by row, printable UTF-8 */
    unsigned indent;
    bool exhausted;
};

struct table *table_new(size_t columns, unsigned indent)
{
    struct table *table = calloc(1, sizeof *table);

    if (table != NULL) {
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

    if (stream == NULL)
        return NULL;
    text_show(stream, text != NULL ? text : "");
    if (fclose(stream) != 0) {
        free(copy);
        return NULL;
    }
    return copy;
}

void table_row(struct table *table, const char *const cells[])
{
    if (table == NULL || table->exhausted)
        return;
    if (table->cells + table->columns > table->room) {
        size_t room = 2 * table->room + 16 * table->columns;
        char **cell = realloc(table->cell, room * sizeof *cell);

        if (cell == NULL) {
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

/* Returns how many octets of `text` are before the next blank after its first; *width: their columns. */
static size_t word_length(const char *text, int *width)
{
    size_t length = 0, left = strlen(text);

    *width = 0;
    while (length < left && (text[length] != ' ' || length == 0)) {
        int wide = 0;
        size_t step = printable_character(text + length, left - length, &wide);

        length += step > 0 ? step : 1;
        *width += wide;
    }
    return length;
}

/* Returns how many octets of `text` go on one line of `limit` columns: whole words, at least one. */
static size_t line_length(const char *text, int limit, int *width)
{
    size_t length = word_length(text, width);

    while (text[length] != '\0') {
        int more;
        size_t word = word_length(text + length, &more);

        if (*width + more > limit)
            break;
        length += word;
        *width += more;
    }
    return length;
}

static int widest_of(const struct table *table, size_t column, bool words)
{
    int widest = 0;

    for (size_t i = column; i < table->cells; i += table->columns)
        for (const char *rest = table->cell[i]; *rest != '\0';) {
            int width;

            rest += line_length(rest, words ? 0 : INT_MAX, &width);
            rest += *rest == ' ';
            if (words && width > WORD_WIDTH_MAX)
                width = LONG_WORD_WIDTH; /* it overflows its column anyway, so it need not narrow others */
            widest = width > widest ? width : widest;
        }
    return widest;
}

/* Narrows the widest columns, none below its `least` width. Returns whether the table then fits. */
static bool fit_widths(const struct table *table, int *widths, const int *least, int room)
{
    int total = (int)table->indent;

    for (size_t i = 0; i < table->columns; i++)
        total += widths[i] + (i > 0 && widths[i] > 0 ? GAP : 0);
    while (total > room) {
        size_t widest = table->columns;

        for (size_t i = 0; i < table->columns; i++)
            if (widths[i] > least[i] && (widest == table->columns || widths[i] > widths[widest]))
                widest = i;
        if (widest == table->columns)
            return false;
        widths[widest]--;
        total--;
    }
    return true;
}

/*
 * Prints one line of a row, without its line end, and moves `rest` past what was printed. False: nothing
 * was left.
 */
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
        size_t length = *rest[i] == '\0' ? 0 : line_length(rest[i], widths[i], &width);

        if (widths[i] == 0)
            continue; /* the column is empty */
        if (length > 0)
            fprintf(stream, "%*s%.*s", due, "", (int)length, rest[i]);
        due = (length > 0 ? 0 : due + width) + widths[i] - width + GAP;
        due = due < GAP ? GAP : due; /* after a word that is wider than its column */
        rest[i] += length;
        rest[i] += *rest[i] == ' ';
    }
    return true;
}

static void print_rows(const struct table *table, const char **rest, const int *widths, FILE *stream)
{
    bool bold = terminal_colour(stream);

    for (size_t row = 0; row < table->cells; row += table->columns) {
        memcpy(rest, table->cell + row, table->columns * sizeof *rest);
        for (bool again = true; again;) {
            fputs(row == 0 && bold ? "\033[1m" : "", stream);
            again = print_line(table, rest, widths, stream);
            fputs(row == 0 && bold ? "\033[0m" : "", stream);
            if (again)
                fputc('\n', stream);
        }
    }
}

/* Prints each cell on a line of its own, "HEADER  cell": for a table that is too wide for the terminal. */
static void print_blocks(const struct table *table, int room, FILE *stream)
{
    const char *bold = terminal_colour(stream) ? "\033[1m" : "", *plain = *bold == '\0' ? "" : "\033[0m";
    int label = 0, width;

    for (size_t i = 0; i < table->columns; i++) {
        line_length(table->cell[i], INT_MAX, &width);
        label = width > label ? width : label;
    }
    for (size_t i = table->columns; i < table->cells; i++) {
        const char *rest = table->cell[i], *header = table->cell[i % table->columns];

        for (size_t length; *rest != '\0'; rest += length + (rest[length] == ' ')) {
            length = line_length(rest, room - (int)table->indent - label - GAP, &width);
            fprintf(stream, "%*s%s%-*s%s%*s%.*s\n", (int)table->indent, "", bold, label, header, plain, GAP,
                    "", (int)length, rest);
            header = "";
        }
        if ((i + 1) % table->columns == 0 && i + 1 < table->cells)
            fputc('\n', stream);
    }
}

static void table_free(struct table *table)
{
    for (size_t i = 0; table != NULL && i < table->cells; i++)
        free(table->cell[i]);
    if (table != NULL)
        free(table->cell);
    free(table);
}

int table_print(struct table *table, FILE *stream)
{
    int *widths = NULL, *least;
    const char **rest = NULL;
    int room = (int)terminal_width(stream), answer = -1;

    if (table == NULL || table->exhausted)
        goto out;
    widths = calloc(2 * table->columns, sizeof *widths);
    rest = calloc(table->columns, sizeof *rest);
    if (widths == NULL || rest == NULL)
        goto out;
    least = widths + table->columns;
    for (size_t i = 0; i < table->columns; i++) {
        widths[i] = widest_of(table, i, false);
        least[i] = widest_of(table, i, true);
    }
    if (room == 0 || fit_widths(table, widths, least, room))
        print_rows(table, rest, widths, stream);
    else
        print_blocks(table, room, stream);
    answer = 0;
out:
    table_free(table);
    free(widths);
    free(rest);
    return answer;
}
