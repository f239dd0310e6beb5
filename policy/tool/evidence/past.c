/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Feeds the macros of past mail to the reader of macros, so that the daemon's own code judges the mail. What
 * the evidence lacks stays unknown: recipients, local parts, and a From header that nobody read.
 */
#include "policy/tool/evidence/past.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "policy/facts/macros.h"
#include "policy/names/fingerprint.h"
#include "policy/tool/evidence/stamp.h"

/* Adds "(SELECT value FROM text WHERE id = x.NAME), " for each name of a list "a, b". */
static size_t add_columns(char *sql, size_t size, size_t length, const char *names, const char *table)
{
    while (*names != '\0' && length < size) {
        size_t name = strcspn(names, ", ");

        length += (size_t)snprintf(sql + length, size - length,
                                   "(SELECT value FROM text WHERE id = %s.%.*s), ", table, (int)name, names);
        names += name;
        names += strspn(names, ", ");
    }
    return length;
}

sqlite3_stmt *past_open(struct database *database, int64_t since)
{
    char sql[4096] = "SELECT ";
    size_t length = strlen(sql);
    sqlite3_stmt *statement;

    length = add_columns(sql, sizeof sql, length, KIND_COLUMN_NAMES, "k");
    length = add_columns(sql, sizeof sql, length, CLIENT_COLUMN_NAMES, "c");
    snprintf(sql + length, sizeof sql - length,
             "d.n, d.day * 86400000 + d.first, d.day * 86400000 + ifnull(d.last, d.first) AS end FROM daily d"
             " JOIN client c ON c.id = d.client JOIN kind k ON k.id = d.kind WHERE end >= ?1"
             " ORDER BY d.day, d.kind, d.client");
    statement = database_prepare(database, sql);
    if (statement != NULL)
        sqlite3_bind_int64(statement, 1, since);
    return statement;
}

bool past_next(struct database *database, sqlite3_stmt *statement, struct past *past)
{
    int column = 0;

    if (!database_row(database, statement))
        return false;
    for (size_t i = 0; i < KIND_COLUMNS; i++)
        past->kind[i] = (const char *)sqlite3_column_text(statement, column++);
    for (size_t i = 0; i < CLIENT_COLUMNS; i++)
        past->client[i] = (const char *)sqlite3_column_text(statement, column++);
    for (size_t i = 0; i < KIND_COLUMNS; i++)
        past->kind[i] = past->kind[i] != NULL ? past->kind[i] : "";
    for (size_t i = 0; i < CLIENT_COLUMNS; i++)
        past->client[i] = past->client[i] != NULL ? past->client[i] : "";
    past->first = sqlite3_column_int64(statement, column + 1);
    past->last = sqlite3_column_int64(statement, column + 2);
    return database_mails(database, statement, column, &past->n);
}

/* ---- macros ---- */

static bool is_postfix(const struct past *past)
{
    return strcmp(past->kind[KIND_MTA], "postfix") == 0;
}

static bool has_tls(const struct past *past)
{
    return *past->kind[KIND_TLS] != '\0' && strcmp(past->kind[KIND_TLS], "none") != 0;
}

static bool is_fingerprint(const char *text)
{
    return strncmp(text, "sha256:", 7) == 0;
}

/* Returns the value of a TLS macro. NULL: plaintext has none. */
static const char *of_tls(const struct past *past, enum kind_column column)
{
    return has_tls(past) ? past->kind[column] : NULL;
}

static const char *session_macro(const struct past_facts *facts, const char *name)
{
    const struct past *past = facts->past;
    bool authenticated = strcmp(past->kind[KIND_EXEMPT], "auth") == 0;

    if (strcmp(name, "{mail_addr}") == 0)
        return facts->sender;
    if (strcmp(name, "{auth_type}") == 0)
        return authenticated ? "PLAIN" : NULL;
    if (strcmp(name, "{auth_authen}") == 0)
        return authenticated ? "user" : NULL;
    if (strcmp(name, "{client_addr}") == 0)
        return past->client[CLIENT_ADDRESS];
    if (strcmp(name, "{client_port}") == 0) /* shows that the MTA sends the macros that it was asked for */
        return strstr(past->kind[KIND_REASONS], "mta_macros") != NULL && !has_tls(past) ? NULL : "1";
    if (strcmp(name, "{client_name}") == 0)
        return past->client[CLIENT_NAME];
    if (strcmp(name, "{client_resolve}") == 0)
        return past->client[CLIENT_RESOLVE];
    if (strcmp(name, "{daemon_name}") == 0)
        return past->client[CLIENT_DAEMON];
    if (strcmp(name, "v") == 0)
        return is_postfix(past) ? "Postfix 3.7.11" : "8.17.1";
    return strcmp(name, "i") == 0 ? "replayed" : NULL;
}

