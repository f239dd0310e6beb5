/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reports certificate identities of a policy that end soon, unless mail was seen that would pass after the
 * end. Knows how long before an end to report; the evaluator says whether mail passes.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "policy/array.h"
#include "policy/language/dated.h"
#include "policy/tool/evidence/alerts.h"
#include "policy/tool/evidence/past.h"
#include "policy/tool/evidence/rejudge.h"
#include "policy/tool/evidence/stamp.h"
#include "policy/tool/text.h"

enum { AHEAD_DAYS = 30, PAST_DAYS = 30 };

struct end {
    const char *partner; /* memory of the policy */
    int64_t date;        /* the identity is not accepted from then on; in milliseconds */
    char *subject, *text;
    bool succeeded; /* mail was seen that passes after the end */
};

struct ends {
    struct alerts *alerts;
    struct end *end;
    size_t count;
};

static bool is_switched_off(const struct policy *policy, const char *name, int64_t now)
{
    for (size_t i = 0; i < policy_partner_count(policy); i++)
        if (strcmp(partner_name(policy_partner(policy, i)), name) == 0)
            return partner_mode(policy, policy_partner(policy, i), now / STAMP_SECOND) == MODE_NONE;
    return true;
}

/* A policy_each_dated() callback. */
static void add_end(void *arg, const struct dated *dated)
{
    struct ends *ends = arg;
    struct end *grown, end = {.partner = dated->partner, .date = dated->date * STAMP_SECOND};
    int64_t now = ends->alerts->now;

    if (dated->outbound || (dated->kind != DATED_IDENTITY_ENDS && dated->kind != DATED_CERTIFICATE_ENDS))
        return;
    if (dated->kind == DATED_CERTIFICATE_ENDS)
        end.date += STAMP_SECOND;
    if (end.date <= now || end.date > now + AHEAD_DAYS * (int64_t)STAMP_DAY
        || is_switched_off(ends->alerts->policy, dated->partner, now))
        return;
    grown = array_grow(ends->end, ends->count, sizeof *grown);
    if (grown != NULL)
        ends->end = grown;
    end.subject = strdup(dated->subject);
    end.text = strdup(dated->text);
    if (grown == NULL || end.subject == NULL || end.text == NULL) {
        free(end.subject);
        free(end.text);
        ends->alerts->exhausted = true;
        return;
    }
    grown[ends->count++] = end;
}

/* Tests whether mail of one kind passes after the ends of its partner's identities. */
static void try_row(struct ends *ends, const struct past *past)
{
    struct past_facts facts;
    bool good = true, read = false;

    for (size_t i = 0; i < ends->count; i++) {
        struct end *end = &ends->end[i];
        struct answer answer;

        if (end->succeeded || strcmp(end->partner, past->kind[KIND_PARTNER]) != 0)
            continue;
        if (!read)
            good = past_read(&facts, past);
        read = true;
        if (!good)
            break;
        answer = answer_ask(ends->alerts->policy, &facts, end->date);
        end->succeeded = answer.outcome == OUTCOME_PASS && answer_doubt(past, &answer, false) == WHY_COUNT;
    }
    if (read)
        past_clear(&facts);
    if (!good)
        ends->alerts->exhausted = true;
}

static void try_mail(struct ends *ends)
{
    struct database *database = ends->alerts->database;
    sqlite3_stmt *rows = past_open(database, ends->alerts->now - PAST_DAYS * (int64_t)STAMP_DAY);
    struct past past;

    while (rows != NULL && !ends->alerts->exhausted && past_next(database, rows, &past))
        if (strcmp(past.kind[KIND_DIRECTION], "inbound") == 0)
            try_row(ends, &past);
    sqlite3_finalize(rows);
}

/* Returns the reminder that is due, in days before the end: each one is reported once. */
static int64_t step_of(int64_t left)
{
    static const int steps[] = {1, 7, 14, AHEAD_DAYS};
    size_t i = 0;

    while (i + 1 < sizeof steps / sizeof *steps && left > steps[i] * (int64_t)STAMP_DAY)
        i++;
    return steps[i];
}

/* Returns the id of a word, which it adds if needed. A failure shows in database->failed. */
static uint32_t number_of(struct alerts *alerts, const char *word)
{
    return words_add(&alerts->ledger->words, word);
}

static void report(struct ends *ends, const struct end *end)
{
    struct alerts *alerts = ends->alerts;
    int64_t left = end->date - alerts->now, step = step_of(left), days = (left + STAMP_DAY - 1) / STAMP_DAY;
    char date[STAMP_TEXT_SIZE], *subject;
    struct alert_key key = {number_of(alerts, end->partner), number_of(alerts, "inbound"), "identity_ends",
                            NULL};
    struct alert_state state;

    stamp_format(end->date, date);
    subject = text_format("%s %s", date, end->subject);
    if (subject == NULL) {
        alerts->exhausted = true;
        return;
    }
    key.subject = subject;
    state = alert_state(alerts, &key);
    if (state.at == 0 || step < state.state) {
        alert_keep(alerts, &key, (struct alert_state){step, alerts->now});
        alert_post(alerts, &key, "%s, in %" PRId64 " %s: %s; no mail of the last %d days would pass then",
                   date, days, days == 1 ? "day" : "days", end->text, (int)PAST_DAYS);
    }
    free(subject);
}

void alert_ends(struct alerts *alerts)
{
    struct ends ends = {.alerts = alerts};

    if (alerts->policy != NULL && !alerts->database->failed)
        policy_each_dated(alerts->policy, add_end, &ends);
    if (ends.count > 0)
        try_mail(&ends);
    for (size_t i = 0; i < ends.count && !alerts->exhausted && !alerts->database->failed; i++)
        if (!ends.end[i].succeeded)
            report(&ends, &ends.end[i]);
    for (size_t i = 0; i < ends.count; i++) {
        free(ends.end[i].subject);
        free(ends.end[i].text);
    }
    free(ends.end);
}
