# SPDX-License-Identifier: BSD-2-Clause
"""Tests of what evidence says of policies: calendar, diff --replay, suggest."""
import datetime
import json
import sqlite3

import logs
import tap
from rig import RUN1, T0, place, run

DAY, MINUTES = 24 * logs.HOUR, logs.HOUR / 6
HEAD = "version: 1\npartners:\n"


def policy(here, name, text):
    (here / name).write_text(HEAD + text)
    return here / name


def recorded(name, lines):
    here = place("drafts_" + name)
    (here / "log").write_text("".join(lines))
    run("record", "--database", here / "e.db", here / "log")
    return here


@tap.test("calendar: how many mails of last week would fail from each date on; nothing is said where nothing is known")
def _():
    daemon = logs.Daemon(RUN1)
    lines = [daemon.decision(T0 + i * logs.HOUR) for i in range(14)]
    lines += [daemon.decision(T0 + i * logs.HOUR, subject="new.contoso.com") for i in range(6)]
    lines += [daemon.decision(T0 - 30 * DAY) for _ in range(9)]  # not of last week
    lines += [daemon.decision(T0, partner="trial", verdict="fail", mode="testing", reasons="no_tls", tls="none", cipher="", bits="", subject="", issuer="",
                              **{"from": "a@trial.test"}) for _ in range(3)]
    lines += [daemon.decision(T0, partner="trial", subject="", issuer="", **{"from": "a@trial.test"})]
    lines += [daemon.decision(T0, partner="free", verdict="excepted", reasons="no_tls", tls="none", cipher="", bits="", subject="", issuer="",
                              exception="2026-03-20", **{"from": "a@free.test"}) for _ in range(2)]
    lines += [daemon.decision(T0, partner="some", **{"from": "a@some.test"})]
    here = recorded("calendar", lines)
    path = policy(here, "p.yaml", """\
  - name: contoso
    domains: [contoso.com]
    require:
      certificates: [{subject: mx.contoso.com, issuer: CA 1, until: 2026-03-10}, {subject: new.contoso.com, issuer: CA 1, from: 2026-03-01}]
  - {name: trial, domains: [trial.test], mode: testing, rollout: [{from: 2026-03-12, mode: enforce}]}
  - {name: free, domains: [free.test], exceptions: [{clients: [192.0.2.0/24], until: 2026-03-20, reason: r}]}
  - {name: some, domains: [some.test], recipients: [x.test], rollout: [{from: 2026-03-13, action: reject}]}
  - {name: none, domains: [none.test], rollout: [{from: 2026-03-14, mode: none}]}
""")
    options = ("-c", path, "--date", "2026-03-05")

    def mails(*more):
        return {(e["partner"], e["what"]): e["mails"] for e in json.loads(run("calendar", *options, "--json", *more).stdout)["entries"]}

    tap.equal(mails("--database", here / "e.db"), {("contoso", "identity_ends"): 14, ("trial", "rollout"): 3, ("free", "exception_ends"): 2,
                                                   ("some", "rollout"): None, ("none", "rollout"): None})
    text = run("calendar", *options, "--database", here / "e.db").stdout
    tap.contains(text, "LAST WEEK")
    tap.contains(text, "14 of 20 mails would fail")
    tap.contains(run("calendar", *options, "--database", here / "e.db", "--format", "ics").stdout.replace("\n ", ""), "14 of 20 mails of last week would fail")
    tap.equal(set(mails("--database", here / "e.db", "--date", "2026-03-02").values()), {None}, "the week before")
    for date in ("2026-03-02T23:00:00Z", "2026-03-10T00:00:00Z", "2026-03-10T23:00:00Z"):  # whole days, so that it does not matter when it is asked
        tap.equal(set(mails("--database", here / "e.db", "--date", date).values()), {None}, date)
    run("calendar", *options, "--database", here / "missing.db", status=66)


