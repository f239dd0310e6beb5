/* SPDX-License-Identifier: BSD-2-Clause */
/* Compressions of log files that other programs unpack; gzip's is read without one. */
#ifndef POLICY_TOOL_EVIDENCE_UNPACK_H
#define POLICY_TOOL_EVIDENCE_UNPACK_H

#include <stddef.h>
#include <sys/types.h>

struct unpacker;

/* The compression that begins with these octets; NULL: none that is known here. */
const struct unpacker *unpacker_of(const char *octets, size_t length);

/*
 * Starts to unpack a file. Answers the descriptor of what is in it; -1: it cannot, and *error says why.
 * `child` is for program_end() or program_kill().
 */
int unpacker_start(const struct unpacker *unpacker, int file, pid_t *child, const char **error);

/* What to do about a stream that is compressed so: streams are not unpacked. */
const char *unpacker_advice(const struct unpacker *unpacker);

#endif
