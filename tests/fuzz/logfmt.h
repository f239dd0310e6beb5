/* SPDX-License-Identifier: BSD-2-Clause */
/* Log lines, read back by the rules of forcetls-milter(8) and nothing else. */
#ifndef TESTS_FUZZ_LOGFMT_H
#define TESTS_FUZZ_LOGFMT_H

#include <stdbool.h>
#include <stddef.h>

enum { LOGFMT_PAIRS = 40, LOGFMT_VALUE = 1100 };

struct logfmt_pair {
    char key[32];
    bool quoted;
    size_t printed; /* octets between the quotation marks, or of the bare word */
    char value[LOGFMT_VALUE];
};

struct logfmt {
    size_t count;
    struct logfmt_pair pair[LOGFMT_PAIRS];
};

/* Reads a line of "key=word" and `key="text"`, one blank between. False: it is not well formed. */
bool logfmt_read(struct logfmt *line, const char *text);

#endif
