/* SPDX-License-Identifier: BSD-2-Clause */
/* policy/disk.c, policy/disk_places.c: what a load looked at, whether that has changed, and the way to it. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "policy/disk.h"
#include "policy/policy.h"

static char top[] = "/tmp/test_disk.XXXXXX"; /* the directory of all tests; each has its own below */
static char place[PATH_MAX];

static int make_top(void **state)
{
    (void)state;
    return mkdtemp(top) == NULL;
}

static int remove_top(void **state)
{
    char command[sizeof top + 16];

    (void)state;
    snprintf(command, sizeof command, "rm -rf %s", top);
    return system(command);
}

static int enter(void **state)
{
    static unsigned number;

    (void)state;
    snprintf(place, sizeof place, "%s/%u", top, number++);
    return mkdir(place, 0700);
}

/* A name of this test, from the root on; good until the fourth call after this one. */
static const char *at(const char *name)
{
    static char paths[4][PATH_MAX + 64];
    static unsigned next;
    char *path = paths[next++ % 4];

    snprintf(path, sizeof paths[0], "%s/%s", place, name);
    return path;
}

/* In place, as a shell's ">". */
static void put(const char *name, const char *text)
{
    int file = open(at(name), O_WRONLY | O_CREAT | O_TRUNC, 0600);

    assert_true(file >= 0);
    assert_int_equal(write(file, text, strlen(text)), strlen(text));
    close(file);
}

static void directory(const char *name)
{
    assert_int_equal(mkdir(at(name), 0700), 0);
}

static void link_to(const char *target, const char *name)
{
    char new[PATH_MAX];

    snprintf(new, sizeof new, "%s.new", at(name));
    assert_int_equal(symlink(target, new), 0);
    assert_int_equal(rename(new, at(name)), 0);
}

/* What a load looks at; `good`: whether it loads. */
static struct disk *looked_at(const char *name, bool good)
{
    struct disk *disk = NULL;
    struct policy *policy = policy_load_noting(at(name), &disk, NULL, NULL);

    assert_int_equal(policy != NULL, good);
    assert_non_null(disk);
    policy_unref(policy);
    assert_false(disk_has_changed(disk));
    return disk;
}

#define MAIN "version: 1\ninclude: d/*.yaml\n"
#define PARTNER "partners: [{name: p, domains: [p.example]}]\n"

/* ---- has it changed ---- */

static void each_change_of_a_file_shows(void **state)
{
    const struct timespec then[] = {{.tv_sec = 1000000000}, {.tv_sec = 1000000000}};
    struct disk *disk;
    uint64_t sum;

    (void)state;
    put("f.yaml", "version: 1\n" PARTNER);
    assert_int_equal(utimensat(AT_FDCWD, at("f.yaml"), then, 0), 0);
    disk = looked_at("f.yaml", true);
    sum = disk_sum(disk);
    assert_true(sum == disk_sum(disk));
    put("f.yaml", "version: 1\n#artners: [{name: p, domains: [p.example]}]\n"); /* of the same size */
    assert_int_equal(utimensat(AT_FDCWD, at("f.yaml"), then, 0), 0);            /* and the same time */
    assert_true(disk_has_changed(disk));
    assert_true(sum != disk_sum(disk));
    disk_unref(disk);

    disk = looked_at("f.yaml", false);
    put("new", "version: 1\n" PARTNER);
    assert_int_equal(utimensat(AT_FDCWD, at("new"), then, 0), 0);
    assert_int_equal(rename(at("new"), at("f.yaml")), 0);
    assert_true(disk_has_changed(disk));
    disk_unref(disk);

    disk = looked_at("f.yaml", true);
    sum = disk_sum(disk);
    unlink(at("f.yaml"));
    assert_true(disk_has_changed(disk));
    assert_true(sum != disk_sum(disk));
    disk_unref(disk);
}

static void a_failed_load_is_known_by_what_it_missed(void **state)
{
    struct disk *disk;

    (void)state;
    disk = looked_at("f.yaml", false);
    put("f.yaml", MAIN);
    assert_true(disk_has_changed(disk));
    disk_unref(disk);
    disk = looked_at("f.yaml", false); /* there is no d */
    directory("d");
    assert_true(disk_has_changed(disk)); /* though nothing in it matches */
    disk_unref(disk);
    disk = looked_at("f.yaml", false);
    put("d/one.yaml", "partners: [{name: p, domains: [p.example], require: {certificates: [{file: p.pem}]}}]\n");
    assert_true(disk_has_changed(disk));
    disk_unref(disk);
    disk = looked_at("f.yaml", false);
    put("d/p.pem", "");
    assert_true(disk_has_changed(disk));
    disk_unref(disk);
}

