# SPDX-License-Identifier: BSD-2-Clause
"""Tests of the alerts of forcetls record. Their logs end now: an alert is about what is younger than a day."""
import datetime
import re
import sqlite3
import subprocess

import logs
import tap
from rig import FORCETLS, HERE, RUN1, RUN2, old_database, place, rows, run

HOUR, DAY = logs.HOUR, 24 * logs.HOUR
NOW = datetime.datetime.now(logs.UTC).replace(microsecond=0)
ALERT = re.compile(r'event=alert partner=(\S+) alert=(\S+) text="((?:[^"\\]|\\.)*)"( direction=outbound)?$')


def alerts(text):
    """(partner, alert, text) of each alert; every other line of the output is the sum."""
    found = []
    for line in text.splitlines():
        match = ALERT.match(line)
        if match:
            found.append(match.groups()[:3])
        else:
            tap.contains(line, "event=record lines=")
    return found


def kinds(text):
    return [pair[:2] for pair in alerts(text)]


class Gateway:
    """A log that grows, and the database that records it."""

    def __init__(self, name, policy=None):
        self.here, self.daemon, self.number = place("alert_" + name), logs.Daemon(RUN1), 0
        self.options = []
        if policy:
            (self.here / "p.yaml").write_text(policy)
            self.options = ["-c", self.here / "p.yaml"]

    def decide(self, moment, **values):
        return self.daemon.decision(moment, **values)

    def record(self, *lines, **more):
        self.number += 1
        log = self.here / f"log{self.number}"
        log.write_text("".join(lines))
        return run("record", "--database", self.here / "e.db", *self.options, log, **more).stdout


def steady(gateway, until, days=10, **values):
    """A passing mail every three hours."""
    return [gateway.decide(until - i * 3 * HOUR, **values) for i in range(days * 8, 0, -1)]


@tap.test("alert: a changed certificate, once, whether its mail passes or fails; the renewal of the same names")
def _():
    gate = Gateway("changed")
    old = {"subject": "mx1.contoso.com", "issuer": "CA 1", "fingerprint": "sha256:" + "AA:" * 31 + "AA"}
    tap.equal(kinds(gate.record(*steady(gate, NOW - 8 * HOUR, **old))), [])
    new = {**old, "fingerprint": "sha256:" + "BB:" * 31 + "BB"}
    lines = [gate.decide(NOW - 7 * HOUR + i * datetime.timedelta(minutes=1), **new) for i in range(50)]
    got = alerts(gate.record(*lines))
    tap.equal([a[:2] for a in got], [("contoso", "certificate_changed")])
    tap.contains(got[0][2], "mx1.contoso.com by CA 1 has another fingerprint since " + logs.rfc3339(NOW - 7 * HOUR)[:19])
    tap.equal(kinds(gate.record(*lines)), [], "the same lines")
    tap.equal(kinds(gate.record(gate.decide(NOW - 6 * HOUR, **new), gate.decide(NOW - 6 * HOUR, **old))), [], "both are known")
    tap.equal(kinds(gate.record(gate.decide(NOW - 6 * HOUR, **{**new, "fingerprint": ""}))), [], "a fingerprint that is not known is no other one")
    other = {"subject": 'mx2 "new" \\ name', "issuer": "CA 2", "verdict": "fail", "action": "tempfail", "reasons": "certificate_subject"}
    got = alerts(gate.record(gate.decide(NOW - 5 * HOUR, **other)))
    tap.equal([a[:2] for a in got], [("contoso", "certificate_changed"), ("contoso", "failing")])
    tap.contains(got[0][2], 'mx2 \\"new\\" \\\\ name by CA 2 since')
    tap.contains(got[0][2], "fail: certificate_subject; before it was mx1.contoso.com by CA 1")


@tap.test("alert: a certificate that the MTA did not verify, and with which no mail passed, proves nothing and is no change")
def _():
    gate = Gateway("stranger")
    gate.record(*steady(gate, NOW - 8 * HOUR))
    bad = {"verdict": "fail", "action": "tempfail", "reasons": "certificate_untrusted", "verify": "FAIL", "mta": "sendmail"}
    tap.equal(kinds(gate.record(gate.decide(NOW - HOUR, subject="evil", issuer="Evil CA", **bad))), [("contoso", "failing")])
    tap.equal(rows(gate.here / "e.db", "SELECT count(*) FROM certificate"), [(1,)])


