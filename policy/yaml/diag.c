/* SPDX-License-Identifier: BSD-2-Clause */
/* The text of a finding. */
#include "policy/yaml/diag.h"

#include <stdio.h>
#include <string.h>

void diag_text(char *text, size_t size, const char *format, va_list args)
{
    vsnprintf(text, size, format, args);
    for (char *c = text; *c != '\0'; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7F)
            *c = '?';
}

void diag_append_id(char *text, size_t size, const char *id)
{
    size_t length = strlen(text);

    if (id == NULL)
        return;
    if (length + strlen(id) + sizeof " []" > size)
        length = size - strlen(id) - sizeof " []";
    snprintf(text + length, size - length, " [%s]", id);
}
