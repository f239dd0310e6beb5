/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Follows each partner's mail through the last weeks, hour by hour, and reports when it begins to fail,
 * recovers, or stays away. It reads the sums of the database, so the order in which logs are read does not
 * matter. A time that no log covers proves nothing: recovery and silence count only as far as the gateway has
 * lines.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "policy/array.h"
#include "policy/slots.h"
#include "policy/tool/evidence/alerts.h"
#include "policy/tool/evidence/stamp.h"

enum {
    DAY = 24,
    PAST_HOURS = 45 * DAY, /* the past that is read */
    HOURS = PAST_HOURS + 2 * DAY,
    MANY_FAIL = 5,    /* an hour has many failures if so many mails */
    MANY_PERCENT = 5, /* and more than this share of its mail failed */
    CLEAN_HOURS = 7 * DAY,
    PAUSE_HOURS = 28 * DAY, /* in which the usual pauses are measured */
    SILENCE_LEAST = 3 * DAY,
    SILENCE_TIMES = 3, /* times the longest pause */
    DAYS_LEAST = 5     /* with mail; on fewer days nothing is usual */
};

/* A bit for each hour from `begin` on. */
struct hours {
    unsigned char bit[HOURS / 8];
};

struct course {
    uint32_t partner, direction;
    struct hours mail, fail, many;
    int64_t hour, mails, fails;                /* sums of the current hour */
    int64_t last, last_fail, last_pass;        /* STAMP_NONE: none */
    uint32_t gateway, reasons;                 /* of the last mail; of the last one that failed */
    int64_t day_mails, day_fails, day_refused; /* of the last 24 hours */
    bool fresh;                                /* some mail was not in the database before */
};

/* What a kind means for a course. */
struct meaning {
    bool known, mail, fail, pass, refused;
    uint32_t gateway, reasons;
    size_t course; /* SIZE_MAX: not mail */
};

struct courses {
    struct alerts *alerts;
    int64_t begin; /* hours since 1970 */
    struct course *course;
    size_t count;
    struct slots index;
    struct meaning *meaning; /* by the id of a kind */
    size_t meanings;
    sqlite3_stmt *kind, *covered;
};

/* ---- hours ---- */

static bool has(const struct hours *hours, int64_t hour)
{
    return hour >= 0 && hour < HOURS && (hours->bit[hour / 8] >> (hour % 8) & 1) != 0;
}

static void set(struct hours *hours, int64_t hour)
{
    if (hour >= 0 && hour < HOURS)
        hours->bit[hour / 8] |= (unsigned char)(1 << (hour % 8));
}

/* Returns the last hour up to `hour` that is set. -1: none. */
static int64_t last_before(const struct hours *hours, int64_t hour)
{
    while (hour >= 0 && !has(hours, hour))
        hour--;
    return hour;
}

/* ---- reading ---- */

static uint32_t hash_of(uint32_t partner, uint32_t direction)
{
    uint32_t key[2] = {partner, direction};

    return slots_hash(key, sizeof key);
}

static uint32_t course_hash(const void *owner, uint32_t place)
{
    const struct course *course = &((const struct courses *)owner)->course[place];

    return hash_of(course->partner, course->direction);
}

/* Returns the index of a partner's course, which it adds if needed. SIZE_MAX: out of memory. */
static size_t course_of(struct courses *courses, uint32_t partner, uint32_t direction)
{
    uint32_t hash = hash_of(partner, direction), place;
    size_t at = 0;
    struct course *grown;

    while (slots_next(&courses->index, hash, &at, &place))
        if (courses->course[place].partner == partner && courses->course[place].direction == direction)
            return place;
    grown = array_grow(courses->course, courses->count, sizeof *grown);
    if (grown != NULL)
        courses->course = grown;
    if (grown == NULL || !slots_grow(&courses->index, course_hash, courses))
        return SIZE_MAX;
    courses->course[courses->count] = (struct course){.partner = partner,
                                                      .direction = direction,
                                                      .hour = -1,
                                                      .last = STAMP_NONE,
                                                      .last_fail = STAMP_NONE,
                                                      .last_pass = STAMP_NONE};
    slots_add(&courses->index, hash, (uint32_t)courses->count);
    return courses->count++;
}

