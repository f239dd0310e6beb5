/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the daemon measures: from the counters, the policy in force and the last reload. An answer remembers
 * where it is: each step writes the series of one family or of one partner. A label is a word of ours, the
 * name of a partner or the policy's digest, never what a client chose.
 */
#include "milter/metrics.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "milter/counters.h"
#include "milter/current.h"
#include "milter/drain.h"
#include "milter/durations.h"
#include "milter/partner_counts.h"
#include "milter/reloads.h"
#include "policy/language/identity_end.h"
#include "policy/names/date.h"
#include "policy/names/json.h"

enum {
    PIECE = 32 << 10, /* octets, plus what the last step writes */
    SERIES_MAX = 1024,
    NANOSECONDS = 1000000000
};
#define IDENTITY_ENDS (INT64_C(90) * 86400)

struct metrics {
    struct json json;
    unsigned step; /* the next one of steps[] */
    int64_t started, now, loaded;
    struct policy *policy;               /* NULL when it is no longer needed */
    size_t partner, ends;                /* the next partner to look at; how many ends were written */
    const struct partner_counts *counts; /* those that are written next; NULL after the last */
};

/* ---- series ---- */

/* A series being named. */
struct series {
    size_t length, labels;
    char text[SERIES_MAX];
};

static void put(struct series *series, const char *text)
{
    size_t length = strlen(text);

    if (series->length + length >= sizeof series->text)
        length = sizeof series->text - 1 - series->length;
    memcpy(series->text + series->length, text, length);
    series->length += length;
    series->text[series->length] = '\0';
}

static struct series named(const char *name)
{
    struct series series = {.length = 0};

    put(&series, name);
    return series;
}

/* Adds a label. Escapes a backslash, a quote and a line feed in its value. */
static void label(struct series *series, const char *name, const char *value)
{
    put(series, series->labels++ == 0 ? "{" : ",");
    put(series, name);
    put(series, "=\"");
    for (; *value != '\0'; value++) {
        const char octet[] = {*value, '\0'};

        put(series, *value == '\n' ? "\\n" : *value == '"' ? "\\\"" : *value == '\\' ? "\\\\" : octet);
    }
    put(series, "\"");
}

static void value(struct metrics *metrics, struct series *series, uint64_t number)
{
    if (series->labels != 0)
        put(series, "}");
    json_member_number(&metrics->json, series->text, number);
}

static void plain(struct metrics *metrics, const char *name, uint64_t number)
{
    struct series series = named(name);

    value(metrics, &series, number);
}

static void labelled(struct metrics *metrics, const char *name, const char *key, const char *word,
                     uint64_t number)
{
    struct series series = named(name);

    label(&series, key, word);
    value(metrics, &series, number);
}

/* ---- The steps. Each returns true when it has written everything; else it is called again. ---- */

static bool write_daemon(struct metrics *metrics)
{
    labelled(metrics, "forcetls_build_info", "version", PACKAGE_VERSION, 1);
    plain(metrics, "forcetls_start_time_seconds", (uint64_t)metrics->started);
    plain(metrics, "forcetls_draining", drain_is_on());
    return true;
}

static bool write_policy(struct metrics *metrics)
{
    struct reload_result result;

    reloads_read(&result);
    labelled(metrics, "forcetls_policy_info", "digest", policy_digest(metrics->policy), 1);
    plain(metrics, "forcetls_policy_loaded_timestamp_seconds", (uint64_t)metrics->loaded);
    plain(metrics, "forcetls_policy_reload_success", result.number == 0 || result.loaded);
    plain(metrics, "forcetls_last_reload_timestamp_seconds",
          (uint64_t)(result.number != 0 ? result.time : metrics->loaded));
    plain(metrics, "forcetls_policies_alive", current_policies_alive());
    return true;
}

static bool write_partners(struct metrics *metrics)
{
    size_t counts[MODE_COUNT] = {0};

    for (size_t i = 0; i < policy_partner_count(metrics->policy); i++)
        counts[partner_mode(metrics->policy, policy_partner(metrics->policy, i), metrics->now)]++;
    for (enum mode mode = MODE_NONE; mode < MODE_COUNT; mode++)
        labelled(metrics, "forcetls_partners", "mode", mode_name(mode), counts[mode]);
    return true;
}

/* The partners whose identities end within 90 days or have ended, at most PARTNER_COUNTS_MAX of them. */
static bool write_identity_end(struct metrics *metrics)
{
    const struct partner *partner;
    int64_t end;

    if (metrics->partner == policy_partner_count(metrics->policy) || metrics->ends == PARTNER_COUNTS_MAX) {
        policy_unref(metrics->policy);
        metrics->policy = NULL;
        return true;
    }
    partner = policy_partner(metrics->policy, metrics->partner++);
    end = policy_identity_end(metrics->policy, partner, metrics->now);

    if (end != DATE_END && end - metrics->now < IDENTITY_ENDS) {
        metrics->ends++;
        labelled(metrics, "forcetls_identity_end_timestamp_seconds", "partner", partner_name(partner),
                 (uint64_t)end);
    }
    return false;
}

