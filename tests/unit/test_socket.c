/* SPDX-License-Identifier: BSD-2-Clause */
/* milter/socket.c: specifications, directories, and what may stand at a socket's path (F10). */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include "milter/socket.h"

/* A directory of this test's own, and the socket that is to be in it. */
struct place {
    char directory[32], path[64], spec[96];
};

static int make_place(void **state)
{
    struct place *place = calloc(1, sizeof *place);
    if (place == NULL)
        return -1;
    strcpy(place->directory, "/tmp/ft-XXXXXX");
    if (mkdtemp(place->directory) == NULL) {
        free(place);
        return -1;
    }
    snprintf(place->path, sizeof place->path, "%s/s", place->directory);
    snprintf(place->spec, sizeof place->spec, "unix:%s", place->path);
    *state = place;
    return 0;
}

static int remove_place(void **state)
{
    struct place *place = *state;
    unlink(place->path);
    rmdir(place->path);
    int result = rmdir(place->directory);
    free(place);
    return result;
}

/* A socket bound to `path`; the answer still listens if asked to. */
static int bound(const char *path, int backlog)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    strcpy(address.sun_path, path);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof address), 0);
    if (backlog > 0)
        assert_int_equal(listen(fd, backlog), 0);
    return fd;
}

static void expect_of(const char *spec, bool shared, enum socket_state wanted, const char *text)
{
    struct socket_problem problem = {""};
    enum socket_state state = socket_prepare(spec, shared, &problem);
    if (state != wanted)
        fail_msg("'%s': state %d, wanted %d (%s)", spec, state, wanted, problem.text);
    if (strstr(problem.text, text) == NULL)
        fail_msg("'%s': \"%s\" is not in \"%s\"", spec, text, problem.text);
}

static void expect(const char *spec, enum socket_state wanted, const char *text)
{
    expect_of(spec, false, wanted, text);
}

