/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lists of other products. Whatever a file of any kind holds, import reports it or writes a policy of printable
 * lines; where it reports no error, the policy loads, and has the partners that import made and no others.
 */
#include "tests/fuzz/fuzz.h"

#include <sys/mman.h>
#include <unistd.h>
#include "policy/policy.h"
#include "policy/tool/import/import.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);

/* The findings are not looked at. */
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    stderr = fopen("/dev/null", "we");
    return stderr == NULL;
}

/* A file in memory; its path. */
static FILE *file_of(const uint8_t *data, size_t size, char path[32])
{
    int descriptor = memfd_create("import", MFD_CLOEXEC);
    FILE *file = descriptor < 0 ? NULL : fdopen(descriptor, "w+");

    CHECK(file != NULL && fwrite(data, 1, size, file) == size && fflush(file) == 0);
    snprintf(path, 32, "/proc/self/fd/%d", descriptor);
    return file;
}

static void read_file(struct import *import, unsigned kind, char *path)
{
    static const char *const maps[] = {"tls_policy", "ccert_access", "sender_access"};
    char *const files[] = {path, NULL};

    switch (kind % 7) {
    case 0:
        import_csv(import, path);
        break;
    case 1:
        import_exchange(import, files);
        break;
    case 2:
        import_sendmail(import, files);
        break;
    default:
        import->map = kind % 7 == 3 ? NULL : maps[kind % 7 - 4];
        import_postfix(import, files);
    }
}

static void check_lines(FILE *written)
{
    int octet;

    rewind(written);
    while ((octet = getc(written)) != EOF)
        CHECK(octet == '\n' || (octet >= ' ' && octet != 0x7f));
}

static void check_partners(const struct import *import, const char *path)
{
    struct policy *policy = policy_load(path, NULL, NULL);
    size_t count = 0;

    for (const struct draft *draft = import->first; draft != NULL; draft = draft->next)
        count++;
    CHECK(policy != NULL && policy_partner_count(policy) == count);
    policy_unref(policy);
}

static void check_written(struct import *import)
{
    char path[32];
    FILE *written = file_of((const uint8_t *)"", 0, path);

    policy_write(import, written);
    CHECK(fflush(written) == 0);
    check_lines(written);
    policy_verify(import, written);
    if (import->errors == 0)
        check_partners(import, path);
    fclose(written);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct import import = {.errors = 0};
    char path[32];
    FILE *file;

    if (size == 0)
        return 0;
    file = file_of(data + 1, size - 1, path);
    read_file(&import, data[0], path);
    if (import.errors == 0 && import.first != NULL)
        check_written(&import);
    text_index_free(&import.names);
    text_index_free(&import.rules);
    arena_free(&import.arena);
    fclose(file);
    return 0;
}
