# SPDX-License-Identifier: BSD-2-Clause
"""T26: an MTA that shows nothing of a message behind DATA or RCPT, as Postfix with smtpd_proxy_filter."""
import contextlib

from common import (Daemon, NO_TLS, OURS, SENDER, decisions, greeted, partner, plain, policy, postfix, sendmail, settle, strong)
from milterclient import NODATA, NOUNKNOWN, message
from tap import contains, equal, test

NOBODY = "<a@nobody.test>"
BY_HEADER = partner("header", ["header.test"], identities=["header_from"])
BOTH = partner("both", ["both.test"], identities=["envelope_from", "header_from"])
HELD = partner("held", ["held.test"], action="quarantine")
TRIAL = partner("trial", ["trial.test"], mode="testing")
UNKNOWN = plain(postfix, v=None)  # neither MTA is recognised
OLD = 0x1fffff & ~(NODATA | NOUNKNOWN)  # milter_protocol = 2: there is no DATA event


def until_data(session, sender, recipients=("<b@example.org>",), queue_id=None):
    """What such an MTA shows: MAIL, RCPT, DATA without a queue id, and in the end an abort."""
    replies = [session.mail(sender)]
    if not replies[-1].refused:
        replies += [session.rcpt(recipient) for recipient in recipients]
        replies.append(session.data({"i": queue_id}))
    session.abort()
    return next((reply for reply in replies if reply.refused), replies[-1])


@contextlib.contextmanager
def lines_of(daemon):
    """The decisions that the block left in the log, in the list that it gets."""
    settle(daemon)
    start, lines = len(decisions(daemon)), []
    yield lines
    settle(daemon)
    lines += decisions(daemon)[start:]


@test("T26 p DATA without a queue id: what needs headers or the end of the message is undecidable at DATA")
def needs_content():
    cases = [((BY_HEADER,), plain(), NOBODY, "header"), ((BY_HEADER,), strong(), NOBODY, "header"), ((BOTH,), strong(), NOBODY, "both"),
             ((HELD,), plain(), "<a@held.test>", "held"), ((BY_HEADER,), UNKNOWN, NOBODY, "header"),
             ((partner("actions", ["held.test"], action={"no_tls": "quarantine", "default": "reject"}),), plain(), "<a@held.test>", "actions"),
             ((partner("scoped", ["scoped.test"], identities=["header_from"], recipients=["example.org"]),), plain(), NOBODY, "scoped")]
    for partners, profile, sender, name in cases:
        with Daemon(policy(*partners)) as daemon, greeted(daemon, profile) as session:
            with lines_of(daemon) as lines:
                for _ in range(2):  # nothing is left of the first
                    got = until_data(session, sender)
                    equal((got.stage, got.brief), ("data", OURS), f"{name}: {got}")
                    contains(got.text, f"[{name} mta_macros", name)
            contains(daemon.wait_log("event=mta"), "smtpd_proxy_filter", "why")
        equal([(line["partner"], line["verdict"], line["action"], line["qid"]) for line in lines],
              [(name, "undecidable", "tempfail", "")] * 2, name)


@test("T26 p DATA without a queue id: what passes, is only tested or excepted is accepted and logged once")
def logged_at_data():
    excepted = partner("excepted", ["excepted.test"], exceptions=[{"clients": ["192.0.2.10"], "until": "2099-01-01", "reason": "x"}])
    trial = partner("by_header", ["byheader.test"], identities=["header_from"], mode="testing")
    text = policy(partner(), HELD, TRIAL, excepted)
    cases = [(text, strong(), SENDER, ("contoso", "pass", "")), (text, strong(), "<a@held.test>", ("held", "pass", "")),
             (text, plain(), "<a@trial.test>", ("trial", "fail", "no_tls")), (text, strong(), "<a@trial.test>", ("trial", "pass", "")),
             (text, plain(), "<a@excepted.test>", ("excepted", "excepted", "no_tls,")), (text, plain(), NOBODY, None),
             (policy(trial), plain(), NOBODY, ("by_header", "undecidable", "mta_macros"))]
    for rule, profile, sender, wanted in cases:
        with Daemon(rule) as daemon, greeted(daemon, profile) as session:
            for _ in range(2):
                with lines_of(daemon) as lines:
                    equal(until_data(session, sender).refused, False, sender)
                got = [(line["partner"], line["verdict"], line["reasons"], line["action"], line["qid"]) for line in lines]
                if wanted and wanted[1] == "excepted":
                    equal([entry[:2] for entry in got], [wanted[:2]], sender)
                else:
                    equal(got, [(*wanted, "accept", "")] if wanted else [], sender)


