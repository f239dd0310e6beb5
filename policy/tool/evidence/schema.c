/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The schema. Words are stored once, in `text`, and referred to by id; 0 is the empty word. Times are
 * milliseconds since 1970, UTC; `first` and `last` of counts are milliseconds since the start of their hour
 * or day. `last` and `last_qid` are NULL if they equal those of the first mail.
 *
 * kind         what a mail was like for one partner, without what a client chooses freely
 * hourly       how many mails of a kind, by hours since 1970; older than 400 days by days, under their
 *              first hour
 * client       a client with its names and the domain of the sender
 * daily        how many mails of a kind from such a client, by days since 1970; older than 40 days by months,
 *              under their first day
 * run          a process of the daemon, from start to stop
 * seen         the numbers of its lines that were read, in ranges
 * event        starts, stops, reloads, and the first mail judged by a policy that no reload announced
 * recent       the last messages, which may get a further result
 * line         lines without a number that were counted, by a hash, and when they were written
 * counter      what else was counted: lines that cannot be read, and the like
 * certificate  the certificates that a partner has shown, verified or with mail that passed
 * alert        the state of the causes of alerts; see alerts.h
 * outbox       lines of alerts that are not printed yet
 * partner_rule which rule a partner had under a policy; the id of a rule is a hash of its text
 * mark         two octets of a hash of each line of the last days, by run and blocks of 256 numbers
 */
#include "policy/tool/evidence/schema.h"

#include <stddef.h>

/* The columns of `client` in version 4. */
#define CLIENT_VALUES                                                                                        \
    "client, client_name, domain, helo, resolve, argument, header_from, selected, daemon, cut"

