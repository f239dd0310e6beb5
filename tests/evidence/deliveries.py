# SPDX-License-Identifier: BSD-2-Clause
"""Tests of deliveries to partners, as Postfix's smtp(8) logs them. The lines are those of Postfix 3.7 and 3.11."""
import collections
import gzip
import json
import os

import cases
import logs
import tap
from rig import RUN1, SECOND, T0, place, rows, run

POLICY = """version: 1
partners:
  - {name: contoso, domains: [contoso.com, .contoso.com], outbound: {}}
  - {name: fabrikam, domains: [fabrikam.example], outbound: {require: {certificates: none}}}
  - {name: pinned, domains: [pinned.example], outbound: {require: {certificates: [{fingerprint: "%s"}]}}}
  - {name: trial, domains: [trial.example], outbound: {mode: testing}}
  - {name: waived, domains: [waived.example], outbound: {exceptions: [{until: 2030-01-01, reason: "new gateway"}]}}
  - {name: unasked, domains: [unasked.example], outbound: {mode: none}}
  - {name: inbound, domains: [inbound.example]}
""" % ("sha256:" + ":".join(["AB"] * 32))
MX = "mx.contoso.com[192.0.2.25]:25"
SENT = "sent (250 2.0.0 Ok: queued as 4Z)"
NOT_VERIFIED = "deferred (Server certificate not verified)"


class Smtp:
    """Lines of Postfix on one host. Each delivery begins a second before its status line."""

    def __init__(self, host="mx1", prefix=logs.modern):
        self.host, self.prefix = host, prefix

    def line(self, moment, pid, text, tag="postfix/smtp"):
        return self.prefix(moment, self.host, pid).replace("forcetls-milter", tag) + text + "\n"

    def session(self, moment, pid, relay=MX, label="Verified", version="TLSv1.3", done="established", tag="postfix/smtp"):
        suite = {"TLSv1.3": "TLS_AES_256_GCM_SHA384"}.get(version, "ECDHE-RSA-AES256-SHA")
        rest = " key-exchange X25519 server-signature ECDSA (prime256v1) server-digest SHA256" if version == "TLSv1.3" else ""
        return self.line(moment, pid, f"{label} TLS connection {done} to {relay}: {version} with cipher {suite} (256/256 bits){rest}", tag)

    def status(self, moment, pid, qid, to, relay=MX, status=SENT, dsn=None, more="", lasted="0.1/0.3", tag="postfix/smtp"):
        dsn = dsn or {"s": "2.0.0", "d": "4.7.5", "b": "5.7.5"}[status[0]]
        return self.line(moment, pid, f"{qid}: to=<{to}>, relay={relay}, delay=0.5, delays=0.05/0.02/{lasted}, {more}dsn={dsn}, status={status}", tag)


SMTP = Smtp()


def opening(smtp=SMTP):
    """The log begins with a delivery to a stranger: it shows that sessions are logged."""
    start = T0 - 60 * SECOND
    return smtp.session(start, 9, "mx.stranger.example[198.51.100.1]:25", "Untrusted") + smtp.status(
        start + SECOND, 9, "4X0", "who@stranger.example", "mx.stranger.example[198.51.100.1]:25")


