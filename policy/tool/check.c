/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * check: prints the mistakes and doubts of a policy for editors and scripts. policy_load() finds the
 * mistakes, policy_warn() and online_warn() find the doubts. This file only counts and shows them.
 */
#include <getopt.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include "policy/names/json.h"
#include "policy/tool/table.h"
#include "policy/tool/verbs.h"

static const char help[] = "Usage: forcetls check [-c FILE] [--online] [--json] [--strict]\n\n"
                           "Finds mistakes in a policy, and lines that may not be meant.\n\n"
                           "  -c FILE    the policy (default " POLICY_FILE ")\n"
                           "  --online   ask the name servers about the domains of mail to partners\n"
                           "  --json     one JSON object instead of lines\n"
                           "  --strict   exit with 1 if there are warnings\n\n"
                           "Exit status: 0 good, 1 warnings and --strict, 64 usage, 71 out of memory,\n"
                           "78 errors.\n";

static const struct option options[] = {
    {"online", no_argument, NULL, 'o'},
    {"json", no_argument, NULL, 'j'},
    {"strict", no_argument, NULL, 's'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

static const struct usage usage = {help, "c:h", options};

enum { SOURCE_MAX = 1000 };

struct findings {
    size_t errors, warnings;
    bool online;            /* the name servers are asked as well */
    bool exhausted;         /* memory ran out */
    struct diag_show *show; /* as lines on stdout */
    struct json *json;      /* or as JSON */
    struct lines lines;     /* source lines, for JSON */
};

/* Writes the source line of an error. null: a warning, no line number, or a line that is too long. */
static void json_source(struct findings *findings, const struct diag *diag)
{
    const char *line = NULL;

    if (diag->severity == SEVERITY_ERROR && diag->place.line > 0)
        line = lines_read(&findings->lines, diag->place.file, diag->place.line);
    json_member(findings->json, "source", line != NULL && strlen(line) <= SOURCE_MAX ? line : NULL);
}

static void json_finding(struct findings *findings, const struct diag *diag)
{
    struct json *json = findings->json;

    json_open(json, '{');
    json_member(json, "severity", diag->severity == SEVERITY_ERROR ? "error" : "warning");
    json_member(json, "file", diag->place.file);
    json_member_number(json, "line", diag->place.line);
    json_member_number(json, "column", diag->place.column);
    json_member(json, "text", diag->text);
    json_member(json, "id", diag->id);
    json_source(findings, diag);
    json_close(json, '}');
}

static void found(void *arg, const struct diag *diag)
{
    struct findings *findings = arg;

    if (diag->severity == SEVERITY_ERROR)
        findings->errors++;
    else
        findings->warnings++;
    if (findings->json != NULL)
        json_finding(findings, diag);
    else
        diag_show(findings->show, diag);
}

/* Loads the policy, warns and counts. False: it does not load, and *partners is unchanged. */
static bool look(const char *file, struct findings *findings, size_t *partners)
{
    struct policy *policy = policy_load(file, found, findings);

    if (policy == NULL)
        return false;
    policy_warn(policy, present(), found, findings);
    findings->exhausted = findings->online && !online_warn(policy, present(), found, findings);
    *partners = policy_partner_count(policy);
    policy_unref(policy);
    return true;
}

static void show_count(size_t count, const char *word)
{
    if (count == 0)
        printf("no %ss", word);
    else
        printf("%zu %s%s", count, word, count == 1 ? "" : "s");
}

static void check_lines(const char *file, struct findings *findings)
{
    struct diag_show show = show_findings(stdout);
    size_t partners = 0;
    bool good;

    findings->show = &show;
    good = look(file, findings, &partners);
    diag_show_end(&show);
    findings->show = NULL;

    text_show(stdout, file);
    fputs(": ", stdout);
    if (good) {
        show_count(partners, "partner");
        fputs(", ", stdout);
    }
    show_count(findings->errors, "error");
    fputs(", ", stdout);
    show_count(findings->warnings, "warning");
    fputc('\n', stdout);
}

/* The counts come before the findings, so the findings are written to memory first. False: out of memory. */
static bool check_json(const char *file, struct findings *findings)
{
    char *aside = NULL;
    size_t size, partners = 0;
    struct json inner = {open_memstream(&aside, &size), false};
    struct json outer = {stdout, false};
    bool good;

    if (inner.stream == NULL)
        return false;
    findings->json = &inner;
    good = look(file, findings, &partners);
    findings->json = NULL;
    lines_close(&findings->lines);
    if (fclose(inner.stream) != 0) {
        free(aside);
        return false;
    }
    json_open(&outer, '{');
    json_member(&outer, "file", file);
    json_key(&outer, "partners");
    if (good)
        json_number(&outer, partners);
    else
        json_string(&outer, NULL);
    json_member_number(&outer, "errors", findings->errors);
    json_member_number(&outer, "warnings", findings->warnings);
    json_open_list(&outer, "findings");
    json_raw(&outer, aside);
    json_close(&outer, ']');
    json_close(&outer, '}');
    puts("");
    free(aside);
    return true;
}

int verb_check(int argc, char **argv)
{
    const char *file = POLICY_FILE;
    struct findings findings = {0};
    bool json = false, strict = false;
    int option, status;

    while ((option = option_next(&usage, argc, argv, &status)) > 0) {
        switch (option) {
        case 'c':
            file = optarg;
            break;
        case 'o':
            findings.online = true;
            break;
        case 'j':
            json = true;
            break;
        case 's':
            strict = true;
            break;
        }
    }
    if (option == 0)
        return status;
    if (optind < argc)
        return usage_surplus(argv[0], argv[optind]);
    if (!json)
        check_lines(file, &findings);
    else
        findings.exhausted |= !check_json(file, &findings);
    if (findings.exhausted) {
        fprintf(stderr, "%s: out of memory\n", argv[0]);
        return EX_OSERR;
    }
    if (findings.errors > 0)
        return EX_CONFIG;
    return strict && findings.warnings > 0 ? 1 : EX_OK;
}
