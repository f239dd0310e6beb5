/* SPDX-License-Identifier: BSD-2-Clause */
/* What loggers put before a message: priority, time, host, tag and process. */
#ifndef POLICY_TOOL_EVIDENCE_PREFIX_H
#define POLICY_TOOL_EVIDENCE_PREFIX_H

#include <stdbool.h>
#include <stddef.h>
#include "policy/tool/evidence/entry.h"

/* The name under which forcetls-milter(8) logs. */
#define PREFIX_TAG "forcetls-milter"

struct prefix {
    char *tag; /* "postfix/smtp"; "": not in the line */
    bool
        /* the tag has two process numbers: postlog(1) wrote the line, in any program's name */
        readdressed;
    char *text; /* the message */
};

/*
 * Reads the prefix of a line, and sets stamp, host and pid of the entry. Ends host and tag with a NUL each,
 * in the line itself. Accepts any text: what cannot be a prefix is a message without one.
 */
void prefix_read(struct prefix *prefix, struct entry *entry, char *line);

/* How a line of Docker's json-file begins. */
#define PREFIX_JSON "{\"log\":\""

/*
 * Extracts the message of such a line, in place, and its time as the entry's stamp. Returns the start of the
 * message, and sets *length. Returns the line itself if it is not complete.
 */
char *prefix_unwrap(struct entry *entry, char *line, size_t *length);

#endif
