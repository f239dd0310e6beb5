/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Converts dates as a policy writes them to seconds since 1970 and back. Pure
 * arithmetic on the proleptic Gregorian calendar in UTC: asks no clock, no
 * locale and no time zone. Reads RFC 3339 and nothing looser, because a date
 * that is misread lets mail through or stops it.
 */
#include "policy/names/date.h"

#include <stdio.h>

enum { MINUTE = 60, HOUR = 3600, DAY = 86400 };

/* A calendar day. Years have 64 bits, so that any instant has a day. */
struct day {
    int64_t year;
    unsigned month, day;
};

/* Years are counted from March, so that the leap day is the last. */
int64_t date_day(int64_t year, unsigned month, unsigned day)
{
    int64_t march = month > 2 ? year : year - 1;
    int64_t era = (march >= 0 ? march : march - 399) / 400;
    int64_t year_of_era = march - era * 400;
    int64_t day_of_year = (153 * (int64_t)((month + 9) % 12) + 2) / 5 + day - 1;

    return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719468;
}

static struct day day_of(int64_t number)
{
    int64_t shifted = number + 719468;
    int64_t era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
    int64_t day_of_era = shifted - era * 146097;
    int64_t year = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year + year / 4 - year / 100);
    int64_t month = (5 * day_of_year + 2) / 153; /* 0: March */
    struct day date = {year + era * 400, (unsigned)(month < 10 ? month + 3 : month - 9),
                       (unsigned)(day_of_year - (153 * month + 2) / 5 + 1)};

    if (date.month <= 2)
        date.year++;
    return date;
}

bool date_is_day(int64_t year, unsigned month, unsigned day)
{
    static const unsigned char days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

    if (month < 1 || month > 12 || day < 1)
        return false;
    return day <= days[month - 1] + (unsigned)(month == 2 && leap);
}

/* Reads exactly `count` digits, and moves *text past them. */
static bool read_digits(const char **text, int count, unsigned *number)
{
    unsigned value = 0;

    for (int i = 0; i < count; i++, (*text)++) {
        if (**text < '0' || **text > '9')
            return false;
        value = value * 10 + (unsigned)(**text - '0');
    }
    *number = value;
    return true;
}

static bool read_literal(const char **text, char literal)
{
    if (**text != literal)
        return false;
    (*text)++;
    return true;
}

static bool read_day(const char **text, int64_t *number)
{
    unsigned year, month, day;

    if (!read_digits(text, 4, &year) || !read_literal(text, '-') || !read_digits(text, 2, &month)
        || !read_literal(text, '-') || !read_digits(text, 2, &day))
        return false;
    if (year < 1970 || !date_is_day(year, month, day))
        return false;
    *number = date_day(year, month, day);
    return true;
}

/* Reads "08:30:00.5" as seconds of the day. */
static bool read_time(const char **text, int64_t *seconds)
{
    unsigned hour, minute, second, dropped;

    if (!read_digits(text, 2, &hour) || !read_literal(text, ':') || !read_digits(text, 2, &minute)
        || !read_literal(text, ':') || !read_digits(text, 2, &second))
        return false;
    if (hour > 23 || minute > 59 || second > 60)
        return false;
    if (read_literal(text, '.')) {
        if (!read_digits(text, 1, &dropped))
            return false;
        while (read_digits(text, 1, &dropped))
            ;
    }
    *seconds = (int64_t)hour * HOUR + minute * MINUTE + second;
    return true;
}

/* Reads "Z" or "+01:00" as seconds east of Greenwich. */
static bool read_offset(const char **text, int64_t *seconds)
{
    bool west = **text == '-';
    unsigned hour, minute;

    if (read_literal(text, 'Z') || read_literal(text, 'z')) {
        *seconds = 0;
        return true;
    }
    if (!read_literal(text, west ? '-' : '+') || !read_digits(text, 2, &hour) || !read_literal(text, ':')
        || !read_digits(text, 2, &minute) || hour > 23 || minute > 59)
        return false;
    *seconds = (int64_t)hour * HOUR + minute * MINUTE;
    if (west)
        *seconds = -*seconds;
    return true;
}

bool date_parse(const char *text, int64_t *date)
{
    static const int64_t last = INT64_C(253402300799); /* of 9999 */
    int64_t day, seconds = 0, offset = 0, instant;

    if (text == NULL || !read_day(&text, &day))
        return false;
    if (*text != '\0') {
        if (*text != 'T' && *text != 't' && *text != ' ')
            return false;
        text++;
        if (!read_time(&text, &seconds) || !read_offset(&text, &offset) || *text != '\0')
            return false;
    }
    instant = day * DAY + seconds - offset;
    if (instant < 0 || instant > last)
        return false;
    *date = instant;
    return true;
}

static void format(int64_t date, bool whole, char text[32])
{
    int64_t number = date / DAY, second = date % DAY;
    struct day day;
    int length;

    text[0] = '\0';
    if (date == DATE_BEGIN || date == DATE_END)
        return;
    if (second < 0) {
        second += DAY;
        number--;
    }
    day = day_of(number);
    length = snprintf(text, 32, "%04lld-%02u-%02u", (long long)day.year, day.month, day.day);
    if ((whole || second != 0) && length > 0 && length < 32)
        snprintf(text + length, 32 - (size_t)length, "T%02d:%02d:%02dZ", (int)(second / HOUR),
                 (int)(second % HOUR / MINUTE), (int)(second % MINUTE));
}

void date_format(int64_t date, char text[32])
{
    format(date, false, text);
}

void date_format_whole(int64_t date, char text[32])
{
    format(date, true, text);
}
