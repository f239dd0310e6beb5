/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * forcetls, the command-line tool: finds the verb and leaves the rest to it.
 * What the verbs share in dealing with arguments and with policies that do not
 * load is here too. The tool may ask the clock, the network and other
 * programs, which the policy library may not; it never links libmilter.
 */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sysexits.h>
#include <time.h>
#include "policy/names/scalar.h"
#include "policy/tool/table.h"
#include "policy/tool/terminal.h"
#include "policy/tool/verbs.h"

struct verb {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *help;
};

static const struct verb verbs[] = {
    {"check", verb_check, "find mistakes and doubts in a policy"},
    {"explain", verb_explain, "show what the policy says of one transaction, and why"},
    {"list", verb_list, "list partners, profiles, or providers' shared certificates"},
    {"show", verb_show, "show what holds for one partner, with defaults and profiles"},
    {"diff", verb_diff, "show what differs between two policies"},
    {"doctor", verb_doctor, "find out whether MTA, policy and machine fit together"},
    {"cert", verb_cert, "show a certificate, and the lines that a policy needs for it"},
};
enum { VERB_COUNT = sizeof(verbs) / sizeof(verbs[0]) };

int64_t present(void)
{
    return (int64_t)time(NULL);
}

struct diag_show show_findings(FILE *stream)
{
    return (struct diag_show){
        .stream = stream, .source = true, .colour = terminal_colour(stream), .width = terminal_width(stream)};
}

static void show_error(void *arg, const struct diag *diag)
{
    if (diag->severity == SEVERITY_ERROR)
        diag_show(arg, diag);
}

struct policy *load_policy(const char *file)
{
    struct diag_show show = show_findings(stderr);
    struct policy *policy = policy_load(file, show_error, &show);

    diag_show_end(&show);
    return policy;
}

int usage_error(const char *title, const char *text, const char *argument)
{
    if (text) {
        fprintf(stderr, "%s: %s", title, text);
        if (argument) {
            fputs(": ", stderr);
            text_show(stderr, argument);
        }
        fputc('\n', stderr);
    }
    fprintf(stderr, "Try '%s --help'.\n", title);
    return EX_USAGE;
}

static void show_help(FILE *stream)
{
    fputs("Usage: forcetls VERB [OPTION]...\n\n", stream);
    for (size_t i = 0; i < VERB_COUNT; i++)
        fprintf(stream, "  %-9s %s\n", verbs[i].name, verbs[i].help);
    fprintf(stream, "  %-9s %s\n", "help", "show what a verb takes: forcetls help VERB");
    fputs("\n"
          "  forcetls VERB --help   what a verb takes\n"
          "  forcetls --version     the version (also -V)\n\n"
          "The policy is " POLICY_FILE " unless -c FILE names another.\n"
          "Manuals: forcetls(1), forcetls.yaml(5), forcetls-milter(8).\n",
          stream);
}

static int unknown_verb(const char *name)
{
    const char *names[VERB_COUNT + 2] = {NULL}, *nearest;

    for (size_t i = 0; i < VERB_COUNT; i++)
        names[i] = verbs[i].name;
    names[VERB_COUNT] = "help";
    nearest = scalar_nearest(name, names);
    fputs("forcetls: unknown verb: ", stderr);
    text_show(stderr, name);
    if (nearest)
        fprintf(stderr, "; did you mean '%s'?", nearest);
    fputc('\n', stderr);
    return usage_error("forcetls", NULL, NULL);
}

static int run_verb(int argc, char **argv)
{
    char title[64];

    for (size_t i = 0; i < VERB_COUNT; i++) {
        if (strcmp(argv[1], verbs[i].name) == 0) {
            snprintf(title, sizeof(title), "forcetls %s", verbs[i].name);
            argv[1] = title; /* so that getopt names the verb in what it says */
            return verbs[i].run(argc - 1, argv + 1);
        }
    }
    return unknown_verb(argv[1]);
}

/* "forcetls help VERB" is "forcetls VERB --help". */
static int help_verb(int argc, char **argv)
{
    char option[] = "--help", *arguments[] = {argv[0], argc > 2 ? argv[2] : NULL, option, NULL};

    if (argc > 3)
        return usage_error("forcetls help", "takes no such argument", argv[3]);
    if (argc > 2 && argv[2][0] != '-' && strcmp(argv[2], "help") != 0)
        return run_verb(3, arguments);
    show_help(stdout);
    return EX_OK;
}

int main(int argc, char **argv)
{
    int status = 0;

    if (argc < 2)
        return usage_error("forcetls", "a verb is missing", NULL);
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
        show_help(stdout);
    else if (strcmp(argv[1], "help") == 0)
        status = help_verb(argc, argv);
    else if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0)
        puts("forcetls " PACKAGE_VERSION);
    else if (argv[1][0] == '-')
        return usage_error("forcetls", "unknown option", argv[1]);
    else
        status = run_verb(argc, argv);
    if (fflush(stdout) != 0 || ferror(stdout)) {
        perror("forcetls: stdout");
        return EX_IOERR;
    }
    return status;
}
