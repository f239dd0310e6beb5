/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The list that doctor fills and shows. Text may hold anything from the machine's files; it is made printable
 * when it is shown. Does not know what the remarks are about.
 */
#include "policy/tool/doctor/remarks.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include "policy/array.h"
#include "policy/tool/table.h"
#include "policy/tool/terminal.h"
#include "policy/tool/text.h"

enum { COLUMNS = 80, INDENT = 9 };

const char *level_name(enum level level)
{
    static const char *const names[LEVEL_COUNT] = {"ok", "warning", "error"};

    return names[level];
}

static bool is_there(const struct remarks *remarks, const char *subject, const char *text)
{
    for (size_t i = 0; i < remarks->count; i++)
        if (strcmp(remarks->remark[i].subject, subject) == 0 && strcmp(remarks->remark[i].text, text) == 0)
            return true;
    return false;
}

static bool grow(struct remarks *remarks)
{
    struct remark *grown = array_grow(remarks->remark, remarks->count, sizeof *grown);

    if (grown != NULL)
        remarks->remark = grown;
    return grown != NULL;
}

void remark(struct remarks *remarks, enum level level, const char *subject, const char *format, ...)
{
    va_list arguments;
    char *text;

    va_start(arguments, format);
    text = text_vformat(format, arguments);
    va_end(arguments);
    if (text != NULL && remarks->prefix != NULL) {
        char *longer = text_format("%s%s", remarks->prefix, text);

        free(text);
        text = longer;
    }
    if (text == NULL || !grow(remarks)) {
        remarks->exhausted = true;
        free(text);
        return;
    }
    remarks->repeated = is_there(remarks, subject, text);
    if (remarks->repeated) {
        free(text);
        return;
    }
    remarks->remark[remarks->count++] = (struct remark){level, subject, text, NULL, NULL};
    remarks->counts[level]++;
}

/* Returns the remark that was added last. NULL: it was there before, or memory ran out. */
static struct remark *last_of(struct remarks *remarks)
{
    return remarks->count == 0 || remarks->exhausted || remarks->repeated
               ? NULL
               : &remarks->remark[remarks->count - 1];
}

/* Adds a line to the last remark, and frees the line. NULL: out of memory. */
static void add_change(struct remarks *remarks, char *line)
{
    struct remark *last = last_of(remarks);
    char *longer = line;

    if (last == NULL) {
        free(line);
        return;
    }
    if (line != NULL && last->change != NULL) {
        longer = text_format("%s\n%s", last->change, line);
        free(line);
    }
    remarks->exhausted |= longer == NULL;
    if (longer == NULL)
        return;
    free(last->change);
    last->change = longer;
}

void remark_change(struct remarks *remarks, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    add_change(remarks, text_vformat(format, arguments));
    va_end(arguments);
}

void remark_command(struct remarks *remarks, const char *const words[])
{
    char *line = text_shell_word(words[0]);

    for (size_t i = 1; line != NULL && words[i] != NULL; i++) {
        char *quoted = text_shell_word(words[i]);
        char *longer = quoted != NULL ? text_format("%s %s", line, quoted) : NULL;

        free(line);
        free(quoted);
        line = longer;
    }
    add_change(remarks, line);
}

void remark_quote(struct remarks *remarks, const char *lines)
{
    struct remark *last = last_of(remarks);

    if (last == NULL || last->quote != NULL)
        return;
    last->quote = text_format("%s", lines);
    remarks->exhausted |= last->quote == NULL;
}

/* Shows each line after `indent` blanks, made printable. */
static void show_lines(const char *lines, int indent, FILE *stream)
{
    while (lines != NULL && *lines) {
        size_t length = strcspn(lines, "\n");
        char *copy = text_format("%.*s", (int)length, lines);

        fprintf(stream, "%*s", indent, "");
        text_show(stream, copy != NULL ? copy : "");
        fputc('\n', stream);
        free(copy);
        lines += length;
        lines += *lines == '\n';
    }
}

static void show(const struct remark *one, FILE *stream)
{
    static const char *const colours[LEVEL_COUNT] = {"\033[32m", "\033[33m", "\033[31m"};
    char *text = text_format("%s: %s", one->subject, one->text);
    bool colour = terminal_colour(stream);

    fprintf(stream, "%s%-*s%s", colour ? colours[one->level] : "", INDENT, level_name(one->level),
            colour ? "\033[0m" : "");
    text_fold(stream, text != NULL ? text : one->text, INDENT, terminal_fold(stream, COLUMNS));
    free(text);
    show_lines(one->quote, INDENT, stream);
    show_lines(one->change, INDENT + 2, stream);
}

void remarks_show(const struct remarks *remarks, FILE *stream)
{
    for (int level = LEVEL_OK; level < LEVEL_COUNT; level++) {
        for (size_t i = 0; i < remarks->count; i++)
            if ((int)remarks->remark[i].level == level)
                show(&remarks->remark[i], stream);
    }
}

void remarks_json(const struct remarks *remarks, struct json *json)
{
    for (size_t i = 0; i < remarks->count; i++) {
        json_open(json, '{');
        json_member(json, "level", level_name(remarks->remark[i].level));
        json_member(json, "subject", remarks->remark[i].subject);
        json_member(json, "text", remarks->remark[i].text);
        json_member(json, "source", remarks->remark[i].quote);
        json_member(json, "change", remarks->remark[i].change);
        json_close(json, '}');
    }
}

void remarks_free(struct remarks *remarks)
{
    for (size_t i = 0; i < remarks->count; i++) {
        free(remarks->remark[i].text);
        free(remarks->remark[i].change);
        free(remarks->remark[i].quote);
    }
    free(remarks->remark);
    *remarks = (struct remarks){0};
}
