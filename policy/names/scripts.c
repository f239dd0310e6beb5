/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which scripts a label mixes.
 *
 * Knows the scripts of Unicode (through ICU) and which of them go together.
 * Used for the names of a policy only, not for those of mail.
 */
#include "policy/names/domain.h"

#include <stdint.h>
#include <string.h>
#include <strings.h>
#include <unicode/uscript.h>
#include <unicode/utf8.h>
#include "policy/names/idna.h"

/* The scripts that go together, though not all of them; every other script goes with none. */
enum { LATIN = 1, HAN = 2, HIRAGANA = 4, KATAKANA = 8, HANGUL = 16, BOPOMOFO = 32, OTHER = 64 };

/* Digits, hyphens, symbols and marks are of no script of their own. */
static unsigned script_bit(UScriptCode script)
{
    switch (script) {
    case USCRIPT_COMMON:
    case USCRIPT_INHERITED:
    case USCRIPT_UNKNOWN:
        return 0;
    case USCRIPT_LATIN:
        return LATIN;
    case USCRIPT_HAN:
        return HAN;
    case USCRIPT_HIRAGANA:
        return HIRAGANA;
    case USCRIPT_KATAKANA:
        return KATAKANA;
    case USCRIPT_HANGUL:
        return HANGUL;
    case USCRIPT_BOPOMOFO:
        return BOPOMOFO;
    default:
        return OTHER;
    }
}

static bool fits(unsigned found, unsigned together)
{
    return (found & ~together) == 0;
}

/* Whether one label in UTF-8 mixes scripts. Octets that are no UTF-8 have no script. */
static bool label_mixes(const char *label, size_t length)
{
    const uint8_t *octets = (const uint8_t *)label;
    UScriptCode other = USCRIPT_UNKNOWN;
    unsigned found = 0;
    size_t at = 0;

    while (at < length) {
        UErrorCode error = U_ZERO_ERROR;
        UScriptCode script = USCRIPT_UNKNOWN;
        UChar32 letter;

        U8_NEXT(octets, at, length, letter);

        if (letter >= 0)
            script = uscript_getScript(letter, &error);
        found |= script_bit(script);
        if (script_bit(script) != OTHER)
            continue;
        if (other != USCRIPT_UNKNOWN && other != script)
            return true;
        other = script;
    }
    if (found & OTHER)
        return found != OTHER;
    return !fits(found, LATIN | HAN | HIRAGANA | KATAKANA) && !fits(found, LATIN | HAN | HANGUL)
           && !fits(found, LATIN | HAN | BOPOMOFO);
}

/* An A-label is decoded first; one that does not decode is what it looks like, ASCII. */
static bool raw_label_mixes(const char *label, size_t length)
{
    struct idna_text decoded;

    if (length < 4 || strncasecmp(label, "xn--", 4) != 0)
        return label_mixes(label, length);
    return idna_to_unicode(&decoded, label, length) == IDNA_CONVERTED
           && label_mixes(decoded.octets, decoded.length);
}

bool domain_mixes_scripts(const char *name)
{
    const char *end = name + strlen(name), *label = name, *at = name;
    size_t separator;

    while (at < end) {
        separator = domain_separator(at, (size_t)(end - at));
        if (separator == 0) {
            at++;
            continue;
        }
        if (raw_label_mixes(label, (size_t)(at - label)))
            return true;
        label = at += separator;
    }
    return raw_label_mixes(label, (size_t)(end - label));
}
