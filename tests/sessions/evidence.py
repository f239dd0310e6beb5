# SPDX-License-Identifier: BSD-2-Clause
"""What readers of the log rely on: run= and seq= of every line, and what each decision says of its circumstances."""
import datetime
import re
import time

from common import (Daemon, GOOD, SENDER, date, decisions, greeted, judge, partner, plain, policy, postfix, sendmail, settle, strong, table)
from daemon import parse_logfmt
from milterclient import Certificate, message
from pins import KEY, PIN, listening, pinned, reported
from tap import contains, equal, test

VERDICTS = ("pass", "fail", "undecidable", "excepted", "exempt")
AT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def all_lines(daemon):
    return [parse_logfmt(line) for line in daemon.log().split("\n") if line]


def raw(daemon, key):
    """The value of the last decision as it stands, with its quotation marks."""
    line = [line for line in daemon.log().split("\n") if "event=decision" in line and "partner=fence" not in line][-1]
    return re.search(rf' {key}=("(?:[^"\\]|\\.)*"|[^ ]*)', line)[1]


def start_of(daemon):
    """The line of the start, which may come behind the daemon's READY."""
    daemon.wait_log("event=listening socket=")
    return daemon.events("start")[0]


def moment(at):
    """The seconds since 1970 of an at=."""
    equal(bool(AT.fullmatch(at)), True, f"at={at}")
    return datetime.datetime.strptime(at, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=datetime.timezone.utc).timestamp()


def unasked(daemon, profile, sender=SENDER):
    """A mail whose macros the MTA was not asked for: undecidable."""
    return judge(daemon, profile, sender, mail_macros={"client_port": None})


# ---- every line ----

@test("every line ends with run= and seq=: the same run, the numbers from 1 without a hole, another run each start")
def numbers():
    runs = []
    for _ in range(2):
        with Daemon(policy(partner())) as daemon:
            for profile in (plain(), strong(), plain(client="127.0.0.1")):
                judge(daemon, profile)
            unasked(daemon, plain())
            daemon.reload(policy(partner("other")))
            daemon.reload("version: 1\n", result="failed")
            daemon.stop()
            lines = all_lines(daemon)
        for line in lines:
            equal(list(line)[-2:], ["run", "seq"], f"the end of {line}")
        equal([line["seq"] for line in lines], [str(number) for number in range(1, len(lines) + 1)], "seq")
        equal({line["run"] for line in lines}, {lines[0]["run"]}, "run")
        equal(bool(re.fullmatch("[0-9a-f]{16}", lines[0]["run"])), True, lines[0]["run"])
        equal({"start", "listening", "decision", "exempt", "mta", "reload", "policy", "status", "stop"} <= {line["event"] for line in lines},
              True, "events")
        runs.append(lines[0]["run"])
    equal(runs[0] != runs[1], True, f"two runs {runs}")


@test("policy= is the digest in force: at the start, at a stop, with a reload that takes effect and one that does not")
def digests():
    first, second = policy(partner()), policy(partner(mode="testing"))
    with Daemon(first) as daemon:
        start = start_of(daemon)
        equal(bool(re.fullmatch("[0-9a-f]{16}", start["policy"])), True, start["policy"])
        equal(start["file"], daemon.policy_file, "file= of the start")
        failed = daemon.reload("version: 1\n", result="failed")
        equal((failed["policy"], failed["file"]), (start["policy"], daemon.policy_file), "a reload that fails")
        new = daemon.reload(second)["policy"]
        equal(new != start["policy"], True, "another policy")
        equal(daemon.reload("# a comment\n" + first)["policy"], start["policy"], "the first one again, and a comment")
        daemon.reload(second)
        daemon.stop()
        for event in ("status", "stop"):
            equal(daemon.events(event)[-1]["policy"], new, event)


@test("policy= of a decision is that of its MAIL, whatever is loaded meanwhile")
def digest_of_mail():
    with Daemon(policy(partner())) as daemon, greeted(daemon, strong()) as session:
        old = start_of(daemon)["policy"]
        session.mail(SENDER)
        new = daemon.reload(policy(partner(action="tempfail")))["policy"]
        session.rcpt("<b@example.org>")
        session.data()
        session.eoh()
        session.eom()
        message(session, SENDER)
        settle(daemon)
        equal([line["policy"] for line in decisions(daemon)], [old, new])


