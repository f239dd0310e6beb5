# SPDX-License-Identifier: BSD-2-Clause
"""Tests of single cases of loss, malice and odd times; cases.md has the table."""
import datetime
import json
import os
import sqlite3
import zoneinfo

import logs
import tap
from rig import RUN1, RUN2, SECOND, T0, counted, place, rows, run, wanted

# A journalctl that has these entries, and honours --since=@SECONDS.
JOURNAL = """#!/usr/bin/python3
import sys
since = [float(a[9:]) for a in sys.argv if a.startswith("--since=@")] + [0]
for at, host, unit, uid, message in %r:
    if at >= since[0]:
        print("__REALTIME_TIMESTAMP=%%d" %% (at * 1000000))
        print("_HOSTNAME=" + host + "\\n_PID=77\\n_UID=%%d" %% uid)
        if unit:
            print("_SYSTEMD_UNIT=" + unit)
        print("MESSAGE=" + message + "\\n")
"""
UNIT = "forcetls-milter.service"


class Journal:
    """A journal of entries (moment, line), and the database that records it."""

    def __init__(self, name):
        self.here, self.entries = place("case_" + name), []

    def add(self, moment, line, host="mx1", unit=UNIT, uid=990):
        self.entries.append((moment.timestamp(), host, unit, uid, line.rstrip("\n")))

    def record(self, **more):
        program = self.here / "journalctl"
        program.write_text(JOURNAL % (self.entries,))
        program.chmod(0o755)
        return run("record", "--database", self.here / "e.db", "--journal", PATH=f"{self.here}:{os.environ['PATH']}", **more)

    def report(self):
        return json.loads(run("report", "--database", self.here / "e.db", "--format", "json").stdout)


def bare(run_name, **more):
    return logs.Daemon(run_name, prefix=logs.bare, **more)


@tap.test("case 6: the clock goes back two hours between two records of the journal: nothing is lost, nothing counts twice")
def _():
    journal, daemon = Journal("back"), bare(RUN1)
    for i in range(30):
        journal.add(T0 + i * SECOND, daemon.decision(T0 + i * SECOND))
    journal.record()
    for i in range(30):
        back = T0 - 2 * logs.HOUR + i * SECOND
        journal.add(back, daemon.decision(back))
    journal.record()
    tap.equal(counted(journal.here / "e.db"), wanted(daemon))
    tap.equal(journal.report()["gaps"], [])