@tap.test("diff --replay: what the new policy would have done to the mail, and the old one not")
def _():
    daemon = logs.Daemon(RUN1)
    here = recorded("diff", [daemon.decision(T0, tls="TLSv1.2", policy="older") for _ in range(5)] + [daemon.decision(T0) for _ in range(4)])
    old = policy(here, "old.yaml", "  - {name: contoso, domains: [contoso.com]}\n")
    new = policy(here, "new.yaml", "  - {name: contoso, domains: [contoso.com], require: {min_tls_version: TLSv1.3}}\n  - {name: fresh, domains: [fresh.test]}\n")
    for source in (("--database", here / "e.db"), ("--log", here / "log")):
        got = json.loads(run("diff", old, new, "--replay", *source, "--json").stdout)
        tap.equal((got["added"], [c["name"] for c in got["changed"]]), (["fresh"], ["contoso"]))
        partner, = got["replay"]["partners"]
        tap.equal((partner["name"], partner["mails"], partner["changed"]), ("contoso", 9, 5))
        tap.equal([(c["from"], c["to"], c["reason"], c["mails"]) for c in partner["changes"]], [("accept", "tempfail", "tls_version", 5)])
        tap.equal(got["replay"]["without_lines"], ["fresh"])
        back = json.loads(run("diff", new, old, "--replay", *source, "--json").stdout)["replay"]["partners"][0]
        tap.equal([(c["from"], c["to"], c["mails"]) for c in back["changes"]], [("tempfail", "accept", 5)], "compared with the other policy, not with the log")
        tap.equal(json.loads(run("diff", new, new, "--replay", *source, "--json").stdout)["replay"]["partners"][0]["changed"], 0)
    text = run("diff", old, new, "--replay", "--database", here / "e.db").stdout
    tap.contains(text, "changed   contoso")
    tap.contains(text, "5 of 9")
    run("diff", old, new, "--replay", "--database", here / "missing.db", status=66)
    run("diff", old, new, "--log", here / "log", status=64)
    run("diff", old, new, "--replay", "--log", here / "log", "--database", here / "e.db", status=64)


def drafted(here, name, *more, status=0, source=None):
    """The draft as a policy, and its comments; it must pass `check`."""
    done = run("suggest", name, *(source or ("--database", here / "e.db")), *more, status=status)
    if status == 0:
        (here / "draft.yaml").write_text(done.stdout)
        run("check", "-c", here / "draft.yaml")
        return done.stdout
    return done.stderr


def rule(text, key):
    """The value of a key of the draft, without its comment."""
    found = [line.split("  #")[0].split(":", 1)[1].strip() for line in text.splitlines() if line.strip().startswith(key + ":")]
    return found[0] if found else None


# Clients are kept by days for 40 days only: the mail of these tests is of the last month.
BASE = (datetime.datetime.now(logs.UTC) - DAY).replace(hour=10, minute=0, second=0, microsecond=0)


def day(ago):
    return (BASE - ago * DAY).strftime("%Y-%m-%d")


def month(daemon, count=10, days=30, **values):
    return [daemon.decision(BASE - ago * DAY + i * MINUTES, **values) for ago in range(days, 0, -1) for i in range(count)]


@tap.test("suggest: the strictest rule that the mail of a partner met; what is not of the last 30 days, or beside it, does not count")
def _():
    daemon = logs.Daemon(RUN1)
    lines = month(daemon, days=62, tls="TLSv1.2", cipher="AES128-SHA", bits="128")[:300] + month(daemon, subject="mx1.contoso.com")
    lines += month(daemon, partner="fabrikam", count=3, tls="TLSv1.2", cipher="ECDHE-RSA-AES128-GCM-SHA256", bits="128", client="2001:db8::5",
                   subject="", issuer="", **{"from": "a@sub.fabrikam.example"})
    lines += [daemon.decision(BASE, exempt="client", verdict="exempt", tls="none")]
    here = recorded("suggest", lines)
    for source in (("--database", here / "e.db"), ("--log", here / "log")):
        text = drafted(here, "contoso", source=source)
        tap.equal([rule(text, key) for key in ("- name", "domains", "mode", "min_tls_version", "forward_secrecy", "min_cipher_bits", "clients")],
                  ["contoso", "[contoso.com]", "testing", "TLSv1.3", "true", "256", "[192.0.2.1]"])
        tap.contains(text, f"- {{subject: mx1.contoso.com, issuer: CA 1}}  # 300 mails, {day(30)} to {day(1)}")
        tap.contains(text, f"from 300 mails on 30 days, {day(30)} to {day(1)}.")
        tap.contains(text, "# Under this rule 300 of 300 mails would pass.")
    text = drafted(here, "fabrikam")
    tap.equal([rule(text, key) for key in ("domains", "min_tls_version", "forward_secrecy", "min_cipher_bits", "clients")],
              ["[sub.fabrikam.example]", "TLSv1.2", "true", None, '["2001:db8::5"]'])
    tap.contains(text, "# certificates: 0 mails showed one that the MTA verified")


