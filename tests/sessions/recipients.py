# SPDX-License-Identifier: BSD-2-Clause
"""Recipients by any spelling (S24), exceptions by recipient and what explain says of them (S25), many of them (S26)."""
import json
import os
import subprocess

from common import (Daemon, NO_TLS, OURS, SENDER, date, greeted, judge, partner, plain, policy, postfix, resident, sendmail,
                    settle, strong, table, watched)
from daemon import TOP
from tap import contains, equal, test

HOST = "mx.here.test"


def excepted(*recipients, **keys):
    return policy(partner(exceptions=[{"recipients": recipients, "until": date(86400), "reason": "migration"}], **keys))


def rcpts(text, cases, mta=postfix):
    """Cases (wanted, argument[, {rcpt_addr}]), all in one message."""
    def ask(argument, resolved=None):
        return session.rcpt(argument, {} if resolved is None else {"rcpt_addr": resolved}).brief
    with Daemon(text) as daemon, greeted(daemon, plain(mta)) as session:
        equal(session.mail(SENDER).kind, "continue", "MAIL")
        table([(" ".join(arguments), wanted, *arguments) for wanted, *arguments in cases], ask)


@test("S24 p another spelling of a scoped recipient: no domain, literal, delimiter, percent, bang, quotes")
def spellings():
    hidden = ['<"user"@here.test>', "<user@here.test.>", "<@x.test:user@here.test>", "<USER@HERE.TEST>", "<\\user@here.test>",
              "<user(x)@here.test>", "<user>", "user", "<USER>", '<"user">', "<user@[127.0.0.1]>", "<user@[IPv6:::1]>",
              "<user@localhost>", "<user+x@here.test>", "<user+x>", "<user+x@[127.0.0.1]>", "<user+x+y@here.test>",
              "<user%here.test>", "<here.test!user>", "<user%here.test@here.test>", "<user%here.test@[127.0.0.1]>",
              f"<user%here.test@{HOST}>", f"<here.test!user@{HOST}>", f'<"user@here.test"@{HOST}>', f"<user+x%here.test@{HOST}>",
              f"<user%here.test%a.test@{HOST}>", f"<a.test!here.test!user@{HOST}>", f"<a.test!user%here.test@{HOST}>",
              "<user+" + "x" * 2000 + "@here.test>", f"<{'x' * 2000}!user@{HOST}>"]
    others = ["<other>", "<other@[127.0.0.1]>", "<user-x@here.test>", "<+user@here.test>", "<userx@here.test>",
              "<user@there.test>", f"<user@{HOST}>", f"<other%here.test@{HOST}>", "<user" + "x" * 2000 + "@here.test>"]
    cases = [(NO_TLS, argument) for argument in hidden] + [("continue", argument) for argument in others]
    cases += [(NO_TLS, f"<user@{HOST}>", "user"), (NO_TLS, f"<user+x@{HOST}>", "user+x"), (NO_TLS, "<a@b.test>", "user@here.test"),
              ("continue", f"<other@{HOST}>", "other")]
    rcpts(policy(partner(recipients=["user@here.test"])), cases)


@test("S24 p recipients by domain: local mail is always in scope")
def domains():
    rcpts(policy(partner(recipients=["here.test", ".below.test"])), [
        (NO_TLS, "<anyone>"), (NO_TLS, "<anyone@[127.0.0.1]>"), (NO_TLS, f"<anyone@{HOST}>", "anyone"), (NO_TLS, "<x@here.test>"),
        (NO_TLS, "<x@a.below.test>"), (NO_TLS, "<x%here.test@there.test>"), (NO_TLS, "<a.below.test!x@there.test>"),
        ("continue", "<x@there.test>"), ("continue", "<x@a.here.test>"), ("continue", "<x@below.test>")])


@test("S24 p the delimiters are those of the policy")
def delimiters():
    for setting, good, wrong in (("-", "-", "+"), ("+-", "+-", "="), ("", "", "+-"), (None, "+", "-")):
        text = json.loads(policy(partner(recipients=["user@here.test"])))
        text["milter"] = {} if setting is None else {"recipient_delimiter": setting}
        rcpts(json.dumps(text), [(NO_TLS, f"<user{c}x@here.test>") for c in good]
              + [("continue", f"<user{c}x@here.test>") for c in wrong])


