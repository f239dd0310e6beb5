/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of export share: the policy, the time, and which partners are written. */
#ifndef POLICY_TOOL_EXPORT_EXPORT_H
#define POLICY_TOOL_EXPORT_EXPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include "policy/requirement/outbound_rule.h"

/* Which partners are written. */
enum export_what {
    EXPORT_ENFORCED, /* enforced now, or at a date to come: the daemon knows the date */
    EXPORT_TESTING,  /* those, and the ones in mode testing, now or at a date to come */
    EXPORT_ANSWERED  /* those for which Postfix is answered a TLS policy now */
};

struct export
{
    const struct policy *policy;
    int64_t now;
    enum export_what what;
    bool sendmail;         /* for Sendmail, not Postfix */
    size_t keys, patterns; /* lines that were written */
    bool failed;           /* memory ran out: what was written is not whole */
};

/* Whether the partner is written. */
bool export_covers(const struct export *export, const struct partner *partner);

/* ---- spellings of a key (spelling.c) ---- */

/* The characters that UTS 46 takes for the dot between labels, as a regular expression. */
#define SPELLED_DOT "(\\.|。|．|｡)"

/*
 * Calls `each` for the spellings of a domain, with or without a dot in front, or of a next hop as
 * next_hop_read() writes it: with A-labels, with U-labels, and with `ports` also with port 25 if it has none.
 */
void spell_key(const char *key, bool ports, void (*each)(void *arg, const char *spelling), void *arg);

/* Writes a domain as a part of a regular expression that matches each spelling of it. */
void spell_pattern(FILE *stream, const char *domain);

/* The same of a next hop, as next_hop_read() writes it, and of its port in all spellings. */
void spell_hop_pattern(FILE *stream, const char *hop);

/* ---- holes (holes.c) ---- */

/* A domain of a partner that is not written, below a dotted one of a partner that is. */
struct hole {
    const char *suffix; /* the dotted one, without its dot; in the policy */
    const char *domain; /* in the policy */
    bool itself, below; /* the domain, and what lies below it */
};

struct holes {
    struct hole *list; /* malloc'd, in the order of the suffixes */
    size_t count;
};

/* Finds them all. False: out of memory. */
bool holes_find(struct holes *holes, const struct export *export);

/* Those of one suffix, and how many. */
const struct hole *holes_of(const struct holes *holes, const char *suffix, size_t *count);

/* Whether a next hop that is not written would be matched by a domain that is. */
bool hop_is_hole(const struct export *export, const struct listed_hop *hop);

/* Whether it is a domain that is not written, and lies below a dotted one that is. */
bool hop_is_below(const struct export *export, const struct listed_hop *hop);

/* ---- the files ---- */

/* A line for each domain without a dot and each next hop; the value is what the daemon is asked. */
void write_exact(struct export *export, FILE *stream);

/* A regular expression for each dotted domain, and for domains with a port. */
void write_suffixes(struct export *export, const struct holes *holes, FILE *stream);

/* The lines of a map whose values are the answers. */
void write_static(struct export *export, FILE *stream);

/* For Sendmail: a tag for each domain; what lies below it has the same one. */
void write_access(struct export *export, FILE *stream);

/* The lines of sendmail.mc. */
void write_rulesets(const struct export *export, const char *directory, FILE *stream);

/* A file in the making: it takes its place when all are whole. */
struct new_file {
    const char *name; /* in the directory */
    char *path, *temporary;
    FILE *stream;
};

/* Begins a file in a directory. False: reported on stderr. */
bool file_begin(struct new_file *file, const char *directory, const char *name);

/* Puts the files on the disk, then each in its place. False: reported, and the old ones are still there. */
bool files_finish(struct new_file *files, size_t count, const char *directory);

/* Removes what did not take its place, and frees. */
void file_end(struct new_file *file);

#endif
