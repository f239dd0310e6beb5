/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Opens the database and migrates it to this version of the schema. It has a rollback journal, not WAL: then
 * a reader needs no write access to the directory, and an auditor can get the database as one file. A record
 * writes in a single transaction. This file knows SQLite, but not what the tables mean.
 */
#include "policy/tool/evidence/database.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "policy/names/printable.h"
#include "policy/slots.h"
#include "policy/tool/evidence/schema.h"
#include "policy/tool/evidence/stamp.h"

enum { PATIENCE_MS = 30000, APPLICATION_ID = 1179929683, NUMBERS_LEAST = 1000000, MARK_MOST = 24 };

/* The limit for one row: the sum of all rows of a file still fits into 64 bits. */
static const int64_t MAILS_MOST = INT64_C(1000000000000);

/* The end of the year 9999. */
static const int64_t INSTANT_MOST = INT64_C(253402300800) * STAMP_SECOND;

static bool complain(struct database *database, const char *text)
{
    if (!database->failed) {
        fprintf(stderr, "%s: ", database->title);
        text_show(stderr, database->path);
        fprintf(stderr, ": %s\n", text);
    }
    database->failed = true;
    return false;
}

static void fail(struct database *database)
{
    database->damaged |= sqlite3_errcode(database->handle) == SQLITE_CORRUPT;
    complain(database, sqlite3_errmsg(database->handle));
}

sqlite3_stmt *database_prepare(struct database *database, const char *sql)
{
    sqlite3_stmt *statement = NULL;

    if (database->failed)
        return NULL;
    if (sqlite3_prepare_v2(database->handle, sql, -1, &statement, NULL) != SQLITE_OK)
        fail(database);
    return statement;
}

void database_run(struct database *database, const char *sql)
{
    if (!database->failed && sqlite3_exec(database->handle, sql, NULL, NULL, NULL) != SQLITE_OK)
        fail(database);
}

bool database_row(struct database *database, sqlite3_stmt *statement)
{
    int answer;

    if (database->failed || statement == NULL)
        return false;
    answer = sqlite3_step(statement);
    if (answer != SQLITE_ROW && answer != SQLITE_DONE)
        fail(database);
    return answer == SQLITE_ROW;
}

int64_t database_time(sqlite3_stmt *statement, int column)
{
    return sqlite3_column_type(statement, column) == SQLITE_NULL ? STAMP_NONE
                                                                 : sqlite3_column_int64(statement, column);
}

void database_step(struct database *database, sqlite3_stmt *statement)
{
    while (database_row(database, statement))
        ;
    (void)sqlite3_reset(statement);
}

/* Returns the number that a query yields. -1: failed. */
static int64_t number_of(struct database *database, const char *sql)
{
    sqlite3_stmt *statement = database_prepare(database, sql);
    int64_t number = database_row(database, statement) ? sqlite3_column_int64(statement, 0) : -1;

    sqlite3_finalize(statement);
    return number;
}

bool database_number(struct database *database, sqlite3_stmt *statement, int column, size_t *number)
{
    int64_t value = sqlite3_column_int64(statement, column);

    /* Ids grow by one, and each row takes more than one octet. */
    if (value > database->largest) {
        int64_t pages = number_of(database, "PRAGMA page_count");

        database->largest = NUMBERS_LEAST + pages * number_of(database, "PRAGMA page_size");
    }
    if (value < 0 || value > database->largest)
        return complain(database, "is damaged: it has a number that is out of range");
    *number = (size_t)value;
    return true;
}

bool database_mails(struct database *database, sqlite3_stmt *statement, int column, int64_t *mails)
{
    *mails = sqlite3_column_int64(statement, column);
    if (*mails >= 0 && *mails <= MAILS_MOST)
        return true;
    return complain(database, "is damaged: it has a number that is out of range");
}

bool database_instant(struct database *database, sqlite3_stmt *statement, int column, int64_t *instant)
{
    *instant = sqlite3_column_int64(statement, column);
    if (*instant >= -INSTANT_MOST && *instant <= INSTANT_MOST)
        return true;
    return complain(database, "is damaged: it has a time that is out of range");
}

/* SQL function mark(a, b, ...): the hash by which words.c finds a row with these numbers. */
static void mark(sqlite3_context *context, int count, sqlite3_value **values)
{
    uint32_t value[MARK_MOST];
    size_t used = 0;

    for (; used < (size_t)count && used < MARK_MOST; used++)
        value[used] = (uint32_t)sqlite3_value_int64(values[used]);
    sqlite3_result_int64(context, slots_hash(value, used * sizeof *value));
}