static void f10_specifications(void **state)
{
    static const struct {
        const char *spec;
        enum socket_state state;
        const char *text;
    } rows[] = {
        {"unix:/run/forcetls/s", SOCKET_GOOD, ""},
        {"local:/run/forcetls/s", SOCKET_GOOD, ""},
        {"/run/forcetls/s", SOCKET_GOOD, ""},
        {"inet:8895@127.0.0.1", SOCKET_GOOD, ""},
        {"inet:8895@localhost", SOCKET_GOOD, ""},
        {"inet6:8895@[::1]", SOCKET_GOOD, ""},
        {"inet:65535@127.0.0.1", SOCKET_GOOD, ""},
        {"inet:8895", SOCKET_REFUSED, "lacks the address to listen on"},
        {"inet:8895@", SOCKET_REFUSED, "lacks the address to listen on"},
        {"inet6:8895", SOCKET_REFUSED, "lacks the address to listen on"},
        {"inet:@127.0.0.1", SOCKET_REFUSED, "port"},
        {"inet:0@127.0.0.1", SOCKET_REFUSED, "port"},
        {"inet:65536@127.0.0.1", SOCKET_REFUSED, "port"},
        {"inet:99999999999999999999@127.0.0.1", SOCKET_REFUSED, "port"},
        {"inet:-1@127.0.0.1", SOCKET_REFUSED, "port"},
        {"inet: 25@127.0.0.1", SOCKET_REFUSED, "port"},
        {"inet:smtp@127.0.0.1", SOCKET_REFUSED, "port"},
        {"inet6:8895@::1", SOCKET_GOOD, ""},
        {"inet6:8895@[fe80::1%eth0]", SOCKET_GOOD, ""},
        {"inet:8895@[127.0.0.1]", SOCKET_GOOD, ""},
        {"inet:8895@::1", SOCKET_REFUSED, "neither a name nor an address"},
        {"inet:8642@127.0.0.1:QUERY", SOCKET_REFUSED, "neither a name nor an address"},
        {"inet:8642@127.0.0.1:8642", SOCKET_REFUSED, "neither a name nor an address"},
        {"inet:8895@[127.0.0.1", SOCKET_REFUSED, "neither a name nor an address"},
        {"inet:8895@127.0.0.1]", SOCKET_REFUSED, "neither a name nor an address"},
        {"inet6:8895@[]", SOCKET_REFUSED, "neither a name nor an address"},
        {"inet6:8895@[", SOCKET_REFUSED, "neither a name nor an address"},
        {"inet:8895@ 127.0.0.1", SOCKET_REFUSED, "neither a name nor an address"},
        {"inet:8895@a@b", SOCKET_REFUSED, "neither a name nor an address"},
        {"inet:127.0.0.1:8895", SOCKET_REFUSED, "port"},
        {"unix:", SOCKET_REFUSED, "no path"},
        {"local:", SOCKET_REFUSED, "no path"},
        {"unix:run/s", SOCKET_REFUSED, "not absolute"},
        {"unix:/run/", SOCKET_REFUSED, "path of a directory"},
        {"unix:/", SOCKET_REFUSED, "path of a directory"},
        {"unix:/run/..", SOCKET_REFUSED, "path of a directory"},
        {"run/s", SOCKET_REFUSED, "is not of the form"},
        {"", SOCKET_REFUSED, "is not of the form"},
        {"tcp:8895@127.0.0.1", SOCKET_REFUSED, "is not of the form"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct socket_problem problem = {""};
        enum socket_state found = socket_check(rows[i].spec, &problem);
        if (found != rows[i].state || strstr(problem.text, rows[i].text) == NULL)
            fail_msg("'%s': state %d, \"%s\"", rows[i].spec, found, problem.text);
    }
}

static void f10_path_length(void **state)
{
    struct socket_problem problem;
    char spec[200] = "unix:/";
    (void)state;
    memset(spec + 6, 'a', 106);
    assert_int_equal(socket_check(spec, &problem), SOCKET_GOOD);
    spec[6 + 106] = 'a';
    assert_int_equal(socket_check(spec, &problem), SOCKET_REFUSED);
    assert_non_null(strstr(problem.text, "more than 107"));
}

static void f10_free_place(void **state)
{
    const struct place *place = *state;
    expect(place->spec, SOCKET_GOOD, "");
}

static void f10_stale_socket_is_removed(void **state)
{
    const struct place *place = *state;
    close(bound(place->path, 1));
    assert_int_equal(access(place->path, F_OK), 0);
    expect(place->spec, SOCKET_GOOD, "");
    assert_int_not_equal(access(place->path, F_OK), 0);
}

static void f10_socket_in_use_stays(void **state)
{
    const struct place *place = *state;
    int fd = bound(place->path, 1);
    expect(place->spec, SOCKET_FAILED, "already in use");
    expect(place->spec, SOCKET_FAILED, "already in use");
    expect(place->spec, SOCKET_FAILED, "already in use"); /* its backlog is full by now */
    assert_int_equal(access(place->path, F_OK), 0);
    close(fd);
}

static void f10_socket_of_another(void **state)
{
    const struct place *place = *state;
    if (geteuid() != 0)
        skip();
    close(bound(place->path, 1));
    assert_int_equal(chown(place->path, 65534, 65534), 0);
    expect(place->spec, SOCKET_REFUSED, "belongs to another user");
    assert_int_equal(access(place->path, F_OK), 0);
}

static void f10_symbolic_link(void **state)
{
    const struct place *place = *state;
    assert_int_equal(symlink("/nonexistent/target", place->path), 0);
    expect(place->spec, SOCKET_REFUSED, "is a symbolic link");
}

static void f10_other_file(void **state)
{
    const struct place *place = *state;
    assert_int_equal(mkdir(place->path, 0700), 0);
    expect(place->spec, SOCKET_REFUSED, "is not a socket");
}

static void f10_directory_writable_by_everyone(void **state)
{
    const struct place *place = *state;
    static const mode_t modes[] = {0777, 01777, 0702};
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        assert_int_equal(chmod(place->directory, modes[i]), 0);
        expect(place->spec, SOCKET_REFUSED, "is writable by everyone");
    }
    assert_int_equal(chmod(place->directory, 02750), 0);
    expect(place->spec, SOCKET_GOOD, "");
}

static void f10_directory_above_writable_by_everyone(void **state)
{
    const struct place *place = *state;
    char spec[sizeof place->spec + 2];
    assert_int_equal(mkdir(place->path, 0700), 0);
    snprintf(spec, sizeof spec, "%s/s", place->spec);
    expect(spec, SOCKET_GOOD, "");
    assert_int_equal(chmod(place->directory, 0777), 0);
    expect(spec, SOCKET_REFUSED, "is writable by everyone");
    assert_int_equal(chmod(place->directory, 01777), 0);
    expect(spec, SOCKET_GOOD, "");
}

/* The directory that holds it, or one above: its owner can put another socket there, whatever the mode. */
static void f10_directory_of_another_user(void **state)
{
    const struct place *place = *state;
    char spec[sizeof place->spec + 2];
    if (geteuid() != 0)
        skip();
    assert_int_equal(mkdir(place->path, 0700), 0);
    snprintf(spec, sizeof spec, "%s/s", place->spec);
    assert_int_equal(chown(place->path, 65534, 65534), 0);
    expect(spec, SOCKET_REFUSED, "belongs to user ");
    expect(spec, SOCKET_REFUSED, "user 65534, who could put another socket there");
    assert_int_equal(chown(place->path, 0, 65534), 0);
    expect(spec, SOCKET_GOOD, "");
    assert_int_equal(chown(place->directory, 65534, 0), 0);
    expect(spec, SOCKET_REFUSED, "who could put another socket there");
}