@tap.test("case 10: a leap second is the next minute's first")
def _():
    here, daemon = place("case_leap"), logs.Daemon(RUN1)
    line = daemon.decision(datetime.datetime(2016, 12, 31, 23, 59, 59, tzinfo=logs.UTC)).replace("23:59:59", "23:59:60")
    (here / "log").write_text(line)
    run("record", "--database", here / "e.db", here / "log")
    tap.equal(rows(here / "e.db", "SELECT hour FROM hourly"), [(int(datetime.datetime(2017, 1, 1, tzinfo=logs.UTC).timestamp()) // 3600,)])


@tap.test("case 11: a message counts at its MAIL, and is judged by the policy of then, though its line is of the next day")
def _():
    here, daemon = place("case_midnight"), logs.Daemon(RUN1, prefix=lambda t, h, p: logs.modern(t + 20 * SECOND, h, p))
    begin = datetime.datetime(2026, 3, 2, 23, 59, 50, tzinfo=logs.UTC)
    values = {"mode": "testing", "verdict": "fail", "reasons": "no_tls", "tls": "none", "cipher": "", "bits": "", "subject": "", "issuer": ""}
    (here / "log").write_text("".join(daemon.decision(begin + i * SECOND, **values) for i in range(5)))
    run("record", "--database", here / "e.db", here / "log")
    tap.equal(rows(here / "e.db", "SELECT hour FROM hourly"), [(int(begin.timestamp()) // 3600,)])
    (here / "p.yaml").write_text("version: 1\npartners:\n  - {name: contoso, domains: [contoso.com], mode: testing, rollout: [{from: 2026-03-03, mode: enforce}]}\n")
    for source in (("--database", here / "e.db"), ("--log", here / "log")):
        got = json.loads(run("replay", "-c", here / "p.yaml", *source, "--json").stdout)
        tap.equal(([(p["mails"], p["changed"]) for p in got["partners"]], got["not_judged"]), ([(5, 0)], []))


@tap.test("case 27: the journal was vacuumed past what was read: the lines that are gone are a gap")
def _():
    journal, daemon = Journal("vacuumed"), bare(RUN1)
    for i in range(10):
        journal.add(T0 + i * SECOND, daemon.decision(T0 + i * SECOND))
    journal.record()
    journal.entries = []
    lines = [daemon.decision(T0 + i * SECOND) for i in range(10, 40)]
    for i, line in enumerate(lines[12:], 22):
        journal.add(T0 + i * SECOND, line)
    journal.record()
    tap.equal(counted(journal.here / "e.db"), {("contoso", "pass"): 28})
    tap.equal([(g["kind"], g["lines"]) for g in journal.report()["gaps"]], [("lost", 12)])


@tap.test("case 28: a journal with entries of two hosts, of which one got a new name: each run stays with its first gateway")
def _():
    journal, one, two = Journal("hosts"), bare(RUN1), bare(RUN2)
    for i in range(20):
        journal.add(T0 + i * SECOND, one.decision(T0 + i * SECOND), host="mx1" if i < 10 else "renamed")
        journal.add(T0 + i * SECOND, two.decision(T0 + i * SECOND), host="mx2")
    journal.record()
    tap.equal(counted(journal.here / "e.db"), wanted(one, two))
    got = journal.report()
    tap.equal(got["gaps"], [])
    tap.equal({"mx1", "mx2"} <= set(got["gateways"]), True, str(got["gateways"]))


@tap.test("case 32: a user who may not read the journal is told so")
def _():
    tap.contains(Journal("rights").record().stderr, "no entry of forcetls-milter that this user may read; a user needs the group systemd-journal")


@tap.test("case 34: a forged line with the number of one that is yet to come does not take its place in the journal; in a file one of the two counts")
def _():
    journal, daemon = Journal("forged"), bare(RUN1)
    lines = [daemon.decision(T0 + i * SECOND) for i in range(10)]
    forged = bare(RUN1).decision(T0, partner="evil")
    journal.add(T0, forged, unit="", uid=65534)
    for i, line in enumerate(lines):
        journal.add(T0 + i * SECOND, line)
    journal.record()
    tap.equal(counted(journal.here / "e.db"), wanted(daemon))
    tap.equal(journal.report()["foreign_lines"], 1)
    (journal.here / "log").write_text("".join(line if line.endswith("\n") else line + "\n" for line in (forged, *lines)))
    run("record", "--database", journal.here / "f.db", journal.here / "log")
    tap.equal(sum(counted(journal.here / "f.db").values()), 10)


@tap.test("case 37: a new run with the PID of the old one, in the same second; case 42: a queue id that many mails have")
def _():
    here, one, two = place("case_pid"), logs.Daemon(RUN1), logs.Daemon(RUN2)
    lines = [one.decision(T0, qid="4Q1") for _ in range(7)] + [two.decision(T0, qid="4Q1") for _ in range(9)]
    (here / "log").write_text("".join(lines))
    run("record", "--database", here / "e.db", here / "log")
    tap.equal(counted(here / "e.db"), {("contoso", "pass"): 16})
    tap.equal(json.loads(run("report", "--database", here / "e.db", "--format", "json").stdout)["gaps"], [])


@tap.test("case 43: a partner is renamed and another one split: sums by name, and each policy has its time")
def _():
    here, daemon = place("case_renamed"), logs.Daemon(RUN1)
    lines = [daemon.decision(T0 + i * SECOND, policy="p1", partner=("old", "whole")[i % 2]) for i in range(10)]
    lines.append(daemon.event(T0 + 20 * SECOND, "reload", result="loaded", policy="p2"))
    lines += [daemon.decision(T0 + (30 + i) * SECOND, policy="p2", partner=("new", "part1", "part2")[i % 3]) for i in range(9)]
    (here / "log").write_text("".join(lines))
    run("record", "--database", here / "e.db", here / "log")
    for source in (("--database", here / "e.db"), ("--log", here / "log")):
        got = json.loads(run("report", *source, "--format", "json").stdout)
        tap.equal({p["name"]: p["mails"] for p in got["partners"]}, {"old": 5, "whole": 5, "new": 3, "part1": 3, "part2": 3})
        tap.equal([p["digest"] for p in got["policies"]], ["p1", "p2"])


def zone_of(name):
    try:
        return zoneinfo.ZoneInfo(name)
    except zoneinfo.ZoneInfoNotFoundError as why:
        raise tap.Skip("no time zones here") from why


def events(path):
    return rows(path, "SELECT g.value, e.what, e.at FROM event e JOIN text g ON g.id = e.gateway WHERE e.what <> 'decision' ORDER BY e.at, 1")


@tap.test("cases 1 and 2: the hour that comes twice, and the one that does not come, in a log without years and zones")
def _():
    here, berlin = place("case_summer"), zone_of("Europe/Berlin")
    for i, start in enumerate((datetime.datetime(2025, 10, 26, 0, 50, tzinfo=logs.UTC), datetime.datetime(2025, 3, 30, 0, 50, tzinfo=logs.UTC))):
        daemon = logs.Daemon(f"{i:016x}", prefix=lambda t, h, p: logs.traditional(t.astimezone(berlin), h, p))
        lines = []
        for minute in range(0, 90, 5):
            moment = start + minute * 60 * SECOND
            lines += [daemon.decision(moment), daemon.event(moment + 30 * SECOND, "reload", result="loaded", policy=f"p{minute}")]
        (here / f"log{i}").write_text("".join(lines))
        run("record", "--database", here / f"{i}.db", here / f"log{i}", TZ="America/New_York")
        tap.equal([at for _, _, at in events(here / f"{i}.db")], [int((start + (minute * 60 + 30) * SECOND).timestamp()) * 1000 for minute in range(0, 90, 5)],
                  str(start))


@tap.test("case 8: two gateways in different zones in one file without years and zones")
def _():
    here, zones = place("case_zones"), (1, -5)
    daemons = [logs.Daemon(f"{i:016x}", host=f"mx{i}", prefix=lambda t, h, p, z=z: logs.traditional(
        t.astimezone(datetime.timezone(datetime.timedelta(hours=z))), h, p)) for i, z in enumerate(zones)]
    lines, when = [], []
    for minute in range(20):
        for i, daemon in enumerate(daemons):
            moment = T0 + minute * 60 * SECOND
            lines.append(daemon.decision(moment))
            if minute % 5 == 3:
                lines.append(daemon.event(moment + SECOND, "reload", result="loaded", policy="p1"))
                when.append((f"mx{i}", "reload", int((moment + SECOND).timestamp()) * 1000))
    (here / "log").write_text("".join(lines))
    run("record", "--database", here / "e.db", here / "log")
    tap.equal(events(here / "e.db"), sorted(when, key=lambda row: (row[2], row[0])))
    tap.equal(counted(here / "e.db"), wanted(*daemons))
    lines = []
    for minute in range(20):  # events in front of the other's lines: the zone is the host's, not that of the line before
        moment = T0 + minute * 60 * SECOND
        lines += [daemons[0].decision(moment), daemons[1].decision(moment), daemons[0].event(moment + SECOND, "reload", result="loaded", policy="p1")]
    (here / "other").write_text("".join(lines))
    run("record", "--database", here / "o.db", here / "other")
    tap.equal([at for _, _, at in events(here / "o.db")], [int((T0 + (minute * 60 + 1) * SECOND).timestamp()) * 1000 for minute in range(20)])




@tap.test("case 51: a thousand million mails in a sum")
def _():
    here, daemon = place("case_million"), logs.Daemon(RUN1)
    (here / "log").write_text(daemon.decision(T0) + daemon.decision(T0, **{"verdict": "fail", "action": "reject", "reasons": "cipher"}))
    run("record", "--database", here / "e.db", here / "log")
    database = sqlite3.connect(here / "e.db")
    database.execute("UPDATE hourly SET n = 3000000000")
    database.commit()
    database.close()
    partner, = json.loads(run("report", "--database", here / "e.db", "--format", "json").stdout)["partners"]
    tap.equal((partner["mails"], partner["pass"], partner["fail"]), (6000000000, 3000000000, 3000000000))
    for form in ("text", "csv", "html"):
        tap.contains(run("report", "--database", here / "e.db", "--format", form).stdout.replace("\u202f", ""), "6000000000", form)


def gaps(path):
    return [(gap["kind"], gap["from"][11:16], gap["until"][11:16]) for gap in json.loads(run("report", "--log", path, "--format", "json").stdout)["gaps"]]


@tap.test("cases 1 and 39: a restart in the hour that comes twice is a gap of the right length, and so is one in a log without any times")
def _():
    here, berlin = place("case_restart"), zoneinfo.ZoneInfo("Europe/Berlin")
    forms = {"traditional": lambda t, h, p: logs.traditional(t.astimezone(berlin), h, p),
             "tai64nlocal": lambda t, h, p: f"{t.astimezone(berlin):%Y-%m-%d %H:%M:%S.%f}000 ", "bare": logs.bare}
    begin = datetime.datetime(2025, 10, 26, 0, 10, tzinfo=logs.UTC)
    for name, prefix in forms.items():
        one, two = (logs.Daemon(run_of, prefix=prefix) for run_of in (RUN1, RUN2))
        lines = [one.event(begin, "start")] + [one.decision(begin + minute * 60 * SECOND) for minute in range(0, 40, 10)]
        lines += [one.event(begin + 2400 * SECOND, "stop"), two.event(begin + 4200 * SECOND, "start")]
        lines += [two.decision(begin + minute * 60 * SECOND) for minute in range(72, 100, 10)]
        (here / name).write_text("".join(lines))
        tap.equal(gaps(here / name), [("down", "00:50", "01:20") if name != "bare" else ("down", "00:40", "01:22")], name)


@tap.test("case 1: deliveries of the hour that comes twice, in a log without lines of the filter, and behind the times of a container's log")
def _():
    here, lines = place("case_twice"), {"postfix": [], "docker": [], "compose": []}
    (here / "p.yaml").write_text("version: 1\npartners:\n  - {name: contoso, domains: [contoso.com], outbound: {require: {certificates: none}}}\n")
    (here / "p.yaml").chmod(0o600)
    begin = datetime.datetime(2025, 10, 25, 23, 30, tzinfo=logs.UTC)
    for i in range(7):  # every half hour, from 01:30 of summer time to 03:30 of winter time
        moment = begin + i * 1800 * SECOND
        stamp = moment.astimezone(zoneinfo.ZoneInfo("Europe/Berlin")).strftime("%b %d %H:%M:%S")
        for text in ("Trusted TLS connection established to mx.contoso.com[192.0.2.25]:25: TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits)",
                     f"4Q{i}: to=<a@contoso.com>, relay=mx.contoso.com[192.0.2.25]:25, delay=1, delays=0/0/0/0, dsn=2.0.0, status=sent (250 2.0.0 Ok)"):
            line = f"{stamp} mx1 postfix/smtp[7{i}]: {text}\n"
            lines["postfix"].append(line)
            lines["docker"].append(f"{moment:%Y-%m-%dT%H:%M:%S}.123456789Z {line}")
            lines["compose"].append(f"postfix-1  | {moment:%Y-%m-%dT%H:%M:%S}.123456789Z {line}")
    for name, text in lines.items():
        (here / name).write_text("".join(text))
        os.utime(here / name, (begin.timestamp() + 20000,) * 2)
        run("record", "--database", here / f"{name}.db", "-c", here / "p.yaml", here / name, TZ="Europe/Berlin")
        tap.equal(rows(here / f"{name}.db", "SELECT hour * 3600 + first / 1000 FROM hourly UNION SELECT hour * 3600 + last / 1000 FROM hourly WHERE last IS NOT NULL ORDER BY 1"),
                  [(int(begin.timestamp()) + i * 1800,) for i in range(7)], name)
        tap.equal(rows(here / f"{name}.db", "SELECT DISTINCT g.value FROM kind k JOIN text g ON g.id = k.gateway"), [("mx1",)], name)


@tap.test("case 11: a mail that takes three quarters of an hour shifts no other line of a log without zone")
def _():
    here, berlin = place("case_slow"), zoneinfo.ZoneInfo("Europe/Berlin")
    late = [0]
    one, two = (logs.Daemon(run_of, prefix=lambda t, h, p: logs.traditional((t + late[0] * SECOND).astimezone(berlin), h, p)) for run_of in (RUN1, RUN2))
    begin = datetime.datetime(2025, 6, 1, 8, 0, tzinfo=logs.UTC)
    lines = [one.event(begin, "start"), one.decision(begin + SECOND)]
    late[0] = 2700
    lines.append(one.decision(begin + 60 * SECOND))
    late[0] = 0
    lines += [one.event(begin + 2820 * SECOND, "stop"), two.event(begin + 3600 * SECOND, "start"), two.decision(begin + 3660 * SECOND)]
    (here / "log").write_text("".join(lines))
    tap.equal(gaps(here / "log"), [("down", "08:47", "09:00")])
