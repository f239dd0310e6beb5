/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Turns options into databases. Logs are read into a database in memory, so that every question about
 * evidence goes to a database.
 */
#include "policy/tool/evidence/evidence.h"

#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include "policy/names/date.h"
#include "policy/names/printable.h"
#include "policy/tool/evidence/ledger.h"
#include "policy/tool/evidence/sources.h"
#include "policy/tool/verbs.h"

struct evidence_source evidence_source(void)
{
    return (struct evidence_source){.since = INT64_MIN, .until = INT64_MAX};
}

static const char *take_database(struct evidence_source *source, const char *path)
{
    if (source->databases == EVIDENCE_SOURCES_MAX)
        return "too many databases";
    source->database[source->databases++] = path;
    return NULL;
}

static const char *take_log(struct evidence_source *source, char *path)
{
    if (source->logs == EVIDENCE_SOURCES_MAX)
        return "too many logs";
    source->log[source->logs++] = path;
    return NULL;
}

static const char *take_time(const char *text, int64_t *instant)
{
    static const char units[] = "smhdw";
    static const char wrong[] = "not a time like 2026-12-01, 2026-12-01T08:30:00Z or -7d";
    static const int64_t seconds[] = {1, 60, 3600, 86400, 604800};
    unsigned number;
    const char *unit;
    int64_t date;
    int length = 0;

    if (date_parse(text, &date)) {
        if (text[stamp_read(text, instant)] != '\0') /* a date without a time is no stamp */
            *instant = date * STAMP_SECOND;
        return NULL;
    }
    if (sscanf(text, "-%6u%n", &number, &length) != 1 || text[1] == '+' || text[1] == '-' || text[1] == ' ')
        return wrong;
    unit = text[length] != '\0' ? strchr(units, text[length]) : NULL;
    if (unit == NULL || text[length + 1] != '\0')
        return wrong;
    *instant = (present() - (int64_t)number * seconds[unit - units]) * STAMP_SECOND;
    if (*instant < 0)
        *instant = 0; /* dates begin in 1970 */
    return NULL;
}

const char *evidence_take(struct evidence_source *source, int option, char *value)
{
    if (option == 'd')
        return take_database(source, value);
    if (option == 'l')
        return take_log(source, value);
    return take_time(value, option == 's' ? &source->since : &source->until);
}

/* Reads the logs into a database in memory. */
static size_t read_logs(struct evidence_source *source, const char *title, struct database *database,
                        int *status)
{
    struct ledger ledger;
    struct sources sources = {.ledger = &ledger, .title = title, .gateway = "unknown", .complete = true};
    bool good;

    if (!database_open(database, title, "", DATABASE_MEMORY)) {
        *status = EX_OSERR;
        return 0;
    }
    good = ledger_open(&ledger, database, present() * STAMP_SECOND);
    if (good) {
        ledger.since = source->since;
        ledger.until = source->until;
        ledger.without_clients = source->without_clients;
        sources_files(&sources, source->log, source->logs);
        good = ledger_write(&ledger) && database_commit(database);
    }
    ledger_close(&ledger);
    if (sources.failed)
        *status = EX_NOINPUT;
    if (good)
        return 1;
    database_close(database);
    *status = EX_OSERR;
    return 0;
}

/* Reports what two databases have in common: one is a copy of the other. */
static void complain_of(const struct database *one, const struct database *other, const char *what)
{
    fprintf(stderr, "%s: ", one->title);
    text_show(stderr, one->path);
    fputs(" and ", stderr);
    text_show(stderr, other->path);
    fprintf(stderr, " have %s: mails would count twice\n", what);
}

/* Whether a database has a run of this name. */
static bool has_run(struct database *database, const char *name)
{
    sqlite3_stmt *run = database_prepare(database, "SELECT 1 FROM run WHERE name = ?1");
    bool found;

    if (run != NULL)
        sqlite3_bind_text(run, 1, name, -1, SQLITE_STATIC);
    found = database_row(database, run);
    sqlite3_finalize(run);
    return found;
}

/* Whether two databases share a run; stderr says which. */
static bool share_a_run(struct database databases[], size_t count)
{
    bool found = false;

    for (size_t i = 0; i + 1 < count && !found; i++) {
        sqlite3_stmt *all = database_prepare(&databases[i], "SELECT name FROM run");

        while (!found && database_row(&databases[i], all)) {
            char name[32], what[64];

            snprintf(name, sizeof name, "%s", (const char *)sqlite3_column_text(all, 0));
            for (size_t k = i + 1; k < count && !found; k++) {
                found = has_run(&databases[k], name);
                if (!found)
                    continue;
                snprintf(what, sizeof what, "lines of the same run %s", name);
                complain_of(&databases[i], &databases[k], what);
            }
        }
        sqlite3_finalize(all);
    }
    return found;
}

/* Whether `database` has one of the first lines without a number of `other`. */
static bool has_lines_of(struct database *database, struct database *other)
{
    sqlite3_stmt *lines = database_prepare(other, "SELECT hash FROM line ORDER BY hash LIMIT 1000");
    sqlite3_stmt *line = database_prepare(database, "SELECT 1 FROM line WHERE hash = ?1");
    bool found = false;

    while (!found && line != NULL && database_row(other, lines)) {
        sqlite3_bind_int64(line, 1, sqlite3_column_int64(lines, 0));
        found = database_row(database, line);
        sqlite3_reset(line);
    }
    sqlite3_finalize(lines);
    sqlite3_finalize(line);
    return found;
}

/* The same for lines without a number, such as Postfix's: copies of a line have the same hash. */
static bool share_lines(struct database databases[], size_t count)
{
    for (size_t i = 0; i + 1 < count; i++)
        for (size_t k = i + 1; k < count; k++) {
            if (!has_lines_of(&databases[i], &databases[k]) && !has_lines_of(&databases[k], &databases[i]))
                continue;
            complain_of(&databases[i], &databases[k], "lines in common");
            return true;
        }
    return false;
}

size_t evidence_open(struct evidence_source *source, const char *title, struct database databases[],
                     int *status)
{
    size_t count = 0;

    *status = EX_OK;
    if (source->logs > 0)
        return read_logs(source, title, &databases[0], status);
    if (source->databases == 0)
        source->database[source->databases++] = DATABASE_FILE;
    for (; count < source->databases; count++) {
        if (database_open(&databases[count], title, source->database[count], DATABASE_READ))
            continue;
        evidence_close(databases, count);
        *status = databases[count].damaged ? EX_DATAERR : EX_NOINPUT;
        return 0;
    }
    if (share_a_run(databases, count) || share_lines(databases, count)) {
        evidence_close(databases, count);
        *status = EX_DATAERR;
        return 0;
    }
    return count;
}

void evidence_close(struct database databases[], size_t count)
{
    for (size_t i = 0; i < count; i++)
        database_close(&databases[i]);
}

int evidence_failure(const struct database databases[], size_t count, const char *title)
{
    for (size_t i = 0; i < count; i++)
        if (databases[i].failed)
            return EX_DATAERR; /* the error was reported when it occurred */
    fprintf(stderr, "%s: out of memory\n", title);
    return EX_OSERR;
}
