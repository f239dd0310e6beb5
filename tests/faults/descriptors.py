# SPDX-License-Identifier: BSD-2-Clause
"""Descriptors run out: nothing is accepted unjudged, a reload keeps the old policy, and all recovers."""
import contextlib
import os
import resource
import time

from common import NO_TLS, OURS, SENDER, Daemon, greeted, partner, plain, policy, strong
from daemon import connect, patience
from milterclient import message
from pins import KEY, PIN, listening, report, request
from tap import equal, test

INCLUDED = '{"partners": [{"name": "included", "domains": ["included.test"], "action": "reject"}]}'


def opened(daemon):
    """The numbers of its descriptors."""
    return {int(fd) for fd in os.listdir(f"/proc/{daemon.pid}/fd")}


def settled(daemon, count):
    """The same, when sessions that ended have given theirs back, down to so many."""
    end = time.monotonic() + patience(10)
    while len(found := opened(daemon)) > count and time.monotonic() < end:
        time.sleep(0.01)
    equal(len(found), count, "descriptors in use")
    return found


@contextlib.contextmanager
def descriptors(daemon, free, in_use):
    """The daemon, which has so many in use, may open `free` more. The limit is the first number that it may not have."""
    before = resource.prlimit(daemon.pid, resource.RLIMIT_NOFILE)
    used = settled(daemon, in_use)
    limit = [fd for fd in range(len(used) + free + 1) if fd not in used][free]
    resource.prlimit(daemon.pid, resource.RLIMIT_NOFILE, (limit, before[1]))
    try:
        yield
    finally:
        resource.prlimit(daemon.pid, resource.RLIMIT_NOFILE, before)


def served(daemon):
    with greeted(daemon, plain()) as session:
        equal(session.mail(SENDER).brief, NO_TLS, "a partner in plaintext")
    with greeted(daemon, strong()) as session:
        equal(message(session, SENDER)[-1].refused, False, "a partner that passes")


def unanswered(spec):
    """Whether a new connection gets no answer."""
    with contextlib.suppress(OSError), connect(spec, 0.5) as stream:
        stream.sendall(b"\0\0\0\x0dO\0\0\0\x06\0\0\x01\xff\0\x1f\xff\xff")
        return stream.recv(1) == b""
    return True


@test("F08 f no descriptor is left: new sessions wait, open ones are served as ever, and all recovers")
def sessions():
    with Daemon(policy(partner())) as daemon, greeted(daemon, plain()) as session, greeted(daemon, strong()) as other:
        in_use = len(opened(daemon))
        for free in (0, 1, 5):
            with descriptors(daemon, free, in_use):
                held = []
                try:
                    held = [connect(daemon.socket) for _ in range(free + 3)]
                    equal(unanswered(daemon.socket), True, "one too many")
                    for _ in range(20):
                        equal(session.mail(SENDER).brief, NO_TLS, "in plaintext")
                        equal(message(other, SENDER)[-1].refused, False, "one that passes")
                finally:
                    for stream in held:
                        stream.close()
            served(daemon)
        equal(daemon.process.poll(), None)


@test("F06 f a reload with few descriptors or none: whole or not at all, and the log says why")
def reload():
    other = policy(partner(action="tempfail", require={"certificates": [{"file": "pin.pem"}]}), include="d/*.yaml")
    with open(os.path.join(os.path.dirname(__file__), "../policies/good/partner.pem"), encoding="ascii") as file:
        pem = file.read()
    with Daemon(policy(partner(), include="d/*.yaml"), {"d/1.yaml": INCLUDED, "pin.pem": pem}) as daemon, \
            greeted(daemon, plain()) as session:
        daemon.write("forcetls.yaml", other)
        seen, in_use = [], len(opened(daemon))
        for free in range(6):
            before = len(daemon.reloads())
            with descriptors(daemon, free, in_use):
                os.kill(daemon.pid, 10)
                log = daemon.wait_log("event=reload", count=before + 1)
                equal(session.mail("<a@included.test>").brief, NO_TLS, "the included partner")
                equal(session.mail(SENDER).brief, "451 4.7.0" if daemon.reloads()[-1]["result"] == "loaded" else NO_TLS)
            seen.append(daemon.reloads()[-1]["result"])
            if seen[-1] == "failed":
                equal("oo many open files" in log.split("event=reload")[before], True, f"{free} free: {log[-600:]}")
        print(f"# with 0, 1, ... descriptors free: {seen}")
        equal((seen[0], seen[-1]), ("failed", "loaded"))


@test("pins f no descriptor is left for Postfix's reports: undecidable, and as ever once there is one")
def facts():
    with listening() as daemon, greeted(daemon, strong()) as session:
        def deliver(told):
            replies = [session.mail(SENDER), session.rcpt("<b@here.test>")]
            if told:
                report(daemon, request(session, PIN, KEY))
            return replies + [step() for step in (session.data, session.eoh, session.eom)]
        with descriptors(daemon, 0, len(opened(daemon))), contextlib.ExitStack() as held:
            for _ in range(5):
                stream = held.enter_context(connect(daemon.facts, patience(2)))
                stream.sendall(b"request=")
            equal([reply.brief for reply in deliver(False) if reply.refused], [OURS], "unreported")
            session.abort()
        equal([reply.brief for reply in deliver(True) if reply.refused], [], "reported")


