/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Names in certificates as Postfix and Sendmail report them: decoding,
 * comparing, and taking one attribute out of a distinguished name. The owner of
 * a certificate chooses much of this text, so names are compared as a whole,
 * never searched, and a text that can be read in two ways is doubtful. Knows
 * nothing of macros, trust or policies; calls no OpenSSL.
 */
#include "policy/names/certname.h"

#include <string.h>
#include <strings.h>
#include "policy/names/ascii.h"

enum {
    ONELINE_MAX = 255,  /* octets that Sendmail's buffer of 256 takes */
    ATTRIBUTE_LEAST = 5 /* "/CN=" and one octet: the shortest part that Sendmail may have left out */
};

static bool is_control(unsigned char octet)
{
    return octet < 0x20 || octet == 0x7f;
}

/* Returns the octet at *text, and moves *text past it; -1: malformed or a control octet. */
static int decode_octet(const char **text)
{
    int octet = (unsigned char)**text;

    size_t width = octet == '+' ? 3 : 1;

    if (octet == '+')
        octet = ascii_hex_octet(*text + 1);
    if (octet < 0 || is_control((unsigned char)octet))
        return -1;
    *text += width;
    return octet;
}

bool certname_decode(const char *text, char *name, size_t size)
{
    const char *rest = text;
    size_t length = 0;

    while (*rest != '\0') {
        if (decode_octet(&rest) < 0)
            return false;
        length++;
    }
    if (length >= size)
        return false;
    for (rest = text; *rest != '\0'; name++)
        *name = (char)decode_octet(&rest);
    *name = '\0';
    return true;
}

bool certname_is_sentinel(const char *name)
{
    static const char sentinel[] = "BadCertificate"; /* ...Unknown, ...TooLong, ...ContainsNUL */

    return strncmp(name, sentinel, sizeof sentinel - 1) == 0;
}

/* Folds the case of ASCII letters only: what the C library folds depends on the locale. */
static bool same_text(const char *left, const char *right)
{
    for (;; left++, right++) {
        unsigned char a = (unsigned char)*left, b = (unsigned char)*right;

        if (a >= 'A' && a <= 'Z')
            a = (unsigned char)(a - 'A' + 'a');
        if (b >= 'A' && b <= 'Z')
            b = (unsigned char)(b - 'A' + 'a');
        if (a != b)
            return false;
        if (a == '\0')
            return true;
    }
}

/* What may be in a label of a host name; a wildcard and non-ASCII letters are ordinary here. */
static bool is_label_octet(unsigned char octet)
{
    return octet >= 0x80 || (octet >= '0' && octet <= '9') || (octet >= 'A' && octet <= 'Z')
           || (octet >= 'a' && octet <= 'z') || octet == '-' || octet == '_' || octet == '*';
}

bool certname_is_pattern(const char *text)
{
    text += strncmp(text, "*.", 2) == 0 ? 2 : 0;
    return *text != '\0' && strchr(text, '*') == NULL;
}

bool certname_matches(const char *wanted, const char *seen)
{
    size_t label = 0;

    if (*wanted == '\0' || *seen == '\0')
        return false;
    if (same_text(wanted, seen))
        return true;
    if (wanted[0] != '*' || wanted[1] != '.' || wanted[2] == '\0')
        return false;
    while (is_label_octet((unsigned char)seen[label]))
        label++;
    return label > 0 && same_text(wanted + 1, seen + label);
}

/* The length of "CN" or "2.5.4.3" if an "=" follows, else 0. */
static size_t type_length(const char *text)
{
    size_t length = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-_");

    return text[length] == '=' ? length : 0;
}

/* The octet of "\xNN"; -1: OpenSSL does not write it so. It never escapes an octet that prints. */
static int escaped_octet(const char *escape)
{
    int octet = ascii_hex_octet(escape + 2);

    if (octet < 0 || escape[2] >= 'a' || escape[3] >= 'a') /* its digits are upper-case */
        return -1;
    return octet < 0x20 || octet > 0x7e ? octet : -1;
}

/*
 * Reads a value up to the separator that ends it, and moves *text there. False: doubtful. The value is never
 * longer than its text.
 */
static bool read_value(const char **text, char *value)
{
    const char *rest = *text;

    for (; *rest != '\0' && *rest != '/' && *rest != '+'; rest++) {
        int octet = (unsigned char)*rest;
        bool is_hex = rest[0] == '\\' && rest[1] == 'x';

        if (rest[0] == '\\' && (rest[1] == '/' || rest[1] == '+')) {
            octet = (unsigned char)*++rest;
            if (type_length(rest + 1) > 0) /* or the value ends in a backslash, and this begins the next */
                return false;
        }
        if (is_hex)
            octet = escaped_octet(rest);
        if (octet < 0 || is_control((unsigned char)octet))
            return false;
        if (is_hex)
            rest += strlen("xNN");
        *value++ = (char)octet;
    }
    *value = '\0';
    *text = rest;
    return true;
}

enum dn_answer dn_attribute(const char *dn, const char *type, char *value, size_t size)
{
    char found[ONELINE_MAX + 1] = "", other[ONELINE_MAX + 1];
    bool is_found = false;

    if (strlen(dn) > ONELINE_MAX - ATTRIBUTE_LEAST)
        return DN_DOUBTFUL;
    if (*dn != '\0' && *dn != '/')
        return DN_DOUBTFUL;
    while (*dn != '\0') {
        size_t length = type_length(++dn);
        bool wanted = length == strlen(type) && strncasecmp(dn, type, length) == 0;

        if (length == 0 || (wanted && is_found))
            return DN_DOUBTFUL;
        dn += length + 1;
        if (!read_value(&dn, wanted ? found : other))
            return DN_DOUBTFUL;
        is_found = is_found || wanted;
    }
    if (!is_found)
        return DN_ABSENT;
    if (strlen(found) >= size)
        return DN_DOUBTFUL;
    strcpy(value, found);
    return DN_FOUND;
}