@test("T26 p DATA without a queue id by recipient: only mail in scope is logged, each result once")
def by_recipient():
    scoped = partner("scoped", ["scoped.test"], recipients=["in@example.org"], mode="testing")
    with Daemon(policy(scoped)) as daemon, greeted(daemon, plain()) as session:
        for recipients, count in ((["<in@example.org>", "<out@example.org>"], 1), (["<out@example.org>"], 0)):
            with lines_of(daemon) as lines:
                equal(until_data(session, "<a@scoped.test>", recipients).refused, False)
            equal([line["verdict"] for line in lines], ["fail"] * count, str(recipients))


@test("T26 p DATA with a queue id, and Sendmail's without one at DATA: everything waits for the end of the message")
def shown_as_ever():
    with Daemon(policy(BY_HEADER, HELD, TRIAL)) as daemon:
        for mta in (postfix, sendmail):
            with greeted(daemon, plain(mta)) as session:
                with lines_of(daemon) as lines:
                    equal(message(session, NOBODY, headers=[("From", "a@header.test")])[-1].brief, NO_TLS)
                    equal(message(session, NOBODY)[-1].refused, False, "nobody's")
                    contains(message(session, "<a@held.test>")[-1].quarantine, "held no_tls")
                    equal(message(session, "<a@trial.test>")[-1].refused, False, "testing")
                equal([(line["partner"], line["qid"] != "") for line in lines], [("header", True), ("held", True), ("trial", True)], mta.__name__)
        with greeted(daemon, plain(sendmail)) as session:  # its queue id is MAIL's
            session.mail("<a@held.test>")
            session.rcpt("<b@example.org>")
            equal(session.data({"i": None}).refused, False)
            session.eoh()
            contains(session.eom().quarantine, "held no_tls")


@test("T26 p the queue id of the message before is not the next one's")
def stale_queue_id():
    with Daemon(policy(BY_HEADER)) as daemon, greeted(daemon, plain()) as session:
        for _ in range(2):
            equal(message(session, NOBODY)[-1].refused, False, "with one")
            got = until_data(session, NOBODY)
            equal((got.stage, got.brief), ("data", OURS), f"without: {got}")


@test("T26 p an MTA that cannot show DATA may show nothing behind RCPT: undecidable, and logged, at once")
def no_data_event():
    cases = [(BY_HEADER, plain(), NOBODY, "mail", "mta_macros"), (HELD, plain(), "<a@held.test>", "mail", "mta_macros"),
             (partner("scoped", ["scoped.test"], recipients=["example.org"]), plain(), "<a@scoped.test>", "rcpt", "no_tls")]
    for rule, profile, sender, stage, reason in cases:
        with Daemon(policy(rule)) as daemon, greeted(daemon, profile, protocol=OLD) as session:
            equal(session.protocol & NODATA, 0)
            got = session.mail(sender)
            got = got if got.refused else session.rcpt("<b@example.org>")
            equal((got.stage, got.refused), (stage, True), f"{sender}: {got}")
            contains(got.text, reason, sender)
    scoped = partner("scoped", ["scoped.test"], recipients=["example.org"], mode="testing")
    with Daemon(policy(TRIAL, scoped, partner())) as daemon:
        for profile, sender, verdict in ((plain(), "<a@trial.test>", "fail"), (plain(), "<a@scoped.test>", "fail"), (strong(), SENDER, "pass")):
            with greeted(daemon, profile, protocol=OLD) as session, lines_of(daemon) as lines:
                equal(session.mail(sender).refused, False, sender)
                for name in "bcd":
                    equal(session.rcpt(f"<{name}@example.org>").refused, False, sender)
                session.abort()
            equal([line["verdict"] for line in lines], [verdict], sender)
    with Daemon(policy(BY_HEADER, HELD)) as daemon, greeted(daemon, plain(sendmail), protocol=OLD) as session:  # older Sendmails
        session.mail("<a@held.test>")
        session.rcpt("<b@example.org>")
        session.header("From", "a@nobody.test")
        session.eoh()
        contains(session.eom().quarantine, "held no_tls")


@test("T26 p a session that began before there was a partner: session_outdated where the end of the message is needed")
def began_without_partners():
    empty = '{"version": 1, "allow_empty": true, "partners": []}'
    with Daemon(empty) as daemon, greeted(daemon, plain()) as session:
        equal(session.protocol & NODATA, NODATA, "DATA is not asked for")
        daemon.reload(policy(HELD, TRIAL))
        contains(session.mail("<a@held.test>").text, "[held session_outdated", "quarantine")
        with lines_of(daemon) as lines:
            equal(session.mail("<a@trial.test>").kind, "accept", "testing")
            session.abort()
        equal([(line["partner"], line["verdict"]) for line in lines], [("trial", "fail")])