@test("event=status at the stop: the sums of all decisions, as the log itself has them")
def sums():
    testing = partner("testing", ["testing.test"], mode="testing")
    excepted = partner("excepted", ["excepted.test"], exceptions=[{"clients": ["192.0.2.0/24"], "until": date(3600), "reason": "r"}])
    with Daemon(policy(partner(), testing, excepted)) as daemon:
        for profile, sender in ((plain(), SENDER), (strong(), SENDER), (plain(), "<a@testing.test>"), (plain(), "<a@excepted.test>"),
                                (plain(client="127.0.0.1"), SENDER), (plain(), "<a@nobody.test>")):
            judge(daemon, profile, sender)
        unasked(daemon, plain())
        daemon.stop()
        lines = all_lines(daemon)
        status = daemon.events("status")[-1]
        for verdict in VERDICTS:
            count = sum(line["event"] == "decision" and line["verdict"] == verdict for line in lines)
            equal((verdict, status[verdict]), (verdict, str(count)))
            equal(count > 0, True, f"no {verdict} in this test")
        equal((status["lost"], status["sessions"].isdigit()), ("0", True))
        equal([line["event"] for line in lines[-2:]], ["status", "stop"], "the last lines")


# ---- which message, and when ----

@test("at= is the time of MAIL in UTC, msg= the message's number: one for its lines, another for each message")
def messages():
    scoped = policy(partner(recipients=["scope.test"], action="reject"), partner("soft", None, clients=["192.0.2.0/24"], recipients=["soft.test"], action="tempfail"))
    with Daemon(scoped) as daemon, greeted(daemon, plain()) as session:
        for _ in range(2):
            before = time.time()
            session.mail(SENDER)
            after = time.time()
            settle(daemon)  # so that the message ends later than it began
            for recipient in ("<a@scope.test>", "<b@soft.test>", "<c@other.test>"):
                session.rcpt(recipient)
            session.abort()
            settle(daemon)
            lines = decisions(daemon)[-2:]
            equal(sorted(line["partner"] for line in lines), ["contoso", "soft"])
            equal(lines[0]["msg"], lines[1]["msg"], "msg of one message")
            for line in lines:
                equal(before - 0.001 <= moment(line["at"]) <= after, True, f"{before} {line['at']} {after}")
        numbers_seen = [line["msg"] for line in decisions(daemon)]
        equal(len(set(numbers_seen)), 2, f"msg of two messages: {numbers_seen}")
        equal(numbers_seen == sorted(numbers_seen, key=int) and int(numbers_seen[0]) > 0, True, f"{numbers_seen}")
        equal(re.fullmatch(r"[0-9TZ:.-]+", raw(daemon, "at")) is not None, True, "bare")


@test("msg= of messages that are refused at MAIL, one behind the other")
def refused_messages():
    with Daemon(policy(partner())) as daemon, greeted(daemon, plain()) as session:
        for _ in range(3):
            session.mail(SENDER)
        settle(daemon)
        equal(len({line["msg"] for line in decisions(daemon)}), 3, "three messages")


# ---- what would be ----

@test("would= is what enforcing would do, beside action=, which is what happens")
def would():
    text = policy(partner(), partner("soft", ["soft.test"], action="tempfail", mode="testing"), partner("hard", ["hard.test"], mode="testing"),
                  partner("hold", ["hold.test"], action="quarantine", mode="testing"), partner("off", ["off.test"], mode="none"),
                  partner("map", ["map.test"], mode="testing", action={"no_tls": "quarantine", "default": "reject"}),
                  partner("watch", None, clients=["203.0.113.0/24"], mode="testing"),
                  partner("step", ["step.test"], mode="none", action="tempfail", rollout=[
                      {"from": date(-7200), "mode": "testing"}, {"from": date(-3600), "action": "reject"}, {"from": date(3600), "mode": "enforce"}]),
                  partner("excepted", ["excepted.test"], mode="testing",
                          exceptions=[{"clients": ["192.0.2.0/24"], "until": "2999-12-31", "reason": "r"}]))
    cases = [("enforced", "fail reject reject", plain(), SENDER), ("soft", "fail accept tempfail", plain(), "<a@soft.test>"),
             ("hard", "fail accept reject", plain(), "<a@hard.test>"), ("hold", "fail accept quarantine", plain(), "<a@hold.test>"),
             ("passed", "pass accept accept", strong(), "<a@hard.test>"),
             ("map, no_tls", "fail accept quarantine", plain(), "<a@map.test>"),
             ("map, its default", "fail accept reject", plain(tls_version="TLSv1.1", cipher="AES128-SHA", cipher_bits="128"), "<a@map.test>"),
             ("two in testing", "fail accept reject", plain(client="203.0.113.1"), "<a@soft.test>"),
             ("one enforced, one in testing", "pass accept accept", strong(client="203.0.113.1"), SENDER),
             ("one off, one in testing", "fail accept reject", plain(client="203.0.113.1"), "<a@off.test>"),
             ("rollout", "fail accept reject", plain(), "<a@step.test>"), ("excepted", "excepted accept accept", plain(), "<a@excepted.test>"),
             ("exempt", "exempt accept accept", plain(client="127.0.0.1"), SENDER)]
    with Daemon(text) as daemon:
        def ask(profile, sender):
            line = judge(daemon, profile, sender).lines[0]
            return f"{line['verdict']} {line['action']} {line['would']}"
        table(cases, ask)
        line = unasked(daemon, plain(), "<a@hard.test>").lines[0]
        equal((line["verdict"], line["action"], line["would"]), ("undecidable", "accept", "tempfail"))


