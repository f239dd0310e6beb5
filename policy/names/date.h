/* SPDX-License-Identifier: BSD-2-Clause */
/* Dates of a policy: instants in seconds since 1970-01-01 00:00 UTC, leap seconds not counted. */
#ifndef POLICY_NAMES_DATE_H
#define POLICY_NAMES_DATE_H

#include <stdbool.h>
#include <stdint.h>

#define DATE_BEGIN INT64_MIN /* "from" that was not given */
#define DATE_END INT64_MAX   /* "until" that was not given */

/*
 * Reads "2026-12-01" (00:00 UTC) or an RFC 3339 date-time
 * ("2026-12-01T08:30:00Z", "2026-12-01T08:30:00.5+01:00", a blank or t for T, z for Z; fractions
 * are dropped; second 60 is the next minute's first). Years 1970 to 9999. False: no date; *date is untouched.
 */
bool date_parse(const char *text, int64_t *date);

/*
 * What is wrong with a text that is not a date, as the end of a sentence ("there is no such day"); NULL:
 * nothing more is known. `meant` gets the date that is meant ("2026-12-01" for "1.12.2026"), or "".
 */
const char *date_doubt(const char *text, char meant[32]);

/* "2026-12-01" at midnight UTC, else "2026-12-01T08:30:00Z"; "" for DATE_BEGIN and DATE_END. */
void date_format(int64_t date, char text[32]);

/* The same for programs to read: always with the time. */
void date_format_whole(int64_t date, char text[32]);

/* Whether the Gregorian calendar has that day. */
bool date_is_day(int64_t year, unsigned month, unsigned day);

/* The number of a day; that of 1970-01-01 is 0. */
int64_t date_day(int64_t year, unsigned month, unsigned day);

#endif
