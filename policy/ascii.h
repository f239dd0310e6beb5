/* SPDX-License-Identifier: BSD-2-Clause */
/* Octets of ASCII, whatever the locale. */
#ifndef POLICY_ASCII_H
#define POLICY_ASCII_H

#include <stdbool.h>
#include <stddef.h>

/* Whether all octets are ASCII. */
static inline bool ascii_only(const char *text, size_t length)
{
    unsigned char all = 0;

    for (size_t i = 0; i < length; i++)
        all |= (unsigned char)text[i];
    return all < 0x80;
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

#endif
