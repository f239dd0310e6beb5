/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * FNV-1a with 64 bits. The database identifies lines and rules by this hash, which is the same on all
 * machines.
 */
#ifndef POLICY_TOOL_EVIDENCE_FNV_H
#define POLICY_TOOL_EVIDENCE_FNV_H

#include <stddef.h>
#include <stdint.h>

#define FNV_BEGIN 0xCBF29CE484222325u

/* Continues a hash with these octets. */
static inline uint64_t fnv_on(uint64_t hash, const void *octets, size_t length)
{
    const unsigned char *octet = octets;

    for (size_t i = 0; i < length; i++)
        hash = (hash ^ octet[i]) * 0x100000001B3u;
    return hash;
}

#endif