/* Neither root nor the user that runs this is another user. */
static void f10_directory_of_ones_own(void **state)
{
    const struct place *place = *state;
    char spec[sizeof place->spec + 2];
    if (geteuid() != 0)
        skip();
    assert_int_equal(mkdir(place->path, 0700), 0);
    assert_int_equal(chmod(place->directory, 0755), 0);
    assert_int_equal(chown(place->path, 65534, 65534), 0);
    snprintf(spec, sizeof spec, "%s/s", place->spec);
    assert_int_equal(seteuid(65534), 0);
    expect(spec, SOCKET_GOOD, "");
    assert_int_equal(seteuid(0), 0);
    assert_int_equal(chown(place->directory, 65533, 65534), 0);
    assert_int_equal(seteuid(65534), 0);
    expect(spec, SOCKET_REFUSED, "user 65533, who could put another socket there");
    assert_int_equal(seteuid(0), 0);
}

/* The link is root's, and leads into a directory of another user's. */
static void f10_directory_of_another_user_by_a_link(void **state)
{
    const struct place *place = *state;
    char spec[sizeof place->spec + 8], real[sizeof place->directory + 8];
    if (geteuid() != 0)
        skip();
    snprintf(real, sizeof real, "%s/real", place->directory);
    assert_int_equal(mkdir(real, 0755), 0);
    assert_int_equal(symlink("real", place->path), 0);
    snprintf(spec, sizeof spec, "%s/s", place->spec);
    expect(spec, SOCKET_GOOD, "");
    assert_int_equal(chown(real, 65534, 65534), 0);
    expect(spec, SOCKET_REFUSED, "who could put another socket there");
    assert_int_equal(rmdir(real), 0);
}

static void f10_directory_missing(void **state)
{
    const struct place *place = *state;
    char spec[sizeof place->spec + 2];
    snprintf(spec, sizeof spec, "%s/s", place->spec);
    expect(spec, SOCKET_REFUSED, "No such file or directory");
}

static void f10_directory_by_a_link(void **state)
{
    const struct place *place = *state;
    char spec[sizeof place->spec + 24];
    assert_int_equal(symlink("/", place->path), 0);
    snprintf(spec, sizeof spec, "%s/nonexistent-forcetls", place->spec);
    expect(spec, SOCKET_GOOD, "");
    if (geteuid() != 0)
        return;
    assert_int_equal(lchown(place->path, 65534, 65534), 0);
    expect(spec, SOCKET_REFUSED, "another user's symbolic link");
}

static void f10_directory_is_a_file(void **state)
{
    const struct place *place = *state;
    char spec[sizeof place->spec + 4];
    close(bound(place->path, 1));
    snprintf(spec, sizeof spec, "%s/s", place->spec);
    expect(spec, SOCKET_REFUSED, "is not a directory");
}

static void f10_directory_by_a_link_to_nowhere(void **state)
{
    const struct place *place = *state;
    char spec[sizeof place->spec + 4];
    assert_int_equal(symlink("/nonexistent/target", place->path), 0);
    snprintf(spec, sizeof spec, "%s/s", place->spec);
    expect(spec, SOCKET_REFUSED, "No such file or directory");
}

static void f10_directory_that_is_shared(void **state)
{
    static const mode_t modes[] = {0777, 01777, 02777};
    const struct place *place = *state;
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        assert_int_equal(chmod(place->directory, modes[i]), 0);
        assert_true(socket_is_shared(place->spec));
        expect(place->spec, SOCKET_REFUSED, "is writable by everyone (see milter.shared_directory)");
        expect_of(place->spec, true, SOCKET_GOOD, "");
    }
    assert_int_equal(chmod(place->directory, 02770), 0);
    assert_false(socket_is_shared(place->spec));
    expect(place->spec, SOCKET_GOOD, "");
    if (geteuid() != 0)
        return;
    assert_int_equal(chown(place->directory, 65534, 65534), 0);
    assert_true(socket_is_shared(place->spec));
    expect(place->spec, SOCKET_REFUSED, "belongs to user 65534");
    expect_of(place->spec, true, SOCKET_GOOD, "");
}

