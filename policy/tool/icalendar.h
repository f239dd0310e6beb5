/* SPDX-License-Identifier: BSD-2-Clause */
/* Lines of iCalendar (RFC 5545): CRLF, folded at 75 octets, never within a character. */
#ifndef POLICY_TOOL_ICALENDAR_H
#define POLICY_TOOL_ICALENDAR_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* A property whose value is ASCII and needs no escapes: "VERSION", "2.0". */
void icalendar_line(FILE *stream, const char *name, const char *value);

/*
 * A property of type TEXT. The value is escaped; an octet that does not print becomes \xNN. False: out of
 * memory.
 */
bool icalendar_text(FILE *stream, const char *name, const char *value);

/* A property with a time in UTC: a DATE if `day` is set and the time is midnight, else a DATE-TIME. */
void icalendar_time(FILE *stream, const char *name, int64_t time, bool day);

#endif
