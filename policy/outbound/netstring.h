/* SPDX-License-Identifier: BSD-2-Clause */
/* Netstrings, "5:hello,", of which socketmap_table(5) makes its requests and replies. */
#ifndef POLICY_OUTBOUND_NETSTRING_H
#define POLICY_OUTBOUND_NETSTRING_H

#include <stddef.h>

enum netstring_state {
    NETSTRING_MORE,  /* it may become one */
    NETSTRING_WHOLE, /* it begins with one */
    NETSTRING_BAD    /* it never becomes one, or its text is longer than `max` */
};

struct netstring {
    const char *text; /* in the octets that were read */
    size_t length;
    size_t used; /* octets of the whole of it */
};

/* Reads the netstring that `octets` begin with. Fills *found where it is WHOLE. */
enum netstring_state netstring_read(struct netstring *found, const char *octets, size_t length, size_t max);

enum { NETSTRING_HEAD = 24 };

/* Writes what stands in front of a text of `length` octets; behind it comes a comma. How many octets. */
size_t netstring_head(char head[NETSTRING_HEAD], size_t length);

#endif
