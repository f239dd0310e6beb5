/* SPDX-License-Identifier: BSD-2-Clause */
/* Times in logs: instants in milliseconds since 1970-01-01 00:00 UTC, without leap seconds. */
#ifndef POLICY_TOOL_EVIDENCE_STAMP_H
#define POLICY_TOOL_EVIDENCE_STAMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    STAMP_SECOND = 1000,
    STAMP_HOUR = 3600 * STAMP_SECOND,
    STAMP_DAY = 24 * STAMP_HOUR,
    STAMP_TEXT_SIZE = 40
};
#define STAMP_NONE INT64_MIN /* no time */

/* A time without year and zone, as in RFC 3164 ("Nov 28 14:33:57"). */
struct stamp_local {
    unsigned month, day, hour, minute, second; /* month 1 to 12; second at most 60 */
};

/*
 * Reads an RFC 3339 date-time at the start of the text. Accepts any number of decimals, "Z" or an offset (its
 * colon may be missing, as in journalctl(1)), small letters, and a blank for the T. Decimals after the
 * millisecond are dropped; second 60 is the first of the next minute. Returns the length of the date-time. 0:
 * there is none, and *instant is unchanged.
 */
size_t stamp_read(const char *text, int64_t *instant);

/* The same for the time of RFC 3164; skips a fraction of a second. */
size_t stamp_read_local(const char *text, struct stamp_local *stamp);

/*
 * The same for the TAI64N of multilog(8), "@4000000065...": UTC plus ten seconds, as daemontools counts.
 * Small letters only.
 */
size_t stamp_read_tai64n(const char *text, int64_t *instant);

/* The same for a time of tai64nlocal(8) or svlogd(8), which has no zone; drops its year. */
size_t stamp_read_zoneless(const char *text, struct stamp_local *stamp);

/* Returns the instant of a local time in that year, as if in UTC. STAMP_NONE: the year has no such day. */
int64_t stamp_in_year(const struct stamp_local *stamp, int64_t year);

/* Returns the year of an instant, in UTC. */
int64_t stamp_year(int64_t instant);

/* Writes "2026-12-01T08:30:00Z", with ".768" if there are milliseconds. STAMP_NONE: "". */
void stamp_format(int64_t instant, char text[STAMP_TEXT_SIZE]);

/* Writes "2026-12-01 08:30" in UTC, for humans. STAMP_NONE: "". */
void stamp_format_short(int64_t instant, char text[STAMP_TEXT_SIZE]);

/* Return the start of the hour, of the day and of the month (UTC) of an instant. */
int64_t stamp_hour(int64_t instant);
int64_t stamp_day(int64_t instant);
int64_t stamp_month(int64_t instant);

#endif
