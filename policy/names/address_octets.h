/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An address octet by octet: without quotation marks, backslashes, blanks and comments. For
 * policy/names/address.c.
 */
#ifndef POLICY_NAMES_ADDRESS_OCTETS_H
#define POLICY_NAMES_ADDRESS_OCTETS_H

#include <stdbool.h>

/* A place in the text. Quotes, backslashes, blanks and comments are removed octet by octet. */
struct address_reader {
    const char *at, *end;
    const char *quote_end; /* the closing quotation mark while inside a quoted string */
    unsigned unclosed;     /* opening parentheses so far that nothing closes */
    bool gap;              /* a blank or comment was passed over */
};

/* One octet that counts; `plain`: neither quoted nor escaped, so that it may be syntax. */
struct address_octet {
    char value;
    bool plain;
    bool word; /* it is part of a word outside quotation marks */
    bool gap;  /* a blank or comment is before it */
};

/* Reads the next octet that counts; a plain "(" is one that nothing closes. False: the text ends. */
bool address_next(struct address_reader *reader, struct address_octet *octet);

#endif
