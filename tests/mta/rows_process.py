# SPDX-License-Identifier: BSD-2-Clause
"""Row F08 of the catalogue: whatever becomes of the daemon, mail of a partner is never accepted unjudged.

The service's own milter_default_action is accept: the default_action of the documented smtpd_milters line must win.
"""
import os
import resource
import time

from rig import RIG, accepted, connect, policy, refused
from daemon import Daemon, Hung, patience
from smtp import MESSAGE, Tls
from tap import equal, test

TEXT = policy("""
  - {name: strict, domains: [partner.test]}
  - {name: judged, domains: [rcpt.test], recipients: [judged@here.test]}
""")
UNAVAILABLE = "451 4.7.1 Service unavailable - try again later"


def daemon():
    RIG.need()
    return Daemon(TEXT, socket=RIG.socket("fault"), open_to_all=True)


def never_accepted(what="", **options):
    """A partner's mail over good TLS, and in plaintext: Postfix puts both off."""
    with connect("fault", **options) as client:
        reply = client.message("a@partner.test")
        equal(str(reply), UNAVAILABLE, f"{what}, plaintext")
        equal(client.starttls().code, 454, f"{what}, STARTTLS")


@test("F08 x the daemon is absent")
def absent():
    try:
        os.unlink(RIG.need().socket("fault")[5:])
    except FileNotFoundError:
        pass
    never_accepted("no socket")
    with daemon() as running:
        accepted_once()
        running.kill()
        never_accepted("a socket that nobody listens to")


def accepted_once():
    with connect("fault", Tls()) as client:
        accepted(client.message("a@partner.test"))
    with connect("fault") as client:
        refused(client.mail("a@partner.test"), "strict", "no_tls")


def stages():
    """How far a transaction has come when something happens, and what is left of it: (name, before, after)."""
    half = len(MESSAGE) // 2

    def body(client):
        client.send(MESSAGE[half:] + b".\r\n")
        return client.reply()

    def last_recipient(client):
        answer = client.rcpt()
        equal(client.data().code in (451, 554), True, "DATA behind a recipient put off")
        client.command("RSET")
        return answer

    def data(client):
        answer = client.data()
        client.command("RSET")  # a refusal of DATA itself does not end the transaction
        return answer

    return [("MAIL", lambda c: None, lambda c: c.message("a@partner.test")),
            ("RCPT", lambda c: accepted(c.mail("a@partner.test")), last_recipient),
            ("DATA", lambda c: (accepted(c.mail("a@partner.test")), accepted(c.rcpt())), data),
            ("body", lambda c: (accepted(c.mail("a@partner.test")), accepted(c.rcpt()), c.command("DATA"),
                                c.send(MESSAGE[:half])), body)]


@test("F08 x killed in a session, at every stage; started again, that session stays put off and a new one is served")
def killed():
    for name, before, after in stages():
        with daemon() as running, connect("fault", Tls()) as client:
            accepted(client.message("a@partner.test"))
            before(client)
            running.kill()
            equal(after(client).code, 451, f"killed before {name}")
            with daemon():
                equal(client.message("a@partner.test").code, 451, f"the rest of the session, {name}")
                accepted_once()


@test("F08 x hung, at every stage: put off when Postfix loses patience, in time")
def hung():
    for name, before, after in stages():
        with daemon() as running, connect("fault", Tls(), timeout=30) as client:
            before(client)
            with Hung(running.pid):
                begin = time.monotonic()
                equal(after(client).code, 451, f"hung before {name}")
                equal(time.monotonic() - begin < patience(12), True, f"{name}: {time.monotonic() - begin:.1f} s")


@test("F08 x hung before the session began; after it goes on, new sessions are served")
def hung_before():
    with daemon() as running:
        with Hung(running.pid):
            never_accepted("hung")
        accepted_once()


@test("F08 x stopped while sessions are open")
def stopped():
    with daemon() as running, connect("fault", Tls()) as client, connect("fault", Tls()) as idle:
        accepted(client.mail("a@partner.test"))
        running.stop()
        client.rcpt()
        equal(client.data().code != 250, True, "accepted by nobody")
        equal(idle.message("a@partner.test").code, 451)


@test("F08 x restarted in a session: that session stays put off, new ones are served")
def restarted():
    with FirstMessage() as (client, running):
        running.stop()
        running.start()
        equal(client.message("a@partner.test").code, 451)
        equal(client.message("a@stranger.test").code, 451)  # Postfix cannot know who is a partner
        accepted_once()


class FirstMessage:
    """A session with one message behind it, and its daemon."""

    def __enter__(self):
        self.daemon = daemon().__enter__()
        self.client = connect("fault", Tls())
        accepted(self.client.message("a@partner.test"))
        return self.client, self.daemon

    def __exit__(self, *error):
        self.client.close()
        self.daemon.__exit__(*error)


@test("F08 x out of descriptors: new sessions are put off, open ones go on, and it recovers")
def out_of_descriptors():
    with FirstMessage() as (client, running):
        used = len(os.listdir(f"/proc/{running.pid}/fd"))
        before = resource.prlimit(running.pid, resource.RLIMIT_NOFILE)
        resource.prlimit(running.pid, resource.RLIMIT_NOFILE, (used, before[1]))
        try:
            with connect("fault") as other:
                equal(other.message("a@partner.test").code in (451, 530), True, "without descriptors")
            accepted(client.message("a@partner.test"))
        finally:
            resource.prlimit(running.pid, resource.RLIMIT_NOFILE, before)
        accepted_once()


@test("F08 x out of memory: nothing is accepted that was not judged")
def out_of_memory():
    with daemon() as running:
        accepted_once()
        with open(f"/proc/{running.pid}/statm", encoding="ascii") as file:
            size = int(file.read().split()[0]) * resource.getpagesize()
        before = resource.prlimit(running.pid, resource.RLIMIT_AS)
        resource.prlimit(running.pid, resource.RLIMIT_AS, (size, before[1]))
        try:
            clients = []
            for _ in range(12):
                client = connect("fault")
                clients.append(client)
                equal(client.message("a@partner.test").code in (451, 530), True, "without memory")
                equal(client.message("a@rcpt.test", ["judged@here.test"]).code in (451, 530), True, "without memory")
        finally:
            for client in clients:
                client.close()
            if running.process.poll() is None:
                resource.prlimit(running.pid, resource.RLIMIT_AS, before)
        accepted_once()