@tap.test("suggest: mail that the rule would not pass is listed; a rule never allows less than none does")
def _():
    daemon = logs.Daemon(RUN1)
    lines = month(daemon) + [daemon.decision(BASE, tls="TLSv1.2", client="192.0.2.9") for _ in range(2)]
    lines += [daemon.decision(BASE, verdict="fail", action="tempfail", reasons="no_tls", tls="none", cipher="", bits="", subject="", issuer="", client="198.51.100.7")
              for _ in range(3)]
    here = recorded("others", lines)
    text = drafted(here, "contoso")
    tap.equal(rule(text, "min_tls_version"), "TLSv1.3")
    tap.contains(text, "# Under this rule 300 of 305 mails would pass.")
    tap.contains(text, "#   2 mails would fail: tls_version, from 192.0.2.9")
    tap.contains(text, "#   3 mails would fail: no_tls, from 198.51.100.7")
    tap.contains(text, f"# The last mail that failed under the policy of that time: {day(0)} (no_tls).")
    old = recorded("weak", month(logs.Daemon(RUN1), tls="TLSv1.1", cipher="AES128-SHA", bits="128"))
    text = drafted(old, "contoso")
    tap.equal([rule(text, "min_tls_version"), rule(text, "forward_secrecy")], ["TLSv1.2", None])
    tap.contains(text, "# Under this rule 0 of 300 mails would pass.")


@tap.test("suggest: a domain that a partner of \"*\" has logged, with the domains below it; a domain in any case")
def _():
    daemon = logs.Daemon(RUN1)
    lines = month(daemon, partner="everyone", mode="testing", **{"from": "a@litware.example"})
    lines += month(daemon, count=1, partner="everyone", mode="testing", **{"from": "a@mx.litware.example"})
    lines += month(daemon, count=1, partner="everyone", mode="testing", tls="TLSv1.2", **{"from": "a@notlitware.example"})
    here = recorded("everyone", lines)
    for name in ("litware.example", "LitWare.Example"):
        text = drafted(here, name)
        tap.equal([rule(text, key) for key in ("- name", "domains", "min_tls_version")],
                  ["litware.example", "[litware.example, .litware.example]", "TLSv1.3"])
        tap.contains(text, "from 330 mails")
    tap.contains(drafted(here, "nobody.example", status=1), "no mail of this partner or domain is known: nobody.example")


