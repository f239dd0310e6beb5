/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Knows compressions by their first octets. Their own programs unpack them, so that no library is needed for
 * what few hosts use. The memory of xz and zstd is limited, whatever the file demands.
 */
#include "policy/tool/evidence/unpack.h"

#include <errno.h>
#include <string.h>
#include "policy/tool/evidence/program.h"

struct unpacker {
    const char *magic;
    const char *arguments[4];
    const char *missing, *advice;
};

#define UNPACKER(begin, program, option)                                                                     \
    {                                                                                                        \
        begin, {program, "-dc", option, NULL},                                                               \
            "compressed by " program ", and the program " program " cannot be run: install it",              \
            "compressed by " program ": give the output of " program " -dc"                                  \
    }

static const struct unpacker unpackers[] = {
    UNPACKER("\xFD"
             "7zXZ",
             "xz", "--memlimit-decompress=100MiB"),
    UNPACKER("\x28\xB5\x2F\xFD", "zstd", "--memory=128MB"),
    UNPACKER("BZh", "bzip2", NULL),
};

const struct unpacker *unpacker_of(const char *octets, size_t length)
{
    for (size_t i = 0; i < sizeof unpackers / sizeof *unpackers; i++) {
        size_t magic = strlen(unpackers[i].magic);

        if (length > magic && memcmp(octets, unpackers[i].magic, magic) == 0)
            return &unpackers[i];
    }
    return NULL;
}

int unpacker_start(const struct unpacker *unpacker, int file, pid_t *child, const char **error)
{
    int output = program_start(unpacker->arguments, file, true, child);

    if (output < 0)
        *error = errno == ENOENT || errno == EACCES ? unpacker->missing : strerror(errno);
    return output;
}

const char *unpacker_advice(const struct unpacker *unpacker)
{
    return unpacker->advice;
}
