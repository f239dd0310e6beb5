/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * export: writes files for the MTA, made from the policy: all of them or none. Prints the lines of main.cf or
 * sendmail.mc that name them. This file has the options and the order of the steps.
 */
#include "policy/tool/export/export.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include "policy/names/socket_form.h"
#include "policy/policy.h"
#include "policy/tool/table.h"
#include "policy/tool/text.h"
#include "policy/tool/verbs.h"

static const char help[] =
    "Usage: forcetls export postfix [-c FILE] -d DIR [--static|--testing]\n"
    "       forcetls export sendmail [-c FILE] -d DIR [--testing]\n\n"
    "Writes maps into the directory, and prints the lines that name them. The maps have the domains for\n"
    "which the MTA asks the daemon. While the daemon is down, mail to these is deferred, and all other\n"
    "mail is sent.\n"
    "Postfix: outbound_exact and outbound_suffixes; the lines are for main.cf.\n"
    "Sendmail: outbound_access; the lines are for the end of sendmail.mc.\n\n"
    "  -c FILE    the policy, instead of " POLICY_FILE "\n"
    "  -d DIR     the directory\n"
    "  --static   write outbound_static, which has the answers, for a Postfix without the daemon\n"
    "  --testing  also write partners in mode testing, so that the daemon logs their mail\n\n"
    "Exit status: 0 good, 64 usage, 65 the policy cannot be exported, 71 out of memory, 73 a file cannot\n"
    "be written, 78 the policy has errors. The old files stay unless the status is 0.\n";

