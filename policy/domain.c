/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Domain names in the one form in which they are compared.
 *
 * Knows DNS name syntax and UTS-46 (through libidn2) and which scripts a label
 * mixes (through libunistring). Knows nothing of addresses, of the policy or
 * of what a name is used for. Names of strangers come through here once per
 * mail: those in ASCII are only copied and folded.
 */
#include "policy/domain.h"

#include <idn2.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unictype.h>
#include <unistr.h>

enum { TEXT_MAX = sizeof(((struct domain *)NULL)->text) - 1, LABEL_MAX = 63 };

/* What a host name of a policy can have against it; the first text that applies is told. */
static const char is_empty[] = "is empty";
static const char no_memory[] = "cannot be read: out of memory";
static const char bad_conversion[] = "has a label that is no valid internationalised name (IDNA)";
static const char bad_octet[] = "has a character that no host name has";
static const char empty_label[] = "has an empty label";
static const char long_label[] = "has a label of more than 63 octets";
static const char bad_hyphen[] = "has a label that begins or ends with a hyphen";
static const char too_long[] = "is longer than 253 octets";
static const char ends_in_number[] = "ends in a number: it is an IP address or no host name";

static char lower(char octet)
{
    return octet >= 'A' && octet <= 'Z' ? (char)(octet - 'A' + 'a') : octet;
}

static bool is_digit(char octet)
{
    return octet >= '0' && octet <= '9';
}

static bool is_label_octet(char octet)
{
    return (octet >= 'a' && octet <= 'z') || is_digit(octet) || octet == '-' || octet == '_';
}

/* Folds the last TEXT_MAX octets into the text; a NUL would end it early and so becomes a "?". */
static void copy_plain(struct domain *domain, const char *name, size_t length)
{
    size_t i;

    if (length > TEXT_MAX) {
        name += length - TEXT_MAX;
        length = TEXT_MAX;
    }
    for (i = 0; i < length; i++)
        domain->text[i] = name[i] == '\0' ? '?' : lower(name[i]);
    domain->text[length] = '\0';
    domain->length = (unsigned short)length;
}

size_t domain_separator(const char *at, size_t length)
{
    if (length >= 1 && *at == '.')
        return 1;
    if (length >= 3
        && (memcmp(at, "\xe3\x80\x82", 3) == 0 || memcmp(at, "\xef\xbc\x8e", 3) == 0
            || memcmp(at, "\xef\xbd\xa1", 3) == 0))
        return 3;
    return 0;
}

/* The octets of the label separator that ends at `end`; 0: none. */
static size_t separator_before(const char *start, const char *end)
{
    if (end > start && end[-1] == '.')
        return 1;
    return end - start >= 3 && domain_separator(end - 3, 3) == 3 ? 3 : 0;
}

static bool is_ascii(const char *name, size_t length)
{
    size_t i;

    for (i = 0; i < length; i++)
        if ((unsigned char)name[i] >= 0x80)
            return false;
    return true;
}

/*
 * The A-label of one label that is not ASCII, to be freed with idn2_free(); NULL: it has none.
 * False: memory ran out, and whether it has one is not known.
 */
