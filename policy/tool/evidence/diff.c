/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * diff: shows which partners were added, removed and changed between two policies, and what that means for
 * the mail of the past. policy/language/difference.c finds the differences; replay_mail.c judges the mail.
 */
#include <getopt.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include "policy/language/difference.h"
#include "policy/names/json.h"
#include "policy/tool/evidence/evidence.h"
#include "policy/tool/evidence/replay.h"
#include "policy/tool/table.h"
#include "policy/tool/text.h"
#include "policy/tool/verbs.h"

static const char help[] =
    "Usage: forcetls diff OLD.yaml NEW.yaml [--json]\n"
    "                     [--replay [--database FILE]... | [--log FILE]... [--since TIME]]\n\n"
    "Shows which partners were added, removed and changed, and what changed.\n\n"
    "  --json            one JSON object instead of lines\n"
    "  --replay          also what NEW would have done to the mail of the past that OLD\n"
    "                    would not\n"
    "  --database FILE   a database of forcetls record (default " DATABASE_FILE ")\n"
    "  --log FILE        instead: a log file, plain or compressed; - is standard input\n"
    "  --since TIME      mail from then on: 2026-12-01, RFC 3339, or -7d (s, m, h, d, w)\n\n"
    "Exit status: 0 good, 64 usage, 65 two databases have lines in common,\n"
    "66 a file cannot be read, 78 one of the policies has errors.\n";

