/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Keeps the table of the certificates that partners have shown, and reports new ones. A certificate counts
 * only if the MTA verified it or mail with it has passed: anybody can show others. A provider that rotates
 * its certificates, three new ones in a week, is reported as one cause.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "policy/tool/evidence/alerts.h"
#include "policy/tool/evidence/stamp.h"

enum { ROTATES = 3, WEEK = 7 * 24 };

static const char alert[] = "certificate_changed";

/* What the new mails of one kind showed. */
struct shown {
    uint32_t partner, direction, subject, issuer, fingerprint; /* ids of texts; fingerprint 0: unknown */
    uint32_t verdict, reasons;
    int64_t first, last;
    bool changed; /* the partner used another certificate before */
};

struct shelf {
    struct alerts *alerts;
    sqlite3_stmt *kind, *same, *others, *upgrade, *insert, *before, *week;
};

static int64_t week(void)
{
    return (int64_t)WEEK * STAMP_HOUR;
}

static bool shelf_open(struct shelf *shelf, struct alerts *alerts)
{
    struct database *database = alerts->database;

    *shelf = (struct shelf){.alerts = alerts};
    shelf->kind = database_prepare(
        database, "SELECT k.partner, k.direction, k.subject, k.issuer,"
                  " iif(f.value LIKE 'sha256:%', k.fingerprint, 0) AS print, k.verdict, k.reasons FROM kind k"
                  " LEFT JOIN text f ON f.id = k.fingerprint LEFT JOIN text s ON s.id = k.subject"
                  " LEFT JOIN text v ON v.id = k.verdict LEFT JOIN text y ON y.id = k.verify WHERE k.id = ?1"
                  " AND (k.subject <> 0 OR print <> 0) AND ifnull(s.value, '') <> '" KIND_MANY "'"
                  " AND (v.value = 'pass' OR y.value = 'OK' OR (k.verify = 0 AND k.issuer <> 0))");
#define OF_PARTNER " WHERE partner = ?1 AND direction = ?2"
#define OF_NAMES OF_PARTNER " AND subject = ?3 AND issuer = ?4"
    shelf->same = database_prepare(
        database, "UPDATE certificate SET first = min(first, ?6), last = max(last, ?7)" OF_NAMES
                  " AND fingerprint = ?5");
    shelf->others = database_prepare(database, "SELECT count(*), max(fingerprint) FROM certificate" OF_NAMES);
    shelf->upgrade =
        database_prepare(database, "UPDATE certificate SET fingerprint = ?5, last = max(last, ?7)" OF_NAMES);
    shelf->insert =
        database_prepare(database, "INSERT INTO certificate (partner, direction, subject, issuer,"
                                   " fingerprint, first, last) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)");
    /* Of the certificates that began before a time, finds the one that was used last. */
    shelf->before = database_prepare(
        database, "SELECT subject, issuer, last, (SELECT min(first) FROM certificate" OF_PARTNER
                  ") FROM certificate" OF_PARTNER " AND first < ?6 ORDER BY last DESC LIMIT 1");
    shelf->week =
        database_prepare(database, "SELECT count(*) FROM certificate" OF_PARTNER " AND first > ?6 - ?7"
                                   " AND first > (SELECT min(first) FROM certificate" OF_PARTNER ")");
#undef OF_PARTNER
#undef OF_NAMES
    return shelf->kind != NULL && shelf->same != NULL && shelf->others != NULL && shelf->upgrade != NULL
           && shelf->insert != NULL && shelf->before != NULL && shelf->week != NULL;
}

static void shelf_close(struct shelf *shelf)
{
    sqlite3_finalize(shelf->kind);
    sqlite3_finalize(shelf->same);
    sqlite3_finalize(shelf->others);
    sqlite3_finalize(shelf->upgrade);
    sqlite3_finalize(shelf->insert);
    sqlite3_finalize(shelf->before);
    sqlite3_finalize(shelf->week);
}

/* Binds ?1 to ?7, which all statements number alike. */
static void bind(sqlite3_stmt *statement, const struct shown *shown)
{
    sqlite3_bind_int64(statement, 1, shown->partner);
    sqlite3_bind_int64(statement, 2, shown->direction);
    sqlite3_bind_int64(statement, 3, shown->subject);
    sqlite3_bind_int64(statement, 4, shown->issuer);
    sqlite3_bind_int64(statement, 5, shown->fingerprint);
    sqlite3_bind_int64(statement, 6, shown->first);
    sqlite3_bind_int64(statement, 7, shown->last);
}

/* Runs a statement. Returns whether it changed a row. */
static bool run(struct shelf *shelf, sqlite3_stmt *statement, const struct shown *shown)
{
    bind(statement, shown);
    database_step(shelf->alerts->database, statement);
    return !shelf->alerts->database->failed && sqlite3_changes(shelf->alerts->database->handle) > 0;
}