static void learn(struct courses *courses, struct meaning *meaning, size_t number)
{
    sqlite3_stmt *kind = courses->kind;

    *meaning = (struct meaning){.known = true, .course = SIZE_MAX};
    sqlite3_bind_int64(kind, 1, (int64_t)number);
    if (database_row(courses->alerts->database, kind)) {
        const char *verdict = (const char *)sqlite3_column_text(kind, 4);
        const char *action = (const char *)sqlite3_column_text(kind, 5);

        verdict = verdict != NULL ? verdict : "";
        action = action != NULL ? action : "";
        meaning->mail = strcmp(verdict, "exempt") != 0;
        meaning->fail = strcmp(verdict, "fail") == 0 || strcmp(verdict, "undecidable") == 0;
        meaning->pass = strcmp(verdict, "pass") == 0;
        meaning->refused = strcmp(action, "tempfail") == 0 || strcmp(action, "reject") == 0;
        meaning->gateway = (uint32_t)sqlite3_column_int64(kind, 2);
        meaning->reasons = (uint32_t)sqlite3_column_int64(kind, 3);
        if (meaning->mail)
            meaning->course = course_of(courses, (uint32_t)sqlite3_column_int64(kind, 0),
                                        (uint32_t)sqlite3_column_int64(kind, 1));
        if (meaning->mail && meaning->course == SIZE_MAX)
            courses->alerts->exhausted = true;
    }
    sqlite3_reset(kind);
}

/* NULL: out of memory. */
static const struct meaning *meaning_of(struct courses *courses, size_t number)
{
    struct meaning *grown = array_reach(courses->meaning, &courses->meanings, number, sizeof *grown);

    if (grown == NULL) {
        courses->alerts->exhausted = true;
        return NULL;
    }
    courses->meaning = grown;
    if (!courses->meaning[number].known)
        learn(courses, &courses->meaning[number], number);
    return &courses->meaning[number];
}

/* Closes the current hour: notes whether it had many failures. */
static void end_hour(struct course *course)
{
    if (course->fails >= MANY_FAIL && course->fails * 100 > course->mails * MANY_PERCENT)
        set(&course->many, course->hour);
    course->mails = course->fails = 0;
}

static bool is_new(const struct ledger *ledger, size_t kind, int64_t at)
{
    return kind < ledger->touches && ledger->touch[kind].last >= at;
}

/* Adds the mails of a kind in an hour, counted from `begin`. */
static void add(struct courses *courses, const struct meaning *meaning, int64_t hour, int64_t n, int64_t last)
{
    struct course *course = &courses->course[meaning->course];

    if (course->hour != hour)
        end_hour(course);
    course->hour = hour;
    course->mails += n;
    set(&course->mail, hour);
    if (last >= course->last) {
        course->last = last;
        course->gateway = meaning->gateway;
    }
    if (meaning->pass && last > course->last_pass)
        course->last_pass = last;
    if (meaning->fail) {
        course->fails += n;
        set(&course->fail, hour);
    }
    if (meaning->fail && last >= course->last_fail) {
        course->last_fail = last;
        course->reasons = meaning->reasons;
    }
    if (hour > PAST_HOURS - DAY) {
        course->day_mails += n;
        course->day_fails += meaning->fail ? n : 0;
        course->day_refused += meaning->fail && meaning->refused ? n : 0;
    }
}

static void read_hours(struct courses *courses)
{
    struct database *database = courses->alerts->database;
    sqlite3_stmt *hours = database_prepare(database, "SELECT hour, kind, n, ifnull(last, first) FROM hourly"
                                                     " WHERE hour >= ?1 AND n > 0");

    if (hours == NULL)
        return;
    sqlite3_bind_int64(hours, 1, courses->begin);
    while (!courses->alerts->exhausted && database_row(database, hours)) {
        int64_t hour = sqlite3_column_int64(hours, 0), offset = sqlite3_column_int64(hours, 3), last, n;
        const struct meaning *meaning;
        size_t kind;

        if (hour - courses->begin >= HOURS || offset < 0 || offset >= STAMP_HOUR
            || !database_number(database, hours, 1, &kind) || !database_mails(database, hours, 2, &n))
            continue; /* in the future, or altered */
        last = hour * STAMP_HOUR + offset;
        meaning = meaning_of(courses, kind);
        if (meaning == NULL || meaning->course == SIZE_MAX)
            continue;
        add(courses, meaning, hour - courses->begin, n, last);
        courses->course[meaning->course].fresh |= is_new(courses->alerts->ledger, kind, last);
    }
    for (size_t i = 0; i < courses->count; i++)
        end_hour(&courses->course[i]);
    sqlite3_finalize(hours);
}

