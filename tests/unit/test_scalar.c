/* SPDX-License-Identifier: BSD-2-Clause */
/* Plain texts of YAML: what another reader would take them for, numbers and booleans, the nearest of some words. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "policy/names/scalar.h"

static void f01_scalars(void **state)
{
    static const char *const booleans[] = {"yes", "no", "on", "off", "true", "False", "Y", "n"};
    static const char *const numbers[] = {"1", "010", "1.10", "-1", "+1", "0x1F", "0o17", "0b1", "1e5", "1.5E-3", ".5", "1_000", ".inf", "-.INF", ".nan"};
    static const char *const nulls[] = {"", "~", "null", "NULL"};
    static const char *const texts[] = {"nope", "1.2.3.4", "1.2.3", "0x", "0xG", ".", "-", "1e", "a1", "1a", "1-2", "x", "nul", "_"};
    static const char *const words[] = {"domains", "clients", "mode", NULL};
    char longest[66];
    unsigned number = 7;
    bool value = false;

    (void)state;
    for (size_t i = 0; i < sizeof booleans / sizeof *booleans; i++)
        assert_string_equal(scalar_other_type(booleans[i]), "a boolean");
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        if (scalar_other_type(numbers[i]) == NULL || strcmp(scalar_other_type(numbers[i]), "a number") != 0)
            fail_msg("%s is taken for no number", numbers[i]);
    for (size_t i = 0; i < sizeof nulls / sizeof *nulls; i++)
        assert_string_equal(scalar_other_type(nulls[i]), "null");
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (scalar_other_type(texts[i]) != NULL)
            fail_msg("%s is taken for %s", texts[i], scalar_other_type(texts[i]));
    assert_true(scalar_boolean("true", &value) && value);
    assert_true(scalar_boolean("false", &value) && !value);
    assert_false(scalar_boolean("True", &value) || scalar_boolean("1", &value) || scalar_boolean("", &value));
    assert_false(scalar_number("", 9, &number) || scalar_number("10", 9, &number) || scalar_number("-1", 9, &number));
    assert_false(scalar_number("00", 9, &number) || scalar_number("1 ", 9, &number) || scalar_number("99999999999999999999", 9, &number));
    assert_int_equal(number, 7);
    assert_true(scalar_number("9", 9, &number) && number == 9);
    assert_true(scalar_number("0", 9, &number) && number == 0);
    assert_string_equal(scalar_nearest("domian", words), "domains");
    assert_string_equal(scalar_nearest("Clients", words), "clients");
    assert_string_equal(scalar_nearest("mdoe", words), "mode");
    assert_null(scalar_nearest("priority", words));
    assert_null(scalar_nearest("", words));
    memset(longest, 'a', 65);
    longest[65] = '\0';
    assert_null(scalar_nearest(longest, words));
}

static void f01_nearest_words(void **state)
{
    static const char *const words[] = {"none", "testing", "enforce", "mode", "default", "quarantine", "CN", "TLSv1", "TLSv1.2", NULL};
    static const struct {
        const char *text, *nearest;
    } cases[] = {
        {"ENFORCE", "enforce"}, {"enforec", "enforce"}, {"tesing", "testing"}, {"quarentene", "quarantine"},
        {"dfeault", "default"}, {"moed", "mode"}, {"modes", "mode"},
        {"enf", "enforce"}, {"quar", "quarantine"}, {"test", "testing"}, /* begun */
        {"en", NULL}, {"TLS", NULL}, {"TLSv12", "TLSv1.2"}, {"TLSv1.4", NULL},
        {"note", "none"}, {"date", NULL}, {"node", "none"}, {"node ", NULL}, /* of short words few letters may differ */
        {"name", NULL}, {"on", NULL}, {"off", NULL}, {"no", NULL}, {"C", NULL}, {"ON", NULL},
        {"reject", NULL}, {"enclose", NULL}, {"", NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *nearest = scalar_nearest(cases[i].text, words);

        if ((nearest == NULL) != (cases[i].nearest == NULL) || (nearest != NULL && strcmp(nearest, cases[i].nearest) != 0))
            fail_msg("\"%s\": \"%s\"", cases[i].text, nearest == NULL ? "" : nearest);
    }
}

static void distances(void **state)
{
    char longest[66];

    (void)state;
    assert_int_equal(scalar_distance("", "", 3), 0);
    assert_int_equal(scalar_distance("abc", "ABC", 0), 0);
    assert_int_equal(scalar_distance("abc", "acb", 3), 1);
    assert_int_equal(scalar_distance("abc", "abcd", 3), 1);
    assert_int_equal(scalar_distance("kitten", "sitting", 3), 3);
    assert_int_equal(scalar_distance("kitten", "sitting", 2), 3);
    assert_int_equal(scalar_distance("", "abcd", 3), 4);
    memset(longest, 'a', 65);
    longest[65] = '\0';
    assert_int_equal(scalar_distance(longest, longest, 3), 4);
    assert_int_equal(scalar_distance(longest + 1, longest + 1, 3), 0);
    assert_int_equal(scalar_distance(longest + 1, longest + 2, 3), 1);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(f01_scalars),
        cmocka_unit_test(f01_nearest_words),
        cmocka_unit_test(distances),
    };

    return cmocka_run_group_tests_name("scalar", tests, NULL, NULL);
}
