/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * replay: shows what another policy would have done to the mail in the evidence. This file has the options.
 */
#include <getopt.h>
#include <stdio.h>
#include <sysexits.h>
#include "policy/tool/evidence/evidence.h"
#include "policy/tool/evidence/replay.h"
#include "policy/tool/verbs.h"

static const char help[] =
    "Usage: forcetls replay -c NEW.yaml [--database FILE]... | [--log FILE]...\n"
    "                       [--since TIME] [--partner NAME]... [--json]\n\n"
    "Shows what a policy would have done to the mail of the past.\n\n"
    "  -c FILE           the policy (default " POLICY_FILE ")\n"
    "  --database FILE   a database of forcetls record (default " DATABASE_FILE ")\n"
    "  --log FILE        instead: a log file, plain or compressed; - is standard input\n"
    "  --since TIME      from then on: 2026-12-01, RFC 3339, or -7d (s, m, h, d, w)\n"
    "  --partner NAME    only this partner\n"
    "  --json            one JSON object instead of a table\n\n"
    "Exit status: 0 good, 64 usage, 65 two databases have lines in common,\n"
    "66 a file cannot be read, 78 the policy has errors.\n";

static const struct option options[] = {
    {"database", required_argument, NULL, 'd'},
    {"log", required_argument, NULL, 'l'},
    {"since", required_argument, NULL, 's'},
    {"partner", required_argument, NULL, 'p'},
    {"json", no_argument, NULL, 'j'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

static const struct usage usage = {help, "c:h", options};

/* ---- the verb ---- */

static int run(struct replay *replay, struct evidence_source *source, const char *title, bool json)
{
    struct json writer = {stdout, false};
    int status, answer = replay_run(replay, source, title, &status);

    if (answer != EX_OK)
        return answer;
    if (json) {
        json_open(&writer, '{');
        replay_json(&writer, replay);
        json_close(&writer, '}');
        puts("");
    } else if (replay_text(replay) != 0) {
        return EX_OSERR;
    }
    return status;
}

/* Reads one option. Returns what is wrong with it. NULL: nothing. */
static const char *take_option(struct replay *replay, struct evidence_source *source, int option)
{
    if (option != 'p')
        return evidence_take(source, option, optarg);
    if (replay->partners == REPLAY_NAMES_MAX)
        return "too many partners";
    replay->partner[replay->partners++] = optarg;
    return NULL;
}

int verb_replay(int argc, char **argv)
{
    struct evidence_source source = evidence_source();
    struct replay replay = {0};
    const char *file = POLICY_FILE;
    struct policy *policy;
    bool json = false;
    int option, status, answer;

    while ((option = option_next(&usage, argc, argv, &status)) > 0) {
        const char *wrong = NULL;

        if (option == 'c')
            file = optarg;
        else if (option == 'j')
            json = true;
        else
            wrong = take_option(&replay, &source, option);
        if (wrong != NULL)
            return usage_error(argv[0], wrong, optarg);
    }
    if (option == 0)
        return status;
    if (optind < argc)
        return usage_error(argv[0], "does not take the argument; name a log by --log", argv[optind]);
    if (source.databases > 0 && source.logs > 0)
        return usage_error(argv[0], "--database and --log exclude each other", NULL);
    policy = load_policy(file);
    if (policy == NULL)
        return EX_CONFIG;
    replay.policy = policy;
    answer = run(&replay, &source, argv[0], json);
    replay_clear(&replay);
    policy_unref(policy);
    return answer;
}