@tap.test("suggest: too little mail is said; many clients and certificates are not listed; pins only where they last; outside names are quoted")
def _():
    daemon = logs.Daemon(RUN1)
    here = recorded("little", month(daemon, days=4, count=40) + month(daemon, partner="few", days=30, count=1))
    tap.contains(drafted(here, "contoso", status=1), "too little for a rule: 160 mails on 4 days; 50 mails on 5 days are needed")
    tap.contains(drafted(here, "few", status=1), "30 mails on 30 days")
    tap.contains(drafted(recorded("least", month(logs.Daemon(RUN1), days=1, count=1)), "contoso", status=1), ": 1 mail on 1 day; 50 mails")
    daemon, pin = logs.Daemon(RUN1), "sha256:" + ":".join(["AB"] * 32)
    lines = [line for i in range(12) for line in month(daemon, count=1, partner="many", client=f"10.{i}.2.3", subject=f"s{i}")]
    lines += month(daemon, count=2, days=40, partner="pinned", subject="", issuer="", fingerprint=pin, key_fingerprint=pin)
    lines += month(daemon, count=3, days=20, partner="young", subject="", issuer="", fingerprint=pin, key_fingerprint=pin)
    lines += [line for i in range(9) for line in month(daemon, count=1, partner="quoted", client=f"192.0.2.{i + 1}", subject="x: [y] \xe4#", issuer='"CA" \\')]
    lines += month(daemon, count=2, partner="raw", subject="x\x1b")
    here = recorded("shapes", lines)
    text = drafted(here, "many")
    tap.equal(rule(text, "certificates"), "trusted")
    tap.contains(text, "# clients: 12 clients, too many to list")
    tap.contains(drafted(here, "pinned"), f'- {{fingerprint: "{pin}"}}')
    tap.equal("fingerprint:" in drafted(here, "young"), False)
    text = drafted(here, "quoted")
    tap.equal(rule(text, "clients"), "[192.0.2.0/24]")
    tap.contains(text, 'issuer: "\\"CA\\" \\\\"')
    tap.contains(drafted(here, "raw"), "# certificates: 0 mails showed one that the MTA verified")
    run("suggest", status=64)
    run("suggest", "a", "b", status=64)
    run("suggest", "a", "--log", "x", "--database", "y", status=64)
    for name, why in (("missing.db", "No such file or directory"), (".", "Is a directory")):
        tap.contains(run("suggest", "a", "--database", here / name, status=66).stderr, why)


@tap.test("suggest: a log cannot write lines, keys or control characters into the draft")
def _():
    daemon = logs.Daemon(RUN1)
    lines = month(daemon) + month(daemon, count=1, tls="TLSv1.3\nversion: 2\x1b[31m")
    lines += month(daemon, days=40, count=2, partner="pinned", subject="", issuer="", fingerprint='sha256:AA"}\n  - {name: x, clients: [192.0.2.0/24]}\n#')
    here = recorded("forged", lines)
    text = drafted(here, "contoso")
    tap.contains(text, "TLSv1.3\\x0Aversion: 2\\x1B[31m: 30 mails")
    tap.equal([c for c in text if not c.isprintable() and c != "\n"], [])
    tap.contains(drafted(here, "pinned"), "# certificates: 0 mails showed one that the MTA verified")


@tap.test("suggest: what no policy can name is left out: domains that anybody wrote, certificates with asterisks, names that were cut")
def _():
    domains = ("a..b.example", "x-.example", "192.0.2.7", "a.-b.example", "a" * 64 + ".example", "0x7f.1", "contoso.com")
    here = recorded("unnameable", [line for domain in domains for line in month(logs.Daemon(f"{domains.index(domain):016x}"), 2, partner="any",
                                                                                **{"from": f"a@{domain}"})])
    tap.equal(rule(drafted(here, "any"), "domains"), "[contoso.com]")
    tap.contains(drafted(here, "a..b.example", status=1), "no domain that a policy can name")
    long = ".".join(["a" * 50] * 3 + ["example"])
    here = recorded("long", month(logs.Daemon(RUN1), partner="any", **{"from": f"a@{long}"}))
    text = drafted(here, long)
    tap.equal((rule(text, "- name"), rule(text, "domains")), (long[:64], f"[{long}]"))
    for i, values in enumerate(({"subject": "*"}, {"subject": "mx.*.com"}, {"issuer": "*."}, {"issuer": "CA *"}, {"cut": "from,subject"}, {"cut": "issuer"})):
        here = recorded(f"unnameable{i}", month(logs.Daemon(RUN1), **values))
        tap.contains(drafted(here, "contoso"), "# certificates: 0 mails showed one that the MTA verified and a policy can name")
    here = recorded("wildcard", month(logs.Daemon(RUN1), subject="*.contoso.com"))
    tap.contains(drafted(here, "contoso"), '- {subject: "*.contoso.com", issuer: CA 1}')


