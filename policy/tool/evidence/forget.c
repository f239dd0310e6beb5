/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * forget: deletes what the database has of a partner. The numbers of the lines stay, so that the lines do not
 * count again.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>
#include "policy/names/printable.h"
#include "policy/tool/evidence/database.h"
#include "policy/tool/evidence/retention.h"
#include "policy/tool/verbs.h"

static const char help[] =
    "Usage: forcetls forget PARTNER [--database FILE]\n\n"
    "Deletes everything that a database of forcetls record has of a partner.\n\n"
    "  --database FILE   the database (default " DATABASE_FILE ")\n\n"
    "Exit status: 0 good, 1 there is nothing of this partner, 64 usage, 66 there is no database,\n"
    "74 it cannot be written.\n";

static const struct option options[] = {
    {"database", required_argument, NULL, 'd'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

static const struct usage usage = {help, "h", options};

/* Runs a statement with the partner's name. Returns how many rows it changed. */
static int run_with(struct database *database, const char *sql, const char *partner)
{
    sqlite3_stmt *statement = database_prepare(database, sql);

    if (statement == NULL)
        return 0;
    sqlite3_bind_text(statement, 1, partner, -1, SQLITE_STATIC);
    database_step(database, statement);
    sqlite3_finalize(statement);
    return sqlite3_changes(database->handle);
}

static int forget(const char *file, const char *partner, const char *title)
{
#define KINDS "SELECT id FROM kind WHERE partner = (SELECT id FROM text WHERE value = ?1)"
    static const char *const statements[] = {
        "DELETE FROM hourly WHERE kind IN (" KINDS ")",
        "DELETE FROM daily WHERE kind IN (" KINDS ")",
        "DELETE FROM recent WHERE partner = (SELECT id FROM text WHERE value = ?1)",
        "DELETE FROM alert WHERE partner = (SELECT id FROM text WHERE value = ?1)",
        "DELETE FROM certificate WHERE partner = (SELECT id FROM text WHERE value = ?1)",
        "DELETE FROM outbox WHERE substr(line, 1, length(?1) + 21) = 'event=alert partner=' || ?1 || ' '",
        "DELETE FROM partner_rule WHERE partner = (SELECT id FROM text WHERE value = ?1)",
        "DELETE FROM kind WHERE partner = (SELECT id FROM text WHERE value = ?1)",
    };
#undef KINDS
    struct database database;
    int deleted = 0;
    bool good;

    if (access(file, F_OK) != 0) { /* unlike record, forget does not create it */
        int error = errno;

        fprintf(stderr, "%s: ", title);
        text_show(stderr, file);
        fprintf(stderr, ": %s\n", strerror(error));
        return EX_NOINPUT;
    }
    if (!database_open(&database, title, file, DATABASE_WRITE))
        return EX_IOERR;
    database_run(&database, "PRAGMA secure_delete = on");
    for (size_t i = 0; i < sizeof statements / sizeof *statements; i++)
        deleted += run_with(&database, statements[i], partner);
    database_run(&database, "DELETE FROM client WHERE id NOT IN (SELECT client FROM daily)"
                            " AND id NOT IN (SELECT client FROM recent);"
                            "DELETE FROM rule WHERE id NOT IN (SELECT rule FROM partner_rule)");
    good = retention_words(&database) && database_commit(&database);
    database_close(&database);
    if (!good)
        return EX_IOERR;
    if (deleted > 0)
        return EX_OK;
    fprintf(stderr, "%s: there is nothing of this partner: ", title);
    text_show(stderr, partner);
    fputc('\n', stderr);
    return 1;
}

int verb_forget(int argc, char **argv)
{
    const char *file = DATABASE_FILE;
    int option, status;

    while ((option = option_next(&usage, argc, argv, &status)) > 0) {
        switch (option) {
        case 'd':
            file = optarg;
            break;
        }
    }
    if (option == 0)
        return status;
    if (argc - optind != 1)
        return usage_error(argv[0], "the name of one partner is needed", NULL);
    return forget(file, argv[optind], argv[0]);
}
