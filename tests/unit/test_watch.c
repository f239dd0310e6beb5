/* SPDX-License-Identifier: BSD-2-Clause */
/* milter/watch_times.c, milter/watch_events.c, milter/findings.c: when, where and what. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include "milter/findings.h"
#include "milter/watch_events.h"
#include "milter/watch_times.h"

/* ---- times ---- */

enum { NOW = 5000000 };

static void a_change_is_loaded_when_it_is_quiet(void **state)
{
    struct watch_times times;

    (void)state;
    watch_times_reset(&times, NOW);
    assert_false(watch_times_load_due(&times, NOW + 1000000));
    watch_times_note(&times, NOW);
    assert_int_equal(watch_times_left(&times, NOW), WATCH_QUIET);
    assert_false(watch_times_load_due(&times, NOW + WATCH_QUIET - 1));
    watch_times_note(&times, NOW + WATCH_QUIET - 1);
    assert_false(watch_times_load_due(&times, NOW + WATCH_QUIET));
    assert_int_equal(watch_times_left(&times, NOW + WATCH_QUIET), WATCH_QUIET - 1);
    assert_true(watch_times_load_due(&times, NOW + 2 * WATCH_QUIET - 1));
    assert_int_equal(watch_times_left(&times, NOW + 3 * WATCH_QUIET), 0);
    assert_false(watch_times_at_limit(&times, NOW + 3 * WATCH_QUIET));
    watch_times_reset(&times, NOW + 3 * WATCH_QUIET);
    assert_false(watch_times_load_due(&times, NOW + 1000000));
}

static void changes_without_end_are_loaded_at_the_limit(void **state)
{
    struct watch_times times;
    int64_t now;

    (void)state;
    watch_times_reset(&times, NOW);
    for (now = NOW; !watch_times_load_due(&times, now); now += 500)
        watch_times_note(&times, now);
    assert_int_equal(now, NOW + WATCH_LIMIT);
    assert_true(watch_times_at_limit(&times, now));
    assert_int_equal(watch_times_left(&times, now), 0);
}

static void files_are_compared_where_no_change_waits(void **state)
{
    struct watch_times times;

    (void)state;
    watch_times_reset(&times, NOW);
    assert_int_equal(watch_times_left(&times, NOW), WATCH_POLL);
    assert_false(watch_times_poll_due(&times, NOW + WATCH_POLL - 1));
    assert_true(watch_times_poll_due(&times, NOW + WATCH_POLL));
    assert_int_equal(watch_times_left(&times, NOW + WATCH_POLL + 7), 0);
    assert_int_equal(watch_times_left(&times, NOW - 1000000), WATCH_POLL); /* of a clock that nobody sets, never */
    watch_times_note(&times, NOW);
    assert_false(watch_times_poll_due(&times, NOW + WATCH_POLL));
}

/* ---- events ---- */

static char top[] = "/tmp/test_watch.XXXXXX";

static const char *at(const char *name)
{
    static char paths[4][256];
    static unsigned next;
    char *path = paths[next++ % 4];

    snprintf(path, sizeof paths[0], "%s/%s", top, name);
    return path;
}

static void put(const char *name, const char *text)
{
    int file = open(at(name), O_WRONLY | O_CREAT | O_TRUNC, 0600);

    assert_true(file >= 0);
    assert_int_equal(write(file, text, strlen(text)), strlen(text));
    close(file);
}

static int make_top(void **state)
{
    (void)state;
    if (mkdtemp(top) == NULL || mkdir(at("a"), 0700) != 0 || mkdir(at("a/d"), 0700) != 0
        || mkdir(at("b"), 0700) != 0 || symlink("a", at("link")) != 0)
        return -1;
    put("a/f.yaml", "");
    put("a/d/p.yaml", "");
    put("b/f.yaml", "");
    return 0;
}

static int remove_top(void **state)
{
    char command[sizeof top + 16];

    (void)state;
    snprintf(command, sizeof command, "rm -rf %s", top);
    return system(command);
}

