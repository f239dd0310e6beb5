/* SPDX-License-Identifier: BSD-2-Clause */
/* milter/sums.c: the line event=status, every hour and no oftener, by a clock that nobody sets. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "milter/counters.h"
#include "milter/log.h"
#include "milter/sums.h"

enum { WAITS = 5 };

/* What each wait for the end answers: an hour is over, a signal came, or (0) the end. */
static const int answers[WAITS] = {ETIMEDOUT, EINTR, ETIMEDOUT, ETIMEDOUT, 0};
static struct timespec deadlines[WAITS];
static unsigned waits;

/* In place of the C library's. */
int sem_timedwait(sem_t *restrict semaphore, const struct timespec *restrict deadline)
{
    (void)semaphore;
    assert_true(waits < WAITS);
    deadlines[waits] = *deadline;
    errno = answers[waits++];
    return errno == 0 ? 0 : -1;
}

/* Everything that is logged meanwhile, as it stands on stderr. */
static void wait_and_read(char *text, size_t size)
{
    FILE *file = tmpfile();
    int old = dup(STDERR_FILENO);
    sem_t end;

    assert_non_null(file);
    assert_true(dup2(fileno(file), STDERR_FILENO) >= 0);
    bool started = log_start(true);
    sums_wait(&end);
    bool stopped = log_stop();
    dup2(old, STDERR_FILENO);
    close(old);
    assert_true(started && stopped);
    rewind(file);
    text[fread(text, 1, size - 1, file)] = '\0';
    fclose(file);
}

static void a_line_every_hour(void **state)
{
    static const char wanted[] =
        "event=status sessions=2 pass=7 fail=1 undecidable=0 excepted=0 exempt=1 lost=3 policy=abc run=";
    char text[4096], *line = text;
    struct timespec now;

    (void)state;
    clock_gettime(CLOCK_REALTIME, &now);
    counters_add(COUNTER_PASS, 7);
    counters_add(COUNTER_FAIL, 1);
    counters_add(COUNTER_EXEMPT, 1);
    counters_add(COUNTER_LOG_LOST, 3);
    counters_session_begins();
    counters_session_begins();
    counters_session_begins();
    counters_session_ends();
    log_name_policy("abc");
    wait_and_read(text, sizeof text);

    for (unsigned i = 1; i <= 3; i++) {
        char *end = strchr(line, '\n'), *number = strstr(line, " seq=");

        assert_non_null(end);
        assert_int_equal(strncmp(line, wanted, sizeof wanted - 1), 0);
        assert_non_null(number);
        assert_int_equal(strtoul(number + 5, NULL, 10), i);
        line = end + 1;
    }
    assert_string_equal(line, "");
    assert_int_equal(waits, WAITS);
    assert_true(deadlines[0].tv_sec >= now.tv_sec + 3600 && deadlines[0].tv_sec < now.tv_sec + 3600 + 60);
    assert_int_equal(deadlines[1].tv_sec, deadlines[0].tv_sec + 3600);
    assert_int_equal(deadlines[2].tv_sec, deadlines[1].tv_sec); /* a signal is no hour */
    assert_int_equal(deadlines[3].tv_sec, deadlines[2].tv_sec + 3600);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_every_hour),
    };

    return cmocka_run_group_tests_name("sums", tests, NULL, NULL);
}
