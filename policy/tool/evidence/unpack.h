/* SPDX-License-Identifier: BSD-2-Clause */
/* Compressed log files that other programs unpack. gzip needs no program. */
#ifndef POLICY_TOOL_EVIDENCE_UNPACK_H
#define POLICY_TOOL_EVIDENCE_UNPACK_H

#include <stddef.h>
#include <sys/types.h>

struct unpacker;

/* Returns the unpacker for data that begins with these octets. NULL: no known compression. */
const struct unpacker *unpacker_of(const char *octets, size_t length);

/*
 * Starts to unpack a file. Returns a descriptor to read its content from. -1: failed, and *error says why.
 * `child` is for program_end() or program_kill().
 */
int unpacker_start(const struct unpacker *unpacker, int file, pid_t *child, const char **error);

/* Returns what the user can do with such a stream: streams are not unpacked. */
const char *unpacker_advice(const struct unpacker *unpacker);

#endif
