/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What every format needs: errors and notes on standard error, each with its place, and memory that lasts for
 * the whole run.
 */
#include "policy/tool/import/import.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include "policy/names/printable.h"
#include "policy/tool/text.h"

/* `text` NULL: out of memory. */
static void show(const char *file, unsigned line, const char *severity, const char *text)
{
    text_show(stderr, file);
    if (line > 0)
        fprintf(stderr, ":%u", line);
    fprintf(stderr, ": %s: ", severity);
    text_show(stderr, text != NULL ? text : "out of memory");
    fputc('\n', stderr);
}

/* Shows an error once if it repeats the last one: a property may be read twice. */
void import_error(struct import *import, const char *file, unsigned line, const char *format, ...)
{
    va_list arguments;
    char *text;

    va_start(arguments, format);
    text = text_vformat(format, arguments);
    va_end(arguments);
    if (import->last_file != file || import->last_line != line || text == NULL
        || strcmp(text, import->last_text) != 0)
        show(file, line, "error", text);
    import->errors++;
    import->last_file = file;
    import->last_line = line;
    snprintf(import->last_text, sizeof import->last_text, "%s", text != NULL ? text : "");
    free(text);
}

void import_vnote(const struct origin *origin, const char *format, va_list arguments)
{
    char *text = text_vformat(format, arguments);

    show(origin->file, origin->line, "note", text);
    free(text);
}

void import_note(const struct origin *origin, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    import_vnote(origin, format, arguments);
    va_end(arguments);
}

static void *expect(void *memory)
{
    if (memory == NULL) {
        fputs("forcetls import: out of memory\n", stderr);
        exit(EX_OSERR);
    }
    return memory;
}

void import_index(struct text_index *index, const char *text, struct draft *draft)
{
    if (!text_index_add(index, text, draft))
        expect(NULL);
}

void *import_alloc(struct import *import, size_t size)
{
    return expect(arena_alloc(&import->arena, size));
}

const char *import_text(struct import *import, const char *text, size_t length)
{
    return expect(arena_text(&import->arena, text, length));
}

const char *import_format(struct import *import, const char *format, ...)
{
    va_list arguments;
    const char *kept;
    char *text;

    va_start(arguments, format);
    text = expect(text_vformat(format, arguments));
    va_end(arguments);
    kept = import_text(import, text, strlen(text));
    free(text);
    return kept;
}

struct origin *import_origin(struct import *import, const char *file, unsigned line, const char *text)
{
    struct origin *origin = import_alloc(import, sizeof *origin);

    *origin = (struct origin){file, line, text, NULL};
    return origin;
}