/* Returns until when the gateway's lines are known to have been read; at most now. */
static int64_t covered_until(struct courses *courses, const struct course *course)
{
    int64_t until = course->last;

    sqlite3_bind_int64(courses->covered, 1, course->gateway);
    if (database_row(courses->alerts->database, courses->covered)
        && sqlite3_column_int64(courses->covered, 0) > until)
        until = sqlite3_column_int64(courses->covered, 0);
    sqlite3_reset(courses->covered);
    return until < courses->alerts->now ? until : courses->alerts->now;
}

/* ---- failing and recovered ---- */

/* The kept state of a partner's alert "failing". */
enum failing {
    FAILING_NOT,
    FAILING_SOME, /* reported as its first failure */
    FAILING_MANY, /* reported as a share of its mail */
    FAILING_REST  /* reported as recovered, although a few still fail */
};

/* Returns the hour in which the failures began: since then there were no 24 hours without one. */
static int64_t began(const struct course *course)
{
    int64_t begin = last_before(&course->fail, HOURS - 1), before;

    while ((before = last_before(&course->fail, begin - 1)) >= 0 && begin - before < DAY)
        begin = before;
    return begin;
}

/* Whether the week before an hour was without failures. */
static bool was_clean(const struct course *course, int64_t hour)
{
    int64_t before = last_before(&course->fail, hour - 1);

    return before < 0 || hour - before > CLEAN_HOURS;
}

static void post_failing(struct courses *courses, const struct course *course, const struct alert_key *key,
                         int64_t since)
{
    char text[STAMP_TEXT_SIZE], *reasons = strdup(alert_word(courses->alerts, course->reasons));

    stamp_format((courses->begin + since) * STAMP_HOUR, text);
    if (reasons != NULL)
        alert_post(courses->alerts, key,
                   "mail fails since the hour of %s%s%s; in the last 24 hours %" PRId64 " of %" PRId64
                   " mails failed, %" PRId64 " refused",
                   text, *reasons != '\0' ? ": " : "", reasons, course->day_fails, course->day_mails,
                   course->day_refused);
    else
        courses->alerts->exhausted = true;
    free(reasons);
}

static void post_recovered(struct courses *courses, const struct course *course, enum failing next)
{
    const struct alert_key key = {course->partner, course->direction, "recovered", ""};
    char fail[STAMP_TEXT_SIZE], pass[STAMP_TEXT_SIZE];

    stamp_format(course->last_fail, fail);
    stamp_format(course->last_pass, pass);
    if (next == FAILING_NOT)
        alert_post(
            courses->alerts, &key,
            "no mail has failed for 24 hours: the last that failed was at %s, the last that passed at %s",
            fail, pass);
    else
        alert_post(courses->alerts, &key,
                   "for 24 hours not more than %d %% of the mail has failed in an hour; the last that failed "
                   "was at %s",
                   (int)MANY_PERCENT, fail);
}

static void follow_failing(struct courses *courses, const struct course *course)
{
    const struct alert_key key = {course->partner, course->direction, "failing", ""};
    int64_t covered = covered_until(courses, course), now = PAST_HOURS;
    int64_t many = last_before(&course->many, HOURS - 1), until = covered / STAMP_HOUR - courses->begin;
    bool some = course->last_fail != STAMP_NONE && covered - course->last_fail < DAY * (int64_t)STAMP_HOUR;
    struct alert_state known = alert_state(courses->alerts, &key);
    enum failing state = (enum failing)known.state, next = state;

    if (many > now - DAY && state != FAILING_MANY) {
        next = FAILING_MANY;
        if (state != FAILING_SOME || known.at < courses->alerts->now - ALERT_YOUNG)
            post_failing(courses, course, &key, many); /* else reported as the first failure */
    } else if (state == FAILING_NOT && course->last_fail > courses->alerts->now - ALERT_YOUNG
               && was_clean(course, began(course))) {
        next = FAILING_SOME;
        post_failing(courses, course, &key, began(course));
    } else if (state == FAILING_MANY && (many < 0 || until - many >= DAY)
               && course->last_pass >= (courses->begin + many + 1) * STAMP_HOUR) {
        next = some ? FAILING_REST : FAILING_NOT;
        post_recovered(courses, course, next);
    } else if (!some && course->last_pass > course->last_fail && state != FAILING_MANY) {
        next = FAILING_NOT;
        if (state == FAILING_SOME)
            post_recovered(courses, course, next);
    }
    if (next != state)
        alert_keep(courses->alerts, &key, (struct alert_state){next, courses->alerts->now});
}

