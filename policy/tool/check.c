/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * check: the mistakes and doubts of a policy, as editors and scripts read
 * them. What is a mistake is policy_load()'s knowledge and what is a doubt
 * policy_warn()'s; here they are only counted and shown.
 */
#include <getopt.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include "policy/names/json.h"
#include "policy/tool/table.h"
#include "policy/tool/verbs.h"

static const char help[] = "Usage: forcetls check [-c FILE] [--json] [--strict]\n\n"
                           "Finds mistakes and doubts in a policy.\n\n"
                           "  -c FILE    the policy (default " POLICY_FILE ")\n"
                           "  --json     one JSON object instead of lines\n"
                           "  --strict   exit with 1 where there are warnings\n\n"
                           "Exit status: 0 good, 1 warnings and --strict, 64 usage, 78 errors.\n";

static const struct option options[] = {
    {"json", no_argument, NULL, 'j'},
    {"strict", no_argument, NULL, 's'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

enum { SOURCE_MAX = 1000 };

struct findings {
    size_t errors, warnings;
    struct diag_show *show; /* as lines on stdout */
    struct json *json;      /* or as JSON */
    struct lines lines;     /* of the files, for JSON */
};

/* The line of the file that an error is about, or null. */
static void json_source(struct findings *findings, const struct diag *diag)
{
    const char *line = NULL;

    if (diag->severity == SEVERITY_ERROR && diag->place.line > 0)
        line = lines_read(&findings->lines, diag->place.file, diag->place.line);
    json_key(findings->json, "source");
    json_string(findings->json, line != NULL && strlen(line) <= SOURCE_MAX ? line : NULL);
}

static void json_finding(struct findings *findings, const struct diag *diag)
{
    struct json *json = findings->json;

    json_open(json, '{');
    json_key(json, "severity");
    json_string(json, diag->severity == SEVERITY_ERROR ? "error" : "warning");
    json_key(json, "file");
    json_string(json, diag->place.file);
    json_key(json, "line");
    json_number(json, diag->place.line);
    json_key(json, "column");
    json_number(json, diag->place.column);
    json_key(json, "text");
    json_string(json, diag->text);
    json_key(json, "id");
    json_string(json, diag->id);
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
    if (findings->json)
        json_finding(findings, diag);
    else
        diag_show(findings->show, diag);
}

/* Loads, warns and counts; *partners stays where the policy does not load. */
static bool look(const char *file, struct findings *findings, size_t *partners)
{
    struct policy *policy = policy_load(file, found, findings);

    if (!policy)
        return false;
    policy_warn(policy, present(), found, findings);
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

/* The counts stand before the findings, so these are written aside first. False: out of memory. */
static bool check_json(const char *file, struct findings *findings)
{
    char *aside = NULL;
    size_t size, partners = 0;
    struct json inner = {open_memstream(&aside, &size), false};
    struct json outer = {stdout, false};
    bool good;

    if (!inner.stream)
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
    json_key(&outer, "file");
    json_string(&outer, file);
    json_key(&outer, "partners");
    if (good)
        json_number(&outer, partners);
    else
        json_string(&outer, NULL);
    json_key(&outer, "errors");
    json_number(&outer, findings->errors);
    json_key(&outer, "warnings");
    json_number(&outer, findings->warnings);
    json_key(&outer, "findings");
    json_open(&outer, '[');
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
    int option;

    while ((option = getopt_long(argc, argv, "c:h", options, NULL)) != -1) {
        switch (option) {
        case 'c':
            file = optarg;
            break;
        case 'j':
            json = true;
            break;
        case 's':
            strict = true;
            break;
        case 'h':
            fputs(help, stdout);
            return EX_OK;
        default:
            return usage_error(argv[0], NULL, NULL);
        }
    }
    if (optind < argc)
        return usage_error(argv[0], "takes no such argument", argv[optind]);
    if (!json) {
        check_lines(file, &findings);
    } else if (!check_json(file, &findings)) {
        fprintf(stderr, "%s: out of memory\n", argv[0]);
        return EX_OSERR;
    }
    if (findings.errors > 0)
        return EX_CONFIG;
    return strict && findings.warnings > 0 ? 1 : EX_OK;
}
