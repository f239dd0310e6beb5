/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of import postfix share. */
#ifndef POLICY_TOOL_IMPORT_POSTFIX_INTERNAL_H
#define POLICY_TOOL_IMPORT_POSTFIX_INTERNAL_H

#include "policy/tool/import/map_lines.h"

/* Whether a value of smtp_tls_policy_maps begins with that word. */
bool postfix_is_level(const char *word);

/* The hexadecimal digits of a fingerprint: 32 are MD5, 40 SHA-1, 64 SHA-256; 0: it is none. */
size_t postfix_digits(const char *text);

/*
 * Adds a pin for a certificate and for a key to `section`: Postfix compares one text with both. False:
 * reported.
 */
bool postfix_add_pin(struct import *import, struct draft *draft, const char *section, const char *text);

/* The lines of a table of smtp_tls_policy_maps. */
void postfix_read_policies(struct import *import, const struct map_line *first);

/* ---- what a line of a policy table requires ---- */

/* A line of a policy table, taken apart. */
struct policy_line {
    struct import *import;
    struct draft *draft;
    const char *domain; /* of the next hop; for a host in brackets the host */
    const char *level;
    bool names; /* match= gives names */
};

/* Writes the value of a line, level and attributes, as keys of its draft. False: it is none, and reported. */
bool postfix_read_rule(struct policy_line *line, const char *value);

/* exclude=: what it leaves out, as forward_secrecy and ciphers. */
void postfix_add_excluded(const struct policy_line *line, const char *text);

#endif
