/* SPDX-License-Identifier: BSD-2-Clause */
/* The daemon's command line. */
#ifndef MILTER_OPTIONS_H
#define MILTER_OPTIONS_H

#include <stdbool.h>

struct options {
    const char *policy; /* -c, else the default */
    const char *socket; /* -s, or NULL: as the policy says */
    unsigned drain_seconds; /* -d, else the default */
    bool to_stderr;     /* -e */
    bool check;         /* -t */
    bool to_journal;    /* stderr is read by the journal: it takes lines of the log only */
};

/* Reads the command line. -1: go on; else the status to exit with, and all was said. */
int options_read(struct options *options, int argc, char **argv);

#endif