static bool write_counters(struct metrics *metrics)
{
    struct counters counters = counters_read();

    plain(metrics, "forcetls_sessions", counters.sessions);
    plain(metrics, "forcetls_log_lines_lost_total", counters.since_start[COUNTER_LOG_LOST]);
    return true;
}

static bool write_durations(struct metrics *metrics)
{
    struct durations durations = durations_read();
    uint64_t sum = 0;
    char seconds[48];

    for (unsigned step = 0; step <= DURATION_STEPS; step++) {
        sum += durations.count[step];
        labelled(metrics, "forcetls_decision_duration_seconds_bucket", "le", duration_step(step), sum);
    }
    snprintf(seconds, sizeof seconds, "%" PRIu64 ".%09" PRIu64, durations.nanoseconds / NANOSECONDS,
             durations.nanoseconds % NANOSECONDS);
    json_key(&metrics->json, "forcetls_decision_duration_seconds_sum");
    json_raw(&metrics->json, seconds);
    plain(metrics, "forcetls_decision_duration_seconds_count", sum);
    return true;
}

/* What a decision on a mail was, or an answer about mail to a partner, in words. */
struct decision_words {
    const char *direction, *verdict, *action, *reason;
};

static void write_decision(struct metrics *metrics, const struct decision_words *words, uint64_t count)
{
    struct series series = named("forcetls_decisions_total");

    label(&series, "partner", partner_counts_name(metrics->counts));
    label(&series, "direction", words->direction);
    label(&series, "verdict", words->verdict);
    label(&series, "action", words->action);
    label(&series, "reason", words->reason);
    value(metrics, &series, count);
}

/* A decision_count_fn. */
static void write_judged(void *arg, struct decision_kind kind, uint64_t count)
{
    const struct decision_words words = {kind.outbound ? "outbound" : "inbound", outcome_name(kind.outcome),
                                         action_name(kind.action), reason_name(kind.reason)};

    write_decision(arg, &words, count);
}

static void write_outbound(struct metrics *metrics)
{
    for (enum outbound_result result = OUTBOUND_NOT_FOUND; result <= OUTBOUND_TEMP; result++) {
        uint64_t count = partner_counts_outbound(metrics->counts, result);
        const struct decision_words words = {
            "outbound", outbound_result_name(result),
            action_name(result == OUTBOUND_TEMP ? ACTION_TEMPFAIL : ACTION_ACCEPT), reason_name(REASON_NONE)};

        if (count != 0)
            write_decision(metrics, &words, count);
    }
}

static bool begin_counts(struct metrics *metrics)
{
    metrics->counts = partner_counts_first();
    return true;
}

static bool write_decisions(struct metrics *metrics)
{
    partner_counts_each_decision(metrics->counts, write_judged, metrics);
    write_outbound(metrics);
    metrics->counts = partner_counts_next(metrics->counts);
    return metrics->counts == NULL;
}

static bool write_tls_sessions(struct metrics *metrics)
{
    for (enum tls_version version = TLS_VERSION_UNREADABLE; version <= TLS_VERSION_1_3; version++) {
        uint64_t count = partner_counts_tls(metrics->counts, version);
        struct series series = named("forcetls_tls_sessions_total");

        if (count == 0)
            continue;
        label(&series, "partner", partner_counts_name(metrics->counts));
        label(&series, "version", tls_version_name(version));
        value(metrics, &series, count);
    }
    metrics->counts = partner_counts_next(metrics->counts);
    return metrics->counts == NULL;
}

static bool (*const steps[])(struct metrics *metrics) = {
    write_daemon,    write_policy, write_partners,  write_identity_end, write_counters,
    write_durations, begin_counts, write_decisions, begin_counts,       write_tls_sessions,
};
enum { STEPS = sizeof steps / sizeof *steps };

/* ---- pieces ---- */

struct metrics *metrics_begin(int64_t started)
{
    struct metrics *metrics = calloc(1, sizeof *metrics);

    if (metrics == NULL)
        return NULL;
    metrics->started = started;
    metrics->now = (int64_t)time(NULL);
    metrics->policy = current_get_loaded(&metrics->loaded);
    return metrics;
}

void metrics_end(struct metrics *metrics)
{
    if (metrics != NULL)
        policy_unref(metrics->policy);
    free(metrics);
}

bool metrics_over(const struct metrics *metrics)
{
    return metrics->step == STEPS;
}

char *metrics_next(struct metrics *metrics, size_t *length)
{
    char *text = NULL;
    FILE *stream = open_memstream(&text, length);
    int failed;

    if (stream == NULL)
        return NULL;
    metrics->json.stream = stream;
    if (metrics->step == 0)
        json_open(&metrics->json, '{');
    while (metrics->step < STEPS && ftell(stream) < PIECE)
        if (steps[metrics->step](metrics))
            metrics->step++;
    if (metrics->step == STEPS) {
        json_close(&metrics->json, '}');
        fputc('\n', stream);
    }
    failed = ferror(stream);

    if (fclose(stream) == 0 && !failed)
        return text;
    free(text);
    return NULL;
}
