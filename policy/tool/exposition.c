/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Writes the daemon's answer to "metrics" as text for Prometheus. Knows the metric families, and how the
 * two text formats differ.
 */
#include "policy/tool/exposition.h"

#include <string.h>

enum type { GAUGE, COUNTER, HISTOGRAM, INFO, UNKNOWN_TYPE };

static const struct family {
    const char *name; /* as in OpenMetrics: without _total and _info */
    enum type type;
    const char *help;
} families[] = {
    {"forcetls_build", INFO, "Version of the daemon."},
    {"forcetls_start_time_seconds", GAUGE, "When the daemon was started, in seconds since 1970."},
    {"forcetls_draining", GAUGE,
     "Whether the daemon drains (1): it takes no new sessions and ends with the last one."},
    {"forcetls_policy", INFO, "Digest of the policy in force."},
    {"forcetls_policy_loaded_timestamp_seconds", GAUGE,
     "When the policy in force was loaded, in seconds since 1970."},
    {"forcetls_policy_reload_success", GAUGE,
     "Whether the last reload put its policy in force (1), or the old one was kept (0)."},
    {"forcetls_last_reload_timestamp_seconds", GAUGE,
     "When the policy was last read, with or without success, in seconds since 1970."},
    {"forcetls_policies_alive", GAUGE,
     "Policies in memory: the one in force, and those that mail still needs."},
    {"forcetls_partners", GAUGE, "Partners of the policy in force by mode."},
    {"forcetls_identity_end_timestamp_seconds", GAUGE,
     "When the partner's certificate identities end, in seconds since 1970; only within 90 days."},
    {"forcetls_sessions", GAUGE, "Open connections of the MTA."},
    {"forcetls_log_lines_lost", COUNTER, "Log lines that were lost."},
    {"forcetls_decision_duration_seconds", HISTOGRAM, "How long the filter took for a decision."},
    {"forcetls_decisions", COUNTER, "Decisions on mail of partners, and answers about mail to them."},
    {"forcetls_tls_sessions", COUNTER, "TLS sessions with mail of a partner, by TLS version."},
};

/* ---- families ---- */

/* Returns the suffixes that a type adds to the family's name in the names of its series, NULL at the end. */
static const char *const *suffixes(enum type type)
{
    static const char *const of[][4] = {
        [GAUGE] = {"", NULL},
        [COUNTER] = {"_total", NULL},
        [HISTOGRAM] = {"_bucket", "_sum", "_count", NULL},
        [INFO] = {"_info", NULL},
        [UNKNOWN_TYPE] = {"", NULL},
    };

    return of[type];
}

/* Whether the series `name`, of `length` octets, belongs to the family. */
static bool has_series(const struct family *family, const char *name, size_t length)
{
    size_t own = strlen(family->name);

    if (length < own || strncmp(family->name, name, own) != 0)
        return false;
    for (const char *const *suffix = suffixes(family->type); *suffix != NULL; suffix++)
        if (strlen(*suffix) == length - own && strncmp(*suffix, name + own, length - own) == 0)
            return true;
    return false;
}

static const struct family *family_of(const char *name, size_t length)
{
    for (size_t i = 0; i < sizeof families / sizeof *families; i++)
        if (has_series(&families[i], name, length))
            return &families[i];
    return NULL;
}

/*
 * In the classic format a family is named like its series (except a histogram's), and type info is unknown.
 */
static void show_family(FILE *stream, const struct family *family, bool openmetrics)
{
    static const char *const types[] = {"gauge", "counter", "histogram", "info", "unknown"};
    const char *suffix = openmetrics || family->type == HISTOGRAM ? "" : suffixes(family->type)[0];
    const char *type = openmetrics            ? types[family->type]
                       : family->type == INFO ? "gauge"
                                              : types[family->type];

    fprintf(stream, "# HELP %s%s %s\n# TYPE %s%s %s\n", family->name, suffix, family->help, family->name,
            suffix, type);
}

/* ---- series ---- */

/*
 * Whether the key begins like one of our metrics, and has no control character that breaks the text around
 * it.
 */
static bool is_series(const struct node *node)
{
    const char *text = node->text;

    if (strncmp(text, "forcetls_", 9) != 0)
        return false;
    for (; *text; text++)
        if ((unsigned char)*text < ' ' || *text == '\177')
            return false;
    return true;
}

static bool is_number(const struct node *node)
{
    return node->kind == NODE_SCALAR && node->text[0]
           && strspn(node->text, "0123456789.") == strlen(node->text);
}

bool exposition_is_readable(const struct node *top)
{
    for (const struct node *value = top->first; value != NULL; value = value->next)
        if (!is_series(value->key) || !is_number(value))
            return false;
    return true;
}

/* A series that only a newer daemon knows gets no HELP and TYPE lines. */
void exposition_show(FILE *stream, const struct node *top, bool openmetrics)
{
    const struct family *last = NULL;

    for (const struct node *value = top->first; value != NULL; value = value->next) {
        const struct family *family = family_of(value->key->text, strcspn(value->key->text, "{"));

        if (family != NULL && family != last)
            show_family(stream, family, openmetrics);
        last = family;
        fprintf(stream, "%s %s\n", value->key->text, value->text);
    }
    if (openmetrics)
        fputs("# EOF\n", stream);
}
