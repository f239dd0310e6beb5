/* SPDX-License-Identifier: BSD-2-Clause */
/* Keys and list items that lack the blank after their colon or dash. Knows texts, and no files. */
#include <stdio.h>
#include <string.h>
#include <unicode/utf8.h>
#include "policy/names/invisible.h"
#include "policy/yaml/syntax.h"

enum { WORD_OCTETS = 64 };

size_t syntax_glued_key(const char *text)
{
    size_t length = strspn(text, "abcdefghijklmnopqrstuvwxyz_");
    const char *value = text + length + 1;

    if (length == 0 || text[length] != ':' || *value == '\0' || *value == ' ' || strncmp(value, "//", 2) == 0)
        return 0;
    return length + 1;
}

void syntax_explain_glued(const char *text, char *explanation, size_t size)
{
    size_t length = syntax_glued_key(text);
    const char *value = text + length;
    size_t octets = strchr("[{\"'", *value) != NULL ? strlen(value) : strcspn(value, " ");
    char name[INVISIBLE_TEXT];
    UChar32 character;
    size_t next = 0;

    U8_NEXT((const uint8_t *)value, next, strlen(value), character);

    if (is_invisible(character)) {
        invisible_describe(name, character);
        snprintf(explanation, size, "%s after the colon; write a blank there", name);
    } else {
        snprintf(explanation, size, "a blank is missing after the colon; write \"%.*s %.*s\"", (int)length,
                 text, octets > WORD_OCTETS ? WORD_OCTETS : (int)octets, value);
    }
}

bool syntax_glued_dash(const char *text)
{
    return text[0] == '-' && text[1] != '-' && text[1] != ' ' && text[1] != '\0';
}
