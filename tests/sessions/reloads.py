# SPDX-License-Identifier: BSD-2-Clause
"""Reloads: what stays, what changes, and when (F06, F07, F13)."""
import contextlib
import os
import shutil
import signal
import threading
import time

from common import (Daemon, NO_TLS, OURS, SENDER, briefly, decisions, greeted, judge, partner, plain, policy, resident, settle, strong,
                    watched)
from daemon import patience
from milterclient import message
from tap import contains, equal, test

HARD, SOFT = policy(partner()), policy(partner(action="tempfail"))
SOFT_REPLY = "451 4.7.0"


@test("a good reload takes effect, in sessions new and old, and names who came and went")
def good_reload():
    with Daemon(HARD) as daemon, greeted(daemon, plain()) as session:
        equal(session.mail(SENDER).brief, NO_TLS)
        before = len(daemon.log())
        daemon.reload(policy(partner("newcomer", ["new.test"])))
        added = daemon.log()[before:]
        contains(added, "newcomer", "who came")
        contains(added, "contoso", "who went")
        equal(session.mail(SENDER).kind, "accept", "no partner any more")
        session.abort()
        equal(session.mail("<a@new.test>").brief, NO_TLS, "the newcomer")
        equal(judge(daemon, plain(), "<a@new.test>").brief, NO_TLS, "the newcomer, a new session")