class Log:
    """A directory with a policy, a log and the database that records it."""

    def __init__(self, name, policy=POLICY):
        self.here = place("delivery_" + name)
        (self.here / "p.yaml").write_text(policy)

    def record(self, text=None, *more, files=("log",), status=0):
        if text is not None:
            (self.here / "log").write_text(text)
        done = run("record", "--database", self.here / "e.db", "-c", self.here / "p.yaml", *more, *(self.here / name for name in files), status=status)
        return dict(pair.split("=") for pair in done.stdout.splitlines()[0].split()[1:])

    def partners(self):
        got = json.loads(run("report", "--database", self.here / "e.db", "--outbound", "--format", "json").stdout)
        return {partner["name"]: partner for partner in got["partners"]}

    def sums(self):
        return {(p, v, a, r, t, w): n for p, v, a, r, t, w, n in rows(self.here / "e.db", """
            SELECT p.value, v.value, a.value, ifnull(r.value, ''), ifnull(t.value, ''), ifnull(w.value, ''), sum(h.n) FROM hourly h
            JOIN kind k ON k.id = h.kind JOIN text p ON p.id = k.partner JOIN text v ON v.id = k.verdict JOIN text a ON a.id = k.action
            JOIN text d ON d.id = k.direction LEFT JOIN text r ON r.id = k.reasons LEFT JOIN text t ON t.id = k.tls
            LEFT JOIN text w ON w.id = k.verify WHERE d.value = 'outbound' GROUP BY 1, 2, 3, 4, 5, 6""")}


def of(moment=T0, pid=10, qid="4Q1", to="someone.private@contoso.com", relay=MX, label="Verified", version="TLSv1.3", **more):
    """A session and the delivery in it."""
    return SMTP.session(moment, pid, relay, label, version) + SMTP.status(moment + SECOND / 2, pid, qid, to, relay, **more)


@tap.test("deliveries of a copied database count once, or not at all; those of two gateways add up (54)")
def _():
    one, two = Log("original"), Log("beside")
    one.record(opening() + "".join(of(T0 + i * SECOND, 10 + i, f"4Q{i}") for i in range(30)))
    (one.here / "copy.db").write_bytes((one.here / "e.db").read_bytes())
    one.record(of(T0 + 60 * SECOND, 90, "4R1"))
    two.record(opening(Smtp("mx2")) + "".join(Smtp("mx2").session(T0 + i * SECOND, 50 + i) + Smtp("mx2").status(
        T0 + i * SECOND + SECOND / 2, 50 + i, f"5Q{i}", "x@contoso.com") for i in range(20)))
    for copy in ("e.db", "copy.db"):
        done = run("report", "--database", one.here / "e.db", "--database", one.here / copy, status=65)
        tap.contains(done.stderr, "count twice")
    got = run("report", "--database", one.here / "e.db", "--database", two.here / "e.db", "--format", "json").stdout
    tap.equal([(p["name"], p["mails"]) for p in json.loads(got)["partners"]], [("contoso", 51)])


