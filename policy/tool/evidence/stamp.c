/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Converts the times that loggers write to milliseconds since 1970, and back. Knows their forms and the
 * calendar, but no clock and no time zone: the caller supplies a missing year or zone.
 */
#include "policy/tool/evidence/stamp.h"

#include <stdio.h>
#include <string.h>
#include "policy/names/ascii.h"
#include "policy/names/date.h"

/* Reads exactly `count` digits. */
static bool read_digits(const char *text, size_t count, unsigned *number)
{
    unsigned value = 0;

    for (size_t i = 0; i < count; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        value = value * 10 + (unsigned)(text[i] - '0');
    }
    *number = value;
    return true;
}

/* Reads "14:33:57", eight octets. */
static bool read_clock(const char *text, unsigned clock[3])
{
    return read_digits(text, 2, &clock[0]) && text[2] == ':' && read_digits(text + 3, 2, &clock[1])
           && text[5] == ':' && read_digits(text + 6, 2, &clock[2]) && clock[0] < 24 && clock[1] < 60
           && clock[2] <= 60;
}

/* Reads ".768930" or nothing. Returns the length. */
static size_t read_fraction(const char *text, int64_t *milliseconds)
{
    size_t length = 1;
    int64_t weight = 100;

    *milliseconds = 0;
    if (text[0] != '.' && text[0] != ',')
        return 0;
    for (; text[length] >= '0' && text[length] <= '9'; length++, weight /= 10)
        *milliseconds += weight * (text[length] - '0');
    return length > 1 ? length : 0;
}

/* Reads "Z", "+05:30" or "+0530". Returns the length. 0: none of these. */
static size_t read_zone(const char *text, int64_t *offset)
{
    unsigned hours, minutes;
    size_t length;

    *offset = 0;
    if (text[0] == 'Z' || text[0] == 'z')
        return 1;
    if ((text[0] != '+' && text[0] != '-') || !read_digits(text + 1, 2, &hours))
        return 0;
    length = text[3] == ':' ? 4 : 3;
    if (!read_digits(text + length, 2, &minutes) || hours > 23 || minutes > 59)
        return 0;
    *offset = ((int64_t)hours * 60 + minutes) * 60 * STAMP_SECOND * (text[0] == '-' ? -1 : 1);
    return length + 2;
}

size_t stamp_read(const char *text, int64_t *instant)
{
    unsigned year, month, day, clock[3];
    int64_t milliseconds, offset;
    size_t length = 19, zone;

    if (!read_digits(text, 4, &year) || text[4] != '-' || !read_digits(text + 5, 2, &month) || text[7] != '-'
        || !read_digits(text + 8, 2, &day) || year < 1970 || !date_is_day(year, month, day))
        return 0;
    if ((text[10] != 'T' && text[10] != 't' && text[10] != ' ') || !read_clock(text + 11, clock))
        return 0;
    length += read_fraction(text + length, &milliseconds);
    zone = read_zone(text + length, &offset);
    if (zone == 0)
        return 0;
    *instant = date_day(year, month, day) * STAMP_DAY - offset + milliseconds
               + ((int64_t)clock[0] * 3600 + clock[1] * 60 + clock[2]) * STAMP_SECOND;
    return length + zone;
}

size_t stamp_read_local(const char *text, struct stamp_local *stamp)
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    unsigned clock[3], day;
    int64_t unused;

    if (text[0] < 'A' || text[0] > 'S')
        return 0; /* not a month: most texts end here */
    for (unsigned month = 0; month < 12; month++) {
        if (text[0] != months[(size_t)3 * month] || strncmp(text, months + (size_t)3 * month, 3) != 0)
            continue;
        if (text[3] != ' ' || !read_digits(text + (text[4] == ' ' ? 5 : 4), text[4] == ' ' ? 1 : 2, &day)
            || !date_is_day(2000, month + 1, day) || text[6] != ' ' || !read_clock(text + 7, clock))
            return 0;
        *stamp = (struct stamp_local){month + 1, day, clock[0], clock[1], clock[2]};
        return 15 + read_fraction(text + 15, &unused);
    }
    return 0;
}