BROKEN = {
    "half written": HARD[:len(HARD) // 2], "empty": "", "an unknown key": HARD.replace('"action"', '"actoin"'),
    "not YAML": "version: 1\npartners: [}\n", "no partners": "version: 1\n", "an empty list": '{"version": 1, "partners": []}',
    "NUL octets": "version: 1\0\n", "cut to a valid beginning": "version: 1\ndefaults:\n  mode: enforce\n",
    "blocks not written yet": b"\0" * 4096,
}


@test("F06 p f a bad file keeps the old policy, and the log says why and where")
def bad_file():
    with Daemon(HARD) as daemon:
        for what, text in BROKEN.items():
            before = len(daemon.log())
            daemon.reload(text, result="failed")
            contains(daemon.log()[before:], "forcetls.yaml", f"{what}: the place in the log")
            equal(judge(daemon, plain()).brief, NO_TLS, what)
            equal(briefly(judge(daemon, strong())), "accept", what)
        daemon.reload(SOFT)
        equal(judge(daemon, plain()).brief, SOFT_REPLY, "and a good one after all that")


@test("F06 p f a file that is gone, a directory, or writable by others")
def bad_path():
    with Daemon(HARD) as daemon:
        os.rename(daemon.policy_file, daemon.policy_file + ".away")
        daemon.reload(result="failed")
        equal(judge(daemon, plain()).brief, NO_TLS, "gone")
        os.mkdir(daemon.policy_file)
        daemon.reload(result="failed")
        os.rmdir(daemon.policy_file)
        for mode in (0o666, 0o620, 0o602):
            daemon.write("forcetls.yaml", SOFT, mode)
            daemon.reload(result="failed")
            equal(judge(daemon, plain()).brief, NO_TLS, f"mode {mode:o}")
        daemon.reload(SOFT)
        equal(judge(daemon, plain()).brief, SOFT_REPLY, "repaired")


@test("F06 p include directories that are gone, half copied, or partly bad")
def includes():
    main = policy(partner(), include="partners.d/*.yaml")
    other = '{"partners": [{"name": "included", "domains": ["included.test"], "action": "reject"}]}'
    with Daemon(main, {"partners.d/10.yaml": other}) as daemon:
        def both():
            return [judge(daemon, plain(), f"<a@{name}.test>").brief for name in ("partner", "included")]
        equal(both(), [NO_TLS, NO_TLS])
        daemon.reload(files={"partners.d/20.yaml": other[:40]}, result="failed")
        equal(both(), [NO_TLS, NO_TLS], "half copied")
        daemon.reload(files={"partners.d/20.yaml": other}, result="failed")
        equal(both(), [NO_TLS, NO_TLS], "the same partner twice")
        os.unlink(os.path.join(daemon.dir, "partners.d/20.yaml"))
        daemon.reload(files={"partners.d/.hidden.yaml": "x: [", "partners.d/30.yaml~": "x: ["})
        equal(both(), [NO_TLS, NO_TLS], "hidden and backup files are skipped")
        shutil.move(os.path.join(daemon.dir, "partners.d"), os.path.join(daemon.dir, "away"))
        daemon.reload(result="failed")
        equal(both(), [NO_TLS, NO_TLS], "the directory is gone")
        os.mkdir(os.path.join(daemon.dir, "partners.d"))
        before = len(daemon.log())
        daemon.reload()
        contains(daemon.log()[before:], "included", "the partner that went is named")
        equal(both(), [NO_TLS, "accept"], "an empty directory")


@test("F06 p a file that is replaced and rewritten under the reader never loads half")
def rewritten():
    many = [partner(f"p{n}", [f"p{n}.test"]) for n in range(400)]
    one, two = policy(partner(), *many), policy(*many, partner(action="tempfail"))
    with Daemon(one) as daemon:
        done = threading.Event()

        def rewrite():
            while not done.is_set():
                for text in (one, two):
                    with open(daemon.policy_file, "w", encoding="utf-8") as file:
                        file.write(text)
        writer = threading.Thread(target=rewrite)
        writer.start()
        try:
            for _ in range(30):
                os.kill(daemon.pid, signal.SIGUSR1)
                equal(judge(daemon, plain()).brief in (NO_TLS, SOFT_REPLY), True, "the partner")
                equal(judge(daemon, plain(), "<a@p399.test>").brief, NO_TLS, "the last of the others")
        finally:
            done.set()
            writer.join()


@test("F06 p a transaction is judged by the policy in force at its MAIL")
def policy_of_mail():
    old, new = (policy(partner(recipients=[f"{name}@example.org"])) for name in ("old", "new"))
    with Daemon(old) as daemon, greeted(daemon, plain()) as session:
        equal(session.mail(SENDER).kind, "continue")
        daemon.reload(new)
        equal(session.rcpt("<new@example.org>").kind, "continue", "the new one's recipient")
        equal(session.rcpt("<old@example.org>").brief, NO_TLS, "the old one's recipient")
        session.abort()
        equal(session.mail(SENDER).kind, "continue")
        equal(session.rcpt("<old@example.org>").kind, "continue", "next message: the old one's")
        equal(session.rcpt("<new@example.org>").brief, NO_TLS, "next message: the new one's")


@test("F06 p a transaction keeps its policy to the end of the message, quarantine too")
def policy_to_the_end():
    with Daemon(policy(partner(action="quarantine"))) as daemon, greeted(daemon, plain()) as session:
        session.mail(SENDER)
        daemon.reload(policy(partner("other", ["other.test"])))
        for step in (lambda: session.rcpt("<b@example.org>"), session.data, session.eoh):
            equal(step().refused, False)
        equal(bool(session.eom().quarantine), True, "held by the old policy")
        equal(session.mail(SENDER).kind, "accept", "nobody's by the new one")


@test("F13 p headers that an open session never asked for: undecidable for anyone's mail")
def outdated_headers():
    wanted = policy(partner("header", ["header.test"], identities=["header_from"]), partner("other", ["other.test"]))
    with Daemon(HARD) as daemon, greeted(daemon, strong()) as session:
        equal(session.mail(SENDER).refused, False, "before")
        session.abort()
        daemon.reload(wanted)
        for profile in (strong(), plain()):
            session.starttls(profile)
            for sender in ("<a@nobody.test>", "<a@header.test>", "<>"):
                replies = message(session, sender)
                equal([r.brief for r in replies if r.refused], [OURS], f"{sender}: {replies}")
                contains([r for r in replies if r.refused][0].text, "session_outdated", "reply")
        equal(message(session, "<a@other.test>")[0].brief, NO_TLS, "the most severe of two results")
        session.starttls(strong())
        equal(message(session, "<a@other.test>")[0].brief, OURS, "undecidable beside passed")
        settle(daemon)
        equal({line["reasons"] for line in decisions(daemon) if line["verdict"] == "undecidable"}, {"session_outdated"})
        equal(judge(daemon, strong(), "<a@nobody.test>").brief, "accept", "a new session")
        equal(judge(daemon, plain(), "<a@nobody.test>", headers=[("From", "a@header.test")]).brief, NO_TLS, "a new session")


@test("F13 p recipients that an open session never asked for: undecidable for the selected partner alone")
def outdated_recipients():
    with Daemon(HARD) as daemon, greeted(daemon, plain()) as session:
        daemon.reload(policy(partner(recipients=["judged@example.org"]), partner("other", ["other.test"])))
        equal(session.mail("<a@nobody.test>").kind, "accept", "a stranger's")
        session.abort()
        for profile in (strong(), plain()):
            session.starttls(profile)
            replies = message(session, SENDER)
            equal([r.brief for r in replies if r.refused], [OURS], "the partner's")
        equal(message(session, "<a@other.test>")[-1].brief, NO_TLS, "another partner's")
        equal(judge(daemon, plain(), recipients=["<judged@example.org>"]).brief, NO_TLS, "a new session")


@test("F13 p such a partner in mode testing lets no wider one decide, and its line is in the log")
def outdated_recipients_tested():
    wanted = policy(partner("wide", ["*"], action="quarantine"), partner("tested", mode="testing", recipients=["judged@example.org"]))
    for recipient in ("<judged@example.org>", "<x@example.org>"):
        with Daemon(policy(partner("old", ["old.test"], action="quarantine"))) as daemon, greeted(daemon, plain()) as session:
            daemon.reload(wanted)
            replies = message(session, SENDER, [recipient])
            equal(([r.brief for r in replies if r.refused], replies[-1].quarantine), ([], None), recipient)
            settle(daemon)
            equal([(line["partner"], line["verdict"], line["would"], line["reasons"]) for line in decisions(daemon)],
                  [("tested", "undecidable", "tempfail", "session_outdated")], recipient)


@test("F13 p a session that asked for more than the new policy needs goes on")
def asked_for_more():
    full = policy(partner(identities=["envelope_from", "header_from"], recipients=["example.org"]))
    with Daemon(full) as daemon, greeted(daemon, plain()) as session:
        daemon.reload(HARD)
        equal(session.mail(SENDER).brief, NO_TLS)
        equal(message(session, "<a@nobody.test>", headers=[("From", "a@partner.test")])[-1].refused, False)
        daemon.reload(full)
        equal(message(session, SENDER)[-1].brief, NO_TLS, "and back again")


@test("F13 p a reload between MAIL and the headers asks for no more than MAIL's policy")
def reload_within_message():
    with Daemon(HARD) as daemon, greeted(daemon, strong()) as session:
        equal(session.mail(SENDER).refused, False)
        daemon.reload(policy(partner("header", ["header.test"], identities=["header_from"])))
        for step in (lambda: session.rcpt("<b@example.org>"), session.data, lambda: session.header("From", "a@header.test"),
                     session.eoh, session.eom):
            equal(step().refused, False, step)


@test("F07 p two hundred reloads under load: every verdict is the old policy's or the new one's")
def storm():
    bulk = [partner(f"p{n}", [f"p{n}.test"]) for n in range(200)]
    texts = [policy(partner(action=action), partner("same", ["same.test"]), *bulk) for action in ("reject", "tempfail")]
    wrong, counts, done = [], [0] * 8, threading.Event()

    def load(number):
        asked = [(plain(), SENDER, {NO_TLS, SOFT_REPLY}), (plain(), "<a@same.test>", {NO_TLS}), (strong(), SENDER, {"continue", "accept"}),
                 (plain(), "<a@nobody.test>", {"accept", "continue"}), (strong(), "<a@same.test>", {"continue", "accept"})]
        try:
            while not done.is_set():
                with greeted(daemon, plain()) as session:
                    for profile, sender, wanted in asked * 4:
                        session.starttls(profile)
                        got = message(session, sender)[-1].brief
                        counts[number] += 1
                        if got not in wanted:
                            wrong.append(f"{sender}: {got}")
        except Exception as error:  # shown by the test, not lost in the thread
            wrong.append(f"{type(error).__name__}: {error}")
    with Daemon(texts[0]) as daemon:
        threads = [threading.Thread(target=load, args=(n,)) for n in range(8)]
        for thread in threads:
            thread.start()
        try:
            for number in range(200):
                daemon.write("forcetls.yaml", texts[number % 2])
                os.kill(daemon.pid, signal.SIGUSR1)
                time.sleep(0.005)
        finally:
            done.set()
            for thread in threads:
                thread.join()
        equal(wrong[:5], [], "wrong verdicts")
        equal(min(counts) > 0, True, f"verdicts of each connection: {counts}")
        daemon.write("forcetls.yaml", texts[1])
        os.kill(daemon.pid, signal.SIGUSR1)
        end = time.monotonic() + patience(20)
        while judge(daemon, plain()).brief != SOFT_REPLY:
            equal(time.monotonic() < end, True, "the last policy in time")
        equal({line["result"] for line in daemon.reloads()}, {"loaded"})


@test("F06 p a session between two messages keeps no policy: reloads beside idle sessions do not add up")
def idle_sessions_hold_nothing():
    many = [partner(f"p{n:05d}", [f"p{n:05d}.test"]) for n in range(20000)]
    with Daemon(policy(*many)) as daemon, contextlib.ExitStack() as idle:
        if watched(daemon):
            return  # the plain build's run measures it
        daemon.reload()
        before = resident(daemon)
        for number in range(12):
            session = idle.enter_context(greeted(daemon, plain()))
            equal(session.mail("<a@nobody.test>").kind, "accept")
            equal(message(session, "<a@p00007.test>")[-1].brief, NO_TLS)
            daemon.reload(timeout=60)
        equal(resident(daemon) - before < 4 << 10, True, f"KiB: {before}, with twelve idle sessions {resident(daemon)}")


@test("F07 p a reload while a session waits costs it nothing")
def idle_over_reloads():
    with Daemon(HARD) as daemon, greeted(daemon, plain()) as session:
        for number in range(10):
            daemon.reload(SOFT if number % 2 == 0 else HARD)
        equal(session.mail(SENDER).brief, NO_TLS)


@test("a reload does not move the socket")
def socket_stays():
    with Daemon(HARD) as daemon:
        daemon.reload(policy(partner(), milter={"socket": f"unix:{daemon.dir}/elsewhere.sock", "mta": "auto"}))
        equal(os.path.exists(f"{daemon.dir}/elsewhere.sock"), False)
        equal(judge(daemon, plain()).brief, NO_TLS)