/* Applies the steps of the schema that the database lacks. */
static void migrate(struct database *database, int64_t version)
{
    char text[64];

    if (sqlite3_create_function(database->handle, "mark", -1, SQLITE_UTF8, NULL, mark, NULL, NULL)
        != SQLITE_OK)
        fail(database);
    for (int64_t step = version; schema_steps[step] != NULL; step++)
        database_run(database, schema_steps[step]);
    if (version < DATABASE_VERSION) {
        snprintf(text, sizeof text, "PRAGMA user_version = %d", DATABASE_VERSION);
        database_run(database, text);
    }
}

/*
 * Whether there is anything but tables and their indexes. We create nothing else, and a view instead of a
 * table or a computed column could keep a reader busy for ever.
 */
static bool has_more_than_tables(struct database *database)
{
    return number_of(database,
                     "SELECT (SELECT count(*) FROM sqlite_schema WHERE type NOT IN ('table', 'index')"
                     " OR sql LIKE 'create virtual%') + (SELECT count(*) FROM sqlite_schema AS s,"
                     " pragma_table_xinfo(s.name) AS x WHERE s.type = 'table' AND x.hidden <> 0)")
           != 0;
}

static bool check_version(struct database *database, enum database_use use)
{
    int64_t version = number_of(database, "PRAGMA user_version");
    int64_t application = number_of(database, "PRAGMA application_id");
    int64_t tables = number_of(database, "SELECT count(*) FROM sqlite_schema");

    if (database->failed)
        return false;
    if (application != APPLICATION_ID && (tables != 0 || use == DATABASE_READ))
        return complain(database, "not a database of evidence");
    if (has_more_than_tables(database))
        return complain(database, "not a database of evidence: it has views, triggers or computed columns");
    if (version > DATABASE_VERSION)
        return complain(database, "a newer version of forcetls wrote this database");
    if (use == DATABASE_READ && version < DATABASE_VERSION)
        return complain(database, "of an older version: run forcetls record once to bring it to this one");
    migrate(database, version);
    return !database->failed;
}

static bool configure(struct database *database, enum database_use use)
{
    (void)sqlite3_busy_timeout(database->handle, PATIENCE_MS);
    database_run(database,
                 "PRAGMA trusted_schema = off; PRAGMA temp_store = memory; PRAGMA cache_size = -8192;");
    if (use == DATABASE_READ)
        database_run(database, "BEGIN; SELECT count(*) FROM sqlite_schema;");
    else if (number_of(database, "PRAGMA page_count") == 0)
        database_run(database, "PRAGMA page_size = 8192;");
    if (use == DATABASE_WRITE)
        database_run(database, "PRAGMA journal_mode = truncate; PRAGMA synchronous = full; BEGIN IMMEDIATE;");
    else if (use == DATABASE_MEMORY)
        database_run(database, "PRAGMA journal_mode = off; BEGIN;");
    return !database->failed;
}

/* Returns why a path cannot be that of a database. NULL: it can, as far as can be seen. */
static const char *why_no_file(const char *path, enum database_use use)
{
    struct stat file;

    if (stat(path, &file) != 0) /* SQLite opens a temporary database if the path is empty */
        return use == DATABASE_READ || *path == '\0' ? strerror(errno) : NULL;
    if (!S_ISREG(file.st_mode))
        return S_ISDIR(file.st_mode) ? strerror(EISDIR) : "not a file";
    return use == DATABASE_READ && access(path, R_OK) != 0 ? strerror(errno) : NULL;
}

/* Creates the file so that only its user and group can read it. */
static void create_private(const char *path)
{
    mode_t mask = umask(0027);
    FILE *file = access(path, F_OK) != 0 ? fopen(path, "ae") : NULL;

    if (file != NULL)
        fclose(file);
    umask(mask);
}

bool database_open(struct database *database, const char *title, const char *path, enum database_use use)
{
    /* The tool has one thread. */
    int flags = SQLITE_OPEN_NOMUTEX
                | (use == DATABASE_READ ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);

    const char *why = use != DATABASE_MEMORY ? why_no_file(path, use) : NULL;

    *database = (struct database){.title = title, .path = use == DATABASE_MEMORY ? "(memory)" : path};
    if (use == DATABASE_WRITE && why == NULL)
        create_private(path);
    if (why != NULL)
        complain(database, why);
    else if (sqlite3_open_v2(use == DATABASE_MEMORY ? ":memory:" : path, &database->handle, flags, NULL)
             != SQLITE_OK)
        complain(database, database->handle != NULL ? sqlite3_errmsg(database->handle) : "out of memory");
    else if (configure(database, use))
        check_version(database, use);
    if (!database->failed)
        return true;
    database_close(database);
    return false;
}

bool database_commit(struct database *database)
{
    database_run(database, "COMMIT");
    return !database->failed;
}

void database_close(struct database *database)
{
    (void)sqlite3_close_v2(database->handle);
    database->handle = NULL;
}
