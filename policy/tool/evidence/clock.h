/* SPDX-License-Identifier: BSD-2-Clause */
/* The year and the zone of times that have neither. */
#ifndef POLICY_TOOL_EVIDENCE_CLOCK_H
#define POLICY_TOOL_EVIDENCE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>
#include "policy/tool/evidence/entry.h"

enum { CLOCK_HOSTS = 64 };

struct clock {
    bool anchored;
    int64_t offset; /* of the local time, in milliseconds east of UTC; while anchored: the last one */
    struct {
        uint32_t host; /* the hash of its name */
        int64_t offset;
    } zone[CLOCK_HOSTS]; /* a central log may have hosts in several zones */
    size_t zones;
    int64_t last;   /* the time of the last line; STAMP_NONE: none had any */
    int64_t limit;  /* no line is later; INT64_MAX: not known */
};

/*
 * Learns year and offset from a line that has both a local time and the instant. `host` NULL: it is not
 * known who wrote it.
 */
void clock_anchor(struct clock *clock, const struct stamp_local *local, int64_t instant, const char *host);

/*
 * When a line was written: by at=, else by its stamp, else by a local time in the year and zone of the
 * lines of that host, or of any, around it, else in the zone of this process and the last year in which
 * it is not too late; else when the line before it was. STAMP_NONE: that is not known.
 */
int64_t clock_time(struct clock *clock, const struct entry *entry);

#endif