@tap.test("suggest: a domain in characters of any language is the same as its A-label, in the log and on the command line")
def _():
    daemon = logs.Daemon(RUN1)
    lines = month(daemon, partner="everyone", mode="testing", **{"from": "a@b\xfccher.example"})
    lines += month(daemon, partner="everyone", mode="testing", **{"from": "a@xn--bcher-kva.example"})
    here = recorded("labels", lines)
    for name in ("b\xfccher.example", "B\xdcCHER.example", "xn--bcher-kva.example", ".xn--bcher-kva.example."):
        text = drafted(here, name)
        tap.contains(text, "from 600 mails")
        tap.equal(rule(text, "domains"), "[xn--bcher-kva.example]", name)
    tap.equal(rule(drafted(here, "everyone"), "domains"), "[xn--bcher-kva.example]")


@tap.test("a database that is given twice is an error of each verb: its mails would count twice")
def _():
    here = recorded("twice", month(logs.Daemon(RUN1)))
    path = policy(here, "p.yaml", "  - {name: contoso, domains: [contoso.com], rollout: [{from: 2990-01-01, action: reject}]}\n")
    twice = ("--database", here / "e.db", "--database", here / "e.db")
    for verb in (("report",), ("replay", "-c", path, "--json"), ("suggest", "contoso"), ("calendar", "-c", path, "--json"),
                 ("diff", path, path, "--replay", "--json")):
        done = run(*verb, *twice, status=65)
        tap.contains(done.stderr, f"have lines of the same run {RUN1}: mails would count twice")
        tap.equal(done.stdout, "", verb)


@tap.test("nothing to say is said: a partner that nobody knows, a log that is not there, one without lines")
def _():
    here = recorded("nothing", month(logs.Daemon(RUN1)))
    path = policy(here, "p.yaml", "  - {name: contoso, domains: [contoso.com]}\n")
    source = ("-c", path, "--database", here / "e.db", "--partner", "contsoo")
    tap.contains(run("replay", *source).stdout, "No line of this partner, so nothing can be said of it: contsoo")
    tap.equal(json.loads(run("replay", *source, "--json").stdout), {"partners": [], "not_judged": [], "without_lines": ["contsoo"]})
    tap.contains(run("suggest", "contoso", "--log", here / "missing", status=66).stderr, "no mail of this partner or domain is known")
    (here / "empty").write_text("")
    for more in ((), ("--since", "-7d")):
        for form in ("text", "html", "json"):
            tap.contains(run("report", "--log", here / "empty", "--format", form, *more).stdout, "No line of the filter was found.")
    tap.contains(run("report", "--log", here / "empty").stdout, "Mail of partners\nThere was no mail that was judged")