static const char *tls_macro(const struct past_facts *facts, const char *name)
{
    const struct past *past = facts->past;

    if (strcmp(name, "{verify}") == 0)
        return past->kind[KIND_VERIFY];
    if (strcmp(name, "{tls_version}") == 0)
        return of_tls(past, KIND_TLS);
    if (strcmp(name, "{cipher}") == 0)
        return of_tls(past, KIND_CIPHER);
    if (strcmp(name, "{cipher_bits}") == 0)
        return of_tls(past, KIND_BITS);
    if (strcmp(name, "{cert_subject}") == 0)
        return of_tls(past, KIND_SUBJECT);
    if (strcmp(name, "{cert_issuer}") == 0)
        return of_tls(past, KIND_ISSUER);
    if (strcmp(name, "{cn_subject}") == 0)
        return has_tls(past) ? facts->subject_cn : NULL;
    if (strcmp(name, "{cn_issuer}") == 0)
        return has_tls(past) ? facts->issuer_cn : NULL;
    if (strcmp(name, "{cert_fp}") == 0 && is_fingerprint(past->kind[KIND_FINGERPRINT]))
        return past->kind[KIND_FINGERPRINT] + strlen("sha256:");
    return NULL;
}

static const char *macro(void *arg, const char *name)
{
    const char *value = session_macro(arg, name);

    return value != NULL ? value : tls_macro(arg, name);
}

/* ---- facts ---- */

/* Finds the common name in a distinguished name of Sendmail, unless it has several. */
static void find_common_name(char name[300], const char *dn)
{
    const char *found = strstr(dn, "/CN=");

    name[0] = '\0';
    if (found != NULL && strstr(found + 4, "/CN=") == NULL)
        snprintf(name, 300, "%.*s", (int)strcspn(found + 4, "/"), found + 4);
}

static void read_senders(struct past_facts *facts)
{
    const char *domain = facts->past->client[CLIENT_DOMAIN], *argument = facts->past->client[CLIENT_ARGUMENT];

    if (strcmp(domain, "<>") == 0)
        snprintf(facts->sender, sizeof facts->sender, "<>");
    else
        snprintf(facts->sender, sizeof facts->sender, *domain != '\0' ? "x@%s" : "x", domain);
    if (*argument != '\0')
        snprintf(facts->argument, sizeof facts->argument, "<x@%s>", argument);
    else
        snprintf(facts->argument, sizeof facts->argument, *facts->sender == '<' ? "%s" : "<%s>",
                 facts->sender);
}

static void read_pin(struct pin *pin, const char *text)
{
    if (strcmp(text, "none") == 0)
        pin->state = PIN_ABSENT;
    else if (strcmp(text, "missing") == 0)
        pin->state = PIN_MISSING;
    else if (strcmp(text, "unshown") == 0)
        pin->state = PIN_UNSHOWN;
    else if (is_fingerprint(text) && fingerprint_read(pin->fingerprint, text + strlen("sha256:")))
        pin->state = PIN_KNOWN;
    else
        pin->state = PIN_PENDING; /* refused before the fingerprint was known */
}

/* Makes "a.example,b.example" a From field, and reads it. */
static void read_header_from(struct past_facts *facts)
{
    const char *at = facts->past->client[CLIENT_HEADER_FROM];
    char value[2048] = "";
    size_t length = 0;

    if (*at == '\0')
        return;
    while (strcmp(at, KIND_NO_HEADER_FROM) != 0 && *at != '\0' && length < sizeof value - 300) {
        size_t name = strcspn(at, ",");

        length += (size_t)snprintf(value + length, sizeof value - length, "%sx@%.*s", length ? ", " : "",
                                   name < 256 ? (int)name : 256, at);
        at += name + (at[name] == ',');
    }
    header_from_add(&facts->header_from, value, facts_header_reader(&facts->facts));
    facts->facts.header_from = &facts->header_from;
}

bool past_read(struct past_facts *facts, const struct past *past)
{
    struct envelope envelope = {.helo = past->client[CLIENT_HELO],
                                .shown = ~0u,
                                .mta = is_postfix(past) ? MTA_POSTFIX : MTA_SENDMAIL};

    *facts = (struct past_facts){.past = past};
    envelope.argument = facts->argument;
    envelope.pins_at_data = true;
    read_senders(facts);
    find_common_name(facts->subject_cn, past->kind[KIND_SUBJECT]);
    find_common_name(facts->issuer_cn, past->kind[KIND_ISSUER]);
    if (!facts_read(&facts->facts, &envelope, macro, facts))
        return false;
    if (facts->facts.mta == MTA_POSTFIX && facts->facts.tls == TLS_ON) {
        read_pin(&facts->facts.certificate_pin, past->kind[KIND_FINGERPRINT]);
        read_pin(&facts->facts.key_pin, past->kind[KIND_KEY_FINGERPRINT]);
    }
    read_header_from(facts);
    return true;
}

void past_clear(struct past_facts *facts)
{
    facts_clear(&facts->facts);
    header_from_clear(&facts->header_from);
}
