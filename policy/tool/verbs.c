/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the verbs share: their options, their errors, and policies that do not load.
 */
#include "policy/tool/verbs.h"

#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>
#include "policy/names/printable.h"
#include "policy/tool/terminal.h"

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
    if (text != NULL) {
        fprintf(stderr, "%s: %s", title, text);
        if (argument != NULL) {
            fputs(": ", stderr);
            text_show(stderr, argument);
        }
        fputc('\n', stderr);
    }
    fprintf(stderr, "Try '%s --help'.\n", title);
    return EX_USAGE;
}

int usage_surplus(const char *title, const char *argument)
{
    const char *dot = strrchr(argument, '.');

    if (dot == NULL || (strcmp(dot, ".yaml") != 0 && strcmp(dot, ".yml") != 0))
        return usage_error(title, "does not take the argument", argument);
    fprintf(stderr, "%s: does not take the argument: ", title);
    text_show(stderr, argument);
    fputs("; a policy is given with -c\n", stderr);
    return usage_error(title, NULL, NULL);
}

int option_next(const struct usage *usage, int argc, char **argv, int *status)
{
    int option = getopt_long(argc, argv, usage->letters, usage->options, NULL);

    if (option == 'h') {
        fputs(usage->help, stdout);
        *status = EX_OK;
        return 0;
    }
    if (option == '?') {
        *status = usage_error(argv[0], NULL, NULL);
        return 0;
    }
    return option;
}
