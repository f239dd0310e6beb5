/* SPDX-License-Identifier: BSD-2-Clause */
/* What loggers put in front of a message: priority, time, host, tag and process. */
#ifndef POLICY_TOOL_EVIDENCE_PREFIX_H
#define POLICY_TOOL_EVIDENCE_PREFIX_H

#include <stdbool.h>
#include <stddef.h>
#include "policy/tool/evidence/entry.h"

/* The name under which forcetls-milter(8) logs. */
#define PREFIX_TAG "forcetls-milter"

struct prefix {
    char *tag; /* "postfix/smtp"; "": the line names none */
    bool
        /* the tag has two process numbers: postlog(1) wrote the line, for whoever it claims to be */
        readdressed;
    char *text; /* the message */
};

/*
 * Reads the prefix of a line and sets stamp, host and pid of the entry. Ends host and tag with a NUL each
 * in the line itself. Any text is answered; what cannot be a prefix is a message without one.
 */
void prefix_read(struct prefix *prefix, struct entry *entry, char *line);

/* How a line of Docker's json-file begins. */
#define PREFIX_JSON "{\"log\":\""

/*
 * Takes the message out of such a line, in place, and the time of its end as the entry's stamp. Answers
 * where the message begins, and changes *length; the line itself where it is not whole.
 */
char *prefix_unwrap(struct entry *entry, char *line, size_t *length);

#endif
