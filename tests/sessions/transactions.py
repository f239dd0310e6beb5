# SPDX-License-Identifier: BSD-2-Clause
"""One session, many messages; when the MTA tells what: T02 to T04, negotiation, macro lists."""
import json

from common import (Daemon, GOOD, NO_TLS, OURS, SENDER, briefly, decisions, greeted, judge, partner, plain, policy, postfix,
                    sendmail, settle, strong)
from milterclient import (NOBODY, NOCONNECT, NODATA, NOEOH, NOHDRS, NOHELO, NOMAIL, NORCPT, NOUNKNOWN, QUARANTINE, RCPT_REJ,
                          SETSYMLIST, Session, message)
from tap import equal, test

MACROS = f"{OURS} mta_macros"
TLS_NAMES = {"{tls_version}", "{cipher}", "{cipher_bits}", "{cert_subject}", "{cert_issuer}", "{verify}", "{cn_subject}",
             "{cn_issuer}", "{cert_fp}"}
CERTIFIED = policy(partner(require={"certificates": [{"subject": GOOD.cn}]}))


@test("T02 p STARTTLS, then MAIL without a second EHLO")
def no_second_ehlo():
    with Daemon(CERTIFIED) as daemon:
        for mta in (postfix, sendmail):
            with greeted(daemon, plain(mta)) as session:
                session.starttls(strong(mta, GOOD))
                equal(message(session, SENDER)[-1].refused, False, mta.__name__)
            with Session(daemon.socket, strong(mta, GOOD)) as session:
                session.connect()
                equal(message(session, SENDER)[-1].refused, False, f"{mta.__name__}, no HELO at all")


@test("T03 p macro lists that are not honoured: undecidable, in plaintext and in TLS")
def lists_not_honoured():
    for what, options in (("ignored", {"honour_lists": False}), ("not offered", {"actions": 0xff, "honour_lists": False})):
        with Daemon(policy(partner())) as daemon:
            for mta in (postfix, sendmail):
                equal(briefly(judge(daemon, plain(mta), options=options)), MACROS, f"{what}: {mta.__name__} plaintext")
                equal(briefly(judge(daemon, strong(mta, GOOD), options=options)), MACROS, f"{what}: {mta.__name__} TLS")
                equal(judge(daemon, plain(mta), "<a@nobody.test>", options=options).brief, "accept", f"{what}: a stranger's")


@test("T03 p the client's port at CONNECT, of a list that nobody asked for, makes no recipient's macros lost")
def port_at_connect():
    profile = strong()
    profile = profile._replace(lists={**profile.lists, "connect": ["{client_port}"]})
    rule = partner(identities=["header_from"], recipients=["x@example.org"])
    with Daemon(policy(rule)) as daemon, Session(daemon.socket, profile, honour_lists=False) as session:
        session.connect()
        session.helo()
        for number in range(3):
            replies = message(session, "<a@nobody.test>", recipients=["<b@example.org>", "<c@example.org>"])
            equal([reply.brief for reply in replies if reply.refused], [], f"message {number}")


@test("T03 p an MTA without macro lists, whose HELO tells the port and TLS: what HELO told is not MAIL's, where no policy needs HELO")
def port_at_helo():
    rule = json.dumps({"version": 1, "partners": [{"name": "client", "clients": ["192.0.2.10"], "action": "reject"}]})
    profile = strong()
    profile = profile._replace(lists={**profile.lists, "helo": profile.lists["helo"] + ["{client_port}"]})
    with Daemon(rule) as daemon, Session(daemon.socket, profile, honour_lists=False, actions=0x1ff & ~SETSYMLIST) as session:
        session.connect()
        session.helo()
        equal(session.mail("<a@nobody.test>").brief, OURS)