/* ---- silent ---- */

/* Whether an hour since 1970 is on a Saturday or Sunday, UTC. 1970 began on a Thursday. */
static bool is_weekend(int64_t hour)
{
    int64_t day = (hour / DAY + 4) % 7;

    return day == 0 || day == 6;
}

/* A partner's usual mail. */
struct usual {
    bool weekends; /* there is mail on weekends */
    int64_t days;  /* with mail */
    int64_t pause; /* the longest pause, in hours */
};

/* Returns the hours from one to another, without weekends unless the partner usually has mail then. */
static int64_t pause_between(const struct courses *courses, int64_t from, int64_t until, bool weekends)
{
    int64_t pause = 0;

    for (int64_t hour = from; hour < until; hour++)
        pause += weekends || !is_weekend(courses->begin + hour);
    return pause;
}

static struct usual usual_of(const struct courses *courses, const struct course *course, int64_t last)
{
    int64_t first = last > PAUSE_HOURS ? last - PAUSE_HOURS : 0, before = -1, day = -1;
    struct usual usual = {false, 0, 0};

    for (int64_t hour = first; hour <= last; hour++) {
        if (!has(&course->mail, hour))
            continue;
        usual.weekends |= is_weekend(courses->begin + hour);
        usual.days += (courses->begin + hour) / DAY != day;
        day = (courses->begin + hour) / DAY;
    }
    for (int64_t hour = first; hour <= last; hour++) {
        int64_t pause = 0;

        if (!has(&course->mail, hour))
            continue;
        if (before >= 0)
            pause = pause_between(courses, before, hour, usual.weekends);
        if (pause > usual.pause)
            usual.pause = pause;
        before = hour;
    }
    return usual;
}

static void follow_silence(struct courses *courses, const struct course *course)
{
    const struct alert_key key = {course->partner, course->direction, "silent", ""};
    int64_t covered = covered_until(courses, course), last = course->last / STAMP_HOUR - courses->begin;
    int64_t until = covered / STAMP_HOUR - courses->begin, silence, threshold;
    struct usual usual;
    char text[STAMP_TEXT_SIZE];

    if (until - last < SILENCE_LEAST || until < PAST_HOURS - DAY)
        return;
    usual = usual_of(courses, course, last);
    silence = pause_between(courses, last, until, usual.weekends);
    threshold = SILENCE_TIMES * usual.pause > SILENCE_LEAST ? SILENCE_TIMES * usual.pause : SILENCE_LEAST;
    if (usual.days < DAYS_LEAST || silence < threshold
        || alert_state(courses->alerts, &key).state == course->last)
        return;
    alert_keep(courses->alerts, &key, (struct alert_state){course->last, courses->alerts->now});
    stamp_format(course->last, text);
    if (!course->fresh || silence < threshold + DAY)
        alert_post(courses->alerts, &key,
                   "no mail since %s; the longest pause in the four weeks before was %" PRId64 " hour%s%s",
                   text, usual.pause, usual.pause == 1 ? "" : "s",
                   usual.weekends ? "" : ", weekends not counted");
}

void alert_courses(struct alerts *alerts)
{
    struct courses courses = {.alerts = alerts, .begin = stamp_hour(alerts->now) / STAMP_HOUR - PAST_HOURS};

    courses.kind = database_prepare(
        alerts->database, "SELECT k.partner, k.direction, k.gateway, k.reasons, v.value, a.value FROM kind k"
                          " LEFT JOIN text v ON v.id = k.verdict LEFT JOIN text a ON a.id = k.action"
                          " WHERE k.id = ?1");
    courses.covered = database_prepare(alerts->database, "SELECT max(last) FROM run WHERE gateway = ?1");
    if (courses.kind != NULL && courses.covered != NULL)
        read_hours(&courses);
    for (size_t i = 0; i < courses.count && !alerts->exhausted; i++) {
        follow_failing(&courses, &courses.course[i]);
        follow_silence(&courses, &courses.course[i]);
    }
    sqlite3_finalize(courses.kind);
    sqlite3_finalize(courses.covered);
    slots_free(&courses.index);
    free(courses.course);
    free(courses.meaning);
}