@tap.test("a delivery is judged by the version and the word of its session; recipients and local parts are not kept")
def _():
    log, wanted = Log("verdicts"), collections.Counter()
    table = [  # to, label, version, status, (verdict, action, reasons)
        ("contoso.com", "Verified", "TLSv1.3", SENT, ("pass", "accept", "")),
        ("Sub.Contoso.COM", "Verified", "TLSv1.2", SENT, ("pass", "accept", "")),
        ("contoso.com", "Verified", "TLSv1.1", SENT, ("fail", "accept", "tls_version")),
        ("contoso.com", "Trusted", "TLSv1.3", SENT, ("undecidable", "accept", "mta_macros")),
        ("contoso.com", "Untrusted", "TLSv1.3", SENT, ("fail", "accept", "certificate_untrusted")),
        ("contoso.com", "Anonymous", "TLSv1.3", SENT, ("fail", "accept", "certificate_missing")),
        ("contoso.com", "Untrusted", "TLSv1.3", NOT_VERIFIED, ("fail", "tempfail", "certificate_untrusted")),
        ("contoso.com", "Untrusted", "TLSv1.3", "bounced (Server certificate not verified)", ("fail", "reject", "certificate_untrusted")),
        ("fabrikam.example", "Anonymous", "TLSv1.3", SENT, ("pass", "accept", "")),
        ("fabrikam.example", "Trusted", "TLSv1", SENT, ("fail", "accept", "tls_version")),
        ("pinned.example", "Verified", "TLSv1.3", SENT, ("pass", "accept", "")),
        ("pinned.example", "Trusted", "TLSv1.3", SENT, ("undecidable", "accept", "mta_macros")),
        ("pinned.example", "Untrusted", "TLSv1.3", NOT_VERIFIED, ("fail", "tempfail", "certificate_fingerprint")),
        ("trial.example", "Trusted", "TLSv1.3", SENT, ("undecidable", "accept", "mta_macros")),
        ("trial.example", "Trusted", "TLSv1.1", SENT, ("fail", "accept", "tls_version,mta_macros")),
        ("waived.example", "Untrusted", "TLSv1.3", SENT, ("excepted", "accept", "certificate_untrusted")),
    ]
    text = opening()
    for i, (to, label, version, status, (verdict, action, reasons)) in enumerate(table):
        text += of(T0 + i * SECOND, 10 + i, f"4Q{i}", f"someone.private@{to}", label=label, version=version, status=status)
        wanted[("contoso" if "ontoso" in to.lower() else to.split(".")[0], verdict, action, reasons, version, label)] += 1
    plain = [  # without a session: to, status, dsn, tls, (verdict, action, reasons)
        ("contoso.com", SENT, None, "none", ("fail", "accept", "no_tls")),
        ("contoso.com", "deferred (TLS is required, but was not offered by host mx.contoso.com[192.0.2.25])", "4.7.4", "none", ("fail", "tempfail", "no_tls")),
        ("contoso.com", "deferred (TLS is required, but host mx.contoso.com[192.0.2.25] refused to start TLS: 454 4.7.0 no)", "4.7.0", "none",
         ("fail", "tempfail", "no_tls")),
        ("contoso.com", "deferred (Cannot start TLS: handshake failure)", "4.7.5", "", ("undecidable", "tempfail", "mta_macros")),
        ("contoso.com", NOT_VERIFIED, None, "", ("fail", "tempfail", "certificate_untrusted")),
        ("contoso.com", "deferred (client TLS configuration problem)", "4.7.5", "", ("undecidable", "tempfail", "mta_macros")),
    ]
    for i, (to, status, dsn, tls, (verdict, action, reasons)) in enumerate(plain):
        text += SMTP.status(T0 + (50 + i) * SECOND, 50 + i, f"4P{i}", f"someone.private@{to}", status=status, dsn=dsn, relay=MX if i < 5 else "none")
        wanted[("contoso", verdict, action, reasons, tls, "")] += 1
    for i, (to, more) in enumerate((  # nobody's, or no delivery
            ("unasked.example", {}), ("inbound.example", {}), ("stranger.example", {}),
            ("contoso.com", {"status": "deferred (host mx.contoso.com[192.0.2.25] said: 450 4.7.5 come back (in reply to RCPT TO command))"}),
            ("contoso.com", {"status": "bounced (host mx.contoso.com[192.0.2.25] said: 550 5.1.1 no (in reply to RCPT TO command))", "dsn": "5.1.1"}),
            ("contoso.com", {"status": "deliverable (250 2.1.5 Ok)", "dsn": "2.1.5"}),
            ("contoso.com", {"relay": "127.0.0.1[127.0.0.1]:10024"}), ("contoso.com", {"relay": "localhost[::1]:10024"}),
            ("contoso.com", {"relay": "mx1[private/filter]"}))):
        text += SMTP.status(T0 + (70 + i) * SECOND, 70 + i, f"4N{i}", f"someone.private@{to}", **more)
    text += SMTP.line(T0 + 90 * SECOND, 90, "4N9: to=<someone.private@contoso.com>, relay=mx.contoso.com[192.0.2.25]:25, delay=0.5, delays=0")
    got = log.record(text)
    tap.equal(log.sums(), dict(wanted))
    tap.equal((got["decisions"], got["deliveries"], got["unknown_deliveries"], got["unreadable_lines"]), ("0", str(sum(wanted.values())), "0", "1"))
    octets = (log.here / "e.db").read_bytes()
    tap.equal(b"someone" in octets or b"private" in octets, False)
    tap.equal(b"mx.contoso.com" in octets, True)
    contoso = log.partners()["contoso"]
    tap.equal((contoso["mails"], contoso["pass"], contoso["refused"], contoso["tls"]["none"]), (14, 2, 7, 3))
    shown = run("report", "--database", log.here / "e.db", "--outbound").stdout
    tap.contains(shown, "outbound")
    tap.contains(shown, "The lines have no numbers (Postfix's")
    page = run("report", "--database", log.here / "e.db", "--format", "html").stdout
    for form in (shown, page):
        tap.contains(form.replace("&#39;", "'"), "The partner's server must offer STARTTLS")
        tap.equal("for mail to us" in form, False, "advice about mail from a partner")
    tap.contains(page, "<h3>contoso (outbound)</h3>")
    tap.equal(json.loads(run("report", "--database", log.here / "e.db", "--inbound", "--format", "json").stdout)["partners"], [])


