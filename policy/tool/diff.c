/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * diff: which partners came, went and changed between two policies. What is
 * compared are the lines of rule.c, which hold what the policy means and not
 * how it is written.
 */
#include <getopt.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include "policy/language/rule.h"
#include "policy/names/json.h"
#include "policy/tool/table.h"
#include "policy/tool/text.h"
#include "policy/tool/verbs.h"

static const char help[] = "Usage: forcetls diff OLD.yaml NEW.yaml [--json]\n\n"
                           "Shows which partners came, went and changed, and in what.\n\n"
                           "  --json     one JSON object instead of lines\n\n"
                           "Exit status: 0 good, 64 usage, 78 one of the policies has errors.\n";

static const struct option options[] = {
    {"json", no_argument, NULL, 'j'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

/* One line of a rule, owned. */
struct line {
    char *key, *value;
    bool item;
};

struct rule {
    size_t count, room;
    struct line *line;
    bool exhausted;
};

/* Where the differences go. */
struct report {
    struct json *json; /* NULL: as lines */
    size_t count;
    bool exhausted;
};

/* ---- the lines of a rule ---- */

static void keep_line(void *arg, const struct rule_line *line)
{
    struct rule *rule = arg;
    struct line kept = {strdup(line->key), strdup(line->value), line->item};

    if (rule->count == rule->room) {
        size_t room = 2 * rule->room + 16;
        struct line *grown = realloc(rule->line, room * sizeof(*grown));

        if (grown) {
            rule->line = grown;
            rule->room = room;
        } else {
            rule->exhausted = true;
        }
    }
    if (rule->exhausted || !kept.key || !kept.value) {
        rule->exhausted = true;
        free(kept.key);
        free(kept.value);
        return;
    }
    rule->line[rule->count++] = kept;
}

static void rule_clear(struct rule *rule)
{
    for (size_t i = 0; i < rule->count; i++) {
        free(rule->line[i].key);
        free(rule->line[i].value);
    }
    free(rule->line);
    *rule = (struct rule){0};
}

/* The line of that key, and of that value where it is one of a list; NULL: none. */
static const struct line *find(const struct rule *rule, const struct line *line)
{
    for (size_t i = 0; i < rule->count; i++)
        if (strcmp(rule->line[i].key, line->key) == 0
            && (!line->item || strcmp(rule->line[i].value, line->value) == 0))
            return &rule->line[i];
    return NULL;
}

/* ---- what is shown ---- */

/* Shows a change and frees its text; NULL: out of memory. */
static void show_change(struct report *report, const char *name, char *text)
{
    if (!text) {
        report->exhausted = true;
        return;
    }
    if (report->json && report->count == 0 && name) {
        json_open(report->json, '{');
        json_key(report->json, "name");
        json_string(report->json, name);
        json_key(report->json, "changes");
        json_open(report->json, '[');
    } else if (!report->json && report->count == 0) {
        printf("changed   %s\n", name ? name : "(the policy itself)");
    }
    if (report->json) {
        json_string(report->json, text);
    } else {
        fputs("          ", stdout);
        text_show(stdout, text);
        fputc('\n', stdout);
    }
    report->count++;
    free(text);
}

/* Shows in what two rules differ; `name` NULL: the settings of the policy. */
static void compare(struct report *report, const char *name, const struct rule *old, const struct rule *new)
{
    report->count = 0;
    for (size_t i = 0; i < old->count; i++) {
        const struct line *line = &old->line[i], *other = find(new, line);

        if (!other)
            show_change(report, name,
                        line->item ? text_format("%s: removed %s", line->key, line->value)
                                   : text_format("%s: %s -> (none)", line->key, line->value));
        else if (!line->item && strcmp(line->value, other->value) != 0)
            show_change(report, name, text_format("%s: %s -> %s", line->key, line->value, other->value));
    }
    for (size_t i = 0; i < new->count; i++) {
        const struct line *line = &new->line[i];

        if (!find(old, line))
            show_change(report, name,
                        line->item ? text_format("%s: added %s", line->key, line->value)
                                   : text_format("%s: (none) -> %s", line->key, line->value));
    }
    report->exhausted |= old->exhausted || new->exhausted;
    if (report->json && report->count > 0 && name) {
        json_close(report->json, ']');
        json_close(report->json, '}');
    }
}

/* ---- both policies ---- */

struct side {
    const struct policy *policy;
    size_t count;
    const struct partner **partner; /* by name */
};

static int by_name(const void *a, const void *b)
{
    return strcmp(partner_name(*(const struct partner *const *)a),
                  partner_name(*(const struct partner *const *)b));
}

static bool sort_partners(struct side *side)
{
    side->count = policy_partner_count(side->policy);
    side->partner = calloc(side->count + 1, sizeof(*side->partner));
    for (size_t i = 0; side->partner && i < side->count; i++)
        side->partner[i] = policy_partner(side->policy, i);
    if (side->partner)
        qsort(side->partner, side->count, sizeof(*side->partner), by_name);
    return side->partner != NULL;
}

static void show_name(struct report *report, const char *word, const char *name)
{
    if (report->json)
        json_string(report->json, name);
    else
        printf("%-9s %s\n", word, name);
}

static void compare_partner(struct report *report, const struct side *old, const struct side *new, size_t i,
                            size_t k)
{
    struct rule before = {0}, after = {0};

    rule_each(old->policy, old->partner[i], keep_line, &before);
    rule_each(new->policy, new->partner[k], keep_line, &after);
    compare(report, partner_name(old->partner[i]), &before, &after);
    rule_clear(&before);
    rule_clear(&after);
}

enum pass { PASS_ADDED, PASS_REMOVED, PASS_CHANGED };

/* Walks through both lists by name and shows what that pass is about. */
static bool walk(struct report *report, const struct side *old, const struct side *new, enum pass pass)
{
    size_t i = 0, k = 0;
    bool any = false;

    while (i < old->count || k < new->count) {
        int order = i == old->count ? 1 : k == new->count ? -1 : by_name(&old->partner[i], &new->partner[k]);

        if (order < 0 && pass == PASS_REMOVED)
            show_name(report, "removed", partner_name(old->partner[i]));
        else if (order > 0 && pass == PASS_ADDED)
            show_name(report, "added", partner_name(new->partner[k]));
        else if (order == 0 && pass == PASS_CHANGED)
            compare_partner(report, old, new, i, k);
        if (order == 0)
            any |= pass == PASS_CHANGED && report->count > 0;
        else
            any |= (order < 0 ? pass == PASS_REMOVED : pass == PASS_ADDED);
        i += order <= 0;
        k += order >= 0;
    }
    return any;
}

static bool compare_settings(struct report *report, const struct side *old, const struct side *new)
{
    struct rule before = {0}, after = {0};

    rule_each_setting(old->policy, keep_line, &before);
    rule_each_setting(new->policy, keep_line, &after);
    compare(report, NULL, &before, &after);
    rule_clear(&before);
    rule_clear(&after);
    return report->count > 0;
}

static bool compare_all(const struct side *old, const struct side *new, bool as_json)
{
    static const char *const keys[] = {"added", "removed", "changed"};
    struct json json = {stdout, false};
    struct report report = {as_json ? &json : NULL, 0, false};
    bool any = false;

    if (as_json)
        json_open(&json, '{');
    for (int pass = PASS_ADDED; pass <= PASS_CHANGED; pass++) {
        if (as_json) {
            json_key(&json, keys[pass]);
            json_open(&json, '[');
        }
        any |= walk(&report, old, new, (enum pass)pass);
        if (as_json)
            json_close(&json, ']');
    }
    if (as_json) {
        json_key(&json, "settings");
        json_open(&json, '[');
    }
    any |= compare_settings(&report, old, new);
    if (as_json) {
        json_close(&json, ']');
        json_close(&json, '}');
    }
    if (as_json || !any)
        puts(as_json ? "" : "no differences");
    return !report.exhausted;
}

static int diff(const char *old_file, const char *new_file, bool json)
{
    struct policy *before = load_policy(old_file), *after = load_policy(new_file);
    struct side old = {.policy = before}, new = {.policy = after};
    int answer = EX_CONFIG;

    if (before && after) {
        answer =
            sort_partners(&old) && sort_partners(&new) && compare_all(&old, &new, json) ? EX_OK : EX_OSERR;
        if (answer != EX_OK)
            fputs("forcetls diff: out of memory\n", stderr);
    }
    free(old.partner);
    free(new.partner);
    policy_unref(before);
    policy_unref(after);
    return answer;
}

int verb_diff(int argc, char **argv)
{
    bool json = false;
    int option;

    while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        switch (option) {
        case 'j':
            json = true;
            break;
        case 'h':
            fputs(help, stdout);
            return EX_OK;
        default:
            return usage_error(argv[0], NULL, NULL);
        }
    }
    if (argc - optind < 2)
        return usage_error(argv[0], "two policies are needed, the old one and the new one", NULL);
    if (argc - optind > 2)
        return usage_error(argv[0], "takes no such argument", argv[optind + 2]);
    return diff(argv[optind], argv[optind + 1], json);
}
