/* SPDX-License-Identifier: BSD-2-Clause */
#include "policy/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SIZE_MIN = 256 };

/* Makes room for `more` octets and a NUL. False: out of memory. */
static bool reserve(struct growing_text *text, size_t more)
{
    size_t size = text->size == 0 ? SIZE_MIN : text->size;
    char *grown;

    while (size - text->length <= more)
        size *= 2;
    if (size == text->size)
        return true;
    grown = realloc(text->text, size);
    if (grown == NULL)
        return false;
    text->text = grown;
    text->size = size;
    return true;
}

void text_add(struct growing_text *text, const char *octets, size_t length)
{
    if (text->failed || !reserve(text, length)) {
        text->failed = true;
        return;
    }
    memcpy(text->text + text->length, octets, length);
    text->length += length;
    text->text[text->length] = '\0';
}

void text_add_string(struct growing_text *text, const char *string)
{
    text_add(text, string, strlen(string));
}

void text_print(struct growing_text *text, const char *format, ...)
{
    va_list args;
    int length;

    va_start(args, format);
    length = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (length < 0 || text->failed || !reserve(text, (size_t)length)) {
        text->failed = true;
        return;
    }
    va_start(args, format);
    vsnprintf(text->text + text->length, text->size - text->length, format, args);
    va_end(args);
    text->length += (size_t)length;
}
