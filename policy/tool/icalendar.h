/* SPDX-License-Identifier: BSD-2-Clause */
/* Lines of iCalendar (RFC 5545): CRLF, folded at 75 octets, never within a character. */
#ifndef POLICY_TOOL_ICALENDAR_H
#define POLICY_TOOL_ICALENDAR_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* A property as it is: "VERSION", "2.0". The value is ASCII. */
void icalendar_line(FILE *stream, const char *name, const char *value);

/*
 * A property of type TEXT: escapes the value, and an octet that does not print becomes \xNN. False: out of
 * memory.
 */
bool icalendar_text(FILE *stream, const char *name, const char *value);

/* A property with a time in UTC: a DATE at midnight where `day` allows one, else a DATE-TIME. */
void icalendar_time(FILE *stream, const char *name, int64_t time, bool day);

#endif
