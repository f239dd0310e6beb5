# SPDX-License-Identifier: BSD-2-Clause
"""
What the abusers share: policies under which every sender is a partner, raw packets, and the oracle. Under STAR no
session without TLS may ever be accepted, whatever its packets say; under DEEP no session at all, as the pin
that it asks for is nobody's, and every kind of event is asked for on the way there.
"""
import contextlib
import json
import os
import resource
import struct
import threading
import time

from daemon import connect, patience
from milterclient import MODIFICATIONS, NR_CONN, NR_HELO, NR_HDR, Reply, Session, message, postfix
from tap import Skip, equal

FRIEND, PARTNER, NO_TLS = "<a@friend.test>", "<a@partner.test>", "530 5.7.0"


def policy(everyone, identities, **keys):
    """Everyone is a partner and nobody exempt, friend.test aside."""
    partners = [{"name": "everyone", "domains": ["*"], "action": "reject", "identities": identities, **everyone},
                {"name": "outside", "domains": ["friend.test"], "mode": "none", "identities": identities}]
    return json.dumps({"version": 1, "exempt": {"clients": [], "authenticated": False}, "partners": partners, **keys})


STAR = policy({"require": {"min_tls_version": "TLSv1.2", "forward_secrecy": True}}, ["envelope_from"])
EXCEPTION = {"clients": ["203.0.113.99"], "recipients": ["nobody.test"], "until": "2099-01-01", "reason": "asks for RCPT"}
PIN = "AB:" * 31 + "CD"


def deep(place):
    """Asks for every event; `place` is the directory of the listener that is told of no certificate."""
    return policy({"exceptions": [EXCEPTION], "require": {"certificates": [{"fingerprint": f"sha256:{PIN}"}]}},
                  ["envelope_from", "header_from"], milter={"postfix_facts": f"unix:{place}/facts", "mta": "postfix"})


def packet(command, data=b""):
    return struct.pack(">I", len(data) + 1) + command + data


STEPS = 0x1fffff & ~(NR_CONN | NR_HELO | NR_HDR)  # without them every event is answered, and answers can be counted
OFFER = packet(b"O", struct.pack(">III", 6, 0x1ff, STEPS))
CONNECT = packet(b"C", b"mx.test\0" + b"4" + struct.pack(">H", 25) + b"192.0.2.10\0")
HELO = packet(b"H", b"mx.test\0")
MAIL = packet(b"M", b"<a@partner.test>\0")
RCPT = packet(b"R", b"<b@example.org>\0")
HEADER = packet(b"L", b"From\0a@partner.test\0")
DATA, EOH, EOM, ABORT, QUIT, QUIT_NC = (packet(command) for command in (b"T", b"N", b"E", b"A", b"Q", b"K"))
BODY = packet(b"B", b"Hello\r\n")
WHOLE = [OFFER, CONNECT, HELO, MAIL, RCPT, DATA, HEADER, EOH, BODY, EOM, QUIT]


def split(stream):
    """
    The packets that libmilter finds in octets, up to one that it hangs up over; the last may be cut. It takes no
    length and a negative one for a command alone.
    """
    found = []
    while len(stream) >= 5:
        size = max(struct.unpack(">i", stream[:4])[0], 1)
        if size > 65536:
            break
        found.append((stream[4:5], stream[5:4 + size]))
        stream = stream[4 + size:]
    return found


class Recorder(Session):
    """Speaks as if it were always told to go on, and keeps what it says. The macros are those the filter asks for."""

    def __init__(self, spec, profile):
        self.packets = []
        super().__init__(spec, profile, protocol=STEPS)
        self.stream.close()
        self.protocol = 0  # from now on it says everything, also what it was told to leave out

    def send(self, command, data=b""):
        self.packets.append(packet(command, data))
        if command == b"O":
            super().send(command, data)

    def receive_reply(self, stage):
        return Reply(stage, "continue")


def record(daemon, profile, messages=1, sender=PARTNER):
    """The packets of a session that gets through from the first to the last event."""
    session = Recorder(daemon.socket, profile)
    session.connect()
    session.helo("mx.client.test")
    for number in range(messages):
        message(session, sender, ["<b@example.org>", "<c@example.org>"])
        if number % 2:
            session.abort()
    session.send(b"Q")
    return session.packets


def throw(spec, octets):
    """Sends it all, and answers what comes back until the filter hangs up; it has to."""
    got = b""
    with connect_patiently(spec) as stream:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # it hung up on us, as it may
            stream.sendall(octets)
            stream.shutdown(1)
        with contextlib.suppress(ConnectionResetError):
            while part := stream.recv(65536):
                got += part
    return got