/*
 * Whether the names are known and the fingerprint does not show another certificate. Some mails have no
 * fingerprint; a known row without one gets it here.
 */
static bool is_known_by_names(struct shelf *shelf, const struct shown *shown)
{
    int64_t count = 0, print = 0;

    if (shown->subject == 0)
        return false;
    bind(shelf->others, shown);
    if (database_row(shelf->alerts->database, shelf->others)) {
        count = sqlite3_column_int64(shelf->others, 0);
        print = sqlite3_column_int64(shelf->others, 1);
    }
    sqlite3_reset(shelf->others);
    if (count == 0)
        return false;
    if (shown->fingerprint == 0)
        return true;
    return print == 0 && run(shelf, shelf->upgrade, shown);
}

/*
 * Whether the certificate is a change. If the partner is new in this run (`last_kept`), all certificates of
 * its first day count as its first.
 */
static bool is_change(struct shelf *shelf, const struct shown *shown, uint32_t last_kept)
{
    bool change = false;

    bind(shelf->before, shown);
    if (database_row(shelf->alerts->database, shelf->before))
        change =
            shown->partner != last_kept || shown->first >= sqlite3_column_int64(shelf->before, 3) + STAMP_DAY;
    sqlite3_reset(shelf->before);
    return change;
}

/* Whether the table has the partner at all. */
static bool has_any(struct shelf *shelf, const struct shown *shown)
{
    struct shown ever = *shown;
    bool any;

    ever.first = INT64_MAX;
    bind(shelf->before, &ever);
    any = database_row(shelf->alerts->database, shelf->before);
    sqlite3_reset(shelf->before);
    return any;
}

/*
 * Collects the kinds that have new mails with a certificate that counts. Returns their number; *list is
 * malloc'd. NULL: out of memory.
 */
static size_t gather(struct shelf *shelf, struct shown **list)
{
    const struct ledger *ledger = shelf->alerts->ledger;
    size_t touched = 0, count = 0;

    for (size_t i = 0; i < ledger->touches; i++)
        touched += ledger->touch[i].first <= ledger->touch[i].last;
    *list = calloc(touched + 1, sizeof **list);
    if (*list == NULL) {
        shelf->alerts->exhausted = true;
        return 0;
    }
    for (size_t i = 0; i < ledger->touches; i++) {
        if (ledger->touch[i].first > ledger->touch[i].last)
            continue;
        sqlite3_bind_int64(shelf->kind, 1, (int64_t)i);
        if (database_row(shelf->alerts->database, shelf->kind)) {
            uint32_t *word[] = {&(*list)[count].partner, &(*list)[count].direction,   &(*list)[count].subject,
                                &(*list)[count].issuer,  &(*list)[count].fingerprint, &(*list)[count].verdict,
                                &(*list)[count].reasons};

            for (size_t k = 0; k < sizeof word / sizeof *word; k++)
                *word[k] = (uint32_t)sqlite3_column_int64(shelf->kind, (int)k);
            (*list)[count].first = ledger->touch[i].first;
            (*list)[count++].last = ledger->touch[i].last;
        }
        sqlite3_reset(shelf->kind);
    }
    return count;
}

/* Sorts by partner, direction and time. */
static int compare(const void *a, const void *b)
{
    const struct shown *one = a, *two = b;

    if (one->partner != two->partner)
        return one->partner < two->partner ? -1 : 1;
    if (one->direction != two->direction)
        return one->direction < two->direction ? -1 : 1;
    return one->first < two->first ? -1 : one->first > two->first;
}

static bool same_partner(const struct shown *one, const struct shown *two)
{
    return one->partner == two->partner && one->direction == two->direction;
}

/* Returns "mx.contoso.com by CA 1", which the caller frees. NULL: out of memory. */
static char *name_of(struct alerts *alerts, uint32_t subject, uint32_t issuer)
{
    char *name = NULL;
    size_t length;
    FILE *stream = open_memstream(&name, &length);

    if (stream == NULL) {
        alerts->exhausted = true;
        return NULL;
    }
    fputs(subject ? alert_word(alerts, subject) : "a certificate without a name", stream);
    if (issuer)
        fprintf(stream, " by %s", alert_word(alerts, issuer));
    if (fclose(stream) != 0)
        alerts->exhausted = true;
    return name;
}

/* Returns "pass" or "fail: no_tls", which the caller frees. NULL: out of memory. */
static char *verdict_of(struct alerts *alerts, const struct shown *shown)
{
    char *verdict = NULL;
    size_t length;
    FILE *stream = open_memstream(&verdict, &length);

    if (stream == NULL)
        return NULL;
    fputs(alert_word(alerts, shown->verdict), stream);
    if (shown->reasons)
        fprintf(stream, ": %s", alert_word(alerts, shown->reasons));
    if (fclose(stream) == 0)
        return verdict;
    free(verdict);
    return NULL;
}

