/* SPDX-License-Identifier: BSD-2-Clause */
/* A policy file as octets: what kind of file it must be, and which octets it may hold. */
#ifndef POLICY_YAML_SOURCE_H
#define POLICY_YAML_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include "policy/yaml/comments.h"
#include "policy/yaml/diag.h"

struct source;

/*
 * Opens a regular file that group and others cannot write, of at most 512 MiB. Findings go to
 * `diag`, with `path`, which must outlive the source. NULL: diag has the reason, unless memory ran out.
 */
struct source *source_open(const char *path, diag_fn *diag, void *arg);
void source_close(struct source *source); /* NULL is fine */

/*
 * Reads the next octets; *got is 0 at the end. `size` is at least 4. Tabs, NUL, control characters,
 * Unicode's line breaks and octets that are not UTF-8 are reported with line and column (the first 20 of a
 * file) and replaced, so that reading can go on. So are tabs and invisible characters in an indentation, but
 * nothing is read from that line on. False: diag has the reason.
 */
bool source_read(struct source *source, unsigned char *buffer, size_t size, size_t *got);

/* The file's name, as it was opened. */
const char *source_path(const struct source *source);

/*
 * Finds a comment of a line that begins as text does ("#2", not "# 2"), if only blanks are between it and
 * `column`, where a text ended. Writes its first octets, without the line's end. Lines and columns count from
 * 1, and lines must not descend from call to call. False: there is none.
 */
bool source_comment(struct source *source, unsigned line, unsigned column, char text[COMMENT_MAX]);

/* Reports an error of this file. */
void source_tell(struct source *source, unsigned line, unsigned column, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Reports a file that changed since it was opened: it may be half of one version and half of another. */
void source_check_unchanged(struct source *source);

#endif