def connect_patiently(spec):
    """A connection, also where others wait to be accepted."""
    end = time.monotonic() + patience(20)
    while True:
        try:
            return connect(spec, timeout=patience(20))
        except BlockingIOError:
            if time.monotonic() > end:
                raise
            time.sleep(0.005)


def accepted(sent, got, continued=b""):
    """
    Why these octets from the filter accept what was sent, or None. Answers to events before MAIL and to header and
    body are "continue"; those to events in `continued`, too; to any other, "continue" is one step towards acceptance.
    """
    kinds = [command for command, _ in split(got) if command not in MODIFICATIONS + b"Op"]
    may = sum(command in b"CHULB" + continued for command, _ in split(sent))
    if any(kind not in (b"c", b"y", b"r", b"t") for kind in kinds):
        return f"answers {kinds}"
    return f"{kinds.count(b'c')} events went on, of {may}" if kinds.count(b"c") > may else None


def refuse(daemon, octets, continued=b""):
    """Throws the octets at the filter; the test fails where it accepts."""
    got = throw(daemon.socket, octets)
    why = accepted(octets, got, continued)
    if why:
        raise AssertionError(f"{why}\nsent {octets!r}\ngot {got!r}")


def settle(daemon):
    """Waits until the log is written as far as now."""
    before = daemon.log().count('helo="fence.test"')
    with Session(daemon.socket, postfix()) as session:
        session.helo("fence.test")
        session.mail(PARTNER)
    daemon.wait_log('helo="fence.test"', count=before + 1)


def none_accepted(daemon):
    """The log as a second witness: nothing was let go, and every line is a line. Answers how many decisions it tells of."""
    if daemon.process.poll() is None:
        settle(daemon)
    actions = [line["action"] for line in daemon.decisions()]
    equal(set(actions) - {"reject", "tempfail"}, set(), "actions in the log")
    return len(actions)


class Bystander:
    """An honest MTA beside the abuse: a partner's plaintext mail is refused, anyone else's accepted, in good time."""

    def __init__(self, daemon, profile=postfix()):
        self.daemon, self.profile, self.wrong, self.longest, self.mails = daemon, profile, [], 0.0, 0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._go_on)

    def __enter__(self):
        self.mail()
        self._thread.start()
        return self

    def __exit__(self, kind, *_):
        self._over.set()
        self._thread.join()
        if kind is None:
            self.mail()
            equal(self.wrong, [], "honest mail beside the abuse")

    def _go_on(self):
        while not self._over.wait(0.02) and not self.wrong:
            try:
                self.mail()
            except (AssertionError, OSError) as error:
                self.wrong.append(f"{type(error).__name__}: {error}")

    def mail(self):
        start = time.monotonic()
        while True:
            try:
                session = Session(self.daemon.socket, self.profile)
                break
            except BlockingIOError:  # a Postfix waits here, too
                time.sleep(0.005)
        with session:
            session.connect()
            session.helo("mx.client.test")
            equal(session.mail(PARTNER).brief, NO_TLS, "a partner's mail")
            replies = message(session, FRIEND, headers=[("From", FRIEND)])
            equal([reply for reply in replies if reply.refused], [], "mail of no partner")
        self.longest = max(self.longest, time.monotonic() - start)
        self.mails += 1


def kilobytes(daemon):
    with open(f"/proc/{daemon.pid}/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * resource.getpagesize() // 1024


def descriptors(daemon):
    return len(os.listdir(f"/proc/{daemon.pid}/fd"))


def sanitized(daemon):
    """Whether a sanitizer or a wrapper keeps memory for its own purposes: then LeakSanitizer or the wrapper judges."""
    with open(f"/proc/{daemon.pid}/exe", "rb") as file:
        return b"__asan_init" in file.read() or bool(os.environ.get("FORCETLS_WRAPPER"))


def settled(daemon, fds, seconds=15):
    """Waits until only so many descriptors are open; answers how many are."""
    end = time.monotonic() + patience(seconds)
    while descriptors(daemon) > fds and time.monotonic() < end:
        time.sleep(0.05)
    return descriptors(daemon)


@contextlib.contextmanager
def descriptors_for(count):
    """This process's own limit raised, as the daemon does with its."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < count + 1000:
        raise Skip(f"{count + 1000} descriptors are needed")
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
