/* SPDX-License-Identifier: BSD-2-Clause */
/* The database of evidence: an SQLite file with our schema. */
#ifndef POLICY_TOOL_EVIDENCE_DATABASE_H
#define POLICY_TOOL_EVIDENCE_DATABASE_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DATABASE_FILE "/var/lib/forcetls/evidence.db"
enum { DATABASE_VERSION = 4 };

enum database_use {
    DATABASE_READ,  /* must exist; nothing is written */
    DATABASE_WRITE, /* created if missing; migrated to this version */
    DATABASE_MEMORY /* a new one that is lost when it is closed */
};

struct database {
    sqlite3 *handle;
    const char *title; /* the verb, for messages; borrowed, like the path */
    const char *path;
    bool failed;     /* an error occurred and was reported on stderr */
    bool damaged;    /* it failed because SQLite found the file corrupt */
    int64_t largest; /* the largest valid id, for database_number() */
};

/*
 * Opens a database. DATABASE_WRITE also begins the one transaction for everything that is written, so that
 * two writers wait for each other. False: stderr says why, and nothing is open. `title` is the verb, for
 * messages.
 */
bool database_open(struct database *database, const char *title, const char *path, enum database_use use);

/* Commits the transaction to the disk. False: nothing is committed, and stderr says why. */
bool database_commit(struct database *database);

/* Closes the database. What is not committed is lost. */
void database_close(struct database *database);

/*
 * Prepares a statement, which the caller frees with sqlite3_finalize(). NULL: failed. When one of these
 * functions fails, it reports that on stderr once and sets `failed`; from then on they do nothing.
 */
sqlite3_stmt *database_prepare(struct database *database, const char *sql);

/* Runs statements without results. */
void database_run(struct database *database, const char *sql);

/* Steps to the next row. False: no more rows, or failed. */
bool database_row(struct database *database, sqlite3_stmt *statement);

/*
 * Reads the id of a word or kind in a column, which is safe as an index of a list in memory. False: it is
 * below 0, or larger than a database of this size can have: the database is damaged or altered.
 */
bool database_number(struct database *database, sqlite3_stmt *statement, int column, size_t *number);

/* The same for the number of mails in a row, which is safe to add up. */
bool database_mails(struct database *database, sqlite3_stmt *statement, int column, int64_t *mails);

/* The same for a time, or for an offset within an hour or day. */
bool database_instant(struct database *database, sqlite3_stmt *statement, int column, int64_t *instant);

/* Returns the time in a column; NULL is STAMP_NONE. */
int64_t database_time(sqlite3_stmt *statement, int column);

/* Runs a prepared statement to its end, and resets it for the next values. */
void database_step(struct database *database, sqlite3_stmt *statement);

#endif
