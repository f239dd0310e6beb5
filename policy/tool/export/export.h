/* SPDX-License-Identifier: BSD-2-Clause */
/* Shared by the files of export: the policy, the time, and which partners are written. */
#ifndef POLICY_TOOL_EXPORT_EXPORT_H
#define POLICY_TOOL_EXPORT_EXPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include "policy/requirement/outbound_rule.h"

/* Which partners are written. */
enum export_what {
    EXPORT_ENFORCED, /* enforced now or at a later date: the daemon knows the date */
    EXPORT_TESTING,  /* those, and those in mode testing now or at a later date */
    EXPORT_ANSWERED  /* those for which Postfix gets a TLS policy as the answer now */
};

struct export
{
    const struct policy *policy;
    int64_t now;
    enum export_what what;
    bool sendmail;         /* for Sendmail, not for Postfix */
    size_t keys, patterns; /* lines that were written */
    bool failed;           /* memory ran out: the output is incomplete */
};

/* Whether the partner is written. */
bool export_covers(const struct export *export, const struct partner *partner);

/* ---- spellings of a key (spelling.c) ---- */

/* The characters that UTS 46 maps to the dot between labels, as a regular expression. */
#define SPELLED_DOT "(\\.|。|．|｡)"

/*
 * Calls `each` for the spellings of a domain, with or without a leading dot, or of a next hop as
 * next_hop_read() writes it: with A-labels and with U-labels. If `ports`, a key without a port is also
 * spelled with port 25.
 */
void spell_key(const char *key, bool ports, void (*each)(void *arg, const char *spelling), void *arg);

/* Writes a domain as a part of a regular expression that matches each spelling of it. */
void spell_pattern(FILE *stream, const char *domain);

/* The same for a next hop, as next_hop_read() writes it, and for all spellings of its port. */
void spell_hop_pattern(FILE *stream, const char *hop);

/* ---- holes (holes.c) ---- */

/* A domain whose partner is not written, below a dotted domain (".contoso.com") whose partner is written. */
struct hole {
    const char *suffix; /* the dotted domain, without its dot; memory of the policy */
    const char *domain; /* memory of the policy */
    bool itself, below; /* which keys are exempt: the domain itself; all below it */
};

struct holes {
    struct hole *list; /* malloc'd, sorted by suffix */
    size_t count;
};

/* Finds all holes. False: out of memory; the caller frees the list in both cases. */
bool holes_find(struct holes *holes, const struct export *export);

/* Returns the holes of one suffix, and their number. NULL: none. */
const struct hole *holes_of(const struct holes *holes, const char *suffix, size_t *count);

/* Whether this next hop is not written, and a written domain would match it. */
bool hop_is_hole(const struct export *export, const struct listed_hop *hop);

/* Whether this next hop is a domain that is not written, below a dotted domain that is written. */
bool hop_is_below(const struct export *export, const struct listed_hop *hop);

/* ---- the files ---- */

/*
 * Writes a line for each domain without a leading dot and each next hop. Its value is the key that the daemon
 * is asked for.
 */
void write_exact(struct export *export, FILE *stream);

/* Writes a regular expression for each dotted domain, and for domains with a port. */
void write_suffixes(struct export *export, const struct holes *holes, FILE *stream);

/* Writes the lines of a map whose values are the answers. */
void write_static(struct export *export, FILE *stream);

/* For Sendmail: writes a tag for each domain. The tag also matches all names below the domain. */
void write_access(struct export *export, FILE *stream);

/* Writes the lines of sendmail.mc. */
void write_rulesets(const struct export *export, const char *directory, FILE *stream);

/* A new file, written under a temporary name. It replaces the old one once all new files are complete. */
struct new_file {
    const char *name; /* its name in the directory */
    char *path, *temporary;
    FILE *stream;
};

/* Opens a new file in a directory. False: failed, reported on stderr. */
bool file_begin(struct new_file *file, const char *directory, const char *name);

/*
 * Syncs the files to disk, then renames each over the old one. False: reported; the old files are still
 * there, unless a later rename or the sync of the directory failed.
 */
bool files_finish(struct new_file *files, size_t count, const char *directory);

/* Removes the file if it was not renamed, and frees. */
void file_end(struct new_file *file);

#endif
