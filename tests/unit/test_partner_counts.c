/* SPDX-License-Identifier: BSD-2-Clause */
/* milter/partner_counts.c: names find their counts again, threads lose nothing, and sums stay right. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include "milter/partner_counts.h"

enum { THREADS = 4, ROUNDS = 3, BEYOND = 50 };

static const struct decision_kind pass = {OUTCOME_PASS, ACTION_ACCEPT, REASON_NONE, false};
static const struct decision_kind fail = {OUTCOME_FAIL, ACTION_REJECT, REASON_NO_TLS, false};
static const struct decision_kind last = {OUTCOME_FAIL, ACTION_REJECT, REASON_INTERNAL, false};

/* What was counted in all, or of one kind. */
struct sum {
    uint64_t all, of_kind;
    unsigned kinds;
    struct decision_kind kind;
};

static void add(void *arg, struct decision_kind kind, uint64_t count)
{
    struct sum *sum = arg;

    sum->all += count;
    sum->kinds++;
    if (kind.outcome == sum->kind.outcome && kind.action == sum->kind.action
        && kind.reason == sum->kind.reason)
        sum->of_kind += count;
}

static struct sum sum_of(const struct partner_counts *counts, struct decision_kind kind)
{
    struct sum sum = {.kind = kind};

    partner_counts_each_decision(counts, add, &sum);
    return sum;
}

static void a_name_finds_its_counts_again(void **state)
{
    struct partner_counts *contoso = partner_counts_of("contoso");

    (void)state;
    assert_ptr_equal(partner_counts_of("contoso"), contoso);
    assert_ptr_not_equal(partner_counts_of("Contoso"), contoso);
    assert_string_equal(partner_counts_name(contoso), "contoso");
    assert_int_equal(sum_of(contoso, pass).kinds, 0);
    partner_counts_add_decision(contoso, pass);
    partner_counts_add_decision(contoso, fail);
    partner_counts_add_decision(contoso, fail);
    partner_counts_add_decision(contoso, last);
    assert_int_equal(sum_of(contoso, pass).of_kind, 1);
    assert_int_equal(sum_of(contoso, fail).of_kind, 2);
    assert_int_equal(sum_of(contoso, last).of_kind, 1);
    assert_int_equal(sum_of(contoso, last).kinds, 3);
    partner_counts_add_tls(contoso, TLS_VERSION_1_3);
    assert_int_equal(partner_counts_tls(contoso, TLS_VERSION_1_3), 1);
    assert_int_equal(partner_counts_tls(contoso, TLS_VERSION_1_2), 0);
    partner_counts_add_outbound(contoso, OUTBOUND_TEMP);
    assert_int_equal(partner_counts_outbound(contoso, OUTBOUND_TEMP), 1);
    assert_int_equal(partner_counts_outbound(contoso, OUTBOUND_OK), 0);
    assert_int_equal(sum_of(contoso, fail).of_kind, 2);
}

static void no_partner_has_counts_of_its_own(void **state)
{
    struct partner_counts *nobody = partner_counts_of(NULL);

    (void)state;
    assert_ptr_equal(partner_counts_of(""), nobody);
    assert_string_equal(partner_counts_name(nobody), "");
    partner_counts_add_decision(nobody, last);
    assert_int_equal(sum_of(nobody, last).of_kind, 1);
    assert_int_equal(sum_of(nobody, last).kinds, 1);
}

/* Each thread counts for all names, in another order; more names than have counts. */
static void *count_all(void *arg)
{
    unsigned number = *(const unsigned *)arg, names = PARTNER_COUNTS_MAX + BEYOND;
    char name[32];

    for (unsigned round = 0; round < ROUNDS; round++)
        for (unsigned i = 0; i < names; i++) {
            unsigned which = number % 2 == 0 ? i : names - 1 - i;

            snprintf(name, sizeof name, "partner-%u", which);
            struct partner_counts *counts = partner_counts_of(name);

            partner_counts_add_decision(counts, which % 2 == 0 ? pass : fail);
            partner_counts_add_tls(counts, TLS_VERSION_1_2);
        }
    return NULL;
}

static uint64_t tls_of_all(void)
{
    uint64_t sum = 0;

    for (const struct partner_counts *counts = partner_counts_first(); counts != NULL;
         counts = partner_counts_next(counts))
        sum += partner_counts_tls(counts, TLS_VERSION_1_2);
    return sum;
}

static void threads_and_too_many_names_lose_nothing(void **state)
{
    static const unsigned numbers[THREADS] = {0, 1, 2, 3};
    pthread_t thread[THREADS];
    uint64_t all = 0, passed = 0, named = 0;
    const uint64_t wanted = (uint64_t)THREADS * ROUNDS * (PARTNER_COUNTS_MAX + BEYOND);

    (void)state;
    for (unsigned i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&thread[i], NULL, count_all, (void *)&numbers[i]), 0);
    for (unsigned i = 0; i < THREADS; i++)
        pthread_join(thread[i], NULL);
    for (const struct partner_counts *counts = partner_counts_first(); counts != NULL;
         counts = partner_counts_next(counts)) {
        struct sum sum = sum_of(counts, pass);

        all += sum.all;
        passed += sum.of_kind;
        named += partner_counts_name(counts)[0] != '\0';
        if (partner_counts_name(counts)[0] != '\0')
            assert_ptr_equal(partner_counts_of(partner_counts_name(counts)), counts);
    }
    assert_int_equal(named, PARTNER_COUNTS_MAX);
    assert_int_equal(all, wanted + 5); /* and those of the tests before */
    assert_int_equal(passed, wanted / 2 + 1);
    assert_int_equal(tls_of_all(), wanted);
    assert_ptr_equal(partner_counts_of("one more"), partner_counts_of(""));
    assert_true(sum_of(partner_counts_of(""), pass).all > 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_finds_its_counts_again),
        cmocka_unit_test(no_partner_has_counts_of_its_own),
        cmocka_unit_test(threads_and_too_many_names_lose_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