static const struct option options[] = {
    {"static", no_argument, NULL, 's'},
    {"testing", no_argument, NULL, 't'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

static const struct usage usage = {help, "c:d:h", options};

static int no_memory(void)
{
    fputs("forcetls export: out of memory\n", stderr);
    return EX_OSERR;
}

/* ---- what is printed ---- */

/* Prints inet:8896@127.0.0.1 as Postfix writes it: inet:127.0.0.1:8896. */
static void print_inet(const char *spec)
{
    char host[SOCKET_HOST_SIZE] = "", port[SOCKET_PORT_SIZE] = "";
    bool v6;

    (void)socket_form_internet(spec, host, port); /* valid, because the policy loaded */
    v6 = strchr(host, ':') != NULL;
    printf("socketmap:inet:%s%s%s:%s:postfix", v6 ? "[" : "", host, v6 ? "]" : "", port);
}

/*
 * The daemon's socket. A path below the queue directory is printed relative to it: that works with and
 * without a chroot.
 */
static void print_socket(const char *spec)
{
    const char *path = socket_form_path(spec);

    if (path == NULL) {
        print_inet(spec);
        return;
    }
    if (strncmp(path, POSTFIX_USUAL_QUEUE, strlen(POSTFIX_USUAL_QUEUE)) == 0)
        path += strlen(POSTFIX_USUAL_QUEUE);
    printf("socketmap:unix:%s:postfix", path);
}

static void print_commands(const char *directory, const char *name)
{
    char *word = text_shell_word(directory);

    printf("# Run: postmap hash:%s/%s && postfix reload\n", word != NULL ? word : directory, name);
    free(word);
    puts("# (lmdb: instead of hash: where Postfix has no hash:)\n"
         "# main.cf, in front of all other maps:");
}

static void print_guards(const struct export *export, const char *directory)
{
    const char *socket = policy_milter(export->policy)->outbound;

    printf("# %s/outbound_exact: keys: %zu\n", directory, export->keys);
    printf("# %s/outbound_suffixes: patterns: %zu\n", directory, export->patterns);
    print_commands(directory, "outbound_exact");
    printf("smtp_tls_policy_maps =\n    pipemap:{hash:%s/outbound_exact, ", directory);
    print_socket(socket);
    printf("},\n    pipemap:{regexp:%s/outbound_suffixes, ", directory);
    print_socket(socket);
    puts("}");
}

static void print_static(const struct export *export, const char *directory)
{
    printf("# %s/outbound_static: keys: %zu\n", directory, export->keys);
    print_commands(directory, "outbound_static");
    printf("smtp_tls_policy_maps = hash:%s/outbound_static\n", directory);
}

/* ---- what cannot be exported ---- */

/* NULL: the MTA's configuration can name the path. Otherwise returns what is wrong with it. */
static const char *check_path(const char *path, bool sendmail)
{
    if (!sendmail && path[strcspn(path, " \t\r\n,{}$#\"\\")] != '\0')
        return "main.cf cannot name a path with a blank or one of , { } $ # \" \\";
    if (sendmail && path[strcspn(path, " \t\r\n,()$#\"\\`'")] != '\0')
        return "sendmail.mc cannot name a path with a blank or one of , ( ) $ # \" \\ ` '";
    return NULL;
}

/* Whether the MTA can ask the daemon. If not, reports why. */
static bool check_socket(const struct export *export)
{
    const char *socket = policy_milter(export->policy)->outbound;
    const char *path = socket == NULL ? NULL : socket_form_path(socket);
    const char *wrong = path == NULL ? NULL : check_path(path, export->sendmail);

    if (socket == NULL)
        fprintf(stderr,
                "forcetls export: milter.outbound is missing, so %s cannot ask the daemon; nothing is "
                "written%s\n",
                export->sendmail ? "Sendmail" : "Postfix",
                export->sendmail ? "" : " (--static needs no daemon)");
    else if (wrong != NULL)
        fprintf(stderr, "forcetls export: milter.outbound: %s; nothing is written\n", wrong);
    return socket != NULL && wrong == NULL;
}

/* Reports how many partners have a rule but are not written. */
static void note_left_out(const struct export *export)
{
    const struct policy *policy = export->policy;
    size_t count = 0;

    for (size_t i = 0; i < policy->partner_count; i++)
        count += policy->partners[i].terms->outbound != NULL && !export_covers(export, &policy->partners[i]);
    if (count == 0)
        return;
    fprintf(stderr, "forcetls export: note: partners with outbound that are not written: %zu%s\n", count,
            export->what == EXPORT_ANSWERED   ? " (not enforced now)"
            : export->what == EXPORT_ENFORCED ? " (not enforced; --testing writes those in mode testing)"
                                              : " (mode none)");
}

static void report_hole(const char *dot, const char *key)
{
    fprintf(
        stderr,
        "forcetls export: error: %s%s is not enforced, and lies in a dotted domain that is; outbound_static "
        "cannot leave it out: use the daemon and the guard files\n",
        dot, key);
}

/* Reports the keys that a static map would answer for the wrong partner: such a map cannot exempt keys. */
static bool has_holes(const struct export *export, const struct holes *holes)
{
    const struct policy *policy = export->policy;
    bool found = holes->count > 0;

    for (size_t i = 0; i < holes->count; i++)
        report_hole(holes->list[i].itself ? "" : ".", holes->list[i].domain);
    for (size_t i = 0; i < policy->hop_count; i++) {
        if (!hop_is_below(export, &policy->hops[i]))
            continue;
        report_hole("", arena_get(&policy->arena, policy->hops[i].text));
        found = true;
    }
    return found;
}

/* Returns EX_OK, or the exit status if nothing can be written. */
static int check_policy(const struct export *export, const struct holes *holes)
{
    const struct milter_settings *milter = policy_milter(export->policy);

    if (export->policy->outbound_count == 0) {
        fputs("forcetls export: no partner has outbound; nothing is written\n", stderr);
        return EX_DATAERR;
    }
    if (export->what != EXPORT_ANSWERED && !check_socket(export))
        return EX_DATAERR;
    if (export->what == EXPORT_ANSWERED && has_holes(export, holes))
        return EX_DATAERR;
    if (export->what == EXPORT_ANSWERED && milter->outbound_upstream != NULL)
        fputs("forcetls export: note: outbound_upstream is not asked: the answers hide DANE and MTA-STS\n",
              stderr);
    return EX_OK;
}

/* ---- writing ---- */

static bool write_guards(struct export *export, const struct holes *holes, const char *directory)
{
    struct new_file files[2] = {{NULL, NULL, NULL, NULL}, {NULL, NULL, NULL, NULL}};
    bool good = file_begin(&files[0], directory, "outbound_suffixes")
                && file_begin(&files[1], directory, "outbound_exact");

    if (good) {
        write_suffixes(export, holes, files[0].stream);
        write_exact(export, files[1].stream);
        good = files_finish(files, 2, directory);
    }
    file_end(&files[0]);
    file_end(&files[1]);
    return good;
}

/* Writes a single file. */
static bool write_file(struct export *export, const char *directory, const char *name,
                       void (*write_lines)(struct export *, FILE *))
{
    struct new_file file;
    bool good = file_begin(&file, directory, name);

    if (good) {
        write_lines(export, file.stream);
        good = !export->failed && files_finish(&file, 1, directory);
    }
    file_end(&file);
    return good;
}

static bool write_files(struct export *export, const struct holes *holes, const char *directory)
{
    if (export->sendmail)
        return write_file(export, directory, "outbound_access", write_access);
    if (export->what == EXPORT_ANSWERED)
        return write_file(export, directory, "outbound_static", write_static);
    return write_guards(export, holes, directory);
}

static int write_all(struct export *export, const struct holes *holes, const char *directory)
{
    if (!write_files(export, holes, directory))
        return export->failed ? no_memory() : EX_CANTCREAT;
    note_left_out(export);
    if (export->sendmail)
        write_rulesets(export, directory, stdout);
    else if (export->what == EXPORT_ANSWERED)
        print_static(export, directory);
    else
        print_guards(export, directory);
    return EX_OK;
}

static int export_policy(struct export *export, const char *directory)
{
    struct holes holes;
    int status;

    if (!holes_find(&holes, export)) {
        free(holes.list);
        return no_memory();
    }
    status = check_policy(export, &holes);
    if (status == EX_OK)
        status = write_all(export, &holes, directory);
    free(holes.list);
    return status;
}

/* ---- the verb ---- */

/* NULL: the MTA's configuration can name the directory. Otherwise returns what is wrong with it. */
static const char *check_directory(const char *path, bool sendmail)
{
    struct stat state;

    if (path == NULL || stat(path, &state) != 0)
        return strerror(errno);
    if (!S_ISDIR(state.st_mode))
        return "is not a directory";
    return check_path(path, sendmail);
}

/*
 * Returns the path of the directory without symbolic links, for the MTA's configuration. The caller frees it.
 * NULL: reported.
 */
static char *read_directory(const char *title, const char *name, bool sendmail)
{
    char *path = realpath(name, NULL);
    const char *wrong = check_directory(path, sendmail);

    if (wrong == NULL)
        return path;
    fprintf(stderr, "%s: ", title);
    text_show(stderr, name);
    fprintf(stderr, ": %s\n", wrong);
    free(path);
    return NULL;
}

static int export_files(struct export *export, const char *title, const char *file, const char *name)
{
    char *directory = read_directory(title, name, export->sendmail);
    struct policy *policy;
    int status;

    if (directory == NULL)
        return EX_CANTCREAT;
    policy = load_policy(file);
    export->policy = policy;
    status = policy == NULL ? EX_CONFIG : export_policy(export, directory);
    policy_unref(policy);
    free(directory);
    return status;
}

/* Reads the MTA, the only operand. Returns -1 if it is valid, else the exit status. */
static int read_mta(struct export *export, int argc, char **argv)
{
    if (optind == argc)
        return usage_error(argv[0], "the MTA is missing: postfix or sendmail", NULL);
    export->sendmail = strcmp(argv[optind], "sendmail") == 0;
    if (!export->sendmail && strcmp(argv[optind], "postfix") != 0)
        return usage_error(argv[0], "unknown MTA", argv[optind]);
    if (optind + 1 < argc)
        return usage_surplus(argv[0], argv[optind + 1]);
    return -1;
}

int verb_export(int argc, char **argv)
{
    const char *file = POLICY_FILE, *directory = NULL;
    struct export export = {.now = present()};
    bool is_static = false, testing = false;
    int option, status;

    while ((option = option_next(&usage, argc, argv, &status)) > 0) {
        switch (option) {
        case 'c':
            file = optarg;
            break;
        case 'd':
            directory = optarg;
            break;
        case 's':
            is_static = true;
            break;
        case 't':
            testing = true;
            break;
        }
    }
    if (option == 0 || (status = read_mta(&export, argc, argv)) >= 0)
        return status;
    if (directory == NULL)
        return usage_error(argv[0], "-d DIR is missing", NULL);
    if (is_static && testing)
        return usage_error(argv[0], "--static and --testing exclude each other", NULL);
    if (is_static && export.sendmail)
        return usage_error(argv[0], "--static is for postfix: Sendmail always asks the daemon", NULL);
    export.what = is_static ? EXPORT_ANSWERED : testing ? EXPORT_TESTING : EXPORT_ENFORCED;
    return export_files(&export, argv[0], file, directory);
}
