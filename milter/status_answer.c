/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the status socket answers, as JSON. Reads the policy in force, the
 * counters and the last reload, all of which have their own locks or none;
 * knows nothing of connections.
 */
#include "milter/status_answer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "milter/counters.h"
#include "milter/current.h"
#include "milter/drain.h"
#include "milter/reloads.h"
#include "policy/names/date.h"
#include "policy/names/json.h"

/* An answer being written. */
struct answer {
    struct json json;
    char *text;
    size_t length;
};

/* False: out of memory. */
static bool begin(struct answer *answer)
{
    *answer = (struct answer){.text = NULL};
    answer->json.stream = open_memstream(&answer->text, &answer->length);
    if (answer->json.stream == NULL)
        return false;
    json_open(&answer->json, '{');
    return true;
}

static char *end(struct answer *answer, size_t *length)
{
    int failed;

    json_close(&answer->json, '}');
    fputc('\n', answer->json.stream);
    failed = ferror(answer->json.stream);
    if (fclose(answer->json.stream) != 0 || failed) {
        free(answer->text);
        return NULL;
    }
    *length = answer->length;
    return answer->text;
}

static void instant(struct json *json, const char *key, int64_t value)
{
    char date[32];

    date_format_whole(value, date);
    json_member(json, key, date);
}

/* ---- status ---- */

static void write_policy(struct json *json, const struct status_facts *facts, const struct policy *policy,
                         int64_t loaded)
{
    json_key(json, "policy");
    json_open(json, '{');
    json_member(json, "file", facts->policy_file);
    json_member(json, "digest", policy_digest(policy));
    instant(json, "loaded", loaded);
    json_member_bool(json, "changed_since", policy_has_changed(policy));
    json_close(json, '}');
}

static void write_partners(struct json *json, const struct policy *policy, int64_t now)
{
    size_t counts[MODE_COUNT] = {0};

    for (size_t i = 0; i < policy_partner_count(policy); i++)
        counts[partner_mode(policy, policy_partner(policy, i), now)]++;
    json_key(json, "partners");
    json_open(json, '{');
    json_member_number(json, "enforce", counts[MODE_ENFORCE]);
    json_member_number(json, "testing", counts[MODE_TESTING]);
    json_member_number(json, "none", counts[MODE_NONE]);
    json_close(json, '}');
}

static void write_counters(struct json *json, const struct counters *counters)
{
    json_member_number(json, "sessions", counters->sessions);
    json_key(json, "decisions");
    json_open(json, '{');
    for (enum counter counter = COUNTER_PASS; counter <= COUNTER_EXEMPT; counter++)
        json_member_number(json, counter_name(counter), counters->since_start[counter]);
    json_close(json, '}');
    json_member_number(json, "log_lines_lost", counters->since_start[COUNTER_LOG_LOST]);
}

static void write_last_reload(struct json *json)
{
    struct reload_result result;

    reloads_read(&result);
    json_key(json, "last_reload");
    if (result.number == 0) {
        json_string(json, NULL);
        return;
    }
    json_open(json, '{');
    instant(json, "time", result.time);
    json_member(json, "result", result.loaded ? "loaded" : "failed");
    json_member(json, "text", result.text);
    json_close(json, '}');
}

static void write_status(struct json *json, const struct status_facts *facts)
{
    int64_t loaded;
    struct policy *policy = current_get_loaded(&loaded);
    struct counters counters = counters_read();

    json_member(json, "version", PACKAGE_VERSION);
    instant(json, "started", facts->started);
    write_policy(json, facts, policy, loaded);
    write_partners(json, policy, (int64_t)time(NULL));
    policy_unref(policy);
    write_counters(json, &counters);
    write_last_reload(json);
    if (drain_is_on()) {
        json_member_bool(json, "draining", true);
    }
}

/* ---- the requests ---- */

enum status_request status_request_read(const char *line)
{
    static const char *const words[] = {[STATUS_STATUS] = "status",
                                        [STATUS_SOCKET] = "socket",
                                        [STATUS_RELOAD] = "reload",
                                        [STATUS_METRICS] = "metrics",
                                        [STATUS_DRAIN] = "drain"};

    for (enum status_request request = STATUS_STATUS; request < STATUS_UNKNOWN; request++)
        if (strcmp(line, words[request]) == 0)
            return request;
    return STATUS_UNKNOWN;
}

static char *answer_unknown(const char *line, size_t *length)
{
    char text[256];

    snprintf(text, sizeof text,
             "unknown request \"%.64s\"; known are status, socket, metrics, reload and drain", line);
    return status_answer_error(text, length);
}

static char *answer_misplaced(const char *line, const char *control, size_t *length)
{
    char text[256];

    snprintf(text, sizeof text, "this socket takes no %s; write it to %s", line, control);
    return status_answer_error(text, length);
}

char *status_answer_of(const struct status_facts *facts, enum status_request request, const char *line,
                       size_t *length)
{
    struct answer answer;

    if (request == STATUS_UNKNOWN)
        return answer_unknown(line, length);
    if (request == STATUS_RELOAD || request == STATUS_DRAIN)
        return answer_misplaced(line, facts->control, length);
    if (!begin(&answer))
        return NULL;
    if (request == STATUS_STATUS)
        write_status(&answer.json, facts);
    else
        json_member(&answer.json, "socket", facts->socket);
    return end(&answer, length);
}

char *status_answer_error(const char *why, size_t *length)
{
    struct answer answer;

    if (!begin(&answer))
        return NULL;
    json_member(&answer.json, "error", why);
    return end(&answer, length);
}

char *status_answer_drain(size_t *length)
{
    struct answer answer;

    if (!begin(&answer))
        return NULL;
    json_member_bool(&answer.json, "draining", true);
    json_member_number(&answer.json, "sessions", counters_read().sessions);
    return end(&answer, length);
}

char *status_answer_reload(size_t *length)
{
    struct reload_result *result = malloc(sizeof *result);
    struct answer answer;

    if (result == NULL || !begin(&answer)) {
        free(result);
        return NULL;
    }
    reloads_read(result);
    instant(&answer.json, "time", result->time);
    json_member(&answer.json, "result", result->loaded ? "loaded" : "failed");
    json_member(&answer.json, "text", result->text);
    json_member(&answer.json, "digest", result->digest);
    json_member_number(&answer.json, "errors", result->errors);
    json_open_list(&answer.json, "findings");
    for (unsigned i = 0; i < result->finding_count; i++) {
        json_open(&answer.json, '{');
        json_member(&answer.json, "file", result->finding[i].file);
        json_member_number(&answer.json, "line", result->finding[i].line);
        json_member_number(&answer.json, "column", result->finding[i].column);
        json_member(&answer.json, "text", result->finding[i].text);
        json_close(&answer.json, '}');
    }
    json_close(&answer.json, ']');
    free(result);
    return end(&answer, length);
}
