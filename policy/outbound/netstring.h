/* SPDX-License-Identifier: BSD-2-Clause */
/* Netstrings such as "5:hello,": socketmap_table(5) uses them for requests and replies. */
#ifndef POLICY_OUTBOUND_NETSTRING_H
#define POLICY_OUTBOUND_NETSTRING_H

#include <stddef.h>

enum netstring_state {
    NETSTRING_MORE,  /* it may become one */
    NETSTRING_WHOLE, /* it begins with one */
    NETSTRING_BAD    /* it never becomes one, or its text is longer than `max` */
};

struct netstring {
    const char *text; /* points into the octets that were read */
    size_t length;
    size_t used; /* octets of the whole netstring */
};

/* Reads the netstring at the start of `octets`. Fills *found if it is WHOLE. */
enum netstring_state netstring_read(struct netstring *found, const char *octets, size_t length, size_t max);

enum { NETSTRING_HEAD = 24 };

/*
 * Writes what comes before a text of `length` octets; a comma must follow the text. Returns the octets
 * written.
 */
size_t netstring_head(char head[NETSTRING_HEAD], size_t length);

#endif
