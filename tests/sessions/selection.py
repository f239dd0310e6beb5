# SPDX-License-Identifier: BSD-2-Clause
"""Several recipients, several partners: S17 and S18; exceptions by sender, client and recipient."""
from common import (Daemon, GOOD, NO_TLS, REJECTED, SENDER, date, decisions, greeted, judge, partner, partners, plain, policy, postfix,
                    sendmail, settle, strong, table)
from milterclient import Tls, message
from tap import contains, equal, test

SCOPED = policy(partner(recipients=["judged@example.org", "scope.test", ".wide.test"]))


@test("S17 p each recipient has its own answer, and none is ACCEPT")
def recipients_answers():
    for mta in (plain, lambda: plain(sendmail)):
        with Daemon(SCOPED) as daemon, greeted(daemon, mta()) as session:
            equal(session.mail(SENDER).kind, "continue", "MAIL")
            table([(argument, wanted, argument) for argument, wanted in (
                ("<other@example.org>", "continue"), ("<judged@example.org>", NO_TLS), ("<Judged@Example.ORG>", NO_TLS),
                ("judged@example.org", NO_TLS), ("<x@scope.test>", NO_TLS), ("<x@sub.scope.test>", "continue"),
                ("<x@a.wide.test>", NO_TLS), ("<x@wide.test>", "continue"), ("<x@SCOPE.test.>", NO_TLS),
                ("<xjudged@example.org>", "continue"), ("<@r.test:judged@example.org>", NO_TLS))],
                lambda argument: session.rcpt(argument).brief)
            equal([session.data().brief, session.eoh().brief, session.eom().brief][-1] in ("continue", "accept"), True, "EOM")


@test("S17 p the argument or {rcpt_addr}: either brings a recipient into scope")
def recipient_readings():
    def ask(argument, resolved):
        with greeted(daemon, plain()) as session:
            session.mail(SENDER)
            return session.rcpt(argument, {"rcpt_addr": resolved}).brief
    with Daemon(SCOPED) as daemon:
        table([(f"{argument} {resolved}", wanted, argument, resolved) for argument, resolved, wanted in (
            ("<alias@example.org>", "judged@example.org", NO_TLS), ("<judged@example.org>", "final@example.org", NO_TLS),
            ("<judged@example.org>", None, NO_TLS), ("<judged@example.org>", "", NO_TLS),
            ("<other@example.org>", None, "continue"), ("<other@example.org>", "", "continue"))], ask)


@test("S17 p the refused recipient is logged, and the message goes on to the others")
def scoped_log():
    with Daemon(SCOPED) as daemon:
        got = judge(daemon, plain(), recipients=["<judged@example.org>", "<other@example.org>"])
        equal(got.brief, "accept", "the message")
        contains(partners(got), "contoso fail", "lines")
        equal(judge(daemon, plain(), recipients=["<other@example.org>"]).brief, "accept")
        equal(judge(daemon, plain(), recipients=["<judged@example.org>"]).at, "rcpt")
        passed = judge(daemon, strong(), recipients=["<judged@example.org>", "<x@scope.test>"])
        equal((passed.brief, partners(passed)), ("accept", ["contoso pass"]), "over TLS")


@test("S17 p a partner whose recipients the mail is not for is passed over")
def passed_over():
    text = policy(partner("narrow", recipients=["judged@example.org"]), partner("wide", ["*"], action="tempfail"))

    def ask(sender, recipient):
        got = judge(daemon, plain(), sender, recipients=[recipient])
        return f"{got.brief} {got.lines[0]['partner']}"
    with Daemon(text) as daemon:
        table([("the narrow one's", f"{NO_TLS} narrow", SENDER, "<judged@example.org>"),
               ("the wide one's", "451 4.7.0 wide", SENDER, "<other@example.org>"),
               ("a stranger's", "451 4.7.0 wide", "<a@nobody.test>", "<judged@example.org>")], ask)


def exceptions(*given, **keys):
    return policy(partner(exceptions=[{"until": date(86400), "reason": "migration", **e} for e in given], **keys))


