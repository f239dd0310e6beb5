/* SPDX-License-Identifier: BSD-2-Clause */
/* Chooses the period of a report, and the steps of its course. */
#include "policy/tool/evidence/retention.h"
#include "policy/tool/evidence/stamp.h"
#include "policy/tool/evidence/summary.h"

enum { HOURS_MAX = 3 * 24, DAYS_MAX = 92 };

/* Widens the period to the first and last hour of a database. */
static void read_span(struct summary *summary, struct database *database)
{
    sqlite3_stmt *span =
        database_prepare(database, "SELECT min(first), max(last) FROM"
                                   " (SELECT min(hour) * 3600000 AS first, max(hour) * 3600000 + 3600000"
                                   " AS last FROM hourly UNION ALL SELECT min(first), max(last) FROM run)");
    int64_t first, last;

    if (database_row(database, span) && sqlite3_column_type(span, 0) != SQLITE_NULL
        && database_instant(database, span, 0, &first) && database_instant(database, span, 1, &last)) {
        if (summary->since == STAMP_NONE || first < summary->since)
            summary->since = first;
        if (summary->until == STAMP_NONE || last > summary->until)
            summary->until = last;
    }
    sqlite3_finalize(span);
}

/* Rounds down to the hour, or to the day if only days are kept. */
static int64_t whole_since(const struct summary_request *request)
{
    return retention_unit(request->since, request->now) == STAMP_DAY ? stamp_day(request->since)
                                                                     : stamp_hour(request->since);
}

static int64_t whole_until(const struct summary_request *request)
{
    return retention_unit(request->until - 1, request->now) == STAMP_DAY
               ? stamp_day(request->until + STAMP_DAY - 1)
               : stamp_hour(request->until + STAMP_HOUR - 1);
}

/* Chooses the period: what was asked for, in whole hours or days; otherwise all that there is. */
static void choose_period(struct summary *summary, const struct summary_request *request,
                          struct database databases[], size_t count)
{
    summary->since = summary->until = STAMP_NONE;
    for (size_t i = 0; i < count; i++)
        read_span(summary, &databases[i]);
    summary->course_begin = summary->since;
    summary->course_end = summary->until;
    if (request->since != INT64_MIN)
        summary->since = request->exact ? request->since : whole_since(request);
    if (request->until != INT64_MAX)
        summary->until = request->exact ? request->until : whole_until(request);
    summary->widened = !request->exact
                       && ((request->since != INT64_MIN && summary->since != request->since)
                           || (request->until != INT64_MAX && summary->until != request->until));
    if (summary->since == STAMP_NONE)
        summary->since = summary->until != STAMP_NONE ? summary->until : 0;
    if (request->since == INT64_MIN && request->until != INT64_MAX && summary->until < summary->since)
        summary->since = summary->until; /* all evidence is later */
    if (summary->until == STAMP_NONE || summary->until < summary->since) {
        /* The evidence ends before the period: it goes on until now. */
        summary->until = summary->since;
        if (request->since != INT64_MIN && request->until == INT64_MAX && request->now > summary->since)
            summary->until = request->now;
    }
}

/*
 * Chooses the part of the period that has evidence, however long the period is. Its steps are hours up to
 * three days, days up to three months, else weeks.
 */
static void choose_course(struct summary *summary, const struct summary_request *request)
{
    int64_t begin = summary->course_begin > summary->since ? summary->course_begin : summary->since;
    int64_t end = summary->course_end < summary->until ? summary->course_end : summary->until;
    int64_t length = end > begin ? end - begin : 0;

    summary->bucket = request->course == COURSE_DAYS              ? STAMP_DAY
                      : length <= (int64_t)HOURS_MAX * STAMP_HOUR ? STAMP_HOUR
                      : length <= (int64_t)DAYS_MAX * STAMP_DAY   ? STAMP_DAY
                                                                  : 7 * (int64_t)STAMP_DAY;
    summary->course_begin = summary->bucket == STAMP_HOUR ? stamp_hour(begin) : stamp_day(begin);
    summary->buckets =
        (size_t)((begin + length - summary->course_begin + summary->bucket - 1) / summary->bucket);
    if (summary->buckets == 0)
        summary->buckets = 1;
}

void period_choose(struct summary *summary, const struct summary_request *request,
                   struct database databases[], size_t count)
{
    choose_period(summary, request, databases, count);
    choose_course(summary, request);
}