/* Reads exactly `count` hexadecimal digits, in small letters. */
static bool read_hexadecimal(const char *text, size_t count, uint64_t *number)
{
    uint64_t value = 0;

    for (size_t i = 0; i < count; i++) {
        int digit = ascii_hex(text[i]);

        if (digit < 0 || (text[i] >= 'A' && text[i] <= 'F'))
            return false;
        value = value << 4 | (unsigned)digit;
    }
    *number = value;
    return true;
}

size_t stamp_read_tai64n(const char *text, int64_t *instant)
{
    static const uint64_t epoch = (UINT64_C(1) << 62) + 10, last = UINT64_C(253402300799);
    uint64_t seconds, nanoseconds;

    if (text[0] != '@' || !read_hexadecimal(text + 1, 16, &seconds)
        || !read_hexadecimal(text + 17, 8, &nanoseconds) || seconds < epoch || seconds - epoch > last
        || nanoseconds >= 1000000000)
        return 0;
    *instant = (int64_t)(seconds - epoch) * STAMP_SECOND + (int64_t)(nanoseconds / 1000000);
    return 25;
}

size_t stamp_read_zoneless(const char *text, struct stamp_local *stamp)
{
    unsigned clock[3], year, month, day;
    int64_t unused;

    if (!read_digits(text, 4, &year) || text[4] != '-' || !read_digits(text + 5, 2, &month) || text[7] != '-'
        || !read_digits(text + 8, 2, &day) || !date_is_day(year, month, day) || text[10] == '\0'
        || strchr("T _", text[10]) == NULL || !read_clock(text + 11, clock))
        return 0;
    *stamp = (struct stamp_local){month, day, clock[0], clock[1], clock[2]};
    return 19 + read_fraction(text + 19, &unused);
}

int64_t stamp_in_year(const struct stamp_local *stamp, int64_t year)
{
    if (!date_is_day(year, stamp->month, stamp->day))
        return STAMP_NONE;
    return date_day(year, stamp->month, stamp->day) * STAMP_DAY
           + ((int64_t)stamp->hour * 3600 + stamp->minute * 60 + stamp->second) * STAMP_SECOND;
}

/*
 * Rounds down, also before 1970. Returns STAMP_NONE for STAMP_NONE and for instants less than a unit from it.
 */
static int64_t round_down(int64_t instant, int64_t unit)
{
    int64_t rest = instant % unit;

    if (instant < INT64_MIN + unit)
        return STAMP_NONE;
    return instant - rest - (rest < 0 ? unit : 0);
}

int64_t stamp_hour(int64_t instant)
{
    return round_down(instant, STAMP_HOUR);
}

int64_t stamp_day(int64_t instant)
{
    return round_down(instant, STAMP_DAY);
}

int64_t stamp_year(int64_t instant)
{
    int64_t day = round_down(instant, STAMP_DAY) / STAMP_DAY, year = 1970 + day / 366;

    while (date_day(year + 1, 1, 1) <= day)
        year++;
    return year;
}

int64_t stamp_month(int64_t instant)
{
    int64_t day = round_down(instant, STAMP_DAY) / STAMP_DAY, year = stamp_year(instant);
    unsigned month = 12;

    while (month > 1 && date_day(year, month, 1) > day)
        month--;
    return date_day(year, month, 1) * STAMP_DAY;
}

void stamp_format(int64_t instant, char text[STAMP_TEXT_SIZE])
{
    int64_t rest = instant - round_down(instant, STAMP_SECOND);
    char whole[32];

    text[0] = '\0';
    if (instant == STAMP_NONE)
        return;
    date_format_whole((instant - rest) / STAMP_SECOND, whole);
    if (rest != 0 && strlen(whole) == 20)
        snprintf(text, STAMP_TEXT_SIZE, "%.19s.%03dZ", whole, (int)rest);
    else
        snprintf(text, STAMP_TEXT_SIZE, "%s", whole);
}

void stamp_format_short(int64_t instant, char text[STAMP_TEXT_SIZE])
{
    stamp_format(instant, text);
    if (strlen(text) > 16) {
        text[10] = ' ';
        text[16] = '\0';
    }
}