static const struct option options[] = {
    {"json", no_argument, NULL, 'j'},
    {"replay", no_argument, NULL, 'r'},
    {"database", required_argument, NULL, 'd'},
    {"log", required_argument, NULL, 'l'},
    {"since", required_argument, NULL, 's'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

static const struct usage usage = {help, "h", options};

/* The output of the differences. */
struct report {
    struct json *json;   /* NULL: lines of text */
    const char *partner; /* whose changes are being shown; NULL: none so far, or the settings */
    bool settings;       /* the settings are being shown */
    bool any, exhausted;
};

/* ---- what is shown ---- */

/*
 * Returns "mode: testing -> none" or "domains: added contoso.com", which the caller frees. NULL: out of
 * memory.
 */
static char *change_text(const struct change *change)
{
    const char *none = "(none)";

    if (change->item)
        return text_format("%s: %s %s", change->key, change->old != NULL ? "removed" : "added",
                           change->old != NULL ? change->old : change->new);
    return text_format("%s: %s -> %s", change->key, change->old != NULL ? change->old : none,
                       change->new != NULL ? change->new : none);
}

static void json_end_partner(struct report *report)
{
    if (report->partner == NULL)
        return;
    json_close(report->json, ']');
    json_close(report->json, '}');
    report->partner = NULL;
}

static void json_begin_partner(struct report *report, const char *name)
{
    json_end_partner(report);
    json_open(report->json, '{');
    json_member(report->json, "name", name);
    json_open_list(report->json, "changes");
}

/* Prints a heading before the first change of a partner, or of the settings. */
static void begin_changes(struct report *report, const char *partner)
{
    if (partner == NULL && report->settings)
        return;
    if (partner != NULL && partner == report->partner)
        return;
    if (report->json != NULL && partner != NULL)
        json_begin_partner(report, partner);
    else if (report->json == NULL)
        printf("changed   %s\n", partner != NULL ? partner : "(the policy itself)");
    report->partner = partner;
    report->settings = partner == NULL;
}

/* A change_fn. All changes of a partner have the same pointer as its name. */
static void show_change(void *arg, const struct change *change)
{
    struct report *report = arg;
    char *text = change_text(change);

    report->any = true;
    if (text == NULL) {
        report->exhausted = true;
        return;
    }
    begin_changes(report, change->partner);
    if (report->json != NULL) {
        json_string(report->json, text);
    } else {
        fputs("          ", stdout);
        text_show(stdout, text);
        fputc('\n', stdout);
    }
    free(text);
}

static void show_name(struct report *report, const char *word, const struct partner *partner)
{
    report->any = true;
    if (report->json != NULL)
        json_string(report->json, partner_name(partner));
    else
        printf("%-9s %s\n", word, partner_name(partner));
}

static void show_added(void *report, const struct partner *partner)
{
    show_name(report, "added", partner);
}

static void show_removed(void *report, const struct partner *partner)
{
    show_name(report, "removed", partner);
}

/* ---- both policies ---- */

static void json_list(struct report *report, const char *key)
{
    if (report->json == NULL)
        return;
    json_open_list(report->json, key);
}

static void json_end_list(struct report *report)
{
    if (report->json == NULL)
        return;
    json_end_partner(report);
    json_close(report->json, ']');
}

/* What is asked for. */
struct request {
    const char *old_file, *new_file;
    bool json, replay;
    struct evidence_source source;
};

/* Shows the verdicts on the mail of the past. False: out of memory. */
static bool show_replay(const struct replay *replay, struct json *json)
{
    if (json == NULL) {
        puts("");
        return replay_text(replay) == 0;
    }
    json_key(json, "replay");
    json_open(json, '{');
    replay_json(json, replay);
    json_close(json, '}');
    return true;
}

/* Shows the lists of names and changes. False: out of memory. */
static bool show_difference(const struct difference *difference, struct json *json)
{
    struct report report = {.json = json};
    bool good;

    json_list(&report, "added");
    difference_each_added(difference, show_added, &report);
    json_end_list(&report);
    json_list(&report, "removed");
    difference_each_removed(difference, show_removed, &report);
    json_end_list(&report);
    json_list(&report, "changed");
    good = difference_each_change(difference, show_change, &report);
    json_end_list(&report);
    json_list(&report, "settings");
    good = difference_each_setting(difference, show_change, &report) && good;
    json_end_list(&report);
    if (json == NULL && !report.any)
        puts("no differences");
    return good && !report.exhausted;
}

/* `replay` NULL: not asked for. */
static int show(bool as_json, const struct policy *before, const struct policy *after,
                const struct replay *replay)
{
    struct difference *difference = difference_new(before, after, DIFFERENCE_BY_NAME);
    struct json json = {stdout, false}, *writer = as_json ? &json : NULL;
    bool good;

    if (writer != NULL)
        json_open(writer, '{');
    good = difference != NULL && show_difference(difference, writer)
           && (replay == NULL || show_replay(replay, writer));
    if (!good)
        fputs("forcetls diff: out of memory\n", stderr);
    if (writer != NULL) {
        json_close(writer, '}');
        puts("");
    }
    difference_free(difference);
    return good ? EX_OK : EX_OSERR;
}

/* Shows nothing if the mail of the past cannot be read. */
static int show_with_replay(struct request *request, const struct policy *before, const struct policy *after)
{
    struct replay replay = {.policy = after, .before = before};
    int status, answer = replay_run(&replay, &request->source, "forcetls diff", &status);

    if (answer == EX_OK)
        answer = show(request->json, before, after, &replay);
    replay_clear(&replay);
    return answer != EX_OK ? answer : status;
}

static int diff(struct request *request)
{
    struct policy *before = load_policy(request->old_file), *after = load_policy(request->new_file);
    int answer = EX_CONFIG;

    if (before != NULL && after != NULL)
        answer = request->replay ? show_with_replay(request, before, after)
                                 : show(request->json, before, after, NULL);
    policy_unref(before);
    policy_unref(after);
    return answer;
}

/* Reads one option. Returns what is wrong with it. NULL: nothing. */
static const char *take_option(struct request *request, int option)
{
    switch (option) {
    case 'j':
        request->json = true;
        return NULL;
    case 'r':
        request->replay = true;
        return NULL;
    default:
        return evidence_take(&request->source, option, optarg);
    }
}

static bool has_source(const struct evidence_source *source)
{
    return source->databases > 0 || source->logs > 0 || source->since != INT64_MIN;
}

int verb_diff(int argc, char **argv)
{
    struct request request = {.source = evidence_source()};
    int option, status;

    while ((option = option_next(&usage, argc, argv, &status)) > 0) {
        const char *wrong = take_option(&request, option);

        if (wrong != NULL)
            return usage_error(argv[0], wrong, optarg);
    }
    if (option == 0)
        return status;
    if (argc - optind < 2)
        return usage_error(argv[0], "two policies are needed, the old one and the new one", NULL);
    if (argc - optind > 2)
        return usage_error(argv[0], "does not take the argument", argv[optind + 2]);
    if (!request.replay && has_source(&request.source))
        return usage_error(argv[0], "--database, --log and --since go with --replay", NULL);
    if (request.source.databases > 0 && request.source.logs > 0)
        return usage_error(argv[0], "--database and --log exclude each other", NULL);
    request.old_file = argv[optind];
    request.new_file = argv[optind + 1];
    return diff(&request);
}