@test("T04 p macros of hundreds of mails and recipients in a session, with RSET, refusals and second HELOs, are each one's own")
def macros_of_many():
    rule = policy(partner(recipients=["b@example.org"]), partner("refused", ["refused.test"]))
    with Daemon(rule) as daemon, greeted(daemon, plain()) as session:
        for number in range(300):
            equal(session.mail("<a@nobody.test>").kind, "accept", f"a stranger's, {number}")
            if number % 3 == 0:
                session.abort()
            equal(session.mail("<a@refused.test>").brief, NO_TLS, f"refused, {number}")
            if number % 5 == 0:
                session.helo(f"mx{number}.client.test")
            equal(session.mail(SENDER).kind, "continue", f"by recipients, {number}")
            equal([session.rcpt(f"<{name}@example.org>").brief for name in "abca"], ["continue", NO_TLS, "continue", "continue"], f"recipients, {number}")
            if number % 2:
                session.abort()
            else:
                equal([reply.refused for reply in (session.data(), session.eoh(), session.eom())], [False] * 3, f"the end, {number}")


@test("T03 p TLS macros at HELO alone, of a list that nobody asked for, are not MAIL's")
def only_at_helo():
    with Daemon(policy(partner())) as daemon, Session(daemon.socket, plain(), honour_lists=False) as session:
        session.connect()
        session.helo(macros={"tls_version": "TLSv1.3", "cipher": "TLS_AES_256_GCM_SHA384", "cipher_bits": "256"})
        equal(session.mail(SENDER).brief, OURS)


@test("T03 p the lists: all facts at MAIL, none of TLS at CONNECT and HELO")
def macro_lists():
    for text in (policy(partner()), CERTIFIED):
        with Daemon(text) as daemon, Session(daemon.socket, plain()) as session:
            asked = {stage: set(names) for stage, names in session.asked.items()}
            equal(TLS_NAMES - asked["mail"], set(), "missing at MAIL")
            equal({"{mail_addr}", "{client_port}", "{client_addr}", "{client_name}", "{client_resolve}", "{auth_type}",
                   "{auth_authen}", "{daemon_name}", "v", "i"} - asked["mail"], set(), "missing at MAIL")
            for stage in ("connect", "helo"):
                equal(stage in asked, True, f"a list for {stage}")
                equal(TLS_NAMES & asked[stage], set(), f"TLS macros at {stage}")
            equal(len(session.asked["mail"]) <= 50, True, "Sendmail's limit")


@test("T04 p refused, RSET, second HELO: each message is judged on its own facts")
def own_facts():
    with Daemon(CERTIFIED) as daemon:
        for mta in (postfix, sendmail):
            with greeted(daemon, plain(mta)) as session:
                equal(session.mail(SENDER).brief, NO_TLS, "plaintext")
                equal(session.mail(SENDER).brief, NO_TLS, "and again, no abort between")
                session.starttls(strong(mta))
                session.helo()
                equal(session.mail(SENDER).brief, "554 5.7.5", "TLS without a certificate")
                session.starttls(strong(mta, GOOD))
                equal(session.mail(SENDER).refused, False, "with one")
                session.abort()
                equal(message(session, SENDER)[-1].refused, False, "behind RSET")
                session.mail(SENDER)
                session.abort()
                session.helo("other.test")
                equal(message(session, SENDER)[-1].refused, False, "behind a HELO within a message")
        settle(daemon)
        reasons = [line["reasons"] for line in decisions(daemon) if line["reasons"]]
        equal(reasons, ["no_tls", "no_tls", "certificate_missing"] * 2)


@test("T04 p nothing of one message is left for the next, good to bad")
def nothing_left():
    with Daemon(CERTIFIED) as daemon:
        for end in ("eom", "abort", "reject", "nobody"):
            with greeted(daemon, strong(postfix, GOOD)) as session:
                equal(session.mail(SENDER).refused, False, "good")
                if end == "eom":
                    for step in (lambda: session.rcpt("<b@example.org>"), session.data, session.eoh, session.eom):
                        step()
                elif end == "abort":
                    session.abort()
                elif end == "nobody":
                    session.abort()
                    equal(session.mail("<a@nobody.test>").kind, "accept")
                without = {name: None for name in ("tls_version", "cipher", "cipher_bits", "cert_subject", "cert_issuer")}
                equal(session.mail(SENDER, without).brief, NO_TLS, f"plaintext behind {end}")
                equal(session.mail(SENDER, {"cert_subject": None, "cert_issuer": None}).brief, "554 5.7.5", f"no certificate behind {end}")
                equal(session.mail("<b@nobody.test>", {"mail_addr": None}).brief, "accept", f"another's behind {end}")


