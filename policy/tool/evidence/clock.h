/* SPDX-License-Identifier: BSD-2-Clause */
/* Completes times of logs that have no year and no zone. */
#ifndef POLICY_TOOL_EVIDENCE_CLOCK_H
#define POLICY_TOOL_EVIDENCE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>
#include "policy/tool/evidence/entry.h"

enum { CLOCK_HOSTS = 64 };

struct clock {
    bool anchored;
    int64_t offset; /* of the last local time, in milliseconds east of UTC */
    struct {
        uint32_t host; /* a hash of the host's name */
        int64_t offset;
    } zone[CLOCK_HOSTS]; /* the log of a central server may have hosts in several zones */
    size_t zones;
    int64_t last;  /* the time of the last line; STAMP_NONE: none had one */
    int64_t limit; /* no line is later; INT64_MAX: unknown */
};

/*
 * Learns year and offset from a line that has a local time and the instant. `host` NULL: the writer is
 * unknown.
 */
void clock_anchor(struct clock *clock, const struct stamp_local *local, int64_t instant, const char *host);

/*
 * Returns when a line was written: by at=; else by its full stamp; else by its local time, in the year and
 * zone of nearby lines of that host or of any host; else in the zone of this process and the last year that
 * is not too late; else the time of the previous line. STAMP_NONE: unknown.
 */
int64_t clock_time(struct clock *clock, const struct entry *entry);

#endif