static void which_files_a_pattern_matches(void **state)
{
    struct disk *disk;
    uint64_t sum;

    (void)state;
    directory("d");
    put("f.yaml", MAIN);
    put("d/p.yaml", PARTNER);
    disk = looked_at("f.yaml", true);
    sum = disk_sum(disk);
    put("d/p.yaml~", PARTNER);
    put("d/.p.yaml", PARTNER);
    put("d/README", "");
    assert_false(disk_has_changed(disk));
    assert_true(sum == disk_sum(disk));
    put("d/empty.yaml", "partners: []\n");
    assert_true(disk_has_changed(disk));
    assert_true(sum != disk_sum(disk));
    sum = disk_sum(disk);
    put("d/empty.yaml", "partners: [] # a file that is new and still grows\n");
    assert_true(sum != disk_sum(disk));
    unlink(at("d/empty.yaml"));
    assert_false(disk_has_changed(disk));
    assert_int_equal(rename(at("d/p.yaml"), at("d/p.yaml~")), 0);
    assert_true(disk_has_changed(disk));
    disk_unref(disk);
}

static void a_link_that_moves_is_a_change_of_all_behind_it(void **state)
{
    struct disk *disk;

    (void)state;
    directory("..a");
    directory("..b");
    put("..a/f.yaml", "version: 1\n" PARTNER);
    put("..b/f.yaml", "version: 1\n" PARTNER);
    link_to("..a", "..data");
    link_to("..data/f.yaml", "f.yaml");
    disk = looked_at("f.yaml", true);
    link_to("..b", "..data");
    assert_true(disk_has_changed(disk));
    disk_unref(disk);
}

static void a_file_without_a_name_was_mounted_alone(void **state)
{
    int file;
    char path[64];

    (void)state;
    put("f", "");
    assert_false(disk_is_mounted_alone(at("f")));
    assert_false(disk_is_mounted_alone(at("none")));
    file = open(at("f"), O_RDONLY);
    assert_true(file >= 0);
    snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    assert_false(disk_is_mounted_alone(path));
    unlink(at("f"));
    assert_true(disk_is_mounted_alone(path));
    close(file);
}

static void references(void **state)
{
    struct disk *disk = disk_new(), *other;

    (void)state;
    assert_non_null(disk);
    other = disk_ref(disk);
    assert_true(disk_note_file(disk, at("none")));
    disk_unref(disk);
    assert_false(disk_has_changed(other)); /* a sanitizer would tell */
    disk_unref(other);
    disk_unref(NULL);
}

/* ---- the way to it ---- */

enum { PLACES_MAX = 64 };

static char *told[PLACES_MAX];
static size_t told_count;

/* "/d p.yaml last", below the test's directory, each once; what is above that is of no interest. */
static void tell(void *arg, const struct disk_place *step)
{
    const char *below = step->directory;
    size_t length = strlen(place);
    char text[PATH_MAX + 64];

    assert_ptr_equal(arg, told);
    if (strncmp(step->directory, place, length) == 0)
        below += length;
    else if (*step->directory == '/')
        return;
    snprintf(text, sizeof text, "%s %s%s%s", *below == '\0' ? "/" : below, step->name, step->pattern ? " pattern" : "",
             step->last ? " last" : "");
    for (size_t i = 0; i < told_count; i++)
        if (strcmp(told[i], text) == 0)
            return;
    assert_true(told_count < PLACES_MAX);
    told[told_count++] = strdup(text);
}

/* Fails unless the places of what was noted are exactly these, in this order. */
static void ways(const struct disk *disk, const char *wanted)
{
    char got[8192] = "";

    told_count = 0;
    disk_each_place(disk, tell, told);
    for (size_t i = 0; i < told_count; i++) {
        snprintf(got + strlen(got), sizeof got - strlen(got), "%s\n", told[i]);
        free(told[i]);
    }
    assert_string_equal(got, wanted);
}

static struct disk *noted(const char *file, const char *pattern)
{
    struct disk *disk = disk_new();

    assert_non_null(disk);
    assert_true(file == NULL || disk_note_file(disk, file));
    assert_true(pattern == NULL || disk_note_pattern(disk, pattern));
    return disk;
}

static void ways_to_files_and_patterns(void **state)
{
    struct disk *disk;

    (void)state;
    directory("d");
    put("f.yaml", MAIN);
    put("d/p.yaml", PARTNER);
    put("d/q.yaml", "partners: []\n");
    disk = looked_at("f.yaml", true);
    ways(disk, "/ f.yaml last\n/ d\n/d p.yaml last\n/d q.yaml last\n/d *.yaml pattern last\n");
    disk_unref(disk);
}

