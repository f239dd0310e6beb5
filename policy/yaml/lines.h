/* SPDX-License-Identifier: BSD-2-Clause */
/* Single lines of a policy file, read again to show them or to find out what is wrong with them. */
#ifndef POLICY_YAML_LINES_H
#define POLICY_YAML_LINES_H

#include <stddef.h>
#include <stdio.h>

/* Starts zeroed. */
struct lines {
    FILE *file;
    char *path;
    unsigned next; /* the number of the line that is read next */
    char *text;    /* the line that was read last */
    size_t size;
};

/*
 * Line `line` of a file, counted from 1, without its end and without a byte order mark; lines end as in YAML
 * with LF, CR or CR LF. Valid until the next call. NULL: there is no such line, it is longer than 64 KiB, or
 * it cannot be read. Calls for lines in ascending order do not read the file from its start again.
 */
const char *lines_read(struct lines *lines, const char *path, unsigned line);
void lines_close(struct lines *lines);

#endif
