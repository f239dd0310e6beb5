/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Finds what the evidence does not cover, and which policy was in force when. A run covers the time from its
 * first line to its last. If numbers are missing between its lines, lines are lost. The first run of a
 * gateway may have begun before the evidence: what is missing at its start is no gap.
 */
#include <stdlib.h>
#include <string.h>
#include "policy/tool/evidence/stamp.h"
#include "policy/tool/evidence/summary.h"

enum { PATIENCE = 15 * 60 * STAMP_SECOND };

static const char *column_word(struct summary *summary, sqlite3_stmt *statement, int column)
{
    return summary_word(summary, (const char *)sqlite3_column_text(statement, column));
}

/* Whether the time from..until overlaps the period of the report. */
static bool touches(const struct summary *summary, int64_t from, int64_t until)
{
    return (from == STAMP_NONE || from < summary->until) && (until == STAMP_NONE || until > summary->since);
}

static void add_gap(struct summary *summary, const struct summary_request *request, struct gap gap)
{
    struct gap *grown;

    if (gap.from != STAMP_NONE && gap.until != STAMP_NONE && gap.from > gap.until) {
        int64_t from = gap.from;

        gap.from = gap.until;
        gap.until = from;
    }
    if (!touches(summary, gap.from, gap.until))
        return;
    if (gap.kind == GAP_LOST && !request->settled && gap.until != STAMP_NONE
        && gap.until > request->now - PATIENCE)
        return;
    grown = summary_grow(summary, summary->gap, summary->gaps, sizeof gap);
    if (grown == NULL)
        return;
    summary->gap = grown;
    grown[summary->gaps++] = gap;
}

/*
 * Adds the gaps in the numbers of one run. `before` is the end of the previous run; STAMP_NONE: this is the
 * first one.
 */
static void read_holes(struct summary *summary, const struct summary_request *request, sqlite3_stmt *seen,
                       const char *gateway, int64_t before)
{
    bool any = false;
    uint64_t high = 0;
    int64_t high_at = before;

    while (sqlite3_step(seen) == SQLITE_ROW) {
        uint64_t low = (uint64_t)sqlite3_column_int64(seen, 0);

        if (low > high + 1 && (any || before != STAMP_NONE))
            add_gap(summary, request,
                    (struct gap){gateway, GAP_LOST, high_at, database_time(seen, 2), low - high - 1});
        high = (uint64_t)sqlite3_column_int64(seen, 1);
        high_at = database_time(seen, 3);
        any = true;
    }
    sqlite3_reset(seen);
}

void gaps_read(struct summary *summary, const struct summary_request *request, struct database *database)
{
    sqlite3_stmt *runs =
        database_prepare(database, "SELECT r.id, t.value, r.first, r.last FROM run r"
                                   " LEFT JOIN text t ON t.id = r.gateway ORDER BY t.value, r.first");
    sqlite3_stmt *seen =
        database_prepare(database, "SELECT low, high, low_at, high_at FROM seen WHERE run = ?1 ORDER BY low");
    const char *gateway = NULL;
    int64_t covered = STAMP_NONE;

    while (seen != NULL && database_row(database, runs)) {
        const char *name = column_word(summary, runs, 1);
        int64_t first = database_time(runs, 2), last = database_time(runs, 3);

        if (gateway == NULL || strcmp(gateway, name) != 0)
            covered = STAMP_NONE;
        gateway = name;
        if (covered != STAMP_NONE && first != STAMP_NONE && first > covered)
            add_gap(summary, request, (struct gap){gateway, GAP_DOWN, covered, first, 0});
        sqlite3_bind_int64(seen, 1, sqlite3_column_int64(runs, 0));
        read_holes(summary, request, seen, gateway, covered);
        if (last != STAMP_NONE && (covered == STAMP_NONE || last > covered))
            covered = last;
    }
    sqlite3_finalize(runs);
    sqlite3_finalize(seen);
}

