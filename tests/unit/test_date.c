/* SPDX-License-Identifier: BSD-2-Clause */
/* Dates of a policy, both ways. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include "policy/names/date.h"

/* The seconds are those of `date -u -d ... +%s`. */
static void t22_dates_read(void **state)
{
    static const struct {
        const char *text;
        int64_t date;
    } cases[] = {
        {"1970-01-01", 0},
        {"2026-12-01", 1796083200},
        {"2024-02-29", 1709164800},
        {"2000-02-29", 951782400},
        {"2000-03-01", 951868800},
        {"2100-03-01", 4107542400},
        {"9999-12-31", 253402214400},
        {"2026-12-01T00:00:00Z", 1796083200},
        {"2026-12-01T08:30:00Z", 1796113800},
        {"2026-12-01t08:30:00z", 1796113800},
        {"2026-12-01 08:30:00Z", 1796113800},
        {"2026-12-01T08:30:00.5+01:00", 1796110200},
        {"2026-12-01T08:30:00.999999999Z", 1796113800},
        {"2026-12-01T08:30:00-05:30", 1796133600},
        {"2026-12-01T08:30:00-00:00", 1796113800},
        {"2026-12-01T08:30:00+00:00", 1796113800},
        {"2026-12-01T08:30:00+23:59", 1796027460},
        {"2016-12-31T23:59:60Z", 1483228800},
        {"2016-12-31T15:59:60-08:00", 1483228800},
        {"2026-11-30T23:59:59Z", 1796083199},
        {"1970-01-01T01:00:00+01:00", 0},
        {"9999-12-31T23:59:59Z", 253402300799},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t date = -1;

        if (!date_parse(cases[i].text, &date) || date != cases[i].date)
            fail_msg("%s: %lld, wanted %lld", cases[i].text, (long long)date, (long long)cases[i].date);
    }
}

static void t22_not_dates(void **state)
{
    static const char *const cases[] = {
        "", "2026", "2026-12", "2026-12-1", "2026-1-01", "26-12-01", "20260-12-01", "2026-12-011",
        "2026-12-01 ",
        " 2026-12-01", "2026/12/01", "2026-12-01T", "2026-12-01T08:30", "2026-12-01T08:30Z",
        "2026-12-01T08:30:00",
        "2026-12-01T8:30:00Z", "2026-12-01T08:30:00 Z", "2026-12-01T08:30:00Zx", "2026-12-01T08:30:00.Z",
        "2026-12-01T08:30:00,5Z", "2026-12-01T24:00:00Z", "2026-12-01T08:60:00Z", "2026-12-01T08:30:61Z",
        "2026-12-01T08:30:00+24:00", "2026-12-01T08:30:00+01:60", "2026-12-01T08:30:00+0100",
        "2026-12-01T08:30:00+1:00", "2026-12-01T08:30:00+", "2026-12-01T08:30:00UTC", "2026-12-01_08:30:00Z",
        "2026-12-01  08:30:00Z", "2026-00-01", "2026-13-01", "2026-12-00", "2026-12-32", "2026-02-29",
        "2100-02-29",
        "1900-02-28", "2026-04-31", "1969-12-31", "0000-01-01", "-2026-12-01", "+2026-12-01", "2026--1-01",
        "1970-01-01T00:00:00+01:00", "9999-12-31T23:59:59-00:01", "9999-12-31T23:59:60Z", "tomorrow",
        "1796083200",
        "\xd9\xa2\xd9\xa0\xd9\xa2\xd9\xa6-12-01",
    };
    int64_t date = 77;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (date_parse(cases[i], &date) || date != 77)
            fail_msg("\"%s\" was read as %lld", cases[i], (long long)date);
    assert_false(date_parse(NULL, &date));
}

static void t22_dates_written(void **state)
{
    static const struct {
        int64_t date;
        const char *text;
    } cases[] = {
        {DATE_BEGIN, ""},
        {DATE_END, ""},
        {0, "1970-01-01"},
        {1796083200, "2026-12-01"},
        {1796083199, "2026-11-30T23:59:59Z"},
        {1796113800, "2026-12-01T08:30:00Z"},
        {951782400, "2000-02-29"},
        {253402300799, "9999-12-31T23:59:59Z"},
        {-1, "1969-12-31T23:59:59Z"},
        {-86400, "1969-12-31"},
        {-86401, "1969-12-30T23:59:59Z"},
        {-2208988800, "1900-01-01"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[32];

        memset(text, 'x', sizeof text);
        date_format(cases[i].date, text);
        assert_string_equal(text, cases[i].text);
    }
}

/* Any instant ends inside the buffer. */
static void t22_extreme_instants(void **state)
{
    static const int64_t cases[] = {INT64_MIN + 1, INT64_MAX - 1, INT64_MIN / 2, INT64_MAX / 2, 253402300800};
    char text[32];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        date_format(cases[i], text);
        assert_true(strlen(text) > 9);
    }
    assert_string_equal(text, "10000-01-01");
}

/* Every day of 8030 years has the number after the day before it, and is written as it was read. */
static void t22_every_day(void **state)
{
    static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int64_t expected = 0;

    (void)state;
    for (int year = 1970; year <= 9999; year++)
        for (int month = 1; month <= 12; month++) {
            int leap = month == 2 && ((year % 4 == 0 && year % 100 != 0) || year % 400 == 0);

            for (int day = 1; day <= lengths[month - 1] + leap; day++, expected += 86400) {
                char text[32], again[32];
                int64_t date = -1;

                snprintf(text, sizeof text, "%04u-%02u-%02u", (unsigned)year, (unsigned)month, (unsigned)day);
                assert_true(date_parse(text, &date));
                assert_true(date == expected);
                date_format(date, again);
                assert_string_equal(text, again);
            }
        }
    assert_true(expected == 253402300800);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(t22_dates_read),       cmocka_unit_test(t22_not_dates),
        cmocka_unit_test(t22_dates_written),    cmocka_unit_test(t22_extreme_instants),
        cmocka_unit_test(t22_every_day),
    };

    return cmocka_run_group_tests_name("date", tests, NULL, NULL);
}