/* Watches a file and a pattern behind a link. */
static void lay(struct watch_events *events)
{
    struct watch_problem problem;
    struct disk *disk = disk_new();

    assert_non_null(disk);
    assert_true(disk_note_file(disk, at("link/f.yaml")));
    assert_true(disk_note_pattern(disk, at("link/d/*.yaml")));
    watch_events_lay(events, disk, &problem);
    assert_int_equal(problem.error, 0);
    assert_int_equal(watch_events_read(events), WATCH_NOTHING);
    disk_unref(disk);
}

static void which_names_count(void **state)
{
    struct watch_events events = WATCH_EVENTS_NONE;

    (void)state;
    lay(&events);
    put("a/g.yaml", "a log");
    put("a/.f.yaml.swp", "");
    put("a/f.yaml~", "");
    put("b/f.yaml", "elsewhere");
    put("a/d/p.yaml~", "");
    put("a/d/.p.yaml", "");
    put("a/d/README", "");
    assert_int_equal(watch_events_read(&events), WATCH_NOTHING);
    put("a/f.yaml", "x");
    assert_int_equal(watch_events_read(&events), WATCH_SURELY);
    assert_int_equal(watch_events_read(&events), WATCH_NOTHING);
    put("a/d/new.yaml", "");
    assert_int_equal(watch_events_read(&events), WATCH_SURELY);
    assert_int_equal(rename(at("a/d/new.yaml"), at("a/d/new.yaml~")), 0);
    assert_int_equal(watch_events_read(&events), WATCH_SURELY);
    unlink(at("a/d/new.yaml~"));
    assert_int_equal(watch_events_read(&events), WATCH_NOTHING);
    assert_int_equal(chmod(at("a/d"), 0711), 0);
    assert_int_equal(watch_events_read(&events), WATCH_PERHAPS);
    assert_int_equal(chmod(at("a/f.yaml"), 0400), 0);
    assert_int_equal(watch_events_read(&events), WATCH_SURELY);
    chmod(at("a/f.yaml"), 0600);
    chmod(at("a/d"), 0700);
    unlink(at("a/d/p.yaml~"));
    unlink(at("a/d/.p.yaml"));
    unlink(at("a/d/README"));
    watch_events_close(&events);
    assert_int_equal(watch_events_read(&events), WATCH_NOTHING);
}

static void each_write_counts_before_the_file_is_closed(void **state)
{
    struct watch_events events = WATCH_EVENTS_NONE;

    (void)state;
    lay(&events);
    int file = open(at("a/d/grows.yaml"), O_WRONLY | O_CREAT, 0600);
    assert_int_equal(watch_events_read(&events), WATCH_SURELY);
    assert_int_equal(write(file, "x", 1), 1);
    assert_int_equal(watch_events_read(&events), WATCH_SURELY);
    close(file);
    assert_int_equal(watch_events_read(&events), WATCH_SURELY);
    unlink(at("a/d/grows.yaml"));
    assert_int_equal(watch_events_read(&events), WATCH_SURELY);
    /* also in a directory that leads to another file of the policy */
    file = open(at("a/f.yaml"), O_WRONLY);
    assert_int_equal(write(file, "x", 1), 1);
    assert_int_equal(watch_events_read(&events), WATCH_SURELY);
    close(file);
    watch_events_close(&events);
}

static void t23_a_link_moves_and_the_watches_follow(void **state)
{
    struct watch_events events = WATCH_EVENTS_NONE;

    (void)state;
    lay(&events);
    assert_int_equal(symlink("b", at("next")), 0);
    assert_int_equal(rename(at("next"), at("link")), 0);
    assert_int_equal(watch_events_read(&events), WATCH_PERHAPS);
    put("b/f.yaml", "not yet watched");
    assert_int_equal(watch_events_read(&events), WATCH_NOTHING);
    lay(&events);
    put("b/f.yaml", "now");
    assert_int_equal(watch_events_read(&events), WATCH_SURELY);
    put("a/f.yaml", "no longer");
    put("a/d/p.yaml", "no longer");
    assert_int_equal(watch_events_read(&events), WATCH_NOTHING);
    assert_int_equal(mkdir(at("b/d"), 0700), 0);
    assert_int_equal(watch_events_read(&events), WATCH_PERHAPS);
    rmdir(at("b/d"));
    unlink(at("link"));
    assert_int_equal(symlink("a", at("link")), 0);
    watch_events_close(&events);
}

