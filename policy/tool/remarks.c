/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The list that doctor fills and shows. Text comes in with whatever the
 * machine's files hold; it is made printable when it is shown. Nothing is known
 * here of what the remarks are about.
 */
#include "policy/tool/doctor/remarks.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include "policy/tool/table.h"
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
    size_t room = 2 * remarks->room + 32;
    struct remark *grown;

    if (remarks->count < remarks->room)
        return true;
    grown = realloc(remarks->remark, room * sizeof(*grown));
    if (!grown)
        return false;
    remarks->remark = grown;
    remarks->room = room;
    return true;
}

void remark(struct remarks *remarks, enum level level, const char *subject, const char *format, ...)
{
    va_list arguments;
    char *text;

    va_start(arguments, format);
    text = text_vformat(format, arguments);
    va_end(arguments);
    if (!text || !grow(remarks)) {
        remarks->exhausted = true;
        free(text);
        return;
    }
    remarks->repeated = is_there(remarks, subject, text);
    if (remarks->repeated) {
        free(text);
        return;
    }
    remarks->remark[remarks->count++] = (struct remark){level, subject, text, NULL};
    remarks->counts[level]++;
}

void remark_change(struct remarks *remarks, const char *format, ...)
{
    struct remark *last = remarks->count > 0 ? &remarks->remark[remarks->count - 1] : NULL;
    va_list arguments;

    if (!last || remarks->exhausted || remarks->repeated || last->change)
        return;
    va_start(arguments, format);
    last->change = text_vformat(format, arguments);
    va_end(arguments);
    remarks->exhausted |= last->change == NULL;
}

static void show(const struct remark *one, FILE *stream)
{
    char *text = text_format("%s: %s", one->subject, one->text);

    fprintf(stream, "%-*s", INDENT, level_name(one->level));
    text_fold(stream, text ? text : one->text, INDENT, COLUMNS);
    free(text);
    for (const char *line = one->change; line && *line;) {
        size_t length = strcspn(line, "\n");
        char *copy = text_format("%.*s", (int)length, line);

        fprintf(stream, "%*s", INDENT + 2, "");
        text_show(stream, copy ? copy : "");
        fputc('\n', stream);
        free(copy);
        line += length;
        line += *line == '\n';
    }
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
        json_key(json, "level");
        json_string(json, level_name(remarks->remark[i].level));
        json_key(json, "subject");
        json_string(json, remarks->remark[i].subject);
        json_key(json, "text");
        json_string(json, remarks->remark[i].text);
        json_key(json, "change");
        json_string(json, remarks->remark[i].change);
        json_close(json, '}');
    }
}

void remarks_free(struct remarks *remarks)
{
    for (size_t i = 0; i < remarks->count; i++) {
        free(remarks->remark[i].text);
        free(remarks->remark[i].change);
    }
    free(remarks->remark);
    *remarks = (struct remarks){0};
}
