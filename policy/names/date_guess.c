/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Dates in other notations than the policy's: what is wrong, and which date is
 * meant if there can be only one. For suggestions only: date.c decides what a
 * policy may hold.
 */
#include "policy/names/date.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Writes "2026-12-01" from three numbers. False: there is no such day. */
static bool write_day(char meant[32], unsigned year, unsigned month, unsigned day)
{
    int64_t date;

    snprintf(meant, 32, "%04u-%02u-%02u", year % 10000, month % 100, day % 100);
    if (year < 10000 && month < 100 && day < 100 && date_parse(meant, &date))
        return true;
    meant[0] = '\0';
    return false;
}

/* Whether a text begins with the shape, such as "0000-00-00"; a 0 stands for any digit. */
static bool has_shape(const char *text, const char *shape)
{
    for (; *shape != '\0'; shape++, text++)
        if (*shape == '0' ? *text < '0' || *text > '9' : *text != *shape)
            return false;
    return true;
}

/* "1.12.2026", "2026/12/1", "20261201". No guess if day and month could be exchanged. */
static void guess_day(const char *text, char meant[32])
{
    unsigned first, second, third;
    char mark, other, end;

    if (strlen(text) == 8 && has_shape(text, "00000000")
        && sscanf(text, "%4u%2u%2u", &first, &second, &third) == 3) {
        write_day(meant, first, second, third);
        return;
    }
    if (strspn(text, "0123456789./-") != strlen(text)
        || sscanf(text, "%4u%c%2u%c%4u%c", &first, &mark, &second, &other, &third, &end) != 5
        || mark != other)
        return;
    if (first >= 1000)
        write_day(meant, first, second, third);
    else if (third >= 1000 && (mark == '.' || first > 12))
        write_day(meant, third, second, first);
    else if (third >= 1000 && (second > 12 || first == second))
        write_day(meant, third, first, second);
}

/* The number of an English month by its first letters, at least three; 0: it is none. */
static unsigned month_of(const char *word, size_t length)
{
    static const char *const months[] = {"january",   "february", "march",    "april",
                                         "may",       "june",     "july",     "august",
                                         "september", "october",  "november", "december"};

    for (unsigned i = 0; i < 12 && length >= 3; i++)
        if (length <= strlen(months[i]) && strncasecmp(months[i], word, length) == 0)
            return i + 1;
    return 0;
}

/* Whether a word adds nothing to a date: a day of the week, openssl(1)'s label or zone. *zone: a zone. */
static bool says_nothing(const char *word, size_t length, bool *zone)
{
    static const char *const words[] = {"GMT",      "UTC",    "notAfter", "notBefore", "st",      "nd",
                                        "rd",       "th",     "Mon",      "Tue",       "Wed",     "Thu",
                                        "Fri",      "Sat",    "Sun",      "Monday",    "Tuesday", "Wednesday",
                                        "Thursday", "Friday", "Saturday", "Sunday"};

    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strlen(words[i]) == length && strncasecmp(words[i], word, length) == 0) {
            *zone |= i < 2;
            return true;
        }
    return false;
}

/* The parts found of a date with a month's name. */
struct worded {
    unsigned year, month, day;
    const char *time;
    bool zone;
};

/* Takes a word or a number; *length is its length. False: such a date has no such part. */
static bool take_word(struct worded *found, const char *text, size_t *length)
{
    size_t digits = strspn(text, "0123456789");
    unsigned *number = digits == 4 ? &found->year : &found->day;

    if (found->time == NULL && has_shape(text, "00:00:00")) {
        found->time = text;
        *length = 8;
        return true;
    }
    if (digits == 0) {
        unsigned month;

        *length = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");
        month = month_of(text, *length);
        if (month > 0 && found->month == 0)
            found->month = month;
        else if (!says_nothing(text, *length, &found->zone))
            return false;
        return true;
    }
    *length = digits;
    if ((digits != 4 && digits > 2) || *number != 0)
        return false;
    *number = (unsigned)strtoul(text, NULL, 10);
    return *number != 0;
}

/* "notAfter=Dec  1 08:00:00 2026 GMT", "1 Dec 2026", "December 1st, 2026", "01-Dec-2026" */
static void guess_worded(const char *text, char meant[32])
{
    struct worded found = {0};

    while (*text != '\0') {
        size_t length = strspn(text, " ,.-/=");

        if (length == 0 && !take_word(&found, text, &length))
            return;
        text += length;
    }
    if (found.year == 0 || found.month == 0 || found.day == 0 || (found.time != NULL && !found.zone))
        return;
    if (write_day(meant, found.year, found.month, found.day) && found.time != NULL)
        snprintf(meant + 10, 22, "T%.8sZ", found.time);
}

/* A day with a time that lacks its zone, a colon in it, or its seconds. Returns what is wrong, or NULL. */
static const char *guess_time(const char *text, char meant[32])
{
    const char *time = text + 11;
    bool seconds = has_shape(time, "00:00:00");
    const char *zone = time + (seconds ? 8 : 5);
    int64_t date;

    zone += strspn(zone, " ");
    if (*zone == '\0') {
        snprintf(meant, 32, "%.10sT%.*s%sZ", text, seconds ? 8 : 5, time, seconds ? "" : ":00");
        if (date_parse(meant, &date))
            return "a time needs its zone, Z or +01:00";
    } else if ((*zone == '+' || *zone == '-') && has_shape(zone + 1, "0000") && zone[5] == '\0') {
        snprintf(meant, 32, "%.10sT%.*s%s%.3s:%.2s", text, seconds ? 8 : 5, time, seconds ? "" : ":00", zone,
                 zone + 3);
        if (date_parse(meant, &date))
            return "the zone needs a colon";
    } else if (!seconds) {
        snprintf(meant, 32, "%.10sT%.5s:00%.8s", text, time, zone);
        if (date_parse(meant, &date))
            return "a time needs its seconds";
    }
    meant[0] = '\0';
    return NULL;
}

const char *date_doubt(const char *text, char meant[32])
{
    static const char *const endless[] = {"never", "forever", "always", "none", "unlimited", "infinite"};
    char day[11];
    int64_t date;

    meant[0] = '\0';
    for (size_t i = 0; i < sizeof endless / sizeof *endless; i++)
        if (strcasecmp(text, endless[i]) == 0)
            return "it needs an end";
    if (!has_shape(text, "0000-00-00")) {
        guess_day(text, meant);
        if (meant[0] == '\0')
            guess_worded(text, meant);
        return NULL;
    }
    snprintf(day, sizeof day, "%.10s", text);
    if (!date_parse(day, &date))
        return "there is no such day";
    if (text[10 + strspn(text + 10, " ")] == '\0') {
        snprintf(meant, 32, "%s", day);
        return NULL;
    }
    if ((text[10] == 'T' || text[10] == 't' || text[10] == ' ') && has_shape(text + 11, "00:00"))
        return guess_time(text, meant);
    return NULL;
}