static void ways_through_links(void **state)
{
    struct disk *disk;

    (void)state;
    directory("..a");
    directory("..a/d");
    put("..a/f.yaml", MAIN);
    put("..a/d/p.yaml", PARTNER);
    link_to("..a", "..data");
    link_to("..data/f.yaml", "f.yaml");
    link_to("..data/d", "d");
    disk = looked_at("f.yaml", true);
    ways(disk, "/ f.yaml last\n/ ..data\n/ ..a\n/..a f.yaml last\n/ d\n/..a d\n/..a/d p.yaml last\n/..a/d *.yaml pattern last\n");
    disk_unref(disk);

    directory("else");
    put("else/f.yaml", MAIN);
    link_to(at("else"), "absolute");
    link_to("absolute/../else/./", "far");
    disk = noted(at("far//f.yaml"), NULL);
    ways(disk, "/ far\n/ absolute\n/ else\n/else/.. else\n/else/../else f.yaml last\n");
    disk_unref(disk);
}

static void ways_that_end_early(void **state)
{
    struct disk *disk;

    (void)state;
    put("file", "");
    link_to("round", "round");
    disk = noted(at("none/f.yaml"), at("none/deep/*.yaml"));
    ways(disk, "/ none\n");
    disk_unref(disk);
    disk = noted(at("file/f.yaml"), at("file/*.yaml"));
    ways(disk, "/ file\n");
    disk_unref(disk);
    disk = noted(at("round/f.yaml"), NULL);
    ways(disk, "/ round\n");
    disk_unref(disk);
}

static void ways_of_wildcards(void **state)
{
    struct disk *disk;

    (void)state;
    directory("d");
    directory("d/one");
    directory("d/two");
    put("d/file", "");
    directory("[x]");
    disk = noted(NULL, at("d/*/a.yaml"));
    ways(disk, "/ d\n/d * pattern\n/d one\n/d/one a.yaml last\n/d two\n/d/two a.yaml last\n");
    disk_unref(disk);
    disk = noted(NULL, at("d/*/[a-c]*"));
    ways(disk, "/ d\n/d * pattern\n/d one\n/d/one [a-c]* pattern last\n/d two\n/d/two [a-c]* pattern last\n");
    disk_unref(disk);
    disk = noted(NULL, at("\\[x\\]/*.yaml"));
    ways(disk, "/ [x]\n/[x] *.yaml pattern last\n");
    disk_unref(disk);
}

static void ways_from_here(void **state)
{
    struct disk *disk = noted("f.yaml", "d/*.yaml");

    (void)state;
    assert_int_equal(chdir(place), 0);
    directory("d");
    ways(disk, ". f.yaml last\n. d\n./d *.yaml pattern last\n");
    disk_unref(disk);
    disk = noted("f.yaml", "*.yaml");
    ways(disk, ". f.yaml last\n. *.yaml pattern last\n");
    disk_unref(disk);
    assert_int_equal(chdir("/"), 0);
}

static void names_that_are_too_long(void **state)
{
    char path[2 * PATH_MAX];
    struct disk *disk;

    (void)state;
    snprintf(path, sizeof path, "%.100s/%0*d/f", place, NAME_MAX + 1, 0);
    disk = noted(path, NULL);
    ways(disk, "");
    disk_unref(disk);
    snprintf(path, sizeof path, "%.100s/%0*d/*", place, PATH_MAX, 0);
    disk = noted(path, path);
    ways(disk, "");
    disk_unref(disk);
    snprintf(path, sizeof path, "%.100s/%0*d*", place, NAME_MAX, 0);
    disk = noted(NULL, path);
    ways(disk, "");
    disk_unref(disk);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(each_change_of_a_file_shows, enter),
        cmocka_unit_test_setup(a_failed_load_is_known_by_what_it_missed, enter),
        cmocka_unit_test_setup(which_files_a_pattern_matches, enter),
        cmocka_unit_test_setup(a_link_that_moves_is_a_change_of_all_behind_it, enter),
        cmocka_unit_test_setup(a_file_without_a_name_was_mounted_alone, enter),
        cmocka_unit_test_setup(references, enter),
        cmocka_unit_test_setup(ways_to_files_and_patterns, enter),
        cmocka_unit_test_setup(ways_through_links, enter),
        cmocka_unit_test_setup(ways_that_end_early, enter),
        cmocka_unit_test_setup(ways_of_wildcards, enter),
        cmocka_unit_test_setup(ways_from_here, enter),
        cmocka_unit_test_setup(names_that_are_too_long, enter),
    };

    return cmocka_run_group_tests_name("disk", tests, make_top, remove_top);
}
