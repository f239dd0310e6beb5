/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Loads policies for the fuzz targets without a disk. Asking OpenSSL for its
 * suites takes a hundred times as long as a small policy: the linker (--wrap)
 * sends whoever makes or frees a table of suites here, and all get the same one.
 */
#include "tests/fuzz/load.h"

#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "policy/tls.h"
#include "tests/fuzz/fuzz.h"

struct suites *__real_suites_new(void);
struct suites *__wrap_suites_new(void);
void __wrap_suites_free(struct suites *suites);

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
