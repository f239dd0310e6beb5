/* SPDX-License-Identifier: BSD-2-Clause */
/* A set of names: each once, in their order, within bounds. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include "policy/names/name_set.h"

static void add(struct name_set *set, const char *name)
{
    name_set_add(set, *name, name + 1, strlen(name + 1));
}

/* "kind and name" of each, with blanks between. */
static void check(const struct name_set *set, const char *wanted)
{
    char text[1024] = "", kind;
    const char *name;
    size_t at = 0, length, count = 0;

    while ((name = name_set_next(set, &at, &length, &kind)) != NULL) {
        assert_int_equal(length, strlen(name));
        sprintf(text + strlen(text), "%s%c%s", count++ > 0 ? " " : "", kind, name);
    }
    assert_string_equal(text, wanted);
    assert_int_equal(set->count, count);
}

static void each_once(void **state)
{
    struct name_set set = {0};

    (void)state;
    check(&set, "");
    add(&set, "aone");
    add(&set, "atwo");
    add(&set, "bone");
    add(&set, "aone");
    add(&set, "aon");
    add(&set, "a");
    add(&set, "a");
    check(&set, "aone atwo bone aon a");
    name_set_begin(&set, 'b');
    name_set_put(&set, "o", 1);
    name_set_put(&set, "", 0);
    name_set_put(&set, "ne", 2);
    name_set_end(&set);
    check(&set, "aone atwo bone aon a");
    assert_false(set.full || set.exhausted);
    name_set_free(&set);
    check(&set, "");
    name_set_free(&set);
}

/* What is cut off is gone, may come again, and leaves the others where they can be found; also after the index grew. */
static void cut_off(void **state)
{
    (void)state;
    for (unsigned kept = 0; kept < 40; kept++) {
        struct name_set set = {0};
        char name[16];
        size_t length, count;

        for (unsigned i = 0; i < kept; i++)
            add(&set, (sprintf(name, "a%u", i), name));
        length = set.length;
        for (unsigned i = 0; i < 200; i++)
            add(&set, (sprintf(name, "a%u", 199 - i), name));
        assert_int_equal(set.count, 200);
        name_set_cut(&set, length);
        assert_int_equal(set.count, kept);
        for (unsigned i = 0; i < kept; i++)
            add(&set, (sprintf(name, "a%u", i), name));
        assert_int_equal(set.count, kept);
        count = 0;
        for (size_t i = 0; i < set.index_room; i++)
            count += set.index[i] != 0;
        assert_int_equal(count, kept);
        name_set_free(&set);
    }
}

/* Too many names, or too long ones, are left out, and that is known. */
static void s26_bounds(void **state)
{
    struct name_set set = {0};
    static char name[NAME_SET_OCTETS];

    (void)state;
    for (unsigned i = 0; i < 30000 && !set.full; i++)
        add(&set, (sprintf(name, "a%05u", i), name));
    assert_true(set.full);
    assert_true(set.count > 10000 && set.count <= NAME_SET_NAMES);
    assert_true(set.room <= NAME_SET_OCTETS && set.index_room * sizeof *set.index <= 1 << 17);
    assert_false(set.exhausted);
    name_set_free(&set);
    memset(name, 'x', sizeof name);
    name_set_add(&set, 'a', name, 50000);
    assert_false(set.full);
    name_set_add(&set, 'a', name, 50000);
    assert_false(set.full || set.count != 1);
    name_set_add(&set, 'b', name, 50000);
    assert_false(set.full);
    name_set_add(&set, 'c', name, 50000);
    assert_true(set.full);
    assert_int_equal(set.count, 2);
    name_set_free(&set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_once),
        cmocka_unit_test(cut_off),
        cmocka_unit_test(s26_bounds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
