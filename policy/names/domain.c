/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Domain names in the one form in which they are compared.
 *
 * Knows DNS name syntax; idna.c converts a single label. Knows nothing of
 * addresses, of the policy or of what a name is used for. Every mail of strangers
 * brings names here: names in ASCII are only copied and folded.
 * An A-label is ASCII, so it is never decoded: the MTA does not decode it either,
 * and the DNS compares A-labels. An A-label that decodes to capitals or to letters
 * that are not in normal form is another name than the right one.
 */
#include "policy/names/domain.h"

#include <string.h>
#include "policy/names/ascii.h"
#include "policy/names/idna.h"

enum { TEXT_MAX = sizeof((struct domain *)NULL)->text - 1, LABEL_MAX = 63 };

/* What can be wrong with a host name of a policy; the first text that applies is returned. */
static const char is_empty[] = "is empty";
static const char no_memory[] = "cannot be read: out of memory";
static const char bad_conversion[] = "has a label that is not a valid internationalised name (IDNA)";
static const char bad_octet[] = "has a character that a host name cannot have";
static const char empty_label[] = "has an empty label";
static const char long_label[] = "has a label of more than 63 octets";
static const char bad_hyphen[] = "has a label that begins or ends with a hyphen";
static const char too_long[] = "is longer than 253 octets";
static const char ends_in_number[] = "ends in a number, so it is an IP address or not a host name";

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

/* Copies the last TEXT_MAX octets in lower case. A NUL would end the text early, so it becomes a "?". */
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
    domain->length = (unsigned char)length;
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

/* A text that is built from its end: octets are put before those that are there. */
struct tail {
    char *text;
    size_t start; /* of the octets that are there, which end at TEXT_MAX */
};

/* Puts octets before the text, but no dot at its end. False: the text is full. */
static bool put_before(struct tail *tail, const char *octets, size_t length)
{
    while (length > 0 && tail->start > 0) {
        char octet = octets[--length];

        if (octet != '.' || tail->start < TEXT_MAX)
            tail->text[--tail->start] = octet == '\0' ? '?' : lower(octet);
    }
    return length == 0;
}

/* Puts a label before the text, converted if it can be; *room: it fitted. False: memory ran out. */
static bool put_label(struct tail *tail, const char *label, size_t length, bool *room)
{
    struct idna_text ascii;
    enum idna_result result = IDNA_INVALID;

    if (!ascii_only(label, length) && memchr(label, '\0', length) == NULL)
        result = idna_to_ascii(&ascii, label, length);
    *room = result == IDNA_CONVERTED ? put_before(tail, ascii.octets, ascii.length)
                                     : put_before(tail, label, length);
    return result != IDNA_UNREAD;
}

/*
 * Converts label by label from the right, so that no more is converted than is
 * kept, and a label that has no A-label spoils none after it. If ICU accepts the
 * whole name, the result is ICU's. False: memory ran out.
 */
static bool convert(struct domain *domain, const char *name, size_t length)
{
    const char *end = name + length, *start;
    struct tail tail = {domain->text, TEXT_MAX};
    size_t separator = 1;
    bool room = true;

    while (room && separator > 0) {
        for (start = end; start > name && separator_before(name, start) == 0;)
            start--;
        if (!put_label(&tail, start, (size_t)(end - start), &room))
            return false;
        separator = separator_before(name, start);
        if (separator > 0)
            room = room && put_before(&tail, ".", 1);
        end = start - separator;
    }
    domain->length = (unsigned char)(TEXT_MAX - tail.start);
    memmove(domain->text, domain->text + tail.start, domain->length);
    domain->text[domain->length] = '\0';
    return true;
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

/* Why a text in compared form is no host name; NULL: it is one. */
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
    if (ascii_only(name, length))
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
