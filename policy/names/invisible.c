/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which characters of Unicode show nothing.
 *
 * Knows UTF-8 and, through ICU, the properties and names of characters. Knows
 * nothing of domains and addresses.
 */
#include "policy/names/invisible.h"

#include <stdio.h>
#include <string.h>
#include <unicode/uchar.h>
#include <unicode/utf8.h>

enum { BRAILLE_BLANK = 0x2800 };

static bool is_blank_or_control(UChar32 character)
{
    return u_isUWhiteSpace(character) || (U_GET_GC_MASK(character) & U_GC_CC_MASK) != 0;
}

bool is_invisible_blank(int32_t character)
{
    return character >= 0xA0 && (u_isUWhiteSpace(character) || character == BRAILLE_BLANK);
}

bool is_invisible(int32_t character)
{
    return is_invisible_blank(character)
           || (character >= 0xA0
               && (u_hasBinaryProperty(character, UCHAR_DEFAULT_IGNORABLE_CODE_POINT)
                   || (U_GET_GC_MASK(character) & U_GC_CF_MASK) != 0));
}

void invisible_describe(char text[INVISIBLE_TEXT], int32_t character)
{
    UErrorCode error = U_ZERO_ERROR;
    char name[INVISIBLE_TEXT - sizeof "an  (U+10FFFF)"];
    int32_t length = u_charName(character, U_UNICODE_CHAR_NAME, name, sizeof name, &error);

    if (U_FAILURE(error) || length == 0 || length >= (int32_t)sizeof name)
        strcpy(name, "INVISIBLE CHARACTER");
    for (char *at = name; *at != '\0'; at++)
        *at = (char)u_tolower(*at);
    snprintf(text, INVISIBLE_TEXT, "%s %s (U+%04X)", strchr("aeiou", name[0]) != NULL ? "an" : "a", name,
             (unsigned)character);
}

size_t text_without_invisible(char *to, const char *from, size_t length)
{
    const uint8_t *octets = (const uint8_t *)from;
    size_t at = 0, start, left = 0;
    UChar32 character;

    while (at < length) {
        start = at;
        U8_NEXT(octets, at, length, character); /* below 0: no UTF-8 */

        if (character >= 0 && (is_blank_or_control(character) || is_invisible(character)))
            continue;
        memmove(to + left, from + start, at - start);
        left += at - start;
    }
    return left;
}