/* Reports one new certificate; `names` are those of the new one, `old` those of the one before. */
static void post_names(struct alerts *alerts, const struct shown *shown, const char *names, const char *old,
                       int64_t last)
{
    const struct alert_key key = {shown->partner, shown->direction, alert, ""};
    char since[STAMP_TEXT_SIZE], until[STAMP_TEXT_SIZE];
    char *verdict = verdict_of(alerts, shown);

    stamp_format(shown->first, since);
    stamp_format(last, until);
    if (verdict == NULL || names == NULL || old == NULL)
        alerts->exhausted = true;
    else if (strcmp(names, old) == 0)
        alert_post(alerts, &key, "the certificate %s has another fingerprint since %s; the verdict is %s",
                   names, since, verdict);
    else
        alert_post(alerts, &key,
                   "the certificate is %s since %s; the verdict is %s; before it was %s, last seen %s", names,
                   since, verdict, old, until);
    free(verdict);
}

static void post_change(struct shelf *shelf, const struct shown *shown)
{
    struct alerts *alerts = shelf->alerts;
    char *names = name_of(alerts, shown->subject, shown->issuer), *old = NULL;
    int64_t last = STAMP_NONE;

    bind(shelf->before, shown);
    if (database_row(alerts->database, shelf->before)) {
        old = name_of(alerts, (uint32_t)sqlite3_column_int64(shelf->before, 0),
                      (uint32_t)sqlite3_column_int64(shelf->before, 1));
        last = sqlite3_column_int64(shelf->before, 2);
    }
    sqlite3_reset(shelf->before);
    post_names(alerts, shown, names, old, last);
    free(names);
    free(old);
}

/* Counts the certificates that began in the week up to a time, except the partner's first one. */
static int64_t in_a_week(struct shelf *shelf, const struct shown *newest)
{
    int64_t count = 0;

    bind(shelf->week, newest);
    sqlite3_bind_int64(shelf->week, 7, week());
    if (database_row(shelf->alerts->database, shelf->week))
        count = sqlite3_column_int64(shelf->week, 0);
    sqlite3_reset(shelf->week);
    return count;
}

/* Reports the changes among the kinds of one partner. */
static void report(struct shelf *shelf, const struct shown *list, size_t count)
{
    struct alerts *alerts = shelf->alerts;
    const struct shown *newest = NULL;
    int64_t new_ones;

    for (size_t i = 0; i < count; i++)
        if (list[i].changed)
            newest = &list[i];
    if (newest == NULL)
        return;
    new_ones = in_a_week(shelf, newest);
    if (new_ones >= ROTATES) {
        const struct alert_key key = {newest->partner, newest->direction, alert, ""};
        int64_t rotated = alert_state(alerts, &key).at;

        alert_keep(alerts, &key, (struct alert_state){new_ones, newest->first});
        if (newest->first >= alerts->now - ALERT_YOUNG && (rotated == 0 || rotated < newest->first - week()))
            alert_post(alerts, &key,
                       "%" PRId64
                       " new certificates within a week: the partner or its provider rotates them; further"
                       " ones are not reported until it ends",
                       new_ones);
        return;
    }
    for (size_t i = 0; i < count; i++)
        if (list[i].changed && list[i].first >= alerts->now - ALERT_YOUNG)
            post_change(shelf, &list[i]);
}

/* Notes the certificates of one partner. `list` is sorted by time. */
static void note(struct shelf *shelf, struct shown *list, size_t count)
{
    uint32_t unknown = has_any(shelf, &list[0]) ? 0 : list[0].partner;

    for (size_t i = 0; i < count; i++) {
        if (run(shelf, shelf->same, &list[i]) || is_known_by_names(shelf, &list[i]))
            continue;
        list[i].changed = is_change(shelf, &list[i], unknown);
        (void)run(shelf, shelf->insert, &list[i]);
    }
    report(shelf, list, count);
}

/* Notes the certificates, partner by partner. */
static void note_all(struct shelf *shelf, struct shown *list, size_t count)
{
    qsort(list, count, sizeof *list, compare);
    for (size_t i = 0, end; i < count; i = end) {
        for (end = i + 1; end < count && same_partner(&list[i], &list[end]);)
            end++;
        note(shelf, list + i, end - i);
    }
}

void alert_certificates(struct alerts *alerts)
{
    struct shelf shelf;
    struct shown *list = NULL;

    if (shelf_open(&shelf, alerts)) {
        size_t count = gather(&shelf, &list);

        if (list != NULL)
            note_all(&shelf, list, count);
    }
    free(list);
    shelf_close(&shelf);
}
