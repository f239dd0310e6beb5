/* SPDX-License-Identifier: BSD-2-Clause */
/* Printing characters and their widths, as Unicode has them, whatever the locale. Knows nothing of what is
 * shown. */
#include "policy/names/printable.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <unicode/uchar.h>
#include <unicode/utf8.h>

/* Whether a character changes the order in which the text around it is shown, or ends the line. */
static bool disturbs_line(UChar32 character)
{
    return (character >= 0x202a && character <= 0x202e) || (character >= 0x2066 && character <= 0x2069)
           || (U_GET_GC_MASK(character) & (U_GC_ZL_MASK | U_GC_ZP_MASK)) != 0;
}

/* The columns of a character in a terminal; below 0: it does not print. */
static int width_of(UChar32 character)
{
    if (character < 0x20 || (character >= 0x7f && character < 0xa0) || disturbs_line(character))
        return -1;
    if ((U_GET_GC_MASK(character) & (U_GC_MN_MASK | U_GC_ME_MASK | U_GC_CF_MASK)) != 0
        || (character >= 0x1160 && character < 0x1200)) /* the vowels and finals of a Hangul syllable */
        return 0;
    switch (u_getIntPropertyValue(character, UCHAR_EAST_ASIAN_WIDTH)) {
    case U_EA_FULLWIDTH:
    case U_EA_WIDE:
        return 2;
    default:
        return 1;
    }
}

size_t printable_character(const char *text, size_t left, int *width)
{
    const uint8_t *octets = (const uint8_t *)text;
    UChar32 point;
    size_t length = 0;

    U8_NEXT(octets, length, left, point);

    if (point < 0)
        return 0;
    *width = width_of(point);
    return *width < 0 ? 0 : length;
}

int text_width(const char *text, size_t length)
{
    int columns = 0, width;

    while (length > 0) {
        size_t octets = printable_character(text, length, &width);

        columns += octets > 0 ? width : 0;
        octets += octets == 0;
        text += octets;
        length -= octets;
    }
    return columns;
}

void text_show(FILE *stream, const char *text)
{
    size_t left = strlen(text);

    while (left > 0) {
        int width;
        size_t length = printable_character(text, left, &width);

        if (length > 0)
            fwrite(text, 1, length, stream);
        else
            fprintf(stream, "\\x%02X", (unsigned char)*text);
        length += length == 0;
        text += length;
        left -= length;
    }
}