def exception_cases(text, cases):
    """Cases (what, wanted, sender or (argument, {mail_addr}), recipient, client)."""
    def ask(sender, recipient, client):
        argument, resolved = sender if isinstance(sender, tuple) else (sender, None)
        macros = {} if resolved is None else {"mail_addr": resolved}
        return judge(daemon, plain(client=client), argument, recipients=[recipient], mail_macros=macros).brief
    with Daemon(text) as daemon:
        table(cases, ask)


@test("exceptions by sender: every reading must match")
def sender_exceptions():
    exception_cases(exceptions({"senders": ["news@partner.test", ".lists.partner.test"]}, domains=["partner.test", ".partner.test"]), [
        ("the sender", "accept", "<news@partner.test>", "<b@example.org>", "192.0.2.10"),
        ("a list", "accept", "<x@a.lists.partner.test>", "<b@example.org>", "192.0.2.10"),
        ("another", NO_TLS, "<a@partner.test>", "<b@example.org>", "192.0.2.10"),
        ("one reading only", NO_TLS, ("<news@partner.test>", "a@partner.test"), "<b@example.org>", "192.0.2.10"),
        ("the other reading only", NO_TLS, ("<a@partner.test>", "news@partner.test"), "<b@example.org>", "192.0.2.10"),
    ])


@test("exceptions: all selectors of one must hold; an expired one has no effect")
def combined_exceptions():
    text = exceptions({"clients": ["192.0.2.0/25"], "senders": ["partner.test"]},
                      {"clients": ["198.51.100.7"], "until": date(-86400)})
    exception_cases(text, [
        ("client and sender", "accept", SENDER, "<b@example.org>", "192.0.2.10"),
        ("sender alone", NO_TLS, SENDER, "<b@example.org>", "192.0.2.200"),
        ("expired", NO_TLS, SENDER, "<b@example.org>", "198.51.100.7"),
    ])


@test("S17 p exceptions by recipient: both readings must match, and each recipient stands alone")
def recipient_exceptions():
    text = exceptions({"recipients": ["abuse@example.org", "open.test"]})
    exception_cases(text, [
        ("excepted", "accept", SENDER, "<abuse@example.org>", "192.0.2.10"),
        ("excepted in capitals", "accept", SENDER, "<ABUSE@Open.TEST>", "192.0.2.10"),
        ("not excepted", NO_TLS, SENDER, "<b@example.org>", "192.0.2.10")])
    with Daemon(text) as daemon, greeted(daemon, plain()) as session:
        equal(session.mail(SENDER).kind, "continue", "MAIL")
        equal(session.rcpt("<abuse@example.org>").kind, "continue")
        equal(session.rcpt("<b@example.org>").brief, NO_TLS)
        equal(session.rcpt("<abuse@example.org>", {"rcpt_addr": "b@example.org"}).brief, NO_TLS, "one reading only")
        equal(session.data().refused, False, "only excepted recipients were accepted")


@test("S18 p envelope, header and client: every partner selected must be satisfied")
def all_satisfied():
    text = policy(partner("envelope", ["envelope.test"], require={"certificates": [{"subject": GOOD.cn}]}),
                  partner("header", ["header.test"], identities=["header_from"], require={"min_tls_version": "TLSv1.3"}),
                  partner("client", None, clients=["192.0.2.0/24"], require={"forward_secrecy": True}))
    tls12, static = Tls("TLSv1.2", "ECDHE-RSA-AES256-GCM-SHA384", 256), Tls("TLSv1.2", "AES256-GCM-SHA384", 256)

    def ask(tls, certificate, envelope, header, client):
        got = judge(daemon, postfix(tls=tls, certificate=certificate, client=client), f"<a@{envelope}.test>",
                    headers=[("From", f"a@{header}.test")])
        return f"{got.brief} {got.lines[0]['partner'] if got.lines else ''} {got.lines[0]['reasons'] if got.brief != 'accept' else ''}"
    inside, outside, best = "192.0.2.10", "198.51.100.1", Tls("TLSv1.3", "TLS_AES_256_GCM_SHA384", 256)
    with Daemon(text) as daemon:
        for what, wanted, *arguments in (
                ("all three met", "accept", best, GOOD, "envelope", "header", inside),
                ("header short", f"{REJECTED} header tls_version", tls12, GOOD, "envelope", "header", inside),
                ("envelope short", "554 5.7.5 envelope certificate_missing", best, None, "envelope", "header", inside),
                ("client short", f"{REJECTED} client forward_secrecy", static, GOOD, "envelope", "nobody", inside),
                ("the client alone", f"{REJECTED} client forward_secrecy", static, None, "nobody", "nobody", inside),
                ("another client", "accept", static, GOOD, "envelope", "nobody", outside),
                ("the header alone", f"{REJECTED} header tls_version", tls12, None, "nobody", "header", outside)):
            contains(ask(*arguments), wanted, what)


