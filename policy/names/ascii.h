/* SPDX-License-Identifier: BSD-2-Clause */
/* Octets of ASCII, whatever the locale. */
#ifndef POLICY_NAMES_ASCII_H
#define POLICY_NAMES_ASCII_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* Whether all octets are ASCII. */
static inline bool ascii_only(const char *text, size_t length)
{
    unsigned char all = 0;

    for (size_t i = 0; i < length; i++)
        all |= (unsigned char)text[i];
    return all < 0x80;
}

/* A space, or what moves the cursor: tab, line feed, vertical tab, form feed, carriage return. */
static inline bool ascii_blank(char octet)
{
    return octet == ' ' || (octet >= '\t' && octet <= '\r');
}

static inline bool ascii_letter(char octet)
{
    return (octet >= 'a' && octet <= 'z') || (octet >= 'A' && octet <= 'Z');
}

static inline bool ascii_letter_or_digit(char octet)
{
    return ascii_letter(octet) || (octet >= '0' && octet <= '9');
}

/* The value of a hexadecimal digit of either case; -1: it is none. */
static inline int ascii_hex(char digit)
{
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    if (digit >= 'A' && digit <= 'F')
        return digit - 'A' + 10;
    return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

/* The octet that two hexadecimal digits spell; -1: they are none. */
static inline int ascii_hex_octet(const char *digits)
{
    int high = ascii_hex(digits[0]), low = high < 0 ? -1 : ascii_hex(digits[1]);

    return low < 0 ? -1 : high * 16 + low;
}

/* The value of a letter of base64; -1: it is none. The "=" at the end is none, too. */
static inline int ascii_base64(char letter)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *found = letter == '\0' ? NULL : strchr(letters, letter);

    return found == NULL ? -1 : (int)(found - letters);
}

#endif
