/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * import: turns files of other products into a first policy. Every partner is in mode testing, so no mail is
 * refused before someone has read the policy. The policy is loaded before it is printed, so it passes check.
 * If a file has mistakes, nothing is printed.
 */
#include "policy/tool/import/import.h"

#include <getopt.h>
#include <string.h>
#include <sysexits.h>
#include "policy/names/printable.h"
#include "policy/names/scalar.h"
#include "policy/tool/text.h"
#include "policy/tool/verbs.h"

static const char help[] =
    "Usage: forcetls import csv|exchange|postfix|sendmail [--map MAP] FILE...\n\n"
    "Writes a policy made of the partners in the files. \"-\" is standard input. What has no equivalent is "
    "reported\n"
    "on standard error. Every partner is in mode testing.\n\n"
    "  csv       tables; the first line names the columns as keys of a partner\n"
    "  exchange  JSON of Get-InboundConnector and Get-OutboundConnector\n"
    "  postfix   smtp_tls_policy_maps, check_ccert_access, check_sender_access\n"
    "  sendmail  the access map: TLS_Clt, TLS_Srv, TLS_Rcpt\n\n"
    "  --map MAP  which of Postfix's tables: tls_policy, ccert_access or sender_access\n\n"
    "Exit status: 0 good, 64 usage, 65 the file has errors or no partner, and nothing is written.\n";

static const struct option options[] = {
    {"map", required_argument, NULL, 'm'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

static const struct usage usage = {help, "h", options};

/* ---- the policy ---- */

/* Copies the written policy to standard output. False: it cannot be read back. */
static bool print_file(FILE *written)
{
    char buffer[8192];
    size_t count;

    rewind(written);
    while ((count = fread(buffer, 1, sizeof buffer, written)) > 0)
        fwrite(buffer, 1, count, stdout);
    return !ferror(written);
}

/* Prints the policy if it loads. */
static int finish(struct import *import, const char *title)
{
    FILE *written;
    int status = EX_DATAERR;

    if (import->errors > 0)
        return EX_DATAERR;
    if (import->first == NULL) {
        fprintf(stderr, "%s: no partner was found\n", title);
        return EX_DATAERR;
    }
    written = tmpfile();
    if (written == NULL) {
        fprintf(stderr, "%s: a temporary file cannot be made\n", title);
        return EX_OSERR;
    }
    policy_write(import, written);
    if (fflush(written) != 0) {
        fprintf(stderr, "%s: a temporary file cannot be written\n", title);
        status = EX_IOERR;
    } else {
        policy_verify(import, written);
        if (import->errors == 0)
            status = print_file(written) ? EX_OK : EX_IOERR;
    }
    fclose(written);
    return status;
}

/* ---- the verb ---- */

static void import_tables(struct import *import, char *const files[])
{
    for (; *files != NULL; files++)
        import_csv(import, *files);
}

static const struct {
    const char *name;
    void (*read)(struct import *import, char *const files[]);
} kinds[] = {{"csv", import_tables},
             {"exchange", import_exchange},
             {"postfix", import_postfix},
             {"sendmail", import_sendmail}};
enum { KIND_COUNT = sizeof kinds / sizeof kinds[0] };

static int unknown_kind(const char *title, const char *kind)
{
    const char *names[KIND_COUNT + 1], *nearest;

    for (size_t i = 0; i < KIND_COUNT; i++)
        names[i] = kinds[i].name;
    names[KIND_COUNT] = NULL;
    nearest = scalar_nearest(kind, names);
    fprintf(stderr, "%s: unknown kind of file: ", title);
    text_show(stderr, kind);
    if (nearest != NULL)
        fprintf(stderr, "; did you mean '%s'?", nearest);
    fputc('\n', stderr);
    return usage_error(title, NULL, NULL);
}

/* Returns the index of a kind. KIND_COUNT: unknown. */
static size_t find_kind(const char *name)
{
    size_t kind = 0;

    while (kind < KIND_COUNT && strcmp(name, kinds[kind].name) != 0)
        kind++;
    return kind;
}

static int import_files(const char *title, size_t kind, const char *map, char *const files[])
{
    struct import import = {.map = map};
    int status;

    kinds[kind].read(&import, files);
    status = finish(&import, title);
    text_index_free(&import.names);
    text_index_free(&import.rules);
    arena_free(&import.arena);
    return status;
}

int verb_import(int argc, char **argv)
{
    const char *map = NULL;
    size_t kind;
    int option, status;

    while ((option = option_next(&usage, argc, argv, &status)) > 0) {
        switch (option) {
        case 'm':
            map = optarg;
            break;
        }
    }
    if (option == 0)
        return status;
    if (optind == argc)
        return usage_error(argv[0], "the kind of file is missing", NULL);
    kind = find_kind(argv[optind]);
    if (kind == KIND_COUNT)
        return unknown_kind(argv[0], argv[optind]);
    if (optind + 1 == argc)
        return usage_error(argv[0], "a file is missing", NULL);
    if (map != NULL && strcmp(argv[optind], "postfix") != 0)
        return usage_error(argv[0], "--map is for postfix", NULL);
    if (map != NULL && !import_is_map(map))
        return usage_error(argv[0], "--map is tls_policy, ccert_access or sender_access, not", map);
    return import_files(argv[0], kind, map, argv + optind + 1);
}
