/* SPDX-License-Identifier: BSD-2-Clause */
/* A text that grows. */
#ifndef POLICY_TEXT_H
#define POLICY_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* Empty when zeroed. The owner frees `text`. */
struct growing_text {
    char *text; /* malloc'd, NUL-terminated; NULL: nothing was added */
    size_t length, size;
    bool failed; /* out of memory: what was added after that is lost */
};

void text_add(struct growing_text *text, const char *octets, size_t length);
void text_add_string(struct growing_text *text, const char *string);
void text_print(struct growing_text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
