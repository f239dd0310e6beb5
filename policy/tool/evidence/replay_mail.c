/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Judges mail of the past again, sums by partner what would change, and shows it. If the evidence lacks what
 * the policy needs, the mail counts as not judged, with the reason.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include "policy/array.h"
#include "policy/tool/evidence/past.h"
#include "policy/tool/evidence/replay.h"
#include "policy/tool/table.h"

/* A partner's mails whose action would change in the same way. */
struct change {
    const char *from, *to, *reason; /* constant strings */
    int64_t mails;
    char client[REPLAY_CLIENTS][64];
    size_t clients;
};

struct share {
    char *name;
    int64_t mails, changed; /* judged ones; there may be others */
    struct change *change;
    size_t changes;
};

/* ---- sums ---- */

static struct share *share_of(struct replay *replay, const char *name)
{
    struct share *grown;

    for (size_t i = 0; i < replay->shares; i++)
        if (strcmp(replay->share[i].name, name) == 0)
            return &replay->share[i];
    grown = array_grow(replay->share, replay->shares, sizeof *grown);
    if (grown == NULL)
        return NULL;
    replay->share = grown;
    replay->share[replay->shares] = (struct share){.name = strdup(name)};
    return replay->share[replay->shares].name != NULL ? &replay->share[replay->shares++] : NULL;
}

static struct change *change_of(struct share *share, const char *from, const char *to, const char *reason)
{
    struct change *grown;

    for (size_t i = 0; i < share->changes; i++)
        if (strcmp(share->change[i].from, from) == 0 && strcmp(share->change[i].to, to) == 0
            && strcmp(share->change[i].reason, reason) == 0)
            return &share->change[i];
    grown = array_grow(share->change, share->changes, sizeof *grown);
    if (grown == NULL)
        return NULL;
    share->change = grown;
    share->change[share->changes] = (struct change){.from = from, .to = to, .reason = reason};
    return &share->change[share->changes++];
}

/* Keeps the first clients whose mail would change. */
static void note_client(struct change *change, const char *client)
{
    for (size_t i = 0; i < change->clients; i++)
        if (strcmp(change->client[i], client) == 0)
            return;
    if (change->clients < REPLAY_CLIENTS && *client != '\0')
        snprintf(change->client[change->clients++], sizeof change->client[0], "%s", client);
}

static const char *action_word(const char *word)
{
    for (enum action action = ACTION_ACCEPT; action < ACTION_COUNT; action++)
        if (strcmp(action_name(action), word) == 0)
            return action_name(action);
    return "accept";
}

static void add_row(struct replay *replay, struct share *share, const struct past *past, const char *from,
                    const struct answer *answer)
{
    struct change *change;

    share->mails += past->n;
    if (strcmp(from, action_name(answer->action)) == 0)
        return;
    share->changed += past->n;
    change = change_of(share, action_word(from), action_name(answer->action),
                       answer->reason == REASON_NONE ? "" : reason_name(answer->reason));
    if (change == NULL) {
        replay->exhausted = true;
        return;
    }
    change->mails += past->n;
    note_client(change, past->client[CLIENT_ADDRESS]);
}

static bool is_wanted(const struct replay *replay, const struct past *past)
{
    if (strcmp(past->kind[KIND_DIRECTION], "inbound") != 0)
        return false;
    for (size_t i = 0; i < replay->partners; i++)
        if (strcmp(replay->partner[i], past->kind[KIND_PARTNER]) == 0)
            return true;
    return replay->partners == 0;
}

/* A policy's answer for a row, or why there is none. */
struct opinion {
    struct answer answer;
    enum why why;
};

/* `from`: the action to compare with; NULL: none. */
static struct opinion opinion_of(const struct policy *policy, const struct past_facts *facts,
                                 const char *from)
{
    const struct past *past = facts->past;
    struct answer first = answer_ask(policy, facts, past->first),
                  last = answer_ask(policy, facts, past->last);
    bool changed = from != NULL && strcmp(action_name(first.action), from) != 0;
    struct opinion opinion = {first, answer_doubt(past, &first, changed)};

    if (opinion.why == WHY_COUNT && (first.action != last.action || first.reason != last.reason))
        opinion.why = WHY_DATES;
    return opinion;
}

static void replay_row(struct replay *replay, const struct past *past)
{
    const char *from = past->kind[KIND_ACTION];
    struct opinion before = {.why = WHY_COUNT}, after;
    struct share *share = share_of(replay, past->kind[KIND_PARTNER]);
    struct past_facts facts;

    if (share == NULL) {
        replay->exhausted = true;
        return;
    }
    if (!past_read(&facts, past)) {
        replay->exhausted = true;
        past_clear(&facts);
        return;
    }
    if (replay->before != NULL) {
        before = opinion_of(replay->before, &facts, NULL);
        from = action_name(before.answer.action);
    }
    after = opinion_of(replay->policy, &facts, from);
    past_clear(&facts);
    if (before.why != WHY_COUNT)
        replay->not_judged[before.why] += past->n;
    else if (after.why != WHY_COUNT)
        replay->not_judged[after.why] += past->n;
    else
        add_row(replay, share, past, from, &after.answer);
}

/* ---- what is shown ---- */

/* Whether there is mail of the partner. */
static bool has_lines(const struct replay *replay, const char *name)
{
    for (size_t i = 0; i < replay->shares; i++)
        if (strcmp(replay->share[i].name, name) == 0)
            return true;
    return false;
}