@tap.test("alert: three new certificates in a week are one alert; the ones of a first reading are none; nor are old ones")
def _():
    gate = Gateway("rotates")
    farm = [gate.decide(NOW - 20 * HOUR + i * HOUR, subject=f"mx{i % 4}.contoso.com") for i in range(12)]
    tap.equal(kinds(gate.record(*farm)), [], "a farm that is seen for the first time")
    gate = Gateway("rotates2")
    gate.record(*steady(gate, NOW - 9 * DAY, days=3))
    old = [gate.decide(NOW - 8 * DAY, subject="old.contoso.com")]
    tap.equal(kinds(gate.record(*old)), [], "nine days old")
    tap.equal(kinds(gate.record(*(gate.decide(NOW - i * HOUR, subject=f"n{i}.contoso.com") for i in (5, 4, 3)))), [("contoso", "certificate_changed")])
    tap.equal(kinds(gate.record(gate.decide(NOW - 2 * HOUR, subject="n9.contoso.com"))), [], "it goes on")
    fresh = Gateway("rotates3")
    fresh.record(*steady(fresh, NOW - 9 * HOUR))
    for i in (1, 2):
        tap.equal(kinds(fresh.record(fresh.decide(NOW - 5 * HOUR, subject=f"n{i}.contoso.com"))), [("contoso", "certificate_changed")])
    got = alerts(fresh.record(fresh.decide(NOW - 4 * HOUR, subject="n3.contoso.com")))
    tap.contains(got[0][2], "3 new certificates within a week")


FAIL = {"verdict": "fail", "action": "tempfail", "reasons": "no_tls", "tls": "none", "subject": "", "issuer": ""}


@tap.test("alert: the reasons are left out where the line does not have them, because another partner decided")
def _():
    gate = Gateway("also")
    got = dict((partner, text) for partner, _, text in alerts(gate.record(gate.decide(NOW - HOUR, also="fabrikam:fail", **FAIL))))
    tap.contains(got["contoso"], ":00:00Z: no_tls; in the last 24 hours 1 of 1 mails failed")
    tap.contains(got["fabrikam"], ":00:00Z; in the last 24 hours 1 of 1 mails failed")


@tap.test("alert: the first failure after a clean week, once; recovered after a day without one")
def _():
    gate = Gateway("failing")
    tap.equal(kinds(gate.record(*steady(gate, NOW - 40 * HOUR))), [])
    got = alerts(gate.record(gate.decide(NOW - 30 * HOUR, **FAIL), gate.decide(NOW - 29 * HOUR, **FAIL)))
    tap.equal(got, [], "older than a day")
    gate = Gateway("failing2")
    gate.record(*steady(gate, NOW - 24 * HOUR))
    got = alerts(gate.record(gate.decide(NOW - 22 * HOUR, **FAIL), gate.decide(NOW - 22 * HOUR)))
    tap.equal([a[:2] for a in got], [("contoso", "failing")])
    tap.contains(got[0][2], "no_tls; in the last 24 hours 1 of 2 mails failed, 1 refused")
    tap.equal(kinds(gate.record(gate.decide(NOW - 21 * HOUR, **FAIL))), [], "it goes on")
    tap.equal(kinds(gate.record(gate.decide(NOW - HOUR))), [], "not a day yet")
    database = sqlite3.connect(gate.here / "e.db")  # a day later: the failures lie further back
    database.execute("UPDATE hourly SET hour = hour - 25")
    database.execute("UPDATE alert SET at = at - 25 * 3600000")
    database.commit()
    database.close()
    got = alerts(gate.record(gate.decide(NOW - datetime.timedelta(minutes=1))))
    tap.equal([a[:2] for a in got], [("contoso", "recovered")])
    tap.equal(kinds(gate.record(gate.decide(NOW))), [])
    tap.equal(kinds(gate.record(gate.decide(NOW, **FAIL))), [], "not after a clean week")
    got = alerts(gate.record(*(gate.decide(NOW, **FAIL) for _ in range(5))))
    tap.equal([a[:2] for a in got], [("contoso", "failing")], "many in an hour are reported whatever was before")
    tap.equal(kinds(gate.record(*(gate.decide(NOW, **FAIL) for _ in range(9)))), [], "it goes on")


@tap.test("alert: testing mode and what the filter could not decide are failures, exceptions and exempt mail are none; each partner by itself")
def _():
    gate = Gateway("each")
    gate.record(*steady(gate, NOW - 8 * HOUR), *steady(gate, NOW - 8 * HOUR, partner="fabrikam"), *steady(gate, NOW - 8 * HOUR, partner="c"))
    got = kinds(gate.record(gate.decide(NOW - HOUR, **{**FAIL, "mode": "testing", "action": "accept"}),
                            gate.decide(NOW - HOUR, partner="fabrikam", verdict="undecidable", action="tempfail", reasons="mta_macros"),
                            gate.decide(NOW - HOUR, partner="c", verdict="excepted", reasons="no_tls", exception="2999-01-01"),
                            gate.decide(NOW - HOUR, partner="c", verdict="exempt", exempt="client")))
    tap.equal(sorted(got), [("contoso", "failing"), ("fabrikam", "failing")])


