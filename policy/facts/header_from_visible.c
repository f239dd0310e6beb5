/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is visible of a From field that does not parse. Knows the forms and
 * properties that Unicode gives to characters, through ICU. Knows no names.
 */
#include "policy/facts/header_from_internal.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unicode/unorm2.h>
#include <unicode/ustring.h>
#include <unicode/utf16.h>
#include <unicode/utf8.h>
#include "policy/names/ascii.h"
#include "policy/names/invisible.h"

/* Marks an ASCII blank in a plain form, to tell it from the blanks that NFKC makes of other characters. */
enum { MARK = 0xFDD0 }; /* a noncharacter */
static const char mark[] = "\xEF\xB7\x90";

/*
 * Returns the text in UTF-16, to be freed; NULL: out of memory. An octet that is no UTF-8 is read as
 * ISO 8859-1, as mail programs show it: "\xA0" is a blank, "\xAD" a soft hyphen.
 */
static UChar *widen(const char *text, int32_t *units)
{
    const uint8_t *octets = (const uint8_t *)text;
    size_t length = strlen(text), at = 0, written = 0;
    UChar *wide = malloc((length + 1) * sizeof *wide);

    while (wide != NULL && at < length) {
        size_t start = at;
        UChar32 character;

        U8_NEXT(octets, at, length, character);
        if (character < 0) {
            character = octets[start];
            at = start + 1;
        }
        U16_APPEND_UNSAFE(wide, written, character < 0x80 && ascii_blank((char)character) ? MARK : character);
    }
    *units = (int32_t)written;
    return wide;
}

/* Returns the text in plain forms (NFKC), to be freed; NULL: out of memory. Frees `wide`. */
static UChar *normalise(UChar *wide, int32_t *units)
{
    UErrorCode error = U_ZERO_ERROR;
    const UNormalizer2 *nfkc = unorm2_getNFKCInstance(&error);
    int32_t room = *units + 16, needed = room;
    UChar *normal = NULL;

    do { /* twice at most */
        free(normal);
        room = needed;
        normal = malloc((size_t)room * sizeof *normal);
        if (normal == NULL || (U_FAILURE(error) && error != U_BUFFER_OVERFLOW_ERROR))
            break;
        error = U_ZERO_ERROR;
        needed = unorm2_normalize(nfkc, wide, *units, normal, room, &error);
    } while (error == U_BUFFER_OVERFLOW_ERROR);
    free(wide);
    *units = needed;
    if (U_SUCCESS(error))
        return normal;
    free(normal);
    return NULL;
}

char *header_from_plain(struct header_from *from, const char *text)
{
    bool ascii = ascii_only(text, strlen(text));
    int32_t units = 0, octets = 0;
    UErrorCode error = U_ZERO_ERROR;
    UChar *normal;
    char *plain;

    if (ascii) {
        plain = strdup(text);
        from->exhausted |= plain == NULL;
        return plain;
    }
    normal = widen(text, &units);
    if (normal != NULL)
        normal = normalise(normal, &units);
    plain = normal == NULL ? NULL : malloc(3 * (size_t)units + 1);
    from->exhausted |= plain == NULL;
    if (plain != NULL) {
        u_strToUTF8WithSub(plain, 3 * units + 1, &octets, normal, units, 0xFFFD, NULL, &error);
        plain[octets] = '\0';
    }
    free(normal);
    return plain;
}

/* A cheap text_without_invisible() for ASCII. A blank becomes `blank`; NUL: it is dropped. */
static size_t without_invisible_ascii(char *to, const char *from, char blank)
{
    size_t left = 0;

    for (; *from != '\0'; from++) {
        if (ascii_blank(*from) && blank != '\0')
            to[left++] = blank;
        else if (*from > ' ' && *from != 0x7F)
            to[left++] = *from;
    }
    return left;
}

void header_from_write_shown(char *to, const char *plain, char blank)
{
    const char *end;

    if (ascii_only(plain, strlen(plain))) {
        to[without_invisible_ascii(to, plain, blank)] = '\0';
        return;
    }
    while ((end = strstr(plain, mark)) != NULL) {
        to += text_without_invisible(to, plain, (size_t)(end - plain));
        plain = end + strlen(mark);
        if (blank != '\0')
            *to++ = blank;
    }
    to[text_without_invisible(to, plain, strlen(plain))] = '\0';
}
