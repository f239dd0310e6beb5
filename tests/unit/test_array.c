/* SPDX-License-Identifier: BSD-2-Clause */
/* Arrays that grow: there is room for each element (memory checkers see that), and none is lost. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include "policy/array.h"

/* Elements come and go; each is where it was put. */
static void appends(void **state)
{
    enum { MOST = 1000 };
    uint32_t *numbers = NULL;
    size_t count = 0;

    (void)state;
    for (size_t most = 1; most <= MOST; most = most * 3 / 2 + 1) {
        while (count < most) {
            uint32_t *grown = array_grow(numbers, count, sizeof *grown);

            assert_non_null(grown);
            numbers = grown;
            numbers[count] = (uint32_t)count * 7;
            count++;
        }
        for (size_t i = 0; i < count; i++)
            assert_int_equal(numbers[i], i * 7);
        count /= 3;
    }
    free(numbers);
}

static void reaches(void **state)
{
    static const size_t reached[] = {0, 5, 63, 64, 1000, 2, 5000};
    unsigned *array = NULL;
    size_t count = 0;

    (void)state;
    for (size_t i = 0; i < sizeof reached / sizeof *reached; i++) {
        size_t before = count;

        array = array_reach(array, &count, reached[i], sizeof *array);
        assert_non_null(array);
        assert_true(count > reached[i] && count >= before);
        for (size_t at = 0; at < count; at++)
            assert_int_equal(array[at], at < before ? at + 1 : 0);
        for (size_t at = 0; at < count; at++)
            array[at] = (unsigned)at + 1;
    }
    free(array);
}

/* Sizes that do not fit in a size_t. */
static void refuses(void **state)
{
    const size_t power = (SIZE_MAX >> 1) + 1;
    int *array = array_grow(NULL, 0, sizeof *array);
    size_t count = 8;

    (void)state;
    assert_non_null(array);
    array[0] = 42;
    assert_null(array_grow(array, power, 1));
    assert_null(array_grow(array, power / 2, 4));
    assert_null(array_reach(array, &count, SIZE_MAX, 1));
    assert_null(array_reach(array, &count, power / 2, 4));
    assert_int_equal(count, 8);
    assert_int_equal(array[0], 42);
    free(array);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(appends),
        cmocka_unit_test(reaches),
        cmocka_unit_test(refuses),
    };

    return cmocka_run_group_tests_name("array", tests, NULL, NULL);
}