@tap.test("alert: a partner fell silent: three times the longest pause, at least three days; weekends are usual pauses")
def _():
    def lines(gate, last, pause, weekends=True):
        """Mail at each `pause` for 30 days up to `last`, then only the daemon's own hourly lines."""
        moments = [last - i * pause for i in range(int(30 * DAY / pause), -1, -1)]
        found = [gate.decide(moment) for moment in moments if weekends or moment.weekday() < 5]
        return found, [gate.daemon.event(last + i * HOUR, "status") for i in range(1, int((NOW - last) / HOUR) + 1)]

    gate = Gateway("silent")
    mails, silence = lines(gate, NOW - 80 * HOUR, 6 * HOUR)
    tap.equal(kinds(gate.record(*mails)), [])
    got = alerts(gate.record(*silence))
    tap.equal([a[:2] for a in got], [("contoso", "silent")])
    tap.contains(got[0][2], "no mail since " + logs.rfc3339(NOW - 80 * HOUR)[:19])
    gate = Gateway("silent_hourly")
    mails, silence = lines(gate, NOW - 80 * HOUR, HOUR)
    gate.record(*mails)
    tap.equal(alerts(gate.record(*silence))[0][2].split("; ")[1].strip('"'), "the longest pause in the four weeks before was 1 hour")
    tap.equal(kinds(gate.record(gate.daemon.event(NOW, "status"))), [], "once")
    for name, age, pause in (("short", 70, 6), ("usual", 80, 48)):
        gate = Gateway("silent_" + name)
        mails, silence = lines(gate, NOW - age * HOUR, pause * HOUR)
        tap.equal(kinds(gate.record(*mails, *silence)), [], name)
    gate = Gateway("silent_unread")  # nobody has read the log of the last days: that is no silence
    mails, _ = lines(gate, NOW - 80 * HOUR, 6 * HOUR)
    tap.equal(kinds(gate.record(*mails)), [])
    for hours, wanted in ((60, []), (80, [("contoso", "silent")])):  # so many hours of working days, a weekend among them or not
        gate, last = Gateway(f"silent_weekend{hours}"), NOW
        while hours > 0 or last.weekday() >= 5:
            last -= HOUR
            hours -= last.weekday() < 5
        mails, silence = lines(gate, last, 6 * HOUR, weekends=False)
        gate.record(*mails)
        tap.equal(kinds(gate.record(*silence)), wanted, str(last))


POLICY = """version: 1
partners:
  - name: contoso
    domains: [contoso.com]
    require:
      certificates:
        - {subject: mx.contoso.com, issuer: CA 1, until: "%s"}
        - {subject: new.contoso.com, issuer: CA 1}
"""


@tap.test("alert: an identity ends: 30, 14, 7 and 1 days before, until mail with a later one was seen")
def _():
    def end(days):
        return (NOW + days * DAY).strftime("%Y-%m-%dT%H:%M:%SZ")

    gate = Gateway("ends", POLICY % end(40))
    tap.equal(kinds(gate.record(*steady(gate, NOW - HOUR))), [], "40 days")
    for days, wanted in ((20, 1), (20, 0), (12, 1), (6, 1), (0.5, 1)):
        (gate.here / "p.yaml").write_text(POLICY % end(days))
        database = sqlite3.connect(gate.here / "e.db")
        database.execute("UPDATE alert SET subject = ? || substr(subject, 21) WHERE alert = 'identity_ends'", (end(days),))
        database.commit()
        database.close()
        got = alerts(gate.record())
        tap.equal([a[:2] for a in got], [("contoso", "identity_ends")] * wanted, str(days))
    tap.contains(got[0][2], "in 1 day: mx.contoso.com by CA 1 is no longer accepted")
    gate = Gateway("succeeded", POLICY % end(20))
    tap.equal(kinds(gate.record(*steady(gate, NOW - HOUR), gate.decide(NOW - HOUR, subject="new.contoso.com"))), [("contoso", "certificate_changed")])


@tap.test("alert: the policy decides over the exit status, never over the lines; --strict says by status 1 that there are alerts")
def _():
    gate = Gateway("status", "partners: [")
    tap.equal(kinds(gate.record(*steady(gate, NOW - HOUR), status=78)), [])
    tap.equal(rows(gate.here / "e.db", "SELECT sum(n) FROM hourly"), [(80,)])
    gate.options = ["--strict"]
    tap.equal(kinds(gate.record(gate.decide(NOW))), [])
    tap.equal(kinds(gate.record(gate.decide(NOW, **FAIL), status=1)), [("contoso", "failing")])
    gate.options = []


