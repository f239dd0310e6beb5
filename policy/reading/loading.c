/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How the readers of a policy report findings at a place, and get memory that lasts as long as the policy or
 * as the reading.
 */
#include "policy/reading/reading.h"

#include <stdarg.h>

enum { TEXT_MAX = 600 };

__attribute__((format(printf, 4, 0))) static void report(struct loading *loading, enum warning warning,
                                                         const struct node *node, const char *format,
                                                         va_list args)
{
    char text[TEXT_MAX];
    struct diag diag = {warning == WARNING_NONE ? SEVERITY_ERROR : SEVERITY_WARNING,
                        loading_place(loading, node), text, warning_id(warning)};

    diag_text(text, sizeof text, format, args);
    diag_append_id(text, sizeof text, diag.id);
    if (loading->diag != NULL)
        loading->diag(loading->arg, &diag);
}

struct place loading_place(const struct loading *loading, const struct node *node)
{
    struct place place = {loading->file, node == NULL ? 0 : node->line, node == NULL ? 0 : node->column};

    return place;
}

void loading_error(struct loading *loading, const struct node *node, const char *format, ...)
{
    va_list args;

    loading->errors++;
    va_start(args, format);
    report(loading, WARNING_NONE, node, format, args);
    va_end(args);
}

/* Whether the partner being read acknowledges the warning. If so, notes that the warning was found. */
static bool is_acknowledged(struct loading *loading, enum warning warning)
{
    for (size_t i = 0; i < loading->acknowledgement_count; i++)
        if (loading->acknowledgements[i].warning == warning)
            return loading->acknowledgements[i].seen = true;
    return false;
}

void loading_finding(struct loading *loading, const struct node *node, enum warning warning,
                     const char *format, ...)
{
    va_list args;

    if (warning == WARNING_NONE)
        loading->errors++;
    else if (is_acknowledged(loading, warning))
        return;
    va_start(args, format);
    report(loading, warning, node, format, args);
    va_end(args);
}

void loading_warning(struct loading *loading, const struct node *node, enum warning warning,
                     const char *format, ...)
{
    va_list args;

    if (is_acknowledged(loading, warning))
        return;
    va_start(args, format);
    report(loading, warning, node, format, args);
    va_end(args);
}

void loading_exhausted(struct loading *loading)
{
    if (!loading->out_of_memory)
        loading_error(loading, NULL, "out of memory");
    loading->out_of_memory = true;
}

void *loading_alloc(struct loading *loading, size_t size)
{
    void *memory = arena_alloc(&loading->policy->arena, size);

    if (memory == NULL)
        loading_exhausted(loading);
    return memory;
}

void *loading_scratch(struct loading *loading, size_t size)
{
    void *memory = arena_alloc(&loading->scratch, size);

    if (memory == NULL)
        loading_exhausted(loading);
    return memory;
}

const char *loading_text(struct loading *loading, const char *text)
{
    return arena_at(&loading->policy->arena, loading_keep(loading, text));
}

arena_ref loading_keep(struct loading *loading, const char *text)
{
    struct arena *arena = &loading->policy->arena;
    size_t length = strlen(text);
    arena_ref *kept = &loading->texts[slots_hash(text, length) % TEXTS_KEPT];

    if (*kept == 0 || strcmp(arena_at(arena, *kept), text) != 0)
        *kept = arena_keep(arena, text, length);
    if (*kept == 0)
        loading_exhausted(loading);
    return *kept;
}

unsigned short loading_column(const struct node *node)
{
    return (unsigned short)(node->column > 65535 ? 65535 : node->column);
}