/* Only the directory that holds the socket may be shared, and what stands at the path is looked at as ever. */
static void f10_shared_is_no_more_than_that(void **state)
{
    const struct place *place = *state;
    char spec[sizeof place->spec + 4], inner[sizeof place->path + 4];
    assert_int_equal(mkdir(place->path, 0777), 0);
    assert_int_equal(chmod(place->path, 0777), 0);
    assert_int_equal(chmod(place->directory, 0777), 0);
    snprintf(spec, sizeof spec, "%s/s", place->spec);
    expect_of(spec, true, SOCKET_REFUSED, "is writable by everyone");
    assert_int_equal(chmod(place->directory, 01777), 0);
    expect_of(spec, true, SOCKET_GOOD, "");
    snprintf(inner, sizeof inner, "%s/s", place->path);
    assert_int_equal(symlink("/nonexistent/target", inner), 0);
    expect_of(spec, true, SOCKET_REFUSED, "is a symbolic link");
    assert_int_equal(unlink(inner), 0);
    close(bound(inner, 1));
    if (geteuid() == 0) {
        assert_int_equal(lchown(inner, 65534, 65534), 0);
        expect_of(spec, true, SOCKET_REFUSED, "belongs to another user");
    }
    assert_int_equal(unlink(inner), 0);
    assert_false(socket_is_shared("inet:8895@127.0.0.1"));
    assert_false(socket_is_shared("unix:/nonexistent-forcetls/s"));
}

/* Whatever the umask is, and with the umask as it was before. */
static void f10_mode_that_is_asked_for(void **state)
{
    static const mode_t umasks[] = {0, 022, 077, 0777};
    const struct place *place = *state;
    mode_t before = umask(022);
    for (size_t i = 0; i < sizeof umasks / sizeof *umasks; i++) {
        struct socket_problem problem;
        struct listening listening = LISTENING_NONE;
        struct stat found;
        umask(umasks[i]);
        assert_int_equal(socket_listen(&listening, place->spec, SOCKET_SHARED_MODE, &problem), SOCKET_GOOD);
        assert_int_equal(stat(place->path, &found), 0);
        assert_int_equal(found.st_mode & 07777, SOCKET_SHARED_MODE);
        assert_int_equal(umask(0), umasks[i]);
        socket_close(&listening);
    }
    umask(before);
}

/* A form that is good and an address that no socket can have. No name is looked up. */
static void f10_listening_fails(void **state)
{
    const struct place *place = *state;
    char long_host[400] = "inet6:8895@[", missing[sizeof place->spec + 4];
    memset(long_host + strlen(long_host), 'a', 300);
    snprintf(missing, sizeof missing, "%s/s", place->spec);
    const struct {
        const char *spec, *text;
    } rows[] = {
        {long_host, "has an address that is too long"},
        {"inet:8895@::1", "'::1': "},
        {"inet6:8895@[127.0.0.1]", "'127.0.0.1': "},
        {"inet:8895@192.0.2.1", "Cannot assign requested address"},
        {missing, "No such file or directory"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct socket_problem problem = {""};
        struct listening listening = LISTENING_NONE;
        enum socket_state found = socket_listen(&listening, rows[i].spec, 0, &problem);
        if (found != SOCKET_FAILED || listening.fd != -1 || strstr(problem.text, rows[i].text) == NULL)
            fail_msg("'%s': state %d, \"%s\"", rows[i].spec, found, problem.text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(f10_specifications),
        cmocka_unit_test(f10_path_length),
        cmocka_unit_test_setup_teardown(f10_free_place, make_place, remove_place),
        cmocka_unit_test_setup_teardown(f10_stale_socket_is_removed, make_place, remove_place),
        cmocka_unit_test_setup_teardown(f10_socket_in_use_stays, make_place, remove_place),
        cmocka_unit_test_setup_teardown(f10_socket_of_another, make_place, remove_place),
        cmocka_unit_test_setup_teardown(f10_symbolic_link, make_place, remove_place),
        cmocka_unit_test_setup_teardown(f10_other_file, make_place, remove_place),
        cmocka_unit_test_setup_teardown(f10_directory_writable_by_everyone, make_place, remove_place),
        cmocka_unit_test_setup_teardown(f10_directory_above_writable_by_everyone, make_place, remove_place),
        cmocka_unit_test_setup_teardown(f10_directory_of_another_user, make_place, remove_place),
        cmocka_unit_test_setup_teardown(f10_directory_of_ones_own, make_place, remove_place),
        cmocka_unit_test_setup_teardown(f10_directory_of_another_user_by_a_link, make_place, remove_place),
        cmocka_unit_test_setup_teardown(f10_directory_missing, make_place, remove_place),
        cmocka_unit_test_setup_teardown(f10_directory_by_a_link, make_place, remove_place),
        cmocka_unit_test_setup_teardown(f10_directory_is_a_file, make_place, remove_place),
        cmocka_unit_test_setup_teardown(f10_directory_by_a_link_to_nowhere, make_place, remove_place),
        cmocka_unit_test_setup_teardown(f10_directory_that_is_shared, make_place, remove_place),
        cmocka_unit_test_setup_teardown(f10_shared_is_no_more_than_that, make_place, remove_place),
        cmocka_unit_test_setup_teardown(f10_mode_that_is_asked_for, make_place, remove_place),
        cmocka_unit_test_setup_teardown(f10_listening_fails, make_place, remove_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
