# SPDX-License-Identifier: BSD-2-Clause
"""Row F08 behind Sendmail: whatever becomes of the daemon, mail of a partner is never accepted unjudged.

The filter is the manual's, with F=T; only its patience is shorter.
"""
import os
import resource
import time

from sendmail_rig import RIG, accepted, connect, policy, refused
from daemon import Daemon, Hung, patience
from smtp import MESSAGE, Tls
from tap import equal, test

TEXT = policy("""
  - {name: strict, domains: [partner.test]}
  - {name: judged, domains: [rcpt.test], recipients: [judged@here.test]}
""")
UNAVAILABLE = "451 4.3.2 Please try again later"


def daemon():
    RIG.need()
    return Daemon(TEXT, socket=RIG.socket("fault"))


def never_accepted(what):
    with connect("fault") as client:
        equal(str(client.message("a@partner.test")), UNAVAILABLE, f"{what}, plaintext")
        equal(client.starttls().code, 454, f"{what}, STARTTLS")


def accepted_once():
    with connect("fault", Tls()) as client:
        accepted(client.message("a@partner.test"))
    with connect("fault") as client:
        refused(client.mail("a@partner.test"), "strict", "no_tls")


def body(client):
    client.send(MESSAGE[len(MESSAGE) // 2:] + b".\r\n")
    return client.reply()


# How far a transaction has come when something happens, and what is left of it: (name, before, after).
STAGES = [("MAIL", lambda c: None, lambda c: c.message("a@partner.test")),
          ("RCPT", lambda c: accepted(c.mail("a@rcpt.test")), lambda c: c.rcpt("judged@here.test")),
          ("DATA", lambda c: (accepted(c.mail("a@partner.test")), accepted(c.rcpt())), lambda c: c.data()),
          ("the end", lambda c: (accepted(c.mail("a@partner.test")), accepted(c.rcpt()), c.command("DATA"),
                                 c.send(MESSAGE[:len(MESSAGE) // 2])), body)]


@test("F08 s the daemon is absent, and gone with its socket left behind")
def absent():
    if os.path.exists(RIG.need().socket("fault")[5:]):
        os.unlink(RIG.socket("fault")[5:])
    never_accepted("no socket")
    with daemon() as running:
        accepted_once()
        running.kill()
        never_accepted("a socket that nobody listens to")


@test("F08 s killed in a session, at every stage; started again, that session stays put off and a new one is served")
def killed():
    for name, before, after in STAGES:
        with daemon() as running, connect("fault", Tls()) as client:
            accepted(client.message("a@partner.test"))
            before(client)
            running.kill()
            equal(after(client).code, 451, f"killed before {name}")
            with daemon():
                client.command("RSET")
                equal(client.message("a@partner.test").code, 451, f"the rest of the session, {name}")
                accepted_once()


@test("F08 s hung, at every stage and before the session began: put off when Sendmail loses patience, in time")
def hung():
    for name, before, after in STAGES:
        with daemon() as running, connect("fault", Tls(), timeout=30) as client:
            before(client)
            with Hung(running.pid):
                begin = time.monotonic()
                equal(after(client).code, 451, f"hung before {name}")
                equal(time.monotonic() - begin < patience(12), True, f"{name}: {time.monotonic() - begin:.1f} s")
    with daemon() as running:
        with Hung(running.pid):
            never_accepted("hung")
        accepted_once()


@test("F08 s stopped and restarted while sessions are open")
def restarted():
    with daemon() as running, connect("fault", Tls()) as client, connect("fault", Tls()) as idle:
        accepted(client.mail("a@partner.test"))
        running.stop()
        client.rcpt()
        equal(client.data().code != 250, True, "accepted by nobody")
        equal(idle.message("a@partner.test").code, 451)
        running.start()
        equal(idle.message("a@stranger.test").code, 451)  # Sendmail cannot know who is a partner
        accepted_once()


@test("F08 s out of descriptors, and out of memory: nothing is accepted that was not judged")
def exhausted():
    with daemon() as running, connect("fault", Tls()) as client:
        accepted(client.message("a@partner.test"))
        before = resource.prlimit(running.pid, resource.RLIMIT_NOFILE)
        resource.prlimit(running.pid, resource.RLIMIT_NOFILE, (len(os.listdir(f"/proc/{running.pid}/fd")), before[1]))
        try:
            with connect("fault", timeout=30) as other:
                equal(other.message("a@partner.test").code in (451, 530), True, "without descriptors")
            accepted(client.message("a@partner.test"))
        finally:
            resource.prlimit(running.pid, resource.RLIMIT_NOFILE, before)
        accepted_once()
    with daemon() as running:
        accepted_once()
        with open(f"/proc/{running.pid}/statm", encoding="ascii") as file:
            size = int(file.read().split()[0]) * resource.getpagesize()
        before = resource.prlimit(running.pid, resource.RLIMIT_AS)
        resource.prlimit(running.pid, resource.RLIMIT_AS, (size, before[1]))
        try:
            for _ in range(4):
                with connect("fault", timeout=30) as client:
                    equal(client.message("a@partner.test").code in (451, 530), True, "without memory")
                    equal(client.message("a@rcpt.test", ["judged@here.test"]).code in (451, 530), True, "without memory")
        finally:
            if running.process.poll() is None:
                resource.prlimit(running.pid, resource.RLIMIT_AS, before)
        accepted_once()


@test("F08 s a policy that is reloaded while sessions are open judges their next message")
def reloaded():
    with daemon() as running, connect("fault") as client:
        refused(client.mail("a@partner.test"), "strict", "no_tls")
        running.reload(policy("\n  - {name: strict, domains: [other.test]}"))
        accepted(client.message("a@partner.test"))
        refused(client.mail("a@other.test"), "strict", "no_tls")
