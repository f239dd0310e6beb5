# SPDX-License-Identifier: BSD-2-Clause
"""
What no MTA sends (F12). Only forms that libmilter itself survives: a macro packet whose last value lacks its NUL,
or that has an odd number of strings, makes libmilter read out of bounds; the socket is a trust boundary.
"""
import contextlib
import os
import resource
import struct
import time

from common import Daemon, GOOD, NO_TLS, SENDER, briefly, greeted, judge, partner, plain, policy, postfix, strong, watched
from daemon import connect, patience
from milterclient import Session, message
from tap import equal, test

FULL = policy(partner(identities=["envelope_from", "header_from"], recipients=["example.org"]),
              partner("held", ["held.test"], action="quarantine"))


def packet(command, data=b""):
    return struct.pack(">I", len(data) + 1) + command + data


OFFER = packet(b"O", struct.pack(">III", 6, 0x1ff, 0x1fffff))
CONNECT = packet(b"C", b"mx.test\0" + b"4" + struct.pack(">H", 25) + b"192.0.2.1\0")
HELO = packet(b"H", b"mx.test\0")


def throw(daemon, octets, seconds=2.0):
    """Sends it all and reads until the filter hangs up, or has nothing more to say."""
    with connect(daemon.socket, timeout=seconds) as stream:
        with contextlib.suppress(OSError):
            stream.sendall(octets)
            stream.shutdown(1)
            while stream.recv(65536):
                pass


def still_well(daemon, what):
    equal(daemon.process.poll(), None, f"alive behind {what}")
    equal(judge(daemon, plain(), "<a@held.test>").brief, "accept", f"held mail behind {what}")
    equal(judge(daemon, plain()).brief, NO_TLS, f"refused mail behind {what}")


@test("F12 p port probes: connect and close, with and without a word")
def probes():
    with Daemon(FULL) as daemon:
        for _ in range(50):
            connect(daemon.socket).close()
        for octets in (b"", b"\0", b"\0\0\0", OFFER[:7], OFFER, OFFER + CONNECT, b"GET / HTTP/1.0\r\n\r\n", b"EHLO x\r\n", b"\x16\x03\x01\x02\0\x01\0"):
            throw(daemon, octets)
        still_well(daemon, "probes")


@test("F12 p packets of impossible length")
def lengths():
    with Daemon(FULL) as daemon:
        for size in (0, 2, 65535, 65536, 0x7fffffff, 0x80000000, 0xffffffff):
            throw(daemon, struct.pack(">I", size) + b"O" + b"x" * 20)
            throw(daemon, OFFER + struct.pack(">I", size) + b"M" + b"x" * 20)
        throw(daemon, OFFER + CONNECT + HELO + packet(b"M", b"<" + b"x" * 200000 + b">\0"))
        still_well(daemon, "lengths")


@test("F12 p negotiations that no MTA offers")
def negotiations():
    with Daemon(FULL) as daemon:
        for offer in (b"", b"\0" * 4, struct.pack(">III", 0, 0, 0), struct.pack(">III", 1, 0, 0), struct.pack(">III", 2, 0x3f, 0x7f),
                      struct.pack(">III", 99, 0xffffffff, 0xffffffff), struct.pack(">III", 6, 0, 0), struct.pack(">III", 6, 0x1ff, 0) + b"x" * 50):
            throw(daemon, packet(b"O", offer) + CONNECT + HELO + packet(b"M", b"<a@partner.test>\0") + packet(b"Q"))
        throw(daemon, OFFER + OFFER + CONNECT)
        still_well(daemon, "negotiations")


@test("F12 p commands out of order, unknown ones, and without their arguments")
def out_of_order():
    mail, rcpt = packet(b"M", b"<a@partner.test>\0"), packet(b"R", b"<b@example.org>\0")
    start = OFFER + CONNECT + HELO
    with Daemon(FULL) as daemon:
        for octets in (mail, OFFER + mail, OFFER + rcpt, start + rcpt, start + packet(b"T"), start + packet(b"E"), start + packet(b"N"),
                       start + packet(b"L", b"From\0 a@partner.test\0"), start + mail + mail + mail, start + mail + CONNECT + mail,
                       start + mail + rcpt + packet(b"E"), start + packet(b"A") * 50 + mail, start + packet(b"K") + CONNECT + mail,
                       start + packet(b"?"), start + packet(b"\xff", b"x"), start + packet(b"U", b"VRFY x\0"), start + packet(b"Q") + mail):
            throw(daemon, octets)
            throw(daemon, octets + packet(b"Q"))
        for command in b"CHMRLTNBEU":
            for data in (b"", b"\0", b"x", b"\0\0\0\0", b"<", b"\xff" * 300):
                throw(daemon, start + mail + rcpt + packet(bytes([command]), data) + packet(b"Q"))
                throw(daemon, OFFER + packet(bytes([command]), data) + packet(b"Q"))
        still_well(daemon, "disorder")