@test("exception= is the end of the one that held, of several the last to end")
def exception():
    ends = [("2999-12-31", ["192.0.2.0/24"]), ("2998-06-30T08:30:00Z", ["192.0.2.10"])]
    made = [{"clients": clients, "until": until, "reason": "r"} for until, clients in ends]
    for exceptions, wanted in ((made, "2999-12-31"), (made[::-1], "2999-12-31"), (made[1:], "2998-06-30T08:30:00Z")):
        with Daemon(policy(partner(exceptions=exceptions))) as daemon:
            got = judge(daemon, plain()).lines[0]
            equal((got["verdict"], raw(daemon, "exception")), ("excepted", wanted))
            equal(judge(daemon, plain(client="100.64.0.1")).lines[0]["exception"], "", "none held")


@test("exempt= says why, daemon= where the mail came in")
def exempt():
    with Daemon(policy(partner(), exempt={"daemons": ["submission"]})) as daemon:
        for profile, wanted in ((plain(client="127.0.0.1"), "client"), (plain(daemon_name="submission"), "daemon"),
                                (plain(auth_type="PLAIN", auth_authen="joe"), "auth"), (plain(), "")):
            got = judge(daemon, profile).lines[0]
            equal((got["verdict"], raw(daemon, "exempt")), ("exempt" if wanted else "fail", wanted))
            equal(raw(daemon, "daemon"), '"submission"' if wanted == "daemon" else '"mx.example.org"', "daemon=")


@test("selected= lists the identities, mta= and resolve= say how the rest is to be read")
def selected():
    both = policy(partner(identities=["envelope_from", "header_from"], clients=["192.0.2.0/24"], mode="testing"))
    bounce = policy(partner(mode="testing"))
    with Daemon(both) as daemon:
        for profile, mta in ((plain(), "postfix"), (plain(sendmail), "sendmail"), (plain(v="Unheard-of 1.0"), "")):
            for sender, headers, wanted in ((SENDER, [("From", "x@other.test")], "envelope_from,client"),
                                            ("<x@nobody.test>", [("From", "x@partner.test")], "header_from,client"),
                                            (SENDER, [("From", "x@partner.test")], "envelope_from,header_from,client")):
                got = judge(daemon, profile, sender, headers=headers).lines[0]
                equal((raw(daemon, "selected"), raw(daemon, "mta")), (wanted, mta), f"{profile.mta} {sender}")
        for resolve in ("OK", "TEMP", "FAIL", "FORGED"):
            judge(daemon, plain(resolve=resolve))
            equal(raw(daemon, "resolve"), f'"{resolve}"')
        equal(judge(daemon, plain(resolve=None)).lines[0]["resolve"], "", "not sent")
    with Daemon(bounce) as daemon:
        got = judge(daemon, plain(), "<>", helo="partner.test").lines[0]
        equal((got["partner"], got["selected"]), ("contoso", "helo"))


@test("header_from= has the domains of the From fields; nothing where the header is not known")
def header_from():
    asks = policy(partner(identities=["envelope_from", "header_from"], mode="testing"))
    cases = [([("From", "a@one.test")], '"one.test"'), ([("From", "A <a@One.Test>, b@two.test")], '"one.test,two.test"'),
             ([("From", "a@one.test"), ("From", "b@one.test, c@three.test")], '"one.test,three.test"'), ([("Subject", "x")], '""')]
    with Daemon(asks) as daemon:
        for headers, wanted in cases:
            judge(daemon, strong(), headers=headers)
            equal(raw(daemon, "header_from"), wanted, f"{headers}")
        judge(daemon, strong(sendmail), headers=[("Subject", "x")])
        equal(raw(daemon, "header_from"), '"partner.test"', "Sendmail writes the envelope sender into it")
        names = [f"{'x' * 40}{number}.test" for number in range(12)]
        got = judge(daemon, strong(), headers=[("From", ", ".join(f"a@{name}" for name in names))]).lines[0]
        equal((got["header_from"], got["cut"]), (",".join(names[:5]), "header_from"), "many")
    with Daemon(policy(partner())) as daemon:
        judge(daemon, strong())
        equal(raw(daemon, "header_from"), "", "no partner asks for the header")


