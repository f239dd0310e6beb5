/* SPDX-License-Identifier: BSD-2-Clause */
/* Shared by the files of import postfix. */
#ifndef POLICY_TOOL_IMPORT_POSTFIX_INTERNAL_H
#define POLICY_TOOL_IMPORT_POSTFIX_INTERNAL_H

#include "policy/tool/import/map_lines.h"

/* Whether a word is a level, the first word of a value of smtp_tls_policy_maps. */
bool postfix_is_level(const char *word);

/*
 * Returns the number of hexadecimal digits of a fingerprint: 32 for MD5, 40 SHA-1, 64 SHA-256, 96 SHA-384,
 * 128 SHA-512. 0: not a fingerprint.
 */
size_t postfix_digits(const char *text);

/*
 * Adds the text as a pin for a certificate and as one for a key to `section`, because Postfix compares it
 * with both. False: reported.
 */
bool postfix_add_pin(struct import *import, struct draft *draft, const char *section, const char *text);

/* Reads the lines of a table of smtp_tls_policy_maps. */
void postfix_read_policies(struct import *import, const struct map_line *first);

/* ---- what a line of a policy table requires ---- */

/* A line of a policy table, parsed. */
struct policy_line {
    struct import *import;
    struct draft *draft;
    const char *domain; /* of the next hop; if that is a host in brackets, the host */
    const char *level;
    bool names; /* match= has names */
};

/*
 * Writes the value of a line, level and attributes, as keys of its draft. False: it cannot be written;
 * reported.
 */
bool postfix_read_rule(struct policy_line *line, const char *value);

/* Writes exclude= as forward_secrecy and ciphers. */
void postfix_add_excluded(const struct policy_line *line, const char *text);

#endif