const char *const schema_steps[] = {
    "PRAGMA application_id = 1179929683;" /* "FTLS" */
    "CREATE TABLE text (id INTEGER PRIMARY KEY, value TEXT NOT NULL UNIQUE);"
    "CREATE TABLE kind (id INTEGER PRIMARY KEY, mark INTEGER NOT NULL,"
    " gateway INTEGER NOT NULL, direction INTEGER NOT NULL, partner INTEGER NOT NULL, mode INTEGER NOT NULL,"
    " verdict INTEGER NOT NULL, action INTEGER NOT NULL, would INTEGER NOT NULL, reasons INTEGER NOT NULL,"
    " policy INTEGER NOT NULL, tls INTEGER NOT NULL, cipher INTEGER NOT NULL, bits INTEGER NOT NULL,"
    " subject INTEGER NOT NULL, issuer INTEGER NOT NULL, verify INTEGER NOT NULL, fingerprint INTEGER NOT "
    "NULL,"
    " key_fingerprint INTEGER NOT NULL, identity INTEGER NOT NULL, exception INTEGER NOT NULL,"
    " mta INTEGER NOT NULL, exempt INTEGER NOT NULL, role INTEGER NOT NULL);"
    "CREATE INDEX kind_mark ON kind (mark);"
    "CREATE TABLE hourly (hour INTEGER NOT NULL, kind INTEGER NOT NULL, n INTEGER NOT NULL,"
    " first INTEGER NOT NULL, last INTEGER NOT NULL, first_qid TEXT, last_qid TEXT,"
    " PRIMARY KEY (hour, kind)) WITHOUT ROWID;"
    "CREATE TABLE client (id INTEGER PRIMARY KEY, mark INTEGER NOT NULL, kind INTEGER NOT NULL,"
    " client INTEGER NOT NULL, client_name INTEGER NOT NULL, domain INTEGER NOT NULL, helo INTEGER NOT NULL,"
    " resolve INTEGER NOT NULL, argument INTEGER NOT NULL, header_from INTEGER NOT NULL,"
    " selected INTEGER NOT NULL, daemon INTEGER NOT NULL, cut INTEGER NOT NULL);"
    "CREATE INDEX client_mark ON client (mark);"
    "CREATE TABLE daily (day INTEGER NOT NULL, client INTEGER NOT NULL, n INTEGER NOT NULL,"
    " first INTEGER NOT NULL, last INTEGER NOT NULL, PRIMARY KEY (day, client)) WITHOUT ROWID;"
    "CREATE TABLE run (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, gateway INTEGER NOT NULL,"
    " first INTEGER, last INTEGER, stopped INTEGER NOT NULL, source INTEGER NOT NULL);"
    "CREATE TABLE seen (run INTEGER NOT NULL, low INTEGER NOT NULL, high INTEGER NOT NULL, low_at INTEGER,"
    " high_at INTEGER, PRIMARY KEY (run, low)) WITHOUT ROWID;"
    "CREATE TABLE event (id INTEGER PRIMARY KEY, run INTEGER NOT NULL, seq INTEGER NOT NULL, at INTEGER,"
    " gateway INTEGER NOT NULL, what TEXT NOT NULL, policy TEXT, detail TEXT);"
    "CREATE TABLE recent (run INTEGER NOT NULL, msg INTEGER NOT NULL, partner INTEGER NOT NULL,"
    " severity INTEGER NOT NULL, at INTEGER NOT NULL, kind INTEGER NOT NULL, client INTEGER NOT NULL,"
    " PRIMARY KEY (run, msg, partner)) WITHOUT ROWID;"
    "CREATE TABLE line (hash INTEGER PRIMARY KEY, at INTEGER);"
    "CREATE TABLE counter (name TEXT PRIMARY KEY, n INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE alert (cause TEXT PRIMARY KEY, partner INTEGER NOT NULL, at INTEGER NOT NULL) WITHOUT "
    "ROWID;"
    "CREATE TABLE rule (digest TEXT NOT NULL, partner INTEGER NOT NULL, rule TEXT NOT NULL,"
    " PRIMARY KEY (digest, partner)) WITHOUT ROWID;",
    /* Version 2: alerts. No release wrote to the first table of that name. */
    "DROP TABLE alert;"
    "CREATE TABLE alert (partner INTEGER NOT NULL, direction INTEGER NOT NULL, alert TEXT NOT NULL,"
    " subject TEXT NOT NULL, state INTEGER NOT NULL, at INTEGER NOT NULL,"
    " PRIMARY KEY (partner, direction, alert, subject)) WITHOUT ROWID;"
    "CREATE TABLE outbox (id INTEGER PRIMARY KEY, line TEXT NOT NULL);"
    "CREATE TABLE certificate (partner INTEGER NOT NULL, direction INTEGER NOT NULL,"
    " subject INTEGER NOT NULL, issuer INTEGER NOT NULL, fingerprint INTEGER NOT NULL,"
    " first INTEGER NOT NULL, last INTEGER NOT NULL,"
    " PRIMARY KEY (partner, direction, subject, issuer, fingerprint)) WITHOUT ROWID;"
    "INSERT INTO certificate SELECT k.partner, k.direction, k.subject, k.issuer,"
    " iif(f.value LIKE 'sha256:%', k.fingerprint, 0) AS print, min(h.hour * 3600000 + h.first),"
    " max(h.hour * 3600000 + h.last) FROM hourly h JOIN kind k ON k.id = h.kind"
    " LEFT JOIN text f ON f.id = k.fingerprint LEFT JOIN text s ON s.id = k.subject"
    " LEFT JOIN text v ON v.id = k.verdict LEFT JOIN text y ON y.id = k.verify"
    " WHERE (k.subject <> 0 OR print <> 0) AND ifnull(s.value, '') <> '(many)'"
    " AND (v.value = 'pass' OR y.value = 'OK' OR (k.verify = 0 AND k.issuer <> 0))"
    " GROUP BY k.partner, k.direction, k.subject, k.issuer, print;",
    /* Version 3: rules, and the marks of lines. Nothing was ever written to the first table of that name. */
    "DROP TABLE rule;"
    "CREATE TABLE rule (id INTEGER PRIMARY KEY, text TEXT NOT NULL);"
    "CREATE TABLE partner_rule (policy INTEGER NOT NULL, partner INTEGER NOT NULL, rule INTEGER NOT NULL,"
    " PRIMARY KEY (policy, partner)) WITHOUT ROWID;"
    "CREATE TABLE mark (run INTEGER NOT NULL, block INTEGER NOT NULL, at INTEGER NOT NULL,"
    " marks BLOB NOT NULL, PRIMARY KEY (run, block)) WITHOUT ROWID;",
    /* Version 4: clients separate from kinds, and smaller rows for a single mail. */
    "CREATE TABLE new_hourly (hour INTEGER NOT NULL, kind INTEGER NOT NULL, n INTEGER NOT NULL,"
    " first INTEGER NOT NULL, last INTEGER, first_qid TEXT, last_qid TEXT,"
    " PRIMARY KEY (hour, kind)) WITHOUT ROWID;"
    "INSERT INTO new_hourly SELECT hour, kind, n, first, nullif(last, first), first_qid,"
    " nullif(last_qid, first_qid) FROM hourly ORDER BY hour, kind;"
    "DROP TABLE hourly; ALTER TABLE new_hourly RENAME TO hourly;"
    /* `same`: the id of a client, and the id that replaces those of all equal clients. */
    "CREATE TEMP TABLE same (id INTEGER PRIMARY KEY, one INTEGER NOT NULL);"
    "INSERT INTO same SELECT id, min(id) OVER (PARTITION BY " CLIENT_VALUES ") FROM client;"
    "CREATE TABLE new_client (id INTEGER PRIMARY KEY, mark INTEGER NOT NULL,"
    " client INTEGER NOT NULL, client_name INTEGER NOT NULL, domain INTEGER NOT NULL, helo INTEGER NOT NULL,"
    " resolve INTEGER NOT NULL, argument INTEGER NOT NULL, header_from INTEGER NOT NULL,"
    " selected INTEGER NOT NULL, daemon INTEGER NOT NULL, cut INTEGER NOT NULL);"
    "INSERT INTO new_client SELECT id, mark(" CLIENT_VALUES "), " CLIENT_VALUES
    " FROM client WHERE id IN (SELECT one FROM same) ORDER BY id;"
    "CREATE TABLE new_daily (day INTEGER NOT NULL, kind INTEGER NOT NULL, client INTEGER NOT NULL,"
    " n INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER,"
    " PRIMARY KEY (day, kind, client)) WITHOUT ROWID;"
    "INSERT INTO new_daily SELECT d.day, c.kind, s.one, d.n, d.first, nullif(d.last, d.first) FROM daily d"
    " JOIN client c ON c.id = d.client JOIN same s ON s.id = d.client ORDER BY 1, 2, 3;"
    "UPDATE recent SET client = ifnull((SELECT one FROM same WHERE id = recent.client), client);"
    "DROP TABLE daily; ALTER TABLE new_daily RENAME TO daily;"
    "DROP TABLE client; ALTER TABLE new_client RENAME TO client;"
    "DROP TABLE same; CREATE INDEX client_mark ON client (mark);",
    NULL,
};
