/* SPDX-License-Identifier: BSD-2-Clause */
/* Plain texts of YAML: what another reader would take them for, numbers and booleans, the nearest of some words. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "policy/scalar.h"

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

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(f01_scalars),
    };

    return cmocka_run_group_tests_name("scalar", tests, NULL, NULL);
}
