/* SPDX-License-Identifier: BSD-2-Clause */
/* Dates of a policy: instants in seconds since 1970-01-01 00:00 UTC, leap seconds not counted. */
#ifndef POLICY_DATE_H
#define POLICY_DATE_H

#include <stdbool.h>
#include <stdint.h>

#define DATE_BEGIN INT64_MIN /* "from" that was not given */
#define DATE_END INT64_MAX   /* "until" that was not given */

/*
 * Reads "2026-12-01" (00:00 UTC) or an RFC 3339 date-time
 * ("2026-12-01T08:30:00Z", "2026-12-01T08:30:00.5+01:00", a blank or t for T, z for Z; fractions
 * are dropped; second 60 is the next minute's first). Years 1970 to 9999. False: not a date, *date untouched.
 */
bool date_parse(const char *text, int64_t *date);

/* "2026-12-01" at midnight UTC, else "2026-12-01T08:30:00Z"; "" for DATE_BEGIN and DATE_END. */
void date_format(int64_t date, char text[32]);

/* The same for programs to read: always with the time. */
void date_format_whole(int64_t date, char text[32]);

#endif
