/* SPDX-License-Identifier: BSD-2-Clause */
/* The database of evidence: a file of SQLite with a schema of ours. */
#ifndef POLICY_TOOL_EVIDENCE_DATABASE_H
#define POLICY_TOOL_EVIDENCE_DATABASE_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DATABASE_FILE "/var/lib/forcetls/evidence.db"
enum { DATABASE_VERSION = 4 };

enum database_use {
    DATABASE_READ,  /* it must be there; nothing is written */
    DATABASE_WRITE, /* created where it is not there; brought to this version */
    DATABASE_MEMORY /* a new one that is gone when it is closed */
};

struct database {
    sqlite3 *handle;
    const char *title; /* of the verb, for messages; borrowed, as the path is */
    const char *path;
    bool failed;     /* something went wrong, and stderr has it */
    bool damaged;    /* it failed because the file is not what SQLite has written */
    int64_t largest; /* of database_number() */
};

/*
 * Opens a database and, for DATABASE_WRITE, begins the one transaction in which everything is written, so
 * that two writers wait for each other. False: stderr says why, and nothing is open. `title` is the verb,
 * for messages.
 */
bool database_open(struct database *database, const char *title, const char *path, enum database_use use);

/*
 * Ends the transaction: everything is on the disk, or nothing is. False: nothing is, and stderr says why.
 */
bool database_commit(struct database *database);

/* Closes; what is not committed never was. */
void database_close(struct database *database);

/*
 * A statement, to be finalized by sqlite3_finalize(); NULL: it failed. The functions that fail say so on
 * stderr once, set `failed`, and do nothing from then on.
 */
sqlite3_stmt *database_prepare(struct database *database, const char *sql);

/* Runs statements without results. */
void database_run(struct database *database, const char *sql);

/* Steps to the next row. False: there is none, or it failed. */
bool database_row(struct database *database, sqlite3_stmt *statement);

/*
 * The number of a word or kind in a column, by which a list in memory can be indexed. False: it is below 0,
 * or larger than in any database of this size: the database is damaged, or somebody altered it.
 */
bool database_number(struct database *database, sqlite3_stmt *statement, int column, size_t *number);

/* Likewise how many mails a row stands for, which can be summed up. */
bool database_mails(struct database *database, sqlite3_stmt *statement, int column, int64_t *mails);

/* Likewise a time, or what one is behind the beginning of its hour or day. */
bool database_instant(struct database *database, sqlite3_stmt *statement, int column, int64_t *instant);

/* The time in a column; STAMP_NONE where it is NULL. */
int64_t database_time(sqlite3_stmt *statement, int column);

/* Runs a prepared statement to its end and makes it ready for the next values. */
void database_step(struct database *database, sqlite3_stmt *statement);

#endif
