/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Characters that get into a name when it is copied and that nobody sees or
 * can tell apart: invisible ones, and blanks, dashes and quotation marks of
 * Unicode. Also the shape of a host name. Knows UTF-8 and these characters, but no layers.
 */
#include "policy/names/pasted_internal.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unicode/uchar.h>
#include <unicode/utf8.h>
#include "policy/names/ascii.h"
#include "policy/names/invisible.h"

enum { NARROW = 1 }; /* for replace(): the ASCII character that looks alike */
enum { MINUS = 0x2212, ZERO_WIDTH_NON_JOINER = 0x200C, ZERO_WIDTH_JOINER = 0x200D };

/* The code point at `text`, which is not empty, and its length; below 0: no UTF-8. */
static int32_t code_point(const char *text, size_t *length)
{
    const uint8_t *octets = (const uint8_t *)text;
    size_t left = strnlen(text, U8_MAX_LENGTH);
    UChar32 character;

    *length = 0;
    U8_NEXT(octets, *length, left, character);

    return character;
}

struct range {
    int32_t first, last;
};

static bool is_in(const struct range *ranges, int32_t character)
{
    for (; ranges->last != 0; ranges++)
        if (character >= ranges->first && character <= ranges->last)
            return true;
    return false;
}

static bool is_dash(int32_t character)
{
    static const struct range dashes[] = {
        {0x2010, 0x2015}, {MINUS, MINUS}, {0xFE58, 0xFE58}, {0xFE63, 0xFE63}, {0, 0},
    };

    return is_in(dashes, character);
}

static bool is_quote(int32_t character)
{
    static const struct range quotes[] = {
        {'"', '"'},       {'\'', '\''},     {'`', '`'},       {0x00AB, 0x00AB},
        {0x00B4, 0x00B4}, {0x00BB, 0x00BB}, {0x2018, 0x201F}, {0x2032, 0x2036},
        {0x2039, 0x203A}, {0x300C, 0x300F}, {0xFF02, 0xFF02}, {0, 0},
    };

    return is_in(quotes, character);
}

/*
 * Whether a character belongs to the characters around it: a joiner between letters that are not ASCII, a
 * variation selector after an emoji.
 */
static bool belongs(int32_t character, const char *text, size_t used, const char *rest)
{
    if (used == 0 || (unsigned char)text[used - 1] < 0x80)
        return false;
    if (character == ZERO_WIDTH_NON_JOINER || character == ZERO_WIDTH_JOINER)
        return (unsigned char)*rest >= 0x80;
    return u_hasBinaryProperty(character, UCHAR_VARIATION_SELECTOR);
}

/* A character of full width, or a full stop of East Asia. */
static bool is_wide(int32_t character)
{
    static const struct range wide[] = {
        {0x3002, 0x3002}, {0xFF01, 0xFF5E}, {0xFF61, 0xFF61}, {0xFE6B, 0xFE6B}, {0, 0},
    };

    return is_in(wide, character);
}

/* The ASCII character that looks alike. */
static char narrow(int32_t character)
{
    if (character == 0xFE6B)
        return '@';
    return character >= 0xFF01 && character <= 0xFF5E ? (char)(character - 0xFF01 + '!') : '.';
}

static void describe(char what[PASTED_WHAT], int32_t character)
{
    char name[INVISIBLE_TEXT];

    if (is_dash(character))
        snprintf(what, PASTED_WHAT, "holds a %s that is not a hyphen (U+%04X)",
                 character == MINUS ? "minus sign" : "dash", (unsigned)character);
    else if (is_quote(character))
        snprintf(what, PASTED_WHAT, "holds a quotation mark (U+%04X)", (unsigned)character);
    else if (is_wide(character))
        snprintf(what, PASTED_WHAT, "holds a character that only looks like \"%c\" (U+%04X)",
                 narrow(character), (unsigned)character);
    else {
        invisible_describe(name, character);
        snprintf(what, PASTED_WHAT, "holds %s", name);
    }
}

/*
 * Replaces the characters that are `odd` by `instead` ('\0': removes them; NARROW: by narrow()). False: there
 * is none; else `what` names the first, unless it is set already.
 */
static bool replace(char *text, bool (*odd)(int32_t), char instead, char what[PASTED_WHAT])
{
    size_t used = 0, length;
    bool found = false;

    for (const char *from = text; *from != '\0'; from += length) {
        int32_t character = code_point(from, &length);

        if (character < 0x80 || !odd(character) || belongs(character, text, used, from + length)) {
            memmove(text + used, from, length);
            used += length;
            continue;
        }
        if (what[0] == '\0')
            describe(what, character);
        found = true;
        if (instead != '\0')
            text[used++] = instead == NARROW ? narrow(character) : instead;
    }
    text[used] = '\0';
    return found;
}

static bool is_shapeless(int32_t character)
{
    return is_invisible(character) && !is_invisible_blank(character);
}

bool pasted_clean(char *text, char what[PASTED_WHAT])
{
    bool found;

    what[0] = '\0';
    found = replace(text, is_shapeless, '\0', what);
    return replace(text, is_invisible_blank, ' ', what) || found;
}

bool pasted_hyphens(char *text, char what[PASTED_WHAT])
{
    what[0] = '\0';
    return replace(text, is_dash, '-', what);
}

bool pasted_widths(char *text, char what[PASTED_WHAT])
{
    what[0] = '\0';
    return replace(text, is_wide, NARROW, what);
}

bool pasted_mark(const char *text, char what[PASTED_WHAT])
{
    size_t length;

    for (; *text != '\0'; text += length) {
        int32_t character = code_point(text, &length);

        if (character >= 0x80 && (is_dash(character) || is_quote(character))) {
            describe(what, character);
            return true;
        }
    }
    return false;
}

size_t pasted_quote_in_front(const char *text)
{
    size_t length = 0;

    return *text != '\0' && is_quote(code_point(text, &length)) ? length : 0;
}

size_t pasted_quote_at_end(const char *text)
{
    size_t length = strlen(text);

    for (size_t mark = 1; mark <= U8_MAX_LENGTH && mark <= length; mark++)
        if (!U8_IS_TRAIL(text[length - mark]))
            return pasted_quote_in_front(text + length - mark);
    return 0;
}

/* ---- octets of hosts ---- */

bool pasted_is_host_octet(char octet)
{
    return ascii_letter_or_digit(octet) || octet == '-' || octet == '_' || octet == '.'
           || (unsigned char)octet >= 0x80;
}

bool pasted_is_host_like(const char *text, size_t length)
{
    size_t start = length > 2 && strncmp(text, "*.", 2) == 0 ? 2 : 0;
    bool dot = false;

    for (size_t i = start; i < length; i++) {
        if (!pasted_is_host_octet(text[i]))
            return false;
        dot |= text[i] == '.' && i > start && i + 1 < length;
    }
    return dot;
}
