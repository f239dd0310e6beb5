/* SPDX-License-Identifier: BSD-2-Clause */
/* Shows findings. Knows how to cut a line of a file around a place; reads nothing else of the file. */
#include "policy/yaml/diag_show.h"

#include <string.h>
#include "policy/names/printable.h"

enum { INDENT = 4, WIDTH = 100, DOTS = 3 };

/* A character of the line as it is shown. */
struct shown {
    size_t octets;
    int width;
    bool escaped; /* as \xNN */
};

static struct shown shown_at(const char *text)
{
    struct shown shown = {.escaped = false};

    if (*text == '\t')
        return (struct shown){1, 1, false};
    shown.octets = printable_character(text, strlen(text) < 8 ? strlen(text) : 8, &shown.width);
    return shown.octets > 0 ? shown : (struct shown){1, 4, true};
}

/* The columns that a line takes up to its `count`th character. */
static int width_of(const char *line, unsigned count)
{
    int width = 0;

    while (*line != '\0' && count-- > 0) {
        struct shown shown = shown_at(line);

        width += shown.width;
        line += shown.octets;
    }
    return width;
}

/* Writes the characters of a line that lie between two columns. */
static void show_part(FILE *stream, const char *line, int from, int to)
{
    for (int at = 0; *line != '\0';) {
        struct shown shown = shown_at(line);

        if (at >= from && at + shown.width <= to) {
            if (shown.escaped)
                fprintf(stream, "\\x%02X", (unsigned char)*line);
            else
                fprintf(stream, "%.*s", (int)shown.octets, *line == '\t' ? " " : line);
        }
        at += shown.width;
        line += shown.octets;
    }
}

static void show_source(struct diag_show *show, const struct place *place)
{
    const char *line = lines_read(&show->lines, place->file, place->line);
    int room = show->width > INDENT + 20 ? (int)show->width - INDENT : WIDTH - INDENT;
    int at, end, from, to;

    if (line == NULL || place->column == 0 || place->column - 1 > strlen(line))
        return;
    at = width_of(line, place->column - 1);
    end = width_of(line, ~0u);
    from = end <= room || at < room - DOTS - 1 ? 0 : at - room / 2;
    to = end - from + (from > 0 ? DOTS : 0) <= room ? end : from + room - DOTS - (from > 0 ? DOTS : 0);
    fprintf(show->stream, "%*s%s", INDENT, "", from > 0 ? "..." : "");
    show_part(show->stream, line, from, to);
    fprintf(show->stream, "%s\n%*s%s^%s\n", to < end ? "..." : "", INDENT + at - from + (from > 0 ? DOTS : 0),
            "", show->colour ? "\033[32m" : "", show->colour ? "\033[0m" : "");
}

void diag_show(struct diag_show *show, const struct diag *diag)
{
    bool error = diag->severity == SEVERITY_ERROR;

    if (diag->place.file != NULL) {
        text_show(show->stream, diag->place.file);
        if (diag->place.line > 0)
            fprintf(show->stream, ":%u:%u", diag->place.line, diag->place.column);
        fputs(": ", show->stream);
    }
    if (show->colour)
        fputs(error ? "\033[31m" : "\033[33m", show->stream);
    fputs(error ? "error: " : "warning: ", show->stream);
    if (show->colour)
        fputs("\033[0m", show->stream);
    text_show(show->stream, diag->text);
    fputc('\n', show->stream);
    if (show->source && error && diag->place.file != NULL && diag->place.line > 0)
        show_source(show, &diag->place);
}

void diag_show_end(struct diag_show *show)
{
    lines_close(&show->lines);
}
