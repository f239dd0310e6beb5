/* SPDX-License-Identifier: BSD-2-Clause */
/* Case folding, character by character, with ICU. Knows UTF-8 and nothing of addresses. */
#include "policy/names/casefold.h"

#include <stdint.h>
#include <string.h>
#include <unicode/uchar.h>
#include <unicode/utf8.h>
#include "policy/names/ascii.h"

/* False: the folded text does not fit, and is cut. */
static bool fold(const char *from, char *text, size_t size)
{
    const uint8_t *octets = (const uint8_t *)from;
    size_t length = strlen(from), at = 0, to = 0;
    bool fits = true;

    while (at < length && fits) {
        size_t start = at, width = 0;
        uint8_t folded[U8_MAX_LENGTH];
        UChar32 character;

        U8_NEXT(octets, at, length, character); /* below 0: no UTF-8 */

        if (character >= 0)
            U8_APPEND_UNSAFE(folded, width, u_foldCase(character, U_FOLD_CASE_DEFAULT));

        else
            memcpy(folded, octets + start, width = at - start);
        fits = to + width < size;
        if (fits) {
            memcpy(text + to, folded, width);
            to += width;
        }
    }
    text[to] = '\0';
    return fits;
}

bool casefold(char *text, size_t size)
{
    char copy[512];
    size_t length = strlen(text);

    if (ascii_only(text, length))
        return true;
    if (length >= sizeof copy)
        return false;
    memcpy(copy, text, length + 1);
    return fold(copy, text, size);
}
