/* SPDX-License-Identifier: BSD-2-Clause */
/* Writes lines of iCalendar (RFC 5545, sections 3.1 and 3.3). Knows no component and no policy. */
#include "policy/tool/icalendar.h"

#include <stdlib.h>
#include <string.h>
#include "policy/names/date.h"
#include "policy/names/printable.h"
#include "policy/tool/text.h"

enum { LINE_OCTETS = 75, DAY = 86400 };

/* One line that is being written. */
struct line {
    FILE *stream;
    size_t octets; /* since the last fold */
};

/* Writes octets that must stay together, after a fold if the line is full. */
static void put(struct line *line, const char *octets, size_t count)
{
    if (line->octets + count > LINE_OCTETS) {
        fputs("\r\n ", line->stream);
        line->octets = 1;
    }
    fwrite(octets, 1, count, line->stream);
    line->octets += count;
}

static void put_ascii(struct line *line, const char *text)
{
    for (; *text != '\0'; text++)
        put(line, text, 1);
}

void icalendar_line(FILE *stream, const char *name, const char *value)
{
    struct line line = {stream, 0};

    put_ascii(&line, name);
    put(&line, ":", 1);
    put_ascii(&line, value);
    fputs("\r\n", stream);
}

/* Writes one character of a printable text. Returns how many octets of the text it took. */
static size_t put_character(struct line *line, const char *text)
{
    const char escaped[2] = {'\\', *text};
    int width;
    size_t count = printable_character(text, strlen(text), &width);

    if (strchr("\\;,", *text) != NULL) {
        put(line, escaped, sizeof escaped);
        return 1;
    }
    count = count > 0 ? count : 1;
    put(line, text, count);
    return count;
}

bool icalendar_text(FILE *stream, const char *name, const char *value)
{
    struct line line = {stream, 0};
    char *text = text_printable(value);

    if (text == NULL)
        return false;
    put_ascii(&line, name);
    put(&line, ":", 1);
    for (const char *at = text; *at != '\0';)
        at += put_character(&line, at);
    fputs("\r\n", stream);
    free(text);
    return true;
}

void icalendar_time(FILE *stream, const char *name, int64_t time, bool day)
{
    const bool whole = day && time % DAY == 0;
    char date[32], compact[32], property[64];
    size_t length = 0;

    date_format_whole(time, date);
    for (const char *at = date; *at != '\0' && !(whole && *at == 'T'); at++)
        if (*at != '-' && *at != ':')
            compact[length++] = *at;
    compact[length] = '\0';
    snprintf(property, sizeof property, "%s%s", name, whole ? ";VALUE=DATE" : "");
    icalendar_line(stream, property, compact);
}