# explain and the daemon

def explain(file, mta, sender, recipient, resolved):
    """explain's answer as the daemon's: the reply, or accept; and the outcome."""
    program = os.environ.get("FORCETLS") or os.path.join(TOP, "forcetls")
    arguments = ["--mta", mta.__name__, "--from", sender[0].strip("<>"), "--to", recipient.strip("<>"), "--client", "192.0.2.10"]
    for name, value in (("mail_addr", sender[1]), ("rcpt_addr", resolved)):
        arguments += [] if value is None else ["--macro", f"{{{name}}}={value}"]
    done = subprocess.run([program, "explain", "-c", file, "--json", *arguments], capture_output=True, check=False)
    answer = json.loads(done.stdout)
    return answer["reply"] or "accept", [f"{p['name']} {p['outcome']}" for p in answer["partners"]]


def by_protocol(daemon, mta, sender, recipient, resolved):
    macros = {} if sender[1] is None else {"mail_addr": sender[1]}
    start = len(daemon.decisions())
    with greeted(daemon, plain(mta)) as session:
        reply = session.mail(sender[0], macros)
        if not reply.refused and reply.kind != "accept":
            reply = session.rcpt(recipient, {} if resolved is None else {"rcpt_addr": resolved})
        if not reply.refused and reply.kind != "accept":
            for step in (session.data, lambda: session.header("From", "x@nobody.test"), session.eoh, session.eom):
                last = step()
                equal(last.refused, False, f"{last}")
    settle(daemon)
    lines = [line for line in daemon.decisions()[start:] if line["partner"] != "fence"]
    return (f"{reply.code} {reply.text}" if reply.refused else "accept"), [f"{l['partner']} {l['verdict']}" for l in lines]


# argument of MAIL, {mail_addr} or None: as the MTA of the protocol driver writes it
SENDERS = [("<a@partner.test>", None), ("<robot@partner.test>", None), ("<robot@partner.test>", "robot"), ("<a@partner.test>", "a"),
           ("<robot@partner.test>", "other@partner.test"), ("<robot%partner.test>", "robot@partner.test"), ("<robot>", "robot")]
# argument of RCPT, {rcpt_addr}
RECIPIENTS = [("<root@mx.here.test>", "root"), ("<root@mx.here.test>", None), ("<Root@MX.here.test.>", "root"), ("<root>", "root"),
              ("<root>", "root@mx.here.test"), ("<root@[127.0.0.1]>", "root"), ("<root@[127.0.0.1]>", "root@[127.0.0.1]"),
              ("<root+x@mx.here.test>", "root+x"), ("<root%mx.here.test@here.test>", "root@mx.here.test"),
              ("<root%mx.here.test@here.test>", "root"), ("<user@there.test>", "root@mx.here.test"), ("<user@there.test>", None),
              ('<"root"@mx.here.test>', "root"), ("<mx.here.test!root>", "root"), ("<user@mx.here.test>", "user")]


@test("S25 p an exception by recipient holds for Sendmail's local mailbox, and explain and the daemon say the same")
def local_mailboxes():
    texts = {"excepted": excepted("root@mx.here.test"), "domain": excepted("mx.here.test"),
             "senders": policy(partner(exceptions=[{"senders": ["robot@partner.test"], "until": date(86400), "reason": "r"}])),
             "scope": policy(partner(recipients=["root@mx.here.test"], action="tempfail"), partner("wide", ["*"]))}
    wrong = []
    for name, text in texts.items():
        with Daemon(text) as daemon:
            for mta in (postfix, sendmail):
                for sender in SENDERS if name == "senders" else SENDERS[:1]:
                    for recipient, resolved in RECIPIENTS:
                        asked = (mta, sender, recipient, resolved)
                        told, seen = explain(daemon.policy_file, *asked), by_protocol(daemon, *asked)
                        if told[0] != seen[0] or (seen[1] and seen[1][0] not in told[1]):
                            wrong.append(f"{name} {mta.__name__} {sender} {recipient} {resolved}: explain {told}, daemon {seen}")
    equal(wrong, [])


