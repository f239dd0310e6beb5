/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Loads policies for the fuzz targets without a disk. The linker (--wrap) sends
 * some calls here: whoever makes or frees a table of suites gets the same one, for
 * asking OpenSSL takes a hundred times as long as a small policy; and no pattern of
 * `include` matches, for the machine's own files change between two runs.
 */
#include "tests/fuzz/load.h"

#include <glob.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "policy/names/tls.h"
#include "tests/fuzz/fuzz.h"

struct suites *__real_suites_new(void);
struct suites *__wrap_suites_new(void);
void __wrap_suites_free(struct suites *suites);
int __wrap_glob(const char *pattern, int flags, int (*failed)(const char *path, int number), glob_t *matches);

struct suites *__wrap_suites_new(void)
{
    static struct suites *suites;

    if (suites == NULL)
        suites = __real_suites_new();
    CHECK(suites != NULL);
    return suites;
}

void __wrap_suites_free(struct suites *suites)
{
    (void)suites;
}

int __wrap_glob(const char *pattern, int flags, int (*failed)(const char *path, int number), glob_t *matches)
{
    (void)pattern, (void)flags, (void)failed;
    *matches = (glob_t){0};
    return GLOB_NOMATCH;
}

struct policy *load_octets(const void *octets, size_t size, diag_fn *diag, void *arg)
{
    static int file = -1;
    static char path[64];

    if (file < 0) {
        file = memfd_create("policy", 0);
        CHECK(file >= 0 && fchmod(file, 0600) == 0);
        snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    }
    CHECK(ftruncate(file, 0) == 0 && pwrite(file, octets, size, 0) == (ssize_t)size);
    return policy_load(path, diag, arg);
}
