/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which characters of Unicode show nothing.
 *
 * Knows UTF-8 and, through ICU, the properties of characters. Knows nothing of
 * domains and addresses.
 */
#include "policy/invisible.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <unicode/uchar.h>
#include <unicode/utf8.h>

enum { BRAILLE_BLANK = 0x2800 };

static bool is_invisible(UChar32 character)
{
    return u_hasBinaryProperty(character, UCHAR_DEFAULT_IGNORABLE_CODE_POINT) || u_isUWhiteSpace(character)
           || (U_GET_GC_MASK(character) & (U_GC_CC_MASK | U_GC_CF_MASK)) != 0 || character == BRAILLE_BLANK;
}

size_t text_without_invisible(char *to, const char *from, size_t length)
{
    const uint8_t *octets = (const uint8_t *)from;
    size_t at = 0, start, left = 0;
    UChar32 character;

    while (at < length) {
        start = at;
        U8_NEXT(octets, at, length, character); /* below 0: no UTF-8 */
        if (character >= 0 && is_invisible(character))
            continue;
        memmove(to + left, from + start, at - start);
        left += at - start;
    }
    return left;
}
