/* SPDX-License-Identifier: BSD-2-Clause */
/* Netstrings. Knows no sockets: the caller has the octets. */
#include "policy/outbound/netstring.h"

enum { DIGITS_MAX = 9 };

/*
 * Returns the length at the start, and sets *digits to its number of digits. -1: it has a leading zero, or
 * more than DIGITS_MAX digits.
 */
static long read_length(const char *octets, size_t length, size_t *digits)
{
    long number = 0;

    for (*digits = 0; *digits < length && octets[*digits] >= '0' && octets[*digits] <= '9'; ++*digits) {
        if (*digits == DIGITS_MAX || (*digits == 1 && octets[0] == '0'))
            return -1;
        number = number * 10 + (octets[*digits] - '0');
    }
    return number;
}

enum netstring_state netstring_read(struct netstring *found, const char *octets, size_t length, size_t max)
{
    size_t digits, size;
    long number = read_length(octets, length, &digits);

    if (number < 0 || (size_t)number > max)
        return NETSTRING_BAD;
    if (digits == length)
        return NETSTRING_MORE;
    if (digits == 0 || octets[digits] != ':')
        return NETSTRING_BAD;
    size = (size_t)number;
    if (length < digits + size + 2)
        return NETSTRING_MORE;
    if (octets[digits + 1 + size] != ',')
        return NETSTRING_BAD;
    *found = (struct netstring){octets + digits + 1, size, digits + size + 2};
    return NETSTRING_WHOLE;
}

size_t netstring_head(char head[NETSTRING_HEAD], size_t length)
{
    size_t digits = 1, size;

    for (size_t rest = length; rest >= 10; rest /= 10)
        digits++;
    size = digits + 1;
    head[digits] = ':';
    for (; digits > 0; length /= 10)
        head[--digits] = (char)('0' + length % 10);
    return size;
}
