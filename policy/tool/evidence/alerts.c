/* SPDX-License-Identifier: BSD-2-Clause */
/* Remembers causes, formats the lines of alerts, and prints them. The causes themselves are in alert_*.c. */
#include "policy/tool/evidence/alerts.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "policy/tool/text.h"

static bool alerts_open(struct alerts *alerts)
{
    struct database *database = alerts->database;

    alerts->read =
        database_prepare(database, "SELECT state, at FROM alert WHERE partner = ?1 AND direction = ?2"
                                   " AND alert = ?3 AND subject = ?4");
    alerts->write =
        database_prepare(database, "INSERT INTO alert (partner, direction, alert, subject, state, at)"
                                   " VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO UPDATE"
                                   " SET state = excluded.state, at = excluded.at");
    alerts->post = database_prepare(database, "INSERT INTO outbox (line) VALUES (?1)");
    alerts->word = database_prepare(database, "SELECT value FROM text WHERE id = ?1");
    return alerts->read != NULL && alerts->write != NULL && alerts->post != NULL && alerts->word != NULL;
}

static void alerts_close(struct alerts *alerts)
{
    sqlite3_finalize(alerts->read);
    sqlite3_finalize(alerts->write);
    sqlite3_finalize(alerts->post);
    sqlite3_finalize(alerts->word);
}

static void bind_key(sqlite3_stmt *statement, const struct alert_key *key)
{
    sqlite3_bind_int64(statement, 1, key->partner);
    sqlite3_bind_int64(statement, 2, key->direction);
    sqlite3_bind_text(statement, 3, key->alert, -1, SQLITE_STATIC);
    sqlite3_bind_text(statement, 4, key->subject, -1, SQLITE_TRANSIENT);
}

struct alert_state alert_state(struct alerts *alerts, const struct alert_key *key)
{
    struct alert_state state = {0, 0};

    bind_key(alerts->read, key);
    if (database_row(alerts->database, alerts->read))
        state = (struct alert_state){sqlite3_column_int64(alerts->read, 0),
                                     sqlite3_column_int64(alerts->read, 1)};
    sqlite3_reset(alerts->read);
    return state;
}

void alert_keep(struct alerts *alerts, const struct alert_key *key, struct alert_state state)
{
    bind_key(alerts->write, key);
    sqlite3_bind_int64(alerts->write, 5, state.state);
    sqlite3_bind_int64(alerts->write, 6, state.at);
    database_step(alerts->database, alerts->write);
}

const char *alert_word(struct alerts *alerts, uint32_t number)
{
    const char *word = NULL;

    sqlite3_reset(alerts->word);
    sqlite3_bind_int64(alerts->word, 1, number);
    if (database_row(alerts->database, alerts->word))
        word = (const char *)sqlite3_column_text(alerts->word, 0);
    return word != NULL ? word : "";
}

/* Returns the line of an alert, which the caller frees. NULL: out of memory. */
static char *line_of(struct alerts *alerts, const struct alert_key *key, const char *text)
{
    bool outbound = strcmp(alert_word(alerts, key->direction), "outbound") == 0;
    char *line = NULL;
    size_t length;
    FILE *stream = open_memstream(&line, &length);

    if (stream == NULL)
        return NULL;
    fprintf(stream, "event=alert partner=%s alert=%s text=", alert_word(alerts, key->partner), key->alert);
    text_quoted(stream, text);
    if (outbound)
        fputs(" direction=outbound", stream);
    if (fclose(stream) == 0)
        return line;
    free(line);
    return NULL;
}

void alert_post(struct alerts *alerts, const struct alert_key *key, const char *format, ...)
{
    va_list arguments;
    char *text, *line;

    va_start(arguments, format);
    text = text_vformat(format, arguments);
    va_end(arguments);
    line = text != NULL ? line_of(alerts, key, text) : NULL;
    if (line != NULL) {
        sqlite3_bind_text(alerts->post, 1, line, -1, SQLITE_TRANSIENT);
        database_step(alerts->database, alerts->post);
    } else {
        alerts->exhausted = true;
    }
    free(text);
    free(line);
}

bool alerts_raise(struct ledger *ledger, const struct policy *policy)
{
    struct alerts alerts = {
        .ledger = ledger, .database = ledger->database, .now = ledger->now, .policy = policy};

    if (alerts_open(&alerts)) {
        alert_certificates(&alerts);
        alert_courses(&alerts);
        alert_ends(&alerts);
        alert_conflicts(&alerts);
    }
    alerts_close(&alerts);
    if (alerts.exhausted) {
        if (!alerts.database->failed)
            fprintf(stderr, "%s: out of memory\n", alerts.database->title);
        alerts.database->failed = true;
    }
    return !alerts.database->failed;
}

int alerts_print(struct database *database)
{
    sqlite3_stmt *lines = database_prepare(database, "SELECT line FROM outbox ORDER BY id");
    int count = 0;

    while (database_row(database, lines)) {
        puts((const char *)sqlite3_column_text(lines, 0));
        count++;
    }
    sqlite3_finalize(lines);
    if (database->failed || fflush(stdout) != 0 || ferror(stdout))
        return -1;
    if (count > 0)
        database_run(database, "DELETE FROM outbox");
    return database->failed ? -1 : count;
}
