/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Octets of From fields that are special to Sendmail (measured with 8.17). In an address, not in a display
 * name or a comment, it replaces 0x81 or 0x9A and the letter after it by the value of a macro: "s" is the
 * HELO name, "f" the sender, "a" the Date field. Knows no syntax but comments and quoted strings.
 */
#include "policy/facts/header_from_internal.h"

#include <stddef.h>
#include "policy/names/ascii.h"

static bool begins_macro(char octet)
{
    return octet == '\x81' || octet == '\x9A';
}

/* Whether a macro of that name may have a value. */
static bool is_macro_name(char octet)
{
    return octet == '_' || ascii_letter_or_digit(octet);
}

bool header_from_has_macros(struct header_from *from, const char *text, size_t length)
{
    size_t depth = 0;
    bool quoted = false, found = false;

    for (size_t i = 0; i < length; i++) {
        if (text[i] == '\\')
            i++;
        else if (text[i] == '"' && depth == 0)
            quoted = !quoted;
        else if (text[i] == '(' && !quoted)
            depth++;
        else if (text[i] == ')' && depth > 0)
            depth--;
        if (i >= length || depth > 0 || !begins_macro(text[i]))
            continue;
        found = true;
        from->expands |= i + 1 < length && is_macro_name(text[i + 1]);
    }
    return found;
}

void header_from_write_without_macros(char *to, const char *text)
{
    for (; *text != '\0'; text++) {
        if (begins_macro(*text) && text[1] != '\0')
            text++;
        else if (*text != '\xFF' && !begins_macro(*text))
            *to++ = *text;
    }
    *to = '\0';
}