static bool convert_label(const char *label, size_t length, char **converted)
{
    char *copy;
    int answer;

    *converted = NULL;
    if (memchr(label, '\0', length) != NULL)
        return true;
    copy = strndup(label, length);
    if (copy == NULL)
        return false;
    answer =
        idn2_lookup_u8((const uint8_t *)copy, (uint8_t **)converted, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
    if (answer != IDN2_OK)
        *converted = NULL;
    free(copy);
    return answer != IDN2_MALLOC;
}

/* Puts the octets before those that the text already has at its end; false: it is full. */
static bool put_before(char *text, size_t *start, const char *octets, size_t length)
{
    size_t i, taken = length < *start ? length : *start;

    *start -= taken;
    octets += length - taken;
    for (i = 0; i < taken; i++)
        text[*start + i] = octets[i] == '\0' ? '?' : lower(octets[i]);
    return taken == length;
}

/*
 * Label by label from the right, so that no more is converted than is kept,
 * and a label that has no A-label spoils none behind it. False: memory ran out.
 */
static bool convert(struct domain *domain, const char *name, size_t length)
{
    const char *end = name + length, *start;
    size_t separator, at = TEXT_MAX;
    bool room = true, read = true;

    while (room) {
        char *converted = NULL;

        for (start = end; start > name && separator_before(name, start) == 0;)
            start--;
        if (!is_ascii(start, (size_t)(end - start)))
            read &= convert_label(start, (size_t)(end - start), &converted);
        if (converted != NULL)
            room = put_before(domain->text, &at, converted, strlen(converted));
        else
            room = put_before(domain->text, &at, start, (size_t)(end - start));
        idn2_free(converted);
        separator = separator_before(name, start);
        if (separator == 0)
            break;
        room = room && put_before(domain->text, &at, ".", 1);
        end = start - separator;
    }
    domain->length = (unsigned short)(TEXT_MAX - at);
    memmove(domain->text, domain->text + at, domain->length);
    domain->text[domain->length] = '\0';
    return read;
}

static const char *label_fault(const char *label, size_t length)
{
    size_t i;

    for (i = 0; i < length; i++)
        if (!is_label_octet(label[i]))
            return (unsigned char)label[i] >= 0x80 ? bad_conversion : bad_octet;
    if (length == 0)
        return empty_label;
    if (length > LABEL_MAX)
        return long_label;
    if (label[0] == '-' || label[length - 1] == '-')
        return bad_hyphen;
    return NULL;
}

/* What keeps a text in compared form from being a host name; NULL: nothing. */
static const char *name_fault(const struct domain *domain)
{
    const char *label = domain->text, *end = label + domain->length, *dot, *fault;

    while ((dot = memchr(label, '.', (size_t)(end - label))) != NULL) {
        fault = label_fault(label, (size_t)(dot - label));
        if (fault != NULL)
            return fault;
        label = dot + 1;
    }
    fault = label_fault(label, (size_t)(end - label));
    if (fault != NULL)
        return fault;
    if (domain->length > DOMAIN_MAX)
        return too_long;
    while (*label >= '0' && *label <= '9')
        label++;
    return label == end ? ends_in_number : NULL;
}

enum domain_form domain_normalise(struct domain *domain, const char *name, size_t length)
{
    size_t separator;

    while ((separator = separator_before(name, name + length)) > 0)
        length -= separator;
    if (is_ascii(name, length))
        copy_plain(domain, name, length);
    else if (!convert(domain, name, length))
        return DOMAIN_UNREAD;
    if (domain->length == 0)
        return DOMAIN_NONE;
    return name_fault(domain) == NULL ? DOMAIN_VALID : DOMAIN_PLAIN;
}

const char *domain_check(struct domain *domain, const char *name)
{
    struct domain found;
    size_t length = strlen(name);

    if (length == 0)
        return is_empty;
    length -= separator_before(name, name + length);
    if (separator_before(name, name + length) > 0)
        return empty_label;
    switch (domain_normalise(&found, name, strlen(name))) {
    case DOMAIN_NONE:
        return empty_label;
    case DOMAIN_UNREAD:
        return no_memory;
    case DOMAIN_PLAIN:
        return name_fault(&found);
    case DOMAIN_VALID:
        break;
    }
    memcpy(domain, &found, offsetof(struct domain, text) + found.length + 1);
    return NULL;
}

bool domain_below(const char *domain, const char *parent)
{
    size_t length = strlen(domain), parent_length = strlen(parent);

    return parent_length > 0 && length > parent_length && domain[length - parent_length - 1] == '.'
           && memcmp(domain + length - parent_length, parent, parent_length) == 0;
}

/* The scripts that mixing is about. Digits, hyphens and marks are of no script of their own. */
enum { LATIN = 1, HAN = 2, HIRAGANA = 4, KATAKANA = 8, HANGUL = 16, BOPOMOFO = 32, OTHER = 64 };

static const struct {
    const char *name;
    unsigned script;
} scripts[] = {
    {"Common", 0},          {"Inherited", 0},       {"Latin", LATIN},   {"Han", HAN},
    {"Hiragana", HIRAGANA}, {"Katakana", KATAKANA}, {"Hangul", HANGUL}, {"Bopomofo", BOPOMOFO},
};

static unsigned script_of(const char *name)
{
    size_t i;

    for (i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++)
        if (strcmp(name, scripts[i].name) == 0)
            return scripts[i].script;
    return OTHER;
}

static bool fits(unsigned found, unsigned together)
{
    return (found & ~together) == 0;
}

/* One label in UTF-8; what is no UTF-8 is of no script. */
static bool label_mixes(const char *label, size_t length)
{
    const uint8_t *at = (const uint8_t *)label, *end = at + length;
    const char *other = NULL;
    unsigned found = 0, script;
    ucs4_t letter;

    while (at < end) {
        int octets = u8_mbtoucr(&letter, at, (size_t)(end - at));
        const uc_script_t *of = octets > 0 ? uc_script(letter) : NULL;

        at += octets > 0 ? octets : 1;
        script = of != NULL ? script_of(of->name) : 0;
        if (script == OTHER) {
            if (other != NULL && strcmp(other, of->name) != 0)
                return true;
            other = of->name;
        }
        found |= script;
    }
    if (found & OTHER)
        return found != OTHER;
    return !fits(found, LATIN | HAN | HIRAGANA | KATAKANA) && !fits(found, LATIN | HAN | HANGUL)
           && !fits(found, LATIN | HAN | BOPOMOFO);
}

/* An A-label is decoded first; one that does not decode is what it looks like, ASCII. */
static bool raw_label_mixes(const char *label, size_t length)
{
    char text[LABEL_MAX + 1], *decoded = NULL;
    bool mixes;

    if (length > LABEL_MAX || length < 4 || lower(label[0]) != 'x' || lower(label[1]) != 'n'
        || memcmp(label + 2, "--", 2) != 0)
        return label_mixes(label, length);
    memcpy(text, label, length);
    text[length] = '\0';
    if (idn2_to_unicode_8z8z(text, &decoded, 0) != IDN2_OK || decoded == NULL)
        return false;
    mixes = label_mixes(decoded, strlen(decoded));
    idn2_free(decoded);
    return mixes;
}

bool domain_mixes_scripts(const char *name)
{
    size_t length = strlen(name);
    const char *end = name + length, *start;

    if (is_ascii(name, length) && strstr(name, "--") == NULL)
        return false; /* plain Latin, no A-label */
    for (;;) {
        for (start = end; start > name && separator_before(name, start) == 0;)
            start--;
        if (raw_label_mixes(start, (size_t)(end - start)))
            return true;
        if (start == name)
            return false;
        end = start - separator_before(name, start);
    }
}