# ---- pins ----

@test("fingerprint= and key_fingerprint=: what was seen, in quotes as a policy writes it, or one bare word")
def fingerprints():
    with listening(pinned({"key_fingerprint": f"sha256:{KEY}"}, {"fingerprint": f"sha256:{PIN}"})) as daemon:
        reported(daemon)
        equal((raw(daemon, "fingerprint"), raw(daemon, "key_fingerprint")), (f'"sha256:{PIN}"', f'"sha256:{KEY}"'), "reported")
        reported(daemon, None, "", "")
        equal((raw(daemon, "fingerprint"), raw(daemon, "key_fingerprint")), ("none", "none"), "no certificate")
        judge(daemon, strong())
        equal((raw(daemon, "fingerprint"), raw(daemon, "key_fingerprint")), ("missing", "missing"), "no report")
        judge(daemon, plain())
        equal((raw(daemon, "fingerprint"), raw(daemon, "key_fingerprint"), raw(daemon, "tls")), ("none", "none", "none"), "plaintext")
        unasked(daemon, strong())
        equal((raw(daemon, "fingerprint"), raw(daemon, "tls")), ("missing", '"TLSv1.3"'), "not asked for")
    shown, odd = Certificate("x.test", "y", "FAIL", PIN), Certificate("x.test", "y", "FAIL", "AB:CD")
    with Daemon(policy(partner(require={"certificates": [{"fingerprint": f"sha256:{PIN}"}]}))) as daemon:
        for profile, wanted in ((strong(sendmail, shown), (f'"sha256:{PIN}"', "unshown")), (strong(sendmail, odd), ("missing", "unshown")),
                                (strong(sendmail), ("none", "unshown")), (strong(), ("unshown", "unshown")),
                                (plain(sendmail), ("none", "none")), (plain(tls_version="none"), ("unshown", "unshown"))):
            judge(daemon, profile)
            equal((raw(daemon, "fingerprint"), raw(daemon, "key_fingerprint")), wanted, f"{profile.macros}")
        equal(raw(daemon, "tls"), '"none"', "a version that the MTA calls none is no certain plaintext")


# ---- what is not whole ----

@test("cut= names each value that is not whole, and no other")
def cut():
    with Daemon(policy(partner(require={"certificates": [{"subject": GOOD.cn}]}))) as daemon:
        long, fits = "x" * 257, "y" * 256
        got = judge(daemon, strong(client_name=long, resolve=long, daemon_name=fits), SENDER, long,
                    mail_macros={"cert_subject": long, "cert_issuer": fits}).lines[0]
        equal(got["cut"], "client_name,helo,subject,resolve")
        equal(judge(daemon, strong(postfix, GOOD)).lines[0]["cut"], "")
        got = judge(daemon, strong(postfix, GOOD), SENDER, '"' * 129).lines[0]
        equal((got["cut"], got["helo"]), ("helo", '"' * 128), "as it is printed")
    many = policy(*[partner(f"{'m' * 50}{number}", [f"d{number}.test"], identities=["header_from"], mode="testing") for number in range(7)])
    with Daemon(many) as daemon:
        got = judge(daemon, plain(), SENDER, headers=[("From", ", ".join(f"a@d{number}.test" for number in range(7)))]).lines[0]
        equal((got["cut"], got["also"].count(":")), ("also", 4), got["also"])


# ---- reloads ----

@test("a reload logs what changed: the first twenty of all changes, and how many there are")
def changes():
    def many(mode, **more):
        return policy(*[partner(f"p{number}", [f"p{number}.test"], mode=mode) for number in range(25)], **more)
    with Daemon(many("testing")) as daemon:
        line = daemon.reload(many("none"))
        equal(line["changed"].split("; "), [f"p{number}: mode testing->none" for number in range(20)] + ["..."], "changed")
        equal((line["changed_count"], line["added_count"], line["removed_count"]), ("25", "0", "0"), "counts")
        equal(daemon.reload(many("none"))["changed_count"], "0", "the same again")
        line = daemon.reload(many("none", exempt={"daemons": ["submission"]}))
        equal((line["changed"], line["changed_count"]), ("exempt.daemons added submission", "1"))
    with Daemon(policy(partner())) as daemon:
        line = daemon.reload(policy(partner(domains=["partner.test", "new.test"], action="tempfail", message="x" * 100)))
        equal(line["changed"], f"contoso: action reject->tempfail; contoso: domains added new.test; contoso: message (none)->{'x' * 60}...")
        line = daemon.reload(policy(partner(), defaults={"mode": "testing"}))
        contains(line["changed"], "contoso: mode enforce->testing", "a default")
        contains(line["changed"], "contoso: domains removed new.test", "an item")