@tap.test("a certificate with another name: the line in front of the session says so")
def _():
    log = Log("mismatch")
    reason = SMTP.line(T0, 10, f"server certificate verification failed for {MX}: num=62:hostname mismatch")
    log.record(opening() + reason + of(label="Untrusted", status=NOT_VERIFIED) + of(T0 + 9 * SECOND, 10, "4Q2", label="Untrusted", status=NOT_VERIFIED))
    tap.equal(log.sums(), {("contoso", "fail", "tempfail", "certificate_subject", "TLSv1.3", "Untrusted"): 1,
                           ("contoso", "fail", "tempfail", "certificate_untrusted", "TLSv1.3", "Untrusted"): 1})


PASS, PLAIN = ("contoso", "pass", "accept", "", "TLSv1.3", "Verified"), ("contoso", "fail", "accept", "no_tls", "none", "")


@tap.test("case 47: a session belongs to the next queue id of its process; conn_use; tlsproxy's line; a process id used again")
def _():
    log, to = Log("join"), "a@contoso.com"
    other = "mx2.contoso.com[192.0.2.26]:25"
    text = opening() + of() + SMTP.status(T0 + SECOND / 2, 10, "4Q1", "b@contoso.com")  # two recipients: 2 pass
    text += SMTP.status(T0 + SECOND, 10, "4Q2", to)  # the next mail of the process: plaintext 1
    text += SMTP.status(T0 + SECOND, 11, "4Q3", to)  # another process: 2
    text += SMTP.status(T0 + SECOND, 10, "4Q4", to).replace("delay=", "conn_use=2, delay=", 1)  # 3
    text += SMTP.session(T0 + 2 * SECOND, 12, other, "Untrusted") + SMTP.status(T0 + 3 * SECOND, 12, "4Q5", to)  # another server's: 4
    text += SMTP.session(T0 + 4 * SECOND, 13) + SMTP.status(T0 + 60 * SECOND, 13, "4Q6", to)  # too old: a process before it had that id: 5
    text += SMTP.session(T0 + 61 * SECOND, 14) + SMTP.status(T0 + 100 * SECOND, 14, "4Q7", to, lasted="2/37")  # a long one: 3 pass
    text += SMTP.session(T0 + 101 * SECOND, 15, tag="postfix/tlsproxy") + SMTP.session(T0 + 101 * SECOND, 16, done="reused")
    text += SMTP.status(T0 + 101 * SECOND, 16, "4Q8", to)  # 4 pass
    text += SMTP.status(T0 + 101 * SECOND, 15, "4Q9", to)  # tlsproxy's line is not the session of an smtp: 6
    text += SMTP.session(T0 + 102 * SECOND, 17, other, "Untrusted") + of(T0 + 103 * SECOND, 17, "4QA")  # the second host took it: 5 pass
    text += SMTP.session(T0 + 104 * SECOND, 18, tag="postfix-out/relay/smtp") + SMTP.status(
        T0 + 105 * SECOND, 18, "4QB", to, tag="postfix-out/relay/smtp")  # 6 pass
    text += SMTP.session(T0 + 106 * SECOND, 19) + SMTP.status(T0 + 106 * SECOND, 19, "4QC", to, more="tls=secure, ")  # Postfix 3.11: 7 pass
    text += SMTP.status(T0 + 107 * SECOND, 20, "4QD", to, more="tls=may:none, ")  # 7
    text += Smtp("mx2").session(T0 + 108 * SECOND, 21) + SMTP.status(T0 + 108 * SECOND, 21, "4QE", to)  # another host's session: 8
    log.record(text)
    tap.equal(log.sums(), {PASS: 7, PLAIN: 8})