@test("F12 p CONNECT of strange families and addresses")
def strange_connects():
    with Daemon(FULL) as daemon:
        for family in b"46ULx\0":
            for address in (b"192.0.2.1\0", b"2001:db8::1\0", b"IPv6:2001:db8::1\0", b"\0", b"", b"999.1.1.1\0", b"::ffff:1.2.3.4%eth0\0", b"x" * 500 + b"\0"):
                throw(daemon, OFFER + packet(b"C", b"mx.test\0" + bytes([family]) + struct.pack(">H", 25) + address) + HELO
                      + packet(b"M", b"<a@partner.test>\0") + packet(b"Q"))
        still_well(daemon, "strange clients")


@test("F12 p arguments of every length and octet are answered")
def arguments():
    with Daemon(FULL) as daemon:
        with greeted(daemon, plain()) as session:
            for argument in [bytes([b]) * n for b in (0x20, 0x28, 0x3c, 0x40, 0x22, 0x5c, 0x2e, 0xff) for n in (1, 2, 1000, 30000)] + [b""]:
                for resolved in (None, argument):
                    reply = session.mail(argument, {"mail_addr": resolved})
                    equal(reply.kind in ("accept", "continue", "reply"), True, f"{argument[:10]!r}")
                    session.rcpt(argument or b"<>", {"rcpt_addr": argument})
                    session.abort()
        still_well(daemon, "arguments")


@test("F12 p ten thousand recipients, and as many header fields")
def many_parts():
    with Daemon(FULL) as daemon, greeted(daemon, strong()) as session:
        session.mail(SENDER)
        for number in range(10000):
            equal(session.rcpt(f"<u{number}@example.org>").refused, False)
        session.data()
        for number in range(10000):
            equal(session.header(f"X-{number}", "x" * 50).refused, False)
        session.header("From", "a@partner.test")
        session.eoh()
        equal(session.eom().refused, False)


@test("F12 p one octet at a time")
def slowly():
    with Daemon(FULL) as daemon:
        with connect(daemon.socket) as stream:
            for octet in OFFER + CONNECT:
                stream.sendall(bytes([octet]))
                time.sleep(0.005)
            equal(len(stream.recv(4096)) > 0, True, "answered")
            equal(judge(daemon, plain()).brief, NO_TLS, "others are served meanwhile")


@test("F12 p idle connections by the hundred cost others nothing, and no memory is left behind")
def idle():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 4096) if hard != resource.RLIM_INFINITY else 4096, hard))
    try:
        with Daemon(policy(partner(require={"certificates": [{"subject": GOOD.cn}]}))) as daemon, contextlib.ExitStack() as stack:
            for number in range(500):
                session = stack.enter_context(Session(daemon.socket, strong(postfix, GOOD)))
                if number % 2:
                    session.connect()
                    session.helo()
            equal(judge(daemon, plain()).brief, NO_TLS)
            equal(briefly(judge(daemon, strong(postfix, GOOD))), "accept")
            stack.close()
            equal(judge(daemon, plain()).brief, NO_TLS, "behind them")
            end = time.monotonic() + patience(10)
            while len(os.listdir(f"/proc/{daemon.pid}/fd")) > 50 and time.monotonic() < end:
                time.sleep(0.05)
            equal(len(os.listdir(f"/proc/{daemon.pid}/fd")) <= 50, True, "descriptors given back")
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@test("F12 p a client that vanishes at every stage")
def vanishing():
    stages = [lambda s: s.connect(), lambda s: s.helo(), lambda s: s.mail(SENDER), lambda s: s.rcpt("<b@example.org>"), lambda s: s.data(),
              lambda s: s.header("From", "a@partner.test"), lambda s: s.eoh(), lambda s: s.eom()]
    with Daemon(FULL) as daemon:
        for last in range(len(stages) + 1):
            session = Session(daemon.socket, strong())
            for stage in stages[:last]:
                stage(session)
            session.stream.close()
        still_well(daemon, "clients that vanished")


@test("F12 p memory stays bounded over thousands of messages")
def memory():
    def resident():
        with open(f"/proc/{daemon.pid}/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * resource.getpagesize()
    with Daemon(FULL) as daemon, greeted(daemon, strong()) as session:
        def some(count):
            for _ in range(count):
                message(session, SENDER, headers=[("From", "a@partner.test"), ("X-Long", "y" * 2000)])
        if watched(daemon):
            return  # the plain build's run measures it
        some(500)
        before = resident()
        some(2000)
        equal(resident() - before < 4 << 20, True, f"grown from {before} to {resident()}")
