/* SPDX-License-Identifier: BSD-2-Clause */
/* Texts for people, put together piece by piece. Knows nothing of what they say. */
#include "policy/names/growing.h"

#include <stdarg.h>
#include <stdio.h>

struct growing growing_begin(char *to, size_t size)
{
    to[0] = '\0';
    return (struct growing){to, size, 0};
}

void growing_add(struct growing *text, const char *format, ...)
{
    va_list args;
    int length;

    va_start(args, format);
    length = vsnprintf(text->to + text->length, text->size - text->length, format, args);
    va_end(args);
    if (length > 0)
        text->length += (size_t)length;
    if (text->length >= text->size)
        text->length = text->size - 1;
}

void growing_item(struct growing *text, const char *separator, const char *item)
{
    growing_add(text, "%s%s", text->length == 0 ? "" : separator, item);
}