/* Calls `show` for the wanted partners without any line: nothing is known of them. */
static void each_silent(const struct replay *replay, void (*show)(void *arg, const char *name), void *arg)
{
    for (size_t i = 0; i < policy_partner_count(replay->policy); i++) {
        const char *name = partner_name(policy_partner(replay->policy, i));
        bool wanted = replay->partners == 0;

        for (size_t k = 0; k < replay->partners; k++)
            wanted |= strcmp(replay->partner[k], name) == 0;
        if (wanted && !has_lines(replay, name))
            show(arg, name);
    }
    for (size_t k = 0; k < replay->partners; k++)
        if (policy_find_partner(replay->policy, replay->partner[k]) == NULL
            && !has_lines(replay, replay->partner[k]))
            show(arg, replay->partner[k]);
}

static void json_name(void *arg, const char *name)
{
    json_string(arg, name);
}

static void json_change(struct json *json, const struct change *change)
{
    json_open(json, '{');
    json_member(json, "from", change->from);
    json_member(json, "to", change->to);
    json_member(json, "reason", *change->reason != '\0' ? change->reason : NULL);
    json_member_number(json, "mails", (size_t)change->mails);
    json_open_list(json, "clients");
    for (size_t i = 0; i < change->clients; i++)
        json_string(json, change->client[i]);
    json_close(json, ']');
    json_close(json, '}');
}

static void json_share(struct json *json, const struct share *share)
{
    json_open(json, '{');
    json_member(json, "name", share->name);
    json_member_number(json, "mails", (size_t)share->mails);
    json_member_number(json, "changed", (size_t)share->changed);
    json_open_list(json, "changes");
    for (size_t i = 0; i < share->changes; i++)
        json_change(json, &share->change[i]);
    json_close(json, ']');
    json_close(json, '}');
}

static void json_not_judged(struct json *json, enum why why, int64_t mails)
{
    json_open(json, '{');
    json_member(json, "why", why_name(why));
    json_member_number(json, "mails", (size_t)mails);
    json_close(json, '}');
}

void replay_json(struct json *json, const struct replay *replay)
{
    json_open_list(json, "partners");
    for (size_t i = 0; i < replay->shares; i++)
        if (replay->share[i].mails > 0)
            json_share(json, &replay->share[i]);
    json_close(json, ']');
    json_open_list(json, "not_judged");
    for (enum why i = WHY_RECIPIENTS; i < WHY_COUNT; i++)
        if (replay->not_judged[i] > 0)
            json_not_judged(json, i, replay->not_judged[i]);
    json_close(json, ']');
    json_open_list(json, "without_lines");
    each_silent(replay, json_name, json);
    json_close(json, ']');
}

static void change_row(struct table *table, const struct share *share, const struct change *change)
{
    char mails[64], what[64], clients[REPLAY_CLIENTS * 66] = "";

    snprintf(mails, sizeof mails, "%" PRId64 " of %" PRId64, change->mails, share->mails);
    snprintf(what, sizeof what, "%s -> %s", change->from, change->to);
    for (size_t i = 0; i < change->clients; i++) {
        strcat(clients, i ? " " : "");
        strcat(clients, change->client[i]);
    }
    table_row(table, (const char *const[]){share->name, mails, what, change->reason, clients});
}

static void print_name(void *arg, const char *name)
{
    (void)arg;
    fputs("No line of this partner, so nothing can be said of it: ", stdout);
    text_show(stdout, name);
    putchar('\n');
}

int replay_text(const struct replay *replay)
{
    struct table *table = table_new(5, 0);

    table_row(table, (const char *const[]){"PARTNER", "MAILS", "CHANGE", "REASON", "CLIENTS"});
    for (size_t i = 0; i < replay->shares; i++) {
        const struct share *share = &replay->share[i];
        char mails[64];

        snprintf(mails, sizeof mails, "%" PRId64, share->mails);
        for (size_t k = 0; k < share->changes; k++)
            change_row(table, share, &share->change[k]);
        if (share->changes == 0)
            table_row(table, (const char *const[]){share->name, mails,
                                                   share->mails > 0 ? "none" : "not judged", NULL, NULL});
    }
    if (table_print(table, stdout) != 0)
        return -1;
    for (enum why i = WHY_RECIPIENTS; i < WHY_COUNT; i++)
        if (replay->not_judged[i] > 0)
            printf("%" PRId64 " mail%s not judged: %s.\n", replay->not_judged[i],
                   replay->not_judged[i] == 1 ? " is" : "s are", why_text(i));
    each_silent(replay, print_name, NULL);
    return 0;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct share *)a)->name, ((const struct share *)b)->name);
}

static bool replay_databases(struct replay *replay, struct database databases[], size_t count, int64_t since)
{
    struct past past;

    for (size_t i = 0; i < count && !replay->exhausted; i++) {
        sqlite3_stmt *rows = past_open(&databases[i], since);

        while (rows != NULL && past_next(&databases[i], rows, &past) && !replay->exhausted)
            if (is_wanted(replay, &past))
                replay_row(replay, &past);
        sqlite3_finalize(rows);
        if (databases[i].failed)
            return false;
    }
    if (replay->shares > 0)
        qsort(replay->share, replay->shares, sizeof *replay->share, by_name);
    return !replay->exhausted;
}

void replay_clear(struct replay *replay)
{
    for (size_t i = 0; i < replay->shares; i++) {
        free(replay->share[i].name);
        free(replay->share[i].change);
    }
    free(replay->share);
}

int replay_run(struct replay *replay, struct evidence_source *source, const char *title, int *status)
{
    struct database databases[EVIDENCE_SOURCES_MAX];
    size_t count = evidence_open(source, title, databases, status);
    int answer = EX_OK;

    if (count == 0)
        return *status;
    if (!replay_databases(replay, databases, count, source->since))
        answer = evidence_failure(databases, count, title);
    evidence_close(databases, count);
    return answer;
}