@test("S18 p the most severe result decides, and the line names the others")
def most_severe():
    text = policy(partner("soft", ["soft.test"], action="tempfail"), partner("hard", None, clients=["192.0.2.0/24"]),
                  partner("tests", None, clients=["198.51.100.0/24"], mode="testing"),
                  partner("held", None, clients=["203.0.113.0/25"], action="quarantine"))
    with Daemon(text) as daemon:
        got = judge(daemon, plain(), "<a@soft.test>")
        equal((got.brief, got.lines[0]["partner"], len(got.lines)), (NO_TLS, "hard", 1), "reject before tempfail")
        contains(got.lines[0]["also"], "soft", "also=")
        contains(got.text, "[hard ", "reply")
        got = judge(daemon, plain(client="198.51.100.1"), "<a@soft.test>")
        equal((got.brief, got.lines[0]["partner"]), ("451 4.7.0", "soft"), "tempfail before testing")
        got = judge(daemon, plain(client="203.0.113.1"), "<a@soft.test>")
        equal((got.brief, got.lines[0]["partner"]), ("451 4.7.0", "soft"), "tempfail before quarantine")
        got = judge(daemon, plain(client="198.51.100.1"), "<a@nobody.test>")
        equal((got.brief, got.lines[0]["verdict"]), ("accept", "fail"), "testing alone")


@test("S18 p the client's most specific entry selects: prefix, then exact name, then suffix")
def client_selection():
    text = policy(partner("net", None, clients=["192.0.2.0/24"]), partner("host", None, clients=["192.0.2.7"]),
                  partner("name", None, clients=["mx.named.test"]), partner("suffix", None, clients=[".named.test"]))

    def ask(client, name, resolve):
        got = judge(daemon, plain(client=client, name=name, resolve=resolve), "<a@nobody.test>")
        return got.lines[0]["partner"] if got.lines else None
    with Daemon(text) as daemon:
        table([(f"{client} {name} {resolve}", wanted, client, name, resolve) for wanted, client, name, resolve in (
            ("host", "192.0.2.7", "mx.named.test", "OK"), ("net", "192.0.2.8", "mx.named.test", "OK"),
            ("name", "198.51.100.1", "mx.named.test", "OK"), ("name", "198.51.100.1", "MX.Named.test.", "OK"),
            ("suffix", "198.51.100.1", "a.b.named.test", "OK"), (None, "198.51.100.1", "named.test", "OK"),
            (None, "198.51.100.1", "evilnamed.test", "OK"), (None, "198.51.100.1", "mx.named.test", "FORGED"),
            (None, "198.51.100.1", "mx.named.test", "FAIL"))], ask)
        start = len(decisions(daemon))
        equal(judge(daemon, strong(client="192.0.2.7"), "<a@nobody.test>").brief, "accept")
        settle(daemon)
        equal([line["verdict"] for line in decisions(daemon)[start:]], ["pass"])


@test("S18 p several messages of several partners in one session")
def partners_in_turn():
    with Daemon(policy(partner("one", ["one.test"]), partner("two", ["two.test"], action="tempfail"))) as daemon:
        with greeted(daemon, plain()) as session:
            briefs = [message(session, f"<a@{name}.test>")[-1].brief for name in ("one", "two", "three", "one")]
        equal(briefs[:2] + briefs[3:], [NO_TLS, "451 4.7.0", NO_TLS])
        equal(briefs[2] in ("accept", "continue"), True, "a stranger's")
        settle(daemon)
        equal([line["partner"] for line in decisions(daemon)], ["one", "two", "one"])