static void t24_a_directory_is_removed_and_made_again(void **state)
{
    struct watch_events events = WATCH_EVENTS_NONE;

    (void)state;
    lay(&events);
    unlink(at("a/d/p.yaml"));
    assert_int_equal(rmdir(at("a/d")), 0);
    assert_int_equal(watch_events_read(&events), WATCH_SURELY);
    lay(&events);
    assert_int_equal(mkdir(at("a/d"), 0700), 0);
    assert_int_equal(watch_events_read(&events), WATCH_PERHAPS);
    lay(&events);
    put("a/d/p.yaml", "");
    assert_int_equal(watch_events_read(&events), WATCH_SURELY);
    watch_events_close(&events);
}

static void t29_no_descriptor_for_inotify(void **state)
{
    struct watch_events events = WATCH_EVENTS_NONE;
    struct watch_problem problem;
    struct rlimit before, none;
    struct disk *disk = disk_new();

    (void)state;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    none = (struct rlimit){0, before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    watch_events_lay(&events, disk, &problem);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_int_equal(problem.error, EMFILE);
    assert_string_equal(problem.directory, "");
    assert_int_equal(watch_events_read(&events), WATCH_NOTHING);
    watch_events_lay(&events, disk, &problem);
    assert_int_equal(problem.error, 0);
    watch_events_close(&events);
    disk_unref(disk);
}

/* ---- findings ---- */

static char found[65536];

static void note(void *arg, const struct diag *diag)
{
    size_t length = strlen(found);

    assert_ptr_equal(arg, found);
    snprintf(found + length, sizeof found - length, "%s:%u:%u %s%s\n", diag->place.file, diag->place.line, diag->place.column,
             diag->severity == SEVERITY_ERROR ? "! " : "", diag->text);
}

static void findings_outlive_the_load(void **state)
{
    struct findings findings = {.count = 0};
    char file[] = "f", text[] = "one";

    (void)state;
    findings_keep(&findings, &(struct diag){SEVERITY_WARNING, {file, 1, 2}, text, NULL});
    *file = *text = '?';
    findings_keep(&findings, &(struct diag){SEVERITY_ERROR, {file, 0, 0}, "two", NULL});
    findings_each(&findings, "main", note, found);
    assert_string_equal(found, "f:1:2 one\n?:0:0 ! two\n");
    findings_clear(&findings);
    *found = '\0';
    findings_each(&findings, "main", note, found);
    assert_string_equal(found, "");
}

static void findings_without_end_are_counted(void **state)
{
    struct findings findings = {.count = 0};

    (void)state;
    for (int i = 0; i < FINDINGS_KEPT + 3; i++)
        findings_keep(&findings, &(struct diag){i == FINDINGS_KEPT + 1 ? SEVERITY_ERROR : SEVERITY_WARNING, {"f", 1, 1}, "x", NULL});
    assert_int_equal(findings.count, FINDINGS_KEPT);
    findings.count = 1;
    *found = '\0';
    findings_each(&findings, "main", note, found);
    assert_string_equal(found, "f:1:1 x\nmain:0:0 ! 3 more findings are not shown\n");
    findings.count = FINDINGS_KEPT;
    findings_clear(&findings);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_change_is_loaded_when_it_is_quiet),
        cmocka_unit_test(changes_without_end_are_loaded_at_the_limit),
        cmocka_unit_test(files_are_compared_where_no_change_waits),
        cmocka_unit_test(which_names_count),
        cmocka_unit_test(each_write_counts_before_the_file_is_closed),
        cmocka_unit_test(t23_a_link_moves_and_the_watches_follow),
        cmocka_unit_test(t24_a_directory_is_removed_and_made_again),
        cmocka_unit_test(t29_no_descriptor_for_inotify),
        cmocka_unit_test(findings_outlive_the_load),
        cmocka_unit_test(findings_without_end_are_counted),
    };

    return cmocka_run_group_tests_name("watch", tests, make_top, remove_top);
}
