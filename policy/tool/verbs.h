/* SPDX-License-Identifier: BSD-2-Clause */
/* The verbs of forcetls(1), and what they share. Each is a line of the table in main.c. */
#ifndef POLICY_TOOL_VERBS_H
#define POLICY_TOOL_VERBS_H

#include <getopt.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include "policy/policy.h"
#include "policy/yaml/diag_show.h"

/* Each takes its own arguments, with "forcetls VERB" as argv[0], and returns the exit status. */
int verb_check(int argc, char **argv);
int verb_explain(int argc, char **argv);
int verb_list(int argc, char **argv);
int verb_show(int argc, char **argv);
int verb_diff(int argc, char **argv);
int verb_calendar(int argc, char **argv);
int verb_doctor(int argc, char **argv);
int verb_probe(int argc, char **argv);
int verb_cert(int argc, char **argv);
int verb_status(int argc, char **argv);
int verb_metrics(int argc, char **argv);
int verb_reload(int argc, char **argv);
int verb_drain(int argc, char **argv);
int verb_record(int argc, char **argv);
int verb_report(int argc, char **argv);
int verb_replay(int argc, char **argv);
int verb_suggest(int argc, char **argv);
int verb_forget(int argc, char **argv);
int verb_export(int argc, char **argv);
int verb_import(int argc, char **argv);

/*
 * Reports on stderr what is wrong with the arguments (NULL: getopt has reported it) and where to find help.
 * Returns EX_USAGE.
 */
int usage_error(const char *title, const char *text, const char *argument);
/* The same for a surplus argument of a verb that has -c. */
int usage_surplus(const char *title, const char *argument);

/* The options of a verb. */
struct usage {
    const char *help;
    const char *letters; /* as getopt(3) takes them, with "h" among them */
    const struct option *options;
};

/*
 * Returns the next option, as getopt_long(3) does; -1: there are no more. 0: the verb ends with *status:
 * --help was answered, or getopt has reported a wrong option.
 */
int option_next(const struct usage *usage, int argc, char **argv, int *status);

/* How findings are shown on a stream: errors with their line of the file, in colour on a terminal. */
struct diag_show show_findings(FILE *stream);

/* Loads a policy, and shows its errors on stderr. NULL: it has some. Warnings are left to check. */
struct policy *load_policy(const char *file);

int64_t present(void);

/*
 * Warns, as policy_warn() does, if the name servers contradict the rules for mail to partners. Asks them
 * for each domain, and waits for them. False: out of memory.
 */
bool online_warn(const struct policy *policy, int64_t now, diag_fn *diag, void *arg);

#endif
