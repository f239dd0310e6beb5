/* SPDX-License-Identifier: BSD-2-Clause */
/* Times in logs: instants in milliseconds since 1970-01-01 00:00 UTC, leap seconds not counted. */
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
#define STAMP_NONE INT64_MIN /* there is no time */

/* A time without year and zone, as RFC 3164 writes it ("Nov 28 14:33:57"). */
struct stamp_local {
    unsigned month, day, hour, minute, second; /* month 1 to 12; second at most 60 */
};

/*
 * Reads an RFC 3339 date-time at the beginning of the text: any number of digits behind the second, "Z" or
 * an offset (its colon may be missing, as journalctl(1) writes it), small letters too, a blank for the T.
 * Digits behind the millisecond are dropped; second 60 is the next minute's first. Answers the octets it
 * takes; 0: there is none, and *instant is untouched.
 */
size_t stamp_read(const char *text, int64_t *instant);

/* Likewise the time of RFC 3164; a fraction of a second is passed over. */
size_t stamp_read_local(const char *text, struct stamp_local *stamp);

/*
 * Likewise the TAI64N of multilog(8), "@4000000065...": UTC and ten seconds, as daemontools count it. Small
 * letters only.
 */
size_t stamp_read_tai64n(const char *text, int64_t *instant);

/* Likewise a time of tai64nlocal(8) or svlogd(8), which has no zone; its year is dropped. */
size_t stamp_read_zoneless(const char *text, struct stamp_local *stamp);

/*
 * The instant of a local time in that year (no zone: as if it were UTC). STAMP_NONE: the year has no such
 * day.
 */
int64_t stamp_in_year(const struct stamp_local *stamp, int64_t year);

/* The year of an instant, in UTC. */
int64_t stamp_year(int64_t instant);

/* "2026-12-01T08:30:00Z", with ".768" where there are milliseconds. "" for STAMP_NONE. */
void stamp_format(int64_t instant, char text[STAMP_TEXT_SIZE]);

/* "2026-12-01 08:30" in UTC, for people. "" for STAMP_NONE. */
void stamp_format_short(int64_t instant, char text[STAMP_TEXT_SIZE]);

/* The beginning of the hour, of the day and of the month (UTC) in which an instant lies. */
int64_t stamp_hour(int64_t instant);
int64_t stamp_day(int64_t instant);
int64_t stamp_month(int64_t instant);

#endif
