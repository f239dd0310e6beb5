/* SPDX-License-Identifier: BSD-2-Clause */
/* milter/report/store.c: which report is found, and which are forgotten. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include "milter/report/store.h"

static struct postfix_report report(const char *queue_id, const char *client, const char *port, const char *cipher)
{
    const struct report_names names = {queue_id, client, port, "198.51.100.25", "25"};
    struct postfix_report made;
    memset(&made, 0, sizeof made);
    assert_true(report_key_make(&made.key, &names));
    strcpy(made.cipher, cipher);
    return made;
}

static uint64_t put(struct report_store *records, const struct postfix_report *made, uint64_t now)
{
    uint64_t number = report_store_next_serial(records);
    assert_true(report_store_put(records, made, number, now));
    return number;
}

static void only_what_came_behind_mail_counts(void **state)
{
    struct report_store *records = report_store_new(16, 60);
    struct postfix_report made = report("Q1", "192.0.2.1", "1000", "one"), found;
    (void)state;
    assert_non_null(records);
    assert_int_equal(report_store_last_serial(records), 0);
    assert_false(report_store_find(records, &made.key, 0, &found));
    uint64_t before = report_store_last_serial(records), number = put(records, &made, 0);
    assert_true(number > before);
    assert_true(report_store_find(records, &made.key, before, &found));
    assert_string_equal(found.cipher, "one");
    assert_true(report_store_find(records, &made.key, before, &found)); /* again: the milter may be listed twice */
    assert_false(report_store_find(records, &made.key, report_store_last_serial(records), &found));

    /* The next message by the same port, with the same queue id: its own report takes the place. */
    uint64_t next = report_store_last_serial(records);
    strcpy(made.cipher, "two");
    put(records, &made, 0);
    assert_true(report_store_find(records, &made.key, next, &found));
    assert_string_equal(found.cipher, "two");
    assert_int_equal(report_store_count(records), 1);
    report_store_free(records);
}

static void every_part_of_the_key_counts(void **state)
{
    struct report_store *records = report_store_new(64, 60);
    struct postfix_report made = report("Q1", "192.0.2.1", "1000", "one"), found;
    const struct report_names others[] = {
        {"Q2", "192.0.2.1", "1000", "198.51.100.25", "25"}, {"q1", "192.0.2.1", "1000", "198.51.100.25", "25"},
        {"Q1", "192.0.2.2", "1000", "198.51.100.25", "25"}, {"Q1", "192.0.2.1", "1001", "198.51.100.25", "25"},
        {"Q1", "192.0.2.1", "1000", "198.51.100.26", "25"}, {"Q1", "192.0.2.1", "1000", "198.51.100.25", "587"},
        {"Q1", "2001:db8::1", "1000", "198.51.100.25", "25"}, {"Q1", "unknown", "1000", "198.51.100.25", "25"},
    };
    (void)state;
    put(records, &made, 0);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        struct report_key key;
        assert_true(report_key_make(&key, &others[i]));
        assert_false(report_store_find(records, &key, 0, &found));
    }
    report_store_free(records);
}

static void bounded_in_number_and_age(void **state)
{
    struct report_store *records = report_store_new(100, 60);
    struct postfix_report found, first = report("Q0", "192.0.2.1", "1000", "x");
    char queue_id[32];
    (void)state;
    for (unsigned i = 0; i < 1000; i++) {
        snprintf(queue_id, sizeof queue_id, "Q%u", i);
        struct postfix_report made = report(queue_id, "192.0.2.1", "1000", "x");
        put(records, &made, i / 100);
        assert_true(report_store_count(records) <= 100);
        assert_true(report_store_find(records, &made.key, 0, &found));
    }
    assert_int_equal(report_store_count(records), 100);
    assert_false(report_store_find(records, &first.key, 0, &found));
    for (unsigned i = 900; i < 1000; i++) {
        snprintf(queue_id, sizeof queue_id, "Q%u", i);
        struct postfix_report made = report(queue_id, "192.0.2.1", "1000", "x");
        assert_true(report_store_find(records, &made.key, 0, &found));
    }
    put(records, &first, 9 + 61); /* the others' time is over */
    assert_int_equal(report_store_count(records), 1);
    put(records, &first, 9 + 61 + 61);
    assert_int_equal(report_store_count(records), 1);
    assert_true(report_store_find(records, &first.key, 0, &found));
    report_store_free(records);
    report_store_free(NULL);
}

static void a_renewed_report_is_the_newest(void **state)
{
    struct report_store *records = report_store_new(2, 60);
    struct postfix_report a = report("A", "192.0.2.1", "1", "x"), b = report("B", "192.0.2.1", "1", "x"),
                      c = report("C", "192.0.2.1", "1", "x"), found;
    (void)state;
    put(records, &a, 0);
    put(records, &b, 0);
    put(records, &a, 0);
    put(records, &c, 0);
    assert_true(report_store_find(records, &a.key, 0, &found));
    assert_false(report_store_find(records, &b.key, 0, &found));
    assert_true(report_store_find(records, &c.key, 0, &found));
    report_store_free(records);
}

enum { THREADS = 4, ROUNDS = 5000 };

struct worker {
    struct report_store *records;
    unsigned number;
    unsigned wrong;
};

/* Puts and finds its own, beside others that do the same with theirs. */
static void *work(void *arg)
{
    struct worker *worker = arg;
    char port[8], cipher[32];
    snprintf(port, sizeof port, "%u", 1000 + worker->number);
    for (unsigned i = 0; i < ROUNDS; i++) {
        const struct report_names names = {"Q", "192.0.2.1", port, "198.51.100.25", "25"};
        struct postfix_report made, found;
        memset(&made, 0, sizeof made);
        snprintf(cipher, sizeof cipher, "%u.%u", worker->number, i);
        strcpy(made.cipher, cipher);
        uint64_t before = report_store_last_serial(worker->records);
        worker->wrong += !report_key_make(&made.key, &names);
        worker->wrong += report_store_find(worker->records, &made.key, before, &found);
        worker->wrong += !report_store_put(worker->records, &made, report_store_next_serial(worker->records), 0);
        worker->wrong += !report_store_find(worker->records, &made.key, before, &found) || strcmp(found.cipher, cipher) != 0;
    }
    return NULL;
}

static void threads_never_mix(void **state)
{
    struct report_store *records = report_store_new(THREADS, 60);
    struct worker workers[THREADS];
    pthread_t threads[THREADS];
    (void)state;
    for (unsigned i = 0; i < THREADS; i++) {
        workers[i] = (struct worker){records, i, 0};
        assert_int_equal(pthread_create(&threads[i], NULL, work, &workers[i]), 0);
    }
    for (unsigned i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(workers[i].wrong, 0);
    }
    report_store_free(records);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_what_came_behind_mail_counts), cmocka_unit_test(every_part_of_the_key_counts),
        cmocka_unit_test(bounded_in_number_and_age), cmocka_unit_test(a_renewed_report_is_the_newest),
        cmocka_unit_test(threads_never_mix),
    };
    return cmocka_run_group_tests_name("records", tests, NULL, NULL);
}