void covers_read(struct summary *summary, struct database *database)
{
    sqlite3_stmt *gateways = database_prepare(
        database, "SELECT t.value, min(r.first), max(r.last) FROM run r LEFT JOIN text t ON t.id = r.gateway"
                  " WHERE r.first IS NOT NULL GROUP BY t.value");

    while (database_row(database, gateways)) {
        struct cover *grown = summary_grow(summary, summary->cover, summary->covers, sizeof *grown);

        if (grown == NULL)
            break;
        summary->cover = grown;
        grown[summary->covers++] = (struct cover){column_word(summary, gateways, 0),
                                                  database_time(gateways, 1), database_time(gateways, 2)};
    }
    sqlite3_finalize(gateways);
}

static int by_gateway(const void *a, const void *b)
{
    const struct cover *one = a, *other = b;
    int order = strcmp(one->gateway, other->gateway);

    if (order != 0)
        return order;
    return one->first < other->first ? -1 : one->first > other->first;
}

void covers_join(struct summary *summary)
{
    size_t kept = 0;

    if (summary->covers > 0)
        qsort(summary->cover, summary->covers, sizeof *summary->cover, by_gateway);
    for (size_t i = 0; i < summary->covers; i++) {
        struct cover *last = kept > 0 ? &summary->cover[kept - 1] : NULL;
        const struct cover *cover = &summary->cover[i];

        if (last == NULL || strcmp(last->gateway, cover->gateway) != 0
            || cover->first > last->last + COVER_SLACK)
            summary->cover[kept++] = *cover;
        else if (cover->last > last->last)
            last->last = cover->last;
    }
    summary->covers = kept;
}

/* ---- policies ---- */

/*
 * Begins the time of a policy, and ends that of the previous one on the same gateway. Looks only at entries
 * from `first` on: earlier ones are from other databases, whose gateways may have the same name.
 */
static void begin_policy(struct summary *summary, size_t first, const char *gateway, const char *digest,
                         int64_t at)
{
    struct policy_span *last = summary->policies > first ? &summary->policy[summary->policies - 1] : NULL,
                       *grown;

    if (last != NULL && strcmp(last->gateway, gateway) == 0) {
        if (strcmp(last->digest, digest) == 0)
            return;
        last->until = at;
    }
    grown = summary_grow(summary, summary->policy, summary->policies, sizeof *grown);
    if (grown == NULL)
        return;
    summary->policy = grown;
    grown[summary->policies++] = (struct policy_span){gateway, digest, at, STAMP_NONE};
}

/* Removes policies whose time is not in the period, from entry `first` on. */
static void leave_out(struct summary *summary, size_t first)
{
    size_t kept = first;

    for (size_t i = first; i < summary->policies; i++)
        if (touches(summary, summary->policy[i].from, summary->policy[i].until))
            summary->policy[kept++] = summary->policy[i];
    summary->policies = kept;
}

void policies_read(struct summary *summary, struct database *database)
{
    /* Starts and reloads name the policy. If their lines are lost, the first mail that it judged names it. */
    sqlite3_stmt *changes = database_prepare(
        database,
        "SELECT g.value, e.policy, e.at FROM event e LEFT JOIN text g ON g.id = e.gateway"
        " WHERE e.policy <> '' AND e.at IS NOT NULL AND e.detail <> 'failed' AND (e.what <> 'decision'"
        " OR (e.run, e.policy) NOT IN (SELECT run, policy FROM event WHERE what <> 'decision'"
        " AND policy IS NOT NULL))"
        " ORDER BY g.value, e.at, e.run, e.seq");
    size_t first = summary->policies;

    while (database_row(database, changes)) {
        const char *gateway = column_word(summary, changes, 0);

        begin_policy(summary, first, gateway, column_word(summary, changes, 1), database_time(changes, 2));
    }
    sqlite3_finalize(changes);
    leave_out(summary, first);
}