@tap.test("alert: one that could not be printed is printed by the next record")
def _():
    gate = Gateway("outbox")
    gate.record(*steady(gate, NOW - HOUR))
    (gate.here / "fail").write_text(gate.decide(NOW, **FAIL))
    with open("/dev/full", "w", encoding="ascii") as full:
        done = subprocess.run([FORCETLS, "record", "--database", gate.here / "e.db", gate.here / "fail"], stdout=full, stderr=subprocess.PIPE, timeout=60,
                              check=False)
    tap.equal(done.returncode, 74, str(done.stderr))
    tap.equal(kinds(gate.record()), [("contoso", "failing")])
    tap.equal(kinds(gate.record()), [])


@tap.test("database: one of the first version is brought to this one, with the certificates that it has (24)")
def _():
    def changes(subject):
        return [partner for partner, alert in kinds(gate.record(gate.decide(NOW, subject=subject))) if alert == "certificate_changed"]

    gate = Gateway("first_version")
    gate.daemon = logs.Daemon(RUN2)
    old_database(gate.here / "e.db", 1)
    known = rows(gate.here / "e.db", "SELECT s.value FROM kind k JOIN text s ON s.id = k.subject JOIN text p ON p.id = k.partner "
                                     "WHERE p.value = 'contoso' AND s.value <> '' LIMIT 1")[0][0]
    tap.contains(run("report", "--database", gate.here / "e.db", status=66).stderr, "run forcetls record once")
    tap.equal(changes(known), [])
    tap.equal(rows(gate.here / "e.db", "SELECT count(*), max(last) - min(first) > 0 FROM certificate JOIN text s ON s.id = subject "
                                       f"JOIN text p ON p.id = partner WHERE s.value = '{known}' AND p.value = 'contoso'"), [(1, 1)])
    tap.equal(changes("other.contoso.com"), ["contoso"])
    run("report", "--database", gate.here / "e.db")
    run("forget", "contoso", "--database", gate.here / "e.db")
    tap.equal(rows(gate.here / "e.db", "SELECT count(*) FROM certificate JOIN text ON id = partner WHERE value = 'contoso'"), [(0,)])


@tap.test("database: one of the version before is brought to this one: the same as if its log were read now (24)")
def _():
    gate, texts = Gateway("version"), "(SELECT value FROM text WHERE id = {})"
    kind = ", ".join(texts.format("k." + name) for name in ("partner", "verdict", "action", "reasons", "policy", "tls", "subject", "role"))
    client = ", ".join(texts.format("c." + name) for name in ("client", "client_name", "domain", "helo", "selected"))
    everything = (f"SELECT hour, n, first, last, first_qid, last_qid, {kind} FROM hourly JOIN kind k ON k.id = kind",
                  f"SELECT day, n, first, last, {kind}, {client} FROM daily d JOIN kind k ON k.id = d.kind JOIN client c ON c.id = d.client",
                  f"SELECT msg, severity, at, {kind}, {client} FROM recent r JOIN kind k ON k.id = r.kind JOIN client c ON c.id = r.client")

    def contents(path):
        return [sorted(rows(path, query), key=repr) for query in everything]

    log = HERE / "version-2-lines.txt"
    for version in (1, 2):
        old_database(gate.here / f"{version}.db", version)
        tap.equal(rows(gate.here / f"{version}.db", "SELECT count(*) FROM client")[0][0], 18)
        run("forget", "nobody", "--database", gate.here / f"{version}.db", status=1)
    run("record", "--database", gate.here / "new.db", log)
    new = contents(gate.here / "new.db")
    tap.equal([len(found) for found in new], [31, 18, 6])
    for version in (1, 2):
        old = gate.here / f"{version}.db"
        tap.equal(contents(old), new, f"version {version}")
        tap.contains(run("record", "--database", old, log).stdout, "decisions=0 ")
        tap.equal(contents(old), new, f"version {version}, read again")
        more = log.read_text().splitlines()[-1].replace(" seq=33", " seq=34").replace(" msg=30", " msg=31")
        (gate.here / "more").write_text(more + "\n")
        tap.contains(run("record", "--database", old, gate.here / "more").stdout, "decisions=1 ")
        tap.equal(rows(old, "SELECT count(*) FROM client"), rows(gate.here / "new.db", "SELECT count(*) FROM client"), "clients are found again")
        tap.equal(rows(old, "PRAGMA integrity_check"), [("ok",)])