@tap.test("case 48: a status line that is cut at 2,000 octets counts; what a server answers is no line of its own")
def _():
    log = Log("cut")
    reply = "250 event=decision partner=evil 4QZ: to=<x@fabrikam.example>, relay=none, dsn=2.0.0, status=sent (" + "x" * 3000
    text = opening() + SMTP.session(T0, 10) + SMTP.status(T0 + SECOND / 2, 10, "4Q1", "a@contoso.com", status="sent (" + reply)[:2044] + "\n"
    quoted = '"a>, relay=none, delay=1, delays=0/0/0/0, dsn=2.0.0, status=sent (@fabrikam.example"@contoso.com'
    text += of(T0 + SECOND, 11, "4Q2", quoted) + of(T0 + 2 * SECOND, 12, "4Q3", "b@contoso.com>, orig_to=<c@fabrikam.example")
    got = log.record(text)
    tap.equal(log.sums(), {PASS: 3})
    tap.equal(got["foreign_lines"], "1")


@tap.test("case 49: each try counts with its own session; what was sent, with that of the last try")
def _():
    log, day = Log("tries"), 86400 * SECOND
    text = opening() + of(label="Untrusted", status=NOT_VERIFIED) + opening().replace("2026-03-02", "2026-03-05")
    text += of(T0 + 3 * day, 10, "4Q1", status="deferred (host mx.contoso.com[192.0.2.25] said: 451 4.7.1 greylisted)", dsn="4.7.1")
    text += of(T0 + 3 * day + 300 * SECOND, 22, "4Q1")
    text += SMTP.line(T0 + 5 * day, 30, "4Q2: from=<a@example.com>, status=expired, returned to sender", "postfix/qmgr")
    text += SMTP.status(T0 + 5 * day, 31, "4Q2", "a@contoso.com", "none", NOT_VERIFIED, tag="postfix/error")
    log.record(text)
    tap.equal(log.sums(), {("contoso", "fail", "tempfail", "certificate_untrusted", "TLSv1.3", "Untrusted"): 1, PASS: 1})


@tap.test("case 50: one mail to two partners in one session counts for both")
def _():
    log = Log("two")
    relay = "relay.example.com[192.0.2.99]:25"
    log.record(opening() + of(relay=relay, label="Trusted") + SMTP.status(T0 + SECOND / 2, 10, "4Q1", "a@fabrikam.example", relay))
    tap.equal(log.sums(), {("contoso", "undecidable", "accept", "mta_macros", "TLSv1.3", "Trusted"): 1,
                           ("fabrikam", "pass", "accept", "", "TLSv1.3", "Trusted"): 1})


def mixed(count, smtp=SMTP):
    lines = opening(smtp).splitlines(keepends=True)
    for i in range(count):
        moment, pid = T0 + i * SECOND, 10 + i % 7
        if i % 3:
            lines.append(smtp.session(moment, pid))
        lines.append(smtp.status(moment + SECOND / 2, pid, f"4Q{i}", "a@contoso.com"))
    return lines


