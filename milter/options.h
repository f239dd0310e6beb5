/* SPDX-License-Identifier: BSD-2-Clause */
/* The daemon's command line. */
#ifndef MILTER_OPTIONS_H
#define MILTER_OPTIONS_H

#include <stdbool.h>

struct options {
    const char *policy;     /* -c, else the default */
    const char *socket;     /* -s; NULL: the policy's */
    unsigned drain_seconds; /* -d, else the default */
    bool to_stderr;         /* -e */
    bool check;             /* -t */
    bool to_journal;        /* the journal reads stderr: only lines of the log may go there */
};

/* Reads the command line. Returns -1: go on; else the status to exit with, and all is printed. */
int options_read(struct options *options, int argc, char **argv);

#endif
