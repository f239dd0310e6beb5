/* SPDX-License-Identifier: BSD-2-Clause */
/* Writes a summary as JSON, with the keys that forcetls-report(1) specifies. */
#include <stdlib.h>
#include <string.h>
#include "policy/tool/evidence/report.h"
#include "policy/tool/evidence/stamp.h"
#include "policy/names/json.h"

static void number(struct json *json, const char *key, int64_t value)
{
    json_member_number(json, key, value > 0 ? (size_t)value : 0);
}

/* Writes a time, or null. */
static void instant(struct json *json, const char *key, int64_t at)
{
    char text[STAMP_TEXT_SIZE];

    stamp_format(at, text);
    json_member(json, key, at == STAMP_NONE ? NULL : text);
}

/* Writes {"word": mails, ...}. */
static void counts(struct json *json, const char *key, const struct parts *parts)
{
    json_key(json, key);
    json_open(json, '{');
    for (size_t i = 0; i < parts->count; i++)
        number(json, parts->part[i].name, parts->part[i].mails);
    json_close(json, '}');
}

static void certificates(struct json *json, const struct parts *parts)
{
    json_open_list(json, "certificates");
    for (size_t i = 0; i < parts->count; i++) {
        const struct part *part = &parts->part[i];

        json_open(json, '{');
        json_member(json, "subject", part->name);
        json_member(json, "issuer", part->more);
        json_member(json, "fingerprint", part->extra);
        number(json, "mails", part->mails);
        instant(json, "first", part->first);
        instant(json, "last", part->last);
        json_close(json, '}');
    }
    json_close(json, ']');
}

/* Writes a list of the texts that `between` separates in `list`. */
static void texts(struct json *json, const char *key, const char *list, const char *between)
{
    json_open_list(json, key);
    for (const char *end; *list != '\0'; list = end + (*end != '\0' ? strlen(between) : 0)) {
        char *text;

        end = strstr(list, between);
        end = end != NULL ? end : list + strlen(list);
        text = strndup(list, (size_t)(end - list));
        json_string(json, text != NULL ? text : "");
        free(text);
    }
    json_close(json, ']');
}

static void rules(struct json *json, const struct parts *rules)
{
    json_open_list(json, "rules");
    for (size_t i = 0; i < rules->count; i++) {
        const struct part *rule = &rules->part[i];

        json_open(json, '{');
        texts(json, "policies", rule->extra, ", ");
        number(json, "mails", rule->mails);
        instant(json, "first", rule->first);
        instant(json, "last", rule->last);
        if (*rule->name != '\0')
            texts(json, "rule", rule->name, "\n");
        else
            json_member(json, "rule", NULL);
        json_close(json, '}');
    }
    json_close(json, ']');
}

static void partner(struct json *json, const struct partner_summary *partner)
{
    const struct sums *sums = &partner->sums;

    json_open(json, '{');
    json_member(json, "name", partner->name);
    json_member(json, "direction", partner->direction);
    number(json, "mails", sums->mails);
    number(json, "pass", sums->pass);
    number(json, "fail", sums->fail);
    number(json, "undecidable", sums->undecidable);
    number(json, "excepted", sums->excepted);
    number(json, "exempt", sums->exempt);
    number(json, "refused", sums->refused);
    number(json, "would_fail", sums->would_fail);
    instant(json, "first", partner->first);
    instant(json, "last", partner->last);
    counts(json, "tls", &partner->tls);
    counts(json, "ciphers", &partner->ciphers);
    counts(json, "reasons", &partner->reasons);
    counts(json, "exceptions", &partner->exceptions);
    counts(json, "exemptions", &partner->exemptions);
    certificates(json, &partner->certificates);
    rules(json, &partner->rules);
    json_close(json, '}');
}

static void gap(struct json *json, const struct gap *gap)
{
    json_open(json, '{');
    json_member(json, "gateway", gap->gateway);
    json_member(json, "kind", gap->kind == GAP_DOWN ? "down" : "lost");
    instant(json, "from", gap->from);
    instant(json, "until", gap->until);
    if (gap->kind == GAP_LOST)
        number(json, "lines", (int64_t)gap->lines);
    else
        json_member(json, "lines", NULL);
    json_close(json, '}');
}

static void cover(struct json *json, const struct cover *cover)
{
    json_open(json, '{');
    json_member(json, "gateway", cover->gateway);
    instant(json, "from", cover->first);
    instant(json, "until", cover->last);
    json_close(json, '}');
}

static void policy(struct json *json, const struct policy_span *span)
{
    json_open(json, '{');
    json_member(json, "gateway", span->gateway);
    json_member(json, "digest", span->digest);
    instant(json, "from", span->from);
    instant(json, "until", span->until);
    json_close(json, '}');
}

static void lists(struct json *json, const struct summary *summary)
{
    json_open_list(json, "gateways");
    for (size_t i = 0; i < summary->gateways; i++)
        json_string(json, summary->gateway[i]);
    json_close(json, ']');
    json_open_list(json, "partners");
    for (size_t i = 0; i < summary->partners; i++)
        partner(json, &summary->partner[i]);
    json_close(json, ']');
    json_open_list(json, "gaps");
    for (size_t i = 0; i < summary->gaps; i++)
        gap(json, &summary->gap[i]);
    json_close(json, ']');
    json_open_list(json, "evidence");
    for (size_t i = 0; i < summary->covers; i++)
        cover(json, &summary->cover[i]);
    json_close(json, ']');
    json_open_list(json, "policies");
    for (size_t i = 0; i < summary->policies; i++)
        policy(json, &summary->policy[i]);
    json_close(json, ']');
}

int report_json(FILE *stream, const struct summary *summary, const struct summary_request *request)
{
    struct json json = {stream, false};

    (void)request;
    json_open(&json, '{');
    instant(&json, "since", summary->since);
    instant(&json, "until", summary->until);
    lists(&json, summary);
    for (size_t i = 0; i < COUNTER_COUNT; i++)
        number(&json, ledger_counter_names[i], (int64_t)summary->counter[i]);
    json_member(&json, "source", report_source(summary));
    json_close(&json, '}');
    fputc('\n', stream);
    return 0;
}
