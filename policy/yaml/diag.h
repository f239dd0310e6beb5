/* SPDX-License-Identifier: BSD-2-Clause */
/* Errors and warnings about a policy file, reported one at a time to the caller that loads it. */
#ifndef POLICY_YAML_DIAG_H
#define POLICY_YAML_DIAG_H

#include <stdarg.h>
#include <stddef.h>

enum severity { SEVERITY_WARNING, SEVERITY_ERROR };

/*
 * A place in a policy file. `line` and `column` count from 1 (columns in
 * characters, as editors do); 0: the finding is about the file as a whole.
 */
struct place {
    const char *file;
    unsigned line, column;
};

/* One finding; every string is borrowed and valid during the call only. */
struct diag {
    enum severity severity;
    struct place place;
    const char *
        /* one line, no full stop; what is wrong, what is allowed, the likely spelling, [id] at the end */
        text;
    const char *id; /* of a warning, which `acknowledge` may name; NULL: none */
};

typedef void diag_fn(void *arg, const struct diag *diag);

/*
 * As vsnprintf(), for the text of a finding. Control characters become "?", so that a quotation from a file
 * cannot begin a second line.
 */
void diag_text(char *text, size_t size, const char *format, va_list args)
    __attribute__((format(printf, 3, 0)));

/*
 * Appends " [id]" to a text of at most size - 1 octets, and cuts the text to make it fit. `id` NULL: appends
 * nothing.
 */
void diag_append_id(char *text, size_t size, const char *id);

#endif