@test("S25 p which recipients an exception holds for")
def which():
    text = excepted("root@mx.here.test")
    accepted = [("<root@mx.here.test>", "root"), ("<ROOT@mx.here.test>", "root"), ('<"root"@mx.here.test.>', "root"),
                ("<root@mx.here.test>", "root@mx.here.test")]
    others = [("<root>", "root"), ("<root@[127.0.0.1]>", "root"), ("<root+x@mx.here.test>", "root+x"), ("<user@mx.here.test>", "user"),
              ("<root@mx.here.test>", "root@there.test"), ("<root@mx.here.test>", "root@[127.0.0.1]"),
              ("<root%mx.here.test@there.test>", "root"), ("<user@mx.here.test>", "root")]
    rcpts(text, [("continue", *case) for case in accepted] + [(NO_TLS, *case) for case in others], mta=sendmail)


# Many

@test("S26 p a thousand recipients of 2,048 octets, with a list of 10,000: every answer right, less than 1 MiB a session")
def thousand():
    sessions = 8
    text = policy(partner(recipients=[f"u{number}@here.test" for number in range(10000)]))
    with Daemon(text) as daemon:
        equal(judge(daemon, plain(), recipients=["<u77@here.test>"]).brief, NO_TLS)
        before, held = resident(daemon), []
        for _ in range(sessions):
            session = greeted(daemon, strong())
            held.append(session)
            session.mail(SENDER)
            for number in range(1000):
                name = f"<u{number}+"
                equal(session.rcpt(name + "x" * (2038 - len(name)) + "@here.test>").kind, "continue", name)
        grown = (resident(daemon) - before) / sessions
        if not watched(daemon):
            equal(grown < 1024, True, f"{grown:.0f} KiB a session")
        for session in held:
            session.data()
            session.header("From", "a@partner.test")
            session.eoh()
            equal(session.eom().refused, False)
            session.quit()


@test("S26 p thousands of recipients that all differ are judged, or put off; none is dropped")
def too_many():
    names = [f"u{number}@here.test" for number in range(20000)]
    with Daemon(policy(partner(recipients=names))) as daemon, greeted(daemon, strong()) as session:
        session.mail(SENDER)
        briefs = [session.rcpt(f"<{name}>").brief for name in names]
        taken = briefs.count("continue")
        equal(taken >= 1000, True, f"{taken} were taken")
        equal(briefs, ["continue"] * taken + [OURS] * (len(names) - taken))
        for step in (session.data, lambda: session.header("From", "a@partner.test"), session.eoh, session.eom):
            equal(step().refused, False)


@test("S26 p From addresses of many partners, recipients and patterns: the partners in scope are judged, and no others")
def many_of_all():
    lists = [[f"u{number}@l{index}.test" for number in range(100)] for index in range(40)]
    text = policy(*(partner(f"p{index}", [f"p{index}.test", f".p{index}.test"], identities=["header_from"], recipients=addresses)
                    for index, addresses in enumerate(lists)))
    fields = [", ".join(f"a@x{number}.p{number % 40}.test" for number in range(part, part + 500)) for part in range(0, 2000, 500)]
    for wanted in (7, None):
        with Daemon(text) as daemon, greeted(daemon, plain()) as session:
            session.mail("<a@nobody.test>")
            for number in range(1000):
                equal(session.rcpt(f"<s{number}@l{number % 40}.test>").kind, "continue")
            if wanted is not None:
                equal(session.rcpt(f"<u5+x@l{wanted}.test>").kind, "continue", "nothing is known of From yet")
            session.data()
            for value in fields:
                session.header("From", value)
            reply = session.eoh()
            equal(reply.brief, "continue" if wanted is None else NO_TLS)
            if wanted is not None:
                contains(reply.text, f"[p{wanted} ", "the partner")
