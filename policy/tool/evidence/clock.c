/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * RFC 3164 times have no year and no zone. The daemon's own lines have the full time (at=), so year and zone
 * of the lines around them are known. This works even if a log is moved to another zone or begins in an hour
 * that comes twice. Only logs of versions before 0.3.0 need the zone of this process.
 */
#include "policy/tool/evidence/clock.h"

#include <string.h>
#include <time.h>
#include "policy/slots.h"

enum {
    QUARTER = 900 * STAMP_SECOND,
    SKEW = 180 * STAMP_SECOND,     /* by which clocks may differ */
    STEP_BACK = 300 * STAMP_SECOND /* a larger step back is not just disorder of lines */
};

static int64_t distance(int64_t a, int64_t b)
{
    return a > b ? a - b : b - a;
}

/* Returns the local time as if in UTC, in the year that brings it nearest to `instant`. */
static int64_t nearest(const struct stamp_local *local, int64_t instant)
{
    int64_t year = stamp_year(instant), best = STAMP_NONE;

    for (int64_t y = year - 1; y <= year + 1; y++) {
        int64_t candidate = stamp_in_year(local, y);

        if (candidate != STAMP_NONE
            && (best == STAMP_NONE || distance(candidate, instant) < distance(best, instant)))
            best = candidate;
    }
    return best;
}

/* Returns the offset of a host's local time, to read or set. NULL: unknown, or the table is full. */
static int64_t *offset_of(struct clock *clock, const char *host, bool add)
{
    uint32_t hash = slots_hash(host, strlen(host));

    for (size_t i = 0; i < clock->zones; i++)
        if (clock->zone[i].host == hash)
            return &clock->zone[i].offset;
    if (!add || clock->zones == CLOCK_HOSTS)
        return NULL;
    clock->zone[clock->zones].host = hash;
    return &clock->zone[clock->zones++].offset;
}

/*
 * Returns by how much a local time is ahead of the instant of MAIL, in whole quarters of an hour. The rest,
 * less than a quarter, is the time until the mail's line was written.
 */
static int64_t offset_between(int64_t there, int64_t instant)
{
    int64_t ahead = there - instant + SKEW, rest = ahead % QUARTER;

    return ahead - rest - (rest < 0 ? QUARTER : 0);
}

/* Whether a mail can take so long until its line is written: an hour is a change of the clocks instead. */
static bool fits(int64_t delay)
{
    return delay >= -SKEW && delay < STAMP_HOUR - SKEW;
}

void clock_anchor(struct clock *clock, const struct stamp_local *local, int64_t instant, const char *host)
{
    int64_t there = nearest(local, instant), *known;

    if (there == STAMP_NONE)
        return;
    known = host != NULL ? offset_of(clock, host, false) : NULL;
    if (known != NULL && fits(there - *known - instant)) {
        clock->offset = *known;
        return;
    }
    clock->offset = offset_between(there, instant);
    if (distance(clock->offset, 0) > 15 * (int64_t)STAMP_HOUR)
        return; /* no zone is that far away: the clocks of MAIL and of the logger differ */
    clock->anchored = true;
    known = host != NULL ? offset_of(clock, host, true) : NULL;
    if (known != NULL)
        *known = clock->offset;
}

/* Whether a time is about an hour before the previous line: in autumn an hour comes twice. */
static bool is_hour_again(int64_t instant, int64_t last)
{
    return instant < last - STEP_BACK && instant + STAMP_HOUR >= last - STEP_BACK;
}

/* Reads a local time in the zone of this process, in the last year that is not after the limit. */
static int64_t in_own_zone(const struct clock *clock, const struct stamp_local *local)
{
    int64_t limit = clock->limit != INT64_MAX ? clock->limit : (int64_t)time(NULL) * STAMP_SECOND + STAMP_DAY;

    for (int64_t year = stamp_year(limit) + 1, least = year - 5; year > least; year--) {
        struct tm tm = {.tm_year = (int)(year - 1900),
                        .tm_mon = (int)local->month - 1,
                        .tm_mday = (int)local->day,
                        .tm_hour = (int)local->hour,
                        .tm_min = (int)local->minute,
                        .tm_sec = (int)local->second,
                        .tm_isdst = -1};
        int64_t instant;

        if (stamp_in_year(local, year) == STAMP_NONE)
            continue;
        instant = (int64_t)mktime(&tm) * STAMP_SECOND;
        if (instant <= limit)
            return instant;
    }
    return STAMP_NONE;
}

/* Whether the clock in this process's zone shows the hour of the local time at that instant. */
static bool shows_hour(const struct stamp_local *local, int64_t instant)
{
    time_t seconds = (time_t)(instant / STAMP_SECOND);
    struct tm tm;

    return localtime_r(&seconds, &tm) != NULL && (unsigned)tm.tm_hour == local->hour;
}

/* The same. Of an hour that comes twice, takes the first, or the second if the previous line was later. */
static int64_t in_order(const struct clock *clock, const struct stamp_local *local)
{
    int64_t instant = in_own_zone(clock, local);

    if (instant != STAMP_NONE && shows_hour(local, instant - STAMP_HOUR))
        instant -= STAMP_HOUR; /* mktime() may return either */
    if (instant != STAMP_NONE && clock->last != STAMP_NONE && is_hour_again(instant, clock->last)
        && shows_hour(local, instant + STAMP_HOUR))
        instant += STAMP_HOUR;
    return instant;
}

static int64_t time_of(struct clock *clock, const struct entry *entry)
{
    int64_t there, offset, *known;

    if (entry->at != STAMP_NONE)
        return entry->at;
    if (entry->stamp != STAMP_NONE || !entry->has_local)
        return entry->stamp != STAMP_NONE ? entry->stamp : clock->last;
    if (!clock->anchored || clock->last == STAMP_NONE)
        return in_order(clock, &entry->local);
    known = offset_of(clock, entry->host, false);
    offset = known != NULL ? *known : clock->offset;
    there = nearest(&entry->local, clock->last + offset);
    if (there == STAMP_NONE)
        return clock->last;
    if (is_hour_again(there - offset, clock->last)) {
        offset -= STAMP_HOUR;
        if (known != NULL)
            *known = offset;
    }
    return there - offset;
}

int64_t clock_time(struct clock *clock, const struct entry *entry)
{
    int64_t at = time_of(clock, entry);

    if (entry->has_local && entry->at != STAMP_NONE)
        clock_anchor(clock, &entry->local, entry->at, entry->host);
    if (at != STAMP_NONE)
        clock->last = at;
    return at;
}