@test("T04 p a sender of one message does not select for the next")
def sender_of_the_last():
    with Daemon(policy(partner())) as daemon, greeted(daemon, plain(), "mx.other.test") as session:
        equal(session.mail(SENDER).brief, NO_TLS)
        equal(session.mail("<a@nobody.test>").brief, "accept")
        session.abort()
        equal(session.mail("<>", {"mail_addr": ""}).brief, "accept", "the null sender behind the partner's")
        session.abort()
        equal(session.mail("<>", {"mail_addr": None}).brief, "accept")


@test("T04 p recipients of one message are not the next one's")
def recipients_of_the_last():
    with Daemon(policy(partner(recipients=["judged@example.org"]))) as daemon, greeted(daemon, plain()) as session:
        session.mail(SENDER)
        equal(session.rcpt("<judged@example.org>").brief, NO_TLS)
        equal(session.rcpt("<other@example.org>").kind, "continue")
        session.abort()
        equal(message(session, SENDER, ["<other@example.org>"])[-1].refused, False)
        equal(message(session, SENDER, ["<judged@example.org>"])[-1].brief, NO_TLS)


@test("T04 p a hundred messages in a session, each with its own answer")
def hundred():
    with Daemon(policy(partner())) as daemon, greeted(daemon, plain()) as session:
        for number in range(100):
            session.starttls(strong() if number % 3 == 0 else plain())
            got = message(session, SENDER if number % 2 == 0 else "<a@nobody.test>")[-1]
            equal(got.refused, number % 2 == 0 and number % 3 != 0, f"message {number}")


def dropped(text):
    with Daemon(text) as daemon, Session(daemon.socket, plain()) as session:
        equal(session.actions & (QUARANTINE | SETSYMLIST), QUARANTINE | SETSYMLIST, "actions")
        equal(session.actions & ~(QUARANTINE | SETSYMLIST), 0, "no right to change anything")
        equal(session.protocol & NOMAIL, 0, "MAIL")
        equal(session.protocol & (NOBODY | NOUNKNOWN), NOBODY | NOUNKNOWN, "body and unknown commands")
        equal(session.protocol & RCPT_REJ, 0, "recipients that the MTA refused")
        return {name for name, flag in (("rcpt", NORCPT), ("data", NODATA), ("headers", NOHDRS)) if session.protocol & flag}


@test("negotiation: the callbacks that this policy does not need are dropped")
def negotiated():
    equal(dropped(policy(partner())), {"rcpt", "headers"}, "MAIL, and DATA to log what passes")
    equal(dropped(policy(partner(identities=["header_from"]))), {"rcpt"}, "headers")
    equal(dropped(policy(partner(recipients=["example.org"]))) & {"rcpt", "headers"}, {"headers"}, "recipients")
    until = {"until": "2099-01-01", "reason": "x"}
    equal(dropped(policy(partner(exceptions=[{"recipients": ["x@example.org"], **until}]))) & {"rcpt", "headers"}, {"headers"},
          "an exception by recipient")
    equal(dropped(policy(partner(exceptions=[{"senders": ["x@partner.test"], **until}]))), {"rcpt", "headers"},
          "an exception by sender")
    equal(dropped('{"version": 1, "allow_empty": true, "partners": []}'), {"rcpt", "data", "headers"}, "no partner")


@test("negotiation: an MTA that offers less gets what it offers")
def modest_mta():
    with Daemon(policy(partner())) as daemon:
        for protocol in (0x1fffff, 0x3ff, NOCONNECT | NOHELO | NOEOH | NOHDRS | NOBODY | NORCPT | NODATA, 0x7f):
            with Session(daemon.socket, plain(), protocol=protocol) as session:
                session.connect()
                session.helo()
                equal(message(session, SENDER)[0].brief, NO_TLS, f"{protocol:#x}")
                equal(message(session, "<a@nobody.test>")[-1].refused, False, f"{protocol:#x}, a stranger's")


@test("a session without CONNECT and HELO, and MAIL as its first word")
def bare_session():
    with Daemon(policy(partner())) as daemon:
        with Session(daemon.socket, plain()) as session:
            equal(session.mail(SENDER).brief, NO_TLS)
        with Session(daemon.socket, strong()) as session:
            equal(message(session, SENDER)[-1].refused, False)