@tap.test("deliveries count once: the same files again, a copy, rename and create, copytruncate, compression")
def _():
    log, lines = Log("once"), mixed(90)
    log.record("".join(lines[:51]))  # ends behind a session: its delivery is in the next part
    log.record()
    (log.here / "log.1").write_text("".join(lines[:60]))
    (log.here / "copy").write_text("".join(lines[:60]))
    log.record("".join(lines[60:100]), files=("log", "log.1", "copy"))
    with gzip.open(log.here / "log.2.gz", "wt") as member:
        member.write("".join(lines[:60]))
    log.record("".join(lines[100:]), files=("log", "log.2.gz"))  # truncated in place
    tap.equal(sum(log.sums().values()) + 1 >= 89, True, str(log.sums()))
    (log.here / "whole").write_text("".join(lines))
    log.record(files=("whole",))
    log.record(files=("whole", "log.2.gz", "copy"))
    tap.equal(log.sums(), {PASS: 60, PLAIN: 30})
    tap.equal(rows(log.here / "e.db", "PRAGMA integrity_check"), [("ok",)])


@tap.test("a log that begins within a delivery, and one of a gateway that logs no sessions: nothing is guessed")
def _():
    log = Log("unknown")
    got = log.record("".join(SMTP.status(T0 + i * SECOND, 10, f"4Q{i}", "a@contoso.com") for i in range(5)))
    tap.equal((got["deliveries"], got["unknown_deliveries"], log.sums()), ("0", "5", {}))
    session = SMTP.session(T0 + 10 * SECOND, 11)
    rest = SMTP.status(T0 + 11 * SECOND, 11, "4R1", "a@contoso.com")
    got = log.record(rest + opening().replace("09:59", "10:00"))
    tap.equal((got["unknown_deliveries"], log.sums()), ("1", {}))
    (log.here / "log.1").write_text(session)
    log.record(files=("log.1", "log"))  # with the rotated file it is known
    tap.equal(log.sums(), {PASS: 1})
    got = log.record(rest)
    tap.equal((got["deliveries"], got["unknown_deliveries"]), ("0", "0"))
    log.record(SMTP.status(T0 + 20 * SECOND, 10, "4R2", "a@contoso.com") + SMTP.status(T0 + 90000 * SECOND, 10, "4R3", "a@contoso.com"))
    tap.equal(log.sums(), {PASS: 1}, "what was logged long before proves nothing")


@tap.test("deliveries in plaintext before the first session of their host count, if it comes within a day: plaintext is faster")
def _():
    log = Log("faster")
    early = "".join(SMTP.status(T0 + i * SECOND, 10 + i, f"4Q{i}", "a@contoso.com") for i in range(3))
    stranger = SMTP.line(T0 - 10 * SECOND, 8, "connect to x.example[198.51.100.1]:25: Connection refused")
    other = Smtp("mx2").status(T0 + 3 * SECOND, 10, "4S1", "a@contoso.com")
    got = log.record(stranger + early + other + SMTP.session(T0 + 5 * SECOND, 20) + SMTP.status(T0 + 5.4 * SECOND, 20, "4R1", "a@contoso.com"))
    tap.equal((got["deliveries"], got["unknown_deliveries"], log.sums()), ("4", "1", {PASS: 1, PLAIN: 3}), "mx2 has none")
    tap.equal((log.record()["deliveries"], log.sums()), ("0", {PASS: 1, PLAIN: 3}))
    late = Log("late")
    got = late.record(stranger + early + SMTP.session(T0 + 86403 * SECOND, 20))
    tap.equal((got["deliveries"], got["unknown_deliveries"], late.sums()), ("0", "3", {}), "a session of the day after")


