/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * forcetls, the command-line tool: finds the verb and runs it. The tool may ask the clock, the network and
 * other programs; the policy library may not. The tool never links libmilter.
 */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
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
    {"check", verb_check, "find mistakes in a policy"},
    {"explain", verb_explain, "show what happens to a mail, and why"},
    {"list", verb_list, "list partners, profiles, or providers' shared certificates"},
    {"show", verb_show, "show the complete rule of a partner"},
    {"diff", verb_diff, "show what differs between two policies"},
    {"calendar", verb_calendar, "show what begins and ends by the dates of a policy"},
    {"doctor", verb_doctor, "check that the MTA, the policy and the machine fit together"},
    {"cert", verb_cert, "show a certificate, and the lines that a policy needs for it"},
    {"probe", verb_probe, "try the mail servers of a partner with the rule for mail to it"},
    {"status", verb_status, "show whether the daemon answers, and what it does"},
    {"metrics", verb_metrics, "print what the daemon counts and measures, for Prometheus"},
    {"reload", verb_reload, "make the daemon load its policy, and show the result"},
    {"drain", verb_drain, "end the daemon with the sessions that are under way"},
    {"record", verb_record, "add the filter's log lines to the database of evidence"},
    {"report", verb_report, "show whose mail met what was agreed, and whose did not"},
    {"replay", verb_replay, "show what a policy would have done to the mail of the past"},
    {"suggest", verb_suggest, "draft the rule of a partner from its mail of the past"},
    {"forget", verb_forget, "delete what the database of evidence has of a partner"},
    {"export", verb_export, "write the maps by which Postfix asks for the rules of outbound mail"},
    {"import", verb_import, "write a policy made of the lists of other products"},
};
enum { VERB_COUNT = sizeof verbs / sizeof verbs[0] };

static void show_help(FILE *stream)
{
    fputs("Usage: forcetls VERB [OPTION]...\n\n", stream);
    for (size_t i = 0; i < VERB_COUNT; i++)
        fprintf(stream, "  %-9s %s\n", verbs[i].name, verbs[i].help);
    fprintf(stream, "  %-9s %s\n", "help", "show the options of a verb: forcetls help VERB");
    fputs("\n"
          "  forcetls VERB --help   the options of a verb\n"
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
    if (nearest != NULL)
        fprintf(stderr, "; did you mean '%s'?", nearest);
    fputc('\n', stderr);
    return usage_error("forcetls", NULL, NULL);
}

static int run_verb(int argc, char **argv)
{
    char title[64];

    for (size_t i = 0; i < VERB_COUNT; i++) {
        if (strcmp(argv[1], verbs[i].name) == 0) {
            snprintf(title, sizeof title, "forcetls %s", verbs[i].name);
            argv[1] = title; /* so that messages of getopt name the verb */
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
        return usage_error("forcetls help", "does not take the argument", argv[3]);
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