@tap.test("a database whose numbers somebody altered is an error of what reads it, and no crash")
def _():
    daemon = logs.Daemon(RUN1)
    here = recorded("altered", month(daemon))
    (here / "log2").write_text(daemon.decision(BASE))
    intact = (here / "e.db").read_bytes()
    for statement in ("UPDATE hourly SET n = -1", "UPDATE hourly SET n = 9223372036854775807", "UPDATE kind SET partner = -1", "UPDATE kind SET subject = 9223372036854775807", "UPDATE hourly SET kind = -5 WHERE hour IN (SELECT min(hour) FROM hourly)",
                      "UPDATE hourly SET kind = 4000000000 WHERE hour IN (SELECT min(hour) FROM hourly)"):
        (here / "e.db").write_bytes(intact)
        with sqlite3.connect(here / "e.db") as database:
            database.execute(statement)
        tap.contains(run("report", "--database", here / "e.db", status=65).stderr, "is damaged: it has a number that is out of range", statement)
    for statement in ("UPDATE hourly SET first = 9223372036854775807", "UPDATE hourly SET last = -9223372036854775807", "UPDATE run SET last = 9223372036854775807", "UPDATE run SET first = -4611686018427387904"):
        (here / "times.db").write_bytes(intact)
        with sqlite3.connect(here / "times.db") as database:
            database.execute(statement)
        for form in ("text", "html"):
            tap.contains(run("report", "--database", here / "times.db", "--format", form, status=65).stderr, "is damaged: it has a time that is out of range", statement)
    tap.contains(run("record", "--database", here / "e.db", here / "log2", status=74).stderr, "is damaged")
    (here / "e.db").write_bytes(intact)
    with sqlite3.connect(here / "e.db") as database:
        page, size = (database.execute(sql).fetchone()[0] for sql in ("SELECT rootpage FROM sqlite_schema WHERE name = 'daily'", "PRAGMA page_size"))
    (here / "e.db").write_bytes(intact[:(page - 1) * size] + b"\xff" * size + intact[page * size:])
    path = policy(here, "p.yaml", "  - {name: contoso, domains: [contoso.com], rollout: [{from: 2990-01-01, action: reject}]}\n")
    (here / "altered.db").write_bytes(intact)
    with sqlite3.connect(here / "altered.db") as database:
        database.execute("UPDATE daily SET n = -1")
    tap.contains(run("replay", "-c", path, "--database", here / "altered.db", status=65).stderr, "is damaged: it has a number that is out of range")
    (here / "cut.db").write_bytes(intact[:3 * size])
    for verb in (("report",), ("replay", "-c", path), ("suggest", "contoso"), ("calendar", "-c", path), ("diff", path, path, "--replay")):
        tap.contains(run(*verb, "--database", here / "cut.db", status=65).stderr, "malformed", "the file ends early")
    for verb in (("replay", "-c", path), ("suggest", "contoso"), ("calendar", "-c", path), ("diff", path, path, "--replay")):
        done = run(*verb, "--database", here / "e.db", status=65)
        tap.contains(done.stderr, "malformed")
        tap.equal("memory" in done.stderr, False, verb)
    (here / "e.db").write_bytes(intact)
    with sqlite3.connect(here / "e.db") as database:
        database.execute("UPDATE hourly SET last = 9223372036854775807")
    run("record", "--database", here / "e.db", here / "log2")


@tap.test("a database with views, triggers or computed columns is not read and not written: they can keep their reader busy for ever")
def _():
    daemon = logs.Daemon(RUN1)
    here = recorded("views", month(daemon))
    (here / "log2").write_text(daemon.decision(BASE))
    intact = (here / "e.db").read_bytes()
    endless = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c)"
    for script in (f"ALTER TABLE hourly RENAME TO h; CREATE VIEW hourly AS {endless} SELECT hour, kind, n, first, last, first_qid, last_qid FROM h, c",
                   f"CREATE TRIGGER t AFTER INSERT ON seen BEGIN INSERT INTO outbox (line) {endless} SELECT x FROM c; END",
                   "ALTER TABLE kind ADD COLUMN more INTEGER AS (length(zeroblob(1000000)))", "CREATE VIRTUAL TABLE more USING rtree (id, low, high)"):
        (here / "e.db").write_bytes(intact)
        database = sqlite3.connect(here / "e.db")
        database.executescript(script)
        database.close()
        tap.contains(run("report", "--database", here / "e.db", status=66).stderr, "it has views, triggers or computed columns", script)
        tap.contains(run("record", "--database", here / "e.db", here / "log2", status=74).stderr, "it has views, triggers or computed columns", script)


@tap.test("a period in which nothing was recorded goes on until now; gateways are in order; reasons of as much mail are in the order in which they decide")
def _():
    here = place("order")
    lines = "".join(logs.Daemon(run_of, host=host).decision(BASE, verdict="fail", action="tempfail", reasons="tls_version,cipher") for run_of, host in ((RUN1, "mx2"), (RUN1[::-1], "mx1")))
    (here / "log").write_text(lines)
    run("record", "--database", here / "e.db", here / "log")
    found = json.loads(run("report", "--database", here / "e.db", "--format", "json").stdout)
    tap.equal((found["gateways"], list(found["partners"][0]["reasons"])), (["mx1", "mx2"], ["tls_version", "cipher"]))
    found = json.loads(run("report", "--database", here / "e.db", "--since", "-1h", "--format", "json").stdout)
    tap.equal((found["partners"], found["since"] < found["until"]), ([], True))
    tap.equal(found["until"][:4], str(datetime.datetime.now(datetime.timezone.utc).year))