@tap.test("the first deliveries of a file count where it goes on the one before it, and not where one is missing")
def _():
    rest = SMTP.status(T0 + 5 * SECOND, 10, "4Q1", "a@contoso.com") + SMTP.session(T0 + 6 * SECOND, 20)
    ends = {"nothing": None, "soon": T0, "after": T0 + 20 * SECOND, "missing": T0 - 3600 * SECOND}
    for name, end in ends.items():
        log = Log("goes_on_" + name)
        if end is not None:
            (log.here / "log.1").write_text(SMTP.session(T0 - 7200 * SECOND, 8) + SMTP.line(end, 8, "connect to x.example[198.51.100.1]:25: Connection refused"))
        got = log.record(rest, files=("log",) if end is None else ("log.1", "log"))
        known = name in ("soon", "after")
        tap.equal((got["deliveries"], got["unknown_deliveries"]), ("1", "0") if known else ("0", "1"), name)


@tap.test("lines without years and zones count as those of the same time with them")
def _():
    log = Log("years")
    log.record("".join(mixed(9)))
    log.record("".join(mixed(9, Smtp(prefix=logs.traditional))))
    tap.equal(log.sums(), {PASS: 6, PLAIN: 3})


@tap.test("without a policy, or without an outbound rule, deliveries are left out; decisions count in any case")
def _():
    log, daemon = Log("policies"), logs.Daemon(RUN1)
    inbound = "version: 1\npartners:\n  - {name: contoso, domains: [contoso.com]}\n"
    text = opening() + of() + daemon.decision(T0) + of(T0 + 2 * SECOND, 11, "4Q2") + daemon.decision(T0 + SECOND)
    (log.here / "p.yaml").write_text("no policy")
    tap.equal(log.record(text, status=78)["deliveries"], "not_read")
    (log.here / "p.yaml").write_text(inbound)
    tap.equal(log.record()["deliveries"], "not_read")
    tap.equal(log.sums(), {})
    (log.here / "p.yaml").write_text(POLICY)
    got = log.record()
    tap.equal((got["lines"], got["decisions"], got["deliveries"]), ("2", "0", "2"))
    tap.equal(log.sums(), {PASS: 2})
    both = json.loads(run("report", "--database", log.here / "e.db", "--format", "json").stdout)["partners"]
    tap.equal({(p["name"], p["direction"]): p["mails"] for p in both}, {("contoso", "inbound"): 2, ("contoso", "outbound"): 2})


@tap.test("deliveries in the journal: those that Postfix wrote; a forged one is foreign")
def _():
    log = Log("journal")
    text = (opening() + of()).splitlines()
    entries = [(line.split(" ", 1)[0], line.split(": ", 1)[1], "postfix@-.service", 102) for line in text]
    entries.append((entries[-1][0], entries[-1][1].replace("4Q1", "4F1"), "user@1000.service", 1000))
    entries.append((entries[-1][0], entries[-1][1].replace("4F1", "4F2"), "", 65534))
    program = log.here / "journalctl"
    program.write_text(f"""#!/usr/bin/python3
import datetime, sys
assert "SYSLOG_IDENTIFIER=postfix/smtp" in sys.argv, sys.argv
for at, message, unit, uid in {entries!r}:
    print("__REALTIME_TIMESTAMP=%d" % (datetime.datetime.fromisoformat(at).timestamp() * 1000000))
    print("_HOSTNAME=mx1\\n_PID=%d\\n_UID=%d\\nSYSLOG_IDENTIFIER=postfix/smtp" % (9 if "stranger" in message else 10, uid))
    print("_SYSTEMD_UNIT=" + unit + "\\nMESSAGE=" + message + "\\n")
""")
    program.chmod(0o755)
    for deliveries in ("1", "0"):
        done = run("record", "--database", log.here / "e.db", "--journal", "-c", log.here / "p.yaml", PATH=f"{log.here}:{os.environ['PATH']}")
        tap.contains(done.stdout, f"deliveries={deliveries} unknown_deliveries=0")
    tap.equal(log.sums(), {PASS: 1})
    tap.equal(cases.rows(log.here / "e.db", "SELECT n FROM counter WHERE name = 'foreign_lines'"), [(2,)])
