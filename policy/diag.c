/* SPDX-License-Identifier: BSD-2-Clause */
/* The text of a finding. */
#include "policy/diag.h"

#include <stdio.h>

void diag_text(char *text, size_t size, const char *format, va_list args)
{
    vsnprintf(text, size, format, args);
    for (char *c = text; *c != '\0'; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7F)
            *c = '?';
}
