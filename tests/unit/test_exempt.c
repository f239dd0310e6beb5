/* SPDX-License-Identifier: BSD-2-Clause */
/* milter/exempt.c: when a warning is due, and of which partners it tells. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "milter/exempt.h"

enum { PARTNERS = 40, NOON = 1800000000 };
static struct policy *policy;

static int load(void **state)
{
    char path[] = "/tmp/test_exempt.XXXXXX";
    FILE *file = fdopen(mkstemp(path), "w");

    (void)state;
    if (file == NULL)
        return -1;
    fputs("version: 1\npartners:\n", file);
    for (int i = 0; i < PARTNERS; i++)
        fprintf(file, "- {name: partner-%d, domains: [p%d.example]}\n", i, i);
    fclose(file);
    policy = policy_load(path, NULL, NULL);
    unlink(path);
    return policy != NULL ? 0 : -1;
}

static int unload(void **state)
{
    (void)state;
    policy_unref(policy);
    return 0;
}

/* One mail of partner number i, or of none where that is switched off. */
static bool count(struct exempt_sum *sum, int i, bool off, int64_t now)
{
    static struct verdict verdict;

    memset(&verdict, 0, sizeof verdict);
    verdict.partner_count = 1;
    verdict.partner[0].partner = policy_partner(policy, (size_t)i);
    verdict.partner[0].outcome = off ? OUTCOME_OFF : OUTCOME_FAIL;
    return exempt_count(sum, &verdict, now);
}

static void t20_due_at_once_then_once_an_hour(void **state)
{
    struct exempt_sum sum = {.count = 0};

    (void)state;
    assert_true(count(&sum, 0, false, NOON));
    assert_int_equal(sum.count, 1);
    assert_string_equal(sum.partners, "partner-0");
    exempt_warned(&sum, NOON);
    assert_int_equal(sum.count, 0);
    assert_false(count(&sum, 1, false, NOON));
    assert_false(count(&sum, 0, false, NOON + 1));
    assert_false(count(&sum, 1, false, NOON + EXEMPT_INTERVAL - 1));
    assert_true(count(&sum, 0, false, NOON + EXEMPT_INTERVAL));
    assert_int_equal(sum.count, 4);
    assert_string_equal(sum.partners, "partner-1,partner-0");
    exempt_warned(&sum, NOON + EXEMPT_INTERVAL);
    assert_true(count(&sum, 0, false, NOON + 3 * EXEMPT_INTERVAL));
    exempt_warned(&sum, NOON + 3 * EXEMPT_INTERVAL);
    assert_true(count(&sum, 0, false, NOON)); /* the clock went back */
}

static void t20_partners_are_listed_as_far_as_there_is_room(void **state)
{
    struct exempt_sum sum = {.count = 0};
    size_t length;

    (void)state;
    count(&sum, 5, true, NOON);
    assert_string_equal(sum.partners, "");
    for (int again = 0; again < 2; again++)
        for (int i = 0; i < PARTNERS; i++)
            count(&sum, i, false, NOON);
    assert_int_equal(sum.count, 2 * PARTNERS + 1);
    length = strlen(sum.partners);
    assert_true(length < sizeof sum.partners && length > 200);
    assert_string_equal(sum.partners + length - 4, ",...");
    assert_memory_equal(sum.partners, "partner-0,partner-1,", 20);
    assert_ptr_equal(strstr(sum.partners, "..."), sum.partners + length - 3);
    count(&sum, 1, false, NOON); /* "partner-1" is not found in "partner-10" */
    assert_int_equal(strlen(sum.partners), length);
}

static void t20_beginning_of_a_name(void **state)
{
    struct exempt_sum sum = {.count = 0};

    (void)state;
    count(&sum, 10, false, NOON);
    count(&sum, 1, false, NOON);
    assert_string_equal(sum.partners, "partner-10,partner-1");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(t20_due_at_once_then_once_an_hour),
        cmocka_unit_test(t20_partners_are_listed_as_far_as_there_is_room),
        cmocka_unit_test(t20_beginning_of_a_name),
    };

    return cmocka_run_group_tests_name("exempt", tests, load, unload);
}
