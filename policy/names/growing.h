/* SPDX-License-Identifier: BSD-2-Clause */
/* A text that grows in a buffer, and is cut if it does not fit. */
#ifndef POLICY_NAMES_GROWING_H
#define POLICY_NAMES_GROWING_H

#include <stdbool.h>
#include <stddef.h>

struct growing {
    char *to;
    size_t size, length; /* the text has at most size - 1 octets */
};

/* Begins an empty text in `to`, which has room for `size` > 0 octets. */
struct growing growing_begin(char *to, size_t size);

/* Appends what printf would write. */
void growing_add(struct growing *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Appends an item, after the separator unless the text is empty. */
void growing_item(struct growing *text, const char *separator, const char *item);

#endif
