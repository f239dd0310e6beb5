/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Labels to A-labels and back.
 *
 * Knows ICU's UTS 46. Knows nothing of domain names beyond one label, and keeps
 * nothing: ICU holds its data itself, and an open UIDNA is only a pointer to it.
 */
#include "policy/names/idna.h"

#include <stdbool.h>
#include <stdint.h>
#include <unicode/uchar.h>
#include <unicode/uidna.h>
#include <unicode/unorm2.h>
#include <unicode/ustring.h>
#include <unicode/utf16.h>
#include <unicode/utf8.h>

/*
 * No character has a canonical decomposition into more than four, so at most four
 * compose to one. Labels of up to SHORT octets cost little, whatever ICU maps them
 * to (one character becomes 18 at most).
 */
enum { PARTS_MAX = 4, CHARACTERS_MAX = PARTS_MAX * IDNA_LABEL_MAX, SHORT = 30 };

typedef int32_t convert_fn(const UIDNA *idna, const char *label, int32_t length, char *to, int32_t room,
                           UIDNAInfo *info, UErrorCode *error);

/* Whether UTS 46 may remove a character: it removes some of these, and no others. */
static bool may_vanish(UChar32 character)
{
    return character >= 0x80 && character != 0x200c && character != 0x200d
           && u_hasBinaryProperty(character, UCHAR_DEFAULT_IGNORABLE_CODE_POINT);
}

/*
 * Whether ICU's mapping leaves at most 63 characters, or full stops, which divide
 * them. An A-label has at least one octet for each character.
 */
static bool mapped_fits(const UChar *characters, int32_t count)
{
    UChar mapped[2 * CHARACTERS_MAX];
    UErrorCode error = U_ZERO_ERROR;
    const UNormalizer2 *mapping = unorm2_getInstance(NULL, "uts46", UNORM2_COMPOSE, &error);
    int32_t length = unorm2_normalize(mapping, characters, count, mapped, 2 * CHARACTERS_MAX, &error);

    if (error == U_BUFFER_OVERFLOW_ERROR)
        return false;
    return U_FAILURE(error) || u_memchr(mapped, '.', length) != NULL
           || u_countChar32(mapped, length) <= IDNA_LABEL_MAX;
}

/*
 * Whether the label may have an A-label of 63 octets. ICU's time is quadratic
 * in the combining marks and in the different letters of a label, and a
 * stranger may send a label of 60,000 octets: ICU does not get such a label.
 */
static bool may_fit(const char *label, int32_t length)
{
    UChar characters[2 * CHARACTERS_MAX];
    const uint8_t *octets = (const uint8_t *)label;
    int32_t at = 0, units = 0, count = 0;
    UChar32 character;

    if (length <= SHORT)
        return true;
    while (at < length) {
        U8_NEXT(octets, at, length, character);

        if (character < 0)
            return false; /* no UTF-8 */
        if (may_vanish(character))
            continue;
        if (count++ == CHARACTERS_MAX)
            return false;
        U16_APPEND_UNSAFE(characters, units, character);
    }
    return mapped_fits(characters, units);
}

/* ICU reports a lack of memory by either. The other cause of the second, wrong arguments, does not occur. */
static bool is_lack_of_memory(UErrorCode error)
{
    return error == U_MEMORY_ALLOCATION_ERROR || error == U_ILLEGAL_ARGUMENT_ERROR;
}

static enum idna_result convert(struct idna_text *to, const char *label, size_t length, convert_fn *function)
{
    UErrorCode error = U_ZERO_ERROR;
    UIDNAInfo info = UIDNA_INFO_INITIALIZER;
    UIDNA *idna;
    int32_t made;

    if (length > INT32_MAX / 2 || !may_fit(label, (int32_t)length))
        return IDNA_INVALID;
    idna = uidna_openUTS46(UIDNA_NONTRANSITIONAL_TO_ASCII | UIDNA_NONTRANSITIONAL_TO_UNICODE, &error);
    if (U_FAILURE(error))
        return IDNA_UNREAD;
    made = function(idna, label, (int32_t)length, to->octets, IDNA_TEXT_MAX, &info, &error);
    uidna_close(idna);
    if (U_FAILURE(error))
        return is_lack_of_memory(error) ? IDNA_UNREAD : IDNA_INVALID;
    if ((info.errors & ~(uint32_t)UIDNA_ERROR_EMPTY_LABEL) != 0)
        return IDNA_INVALID;
    to->length = (size_t)made;
    return IDNA_CONVERTED;
}

enum idna_result idna_to_ascii(struct idna_text *ascii, const char *label, size_t length)
{
    return convert(ascii, label, length, uidna_nameToASCII_UTF8);
}

enum idna_result idna_to_unicode(struct idna_text *unicode, const char *label, size_t length)
{
    return convert(unicode, label, length, uidna_nameToUnicodeUTF8);
}

const char *idna_load(void)
{
    static const char sample[] = "\xc3\x9c";
    UErrorCode error = U_ZERO_ERROR;
    struct idna_text text;

    uidna_close(uidna_openUTS46(UIDNA_NONTRANSITIONAL_TO_ASCII, &error));
    if (U_FAILURE(error))
        return u_errorName(error);
    return idna_to_ascii(&text, sample, sizeof sample - 1) == IDNA_CONVERTED
               ? NULL
               : u_errorName(U_MEMORY_ALLOCATION_ERROR);
}
