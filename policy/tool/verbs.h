/* SPDX-License-Identifier: BSD-2-Clause */
/* The verbs of forcetls(1), and what they share. Each is a line of the table in main.c. */
#ifndef POLICY_TOOL_VERBS_H
#define POLICY_TOOL_VERBS_H

#include <stdint.h>
#include <stdio.h>
#include "policy/yaml/diag_show.h"
#include "policy/policy.h"

/* Each takes its own arguments, argv[0] being "forcetls VERB", and answers the exit status. */
int verb_check(int argc, char **argv);
int verb_explain(int argc, char **argv);
int verb_list(int argc, char **argv);
int verb_show(int argc, char **argv);
int verb_diff(int argc, char **argv);
int verb_doctor(int argc, char **argv);
int verb_cert(int argc, char **argv);

/*
 * Says on stderr what is wrong with the arguments (NULL: getopt has said it)
 * and where to find help; answers EX_USAGE.
 */
int usage_error(const char *title, const char *text, const char *argument);

/* How findings are shown on a stream: errors with their line of the file, in colour on a terminal. */
struct diag_show show_findings(FILE *stream);

/* Loads a policy and shows its errors on stderr; NULL where there are some. Warnings are check's business. */
struct policy *load_policy(const char *file);

int64_t present(void);

#endif
