# SPDX-License-Identifier: BSD-2-Clause
"""Packets that no MTA sends, one kind after the other (F12). What libmilter itself does not survive is in macros.py."""
import itertools
import struct

from daemon import Daemon
from milterclient import postfix, sendmail
from tap import equal, test
from wire import (ABORT, CONNECT, HELO, MAIL, OFFER, QUIT, QUIT_NC, RCPT, STAR, WHOLE, Bystander, none_accepted, packet, record, refuse,
                  split, throw)

LIES = (0, 1, 2, 65535, 65536, 65537, 0x7fffffff, 0x80000000, 0xffffffff)


def abuse(streams):
    """Each stream is a session of its own; none may be accepted, and honest mail goes on."""
    with Daemon(STAR) as daemon:
        with Bystander(daemon):
            for octets in streams(daemon):
                refuse(daemon, octets)
        none_accepted(daemon)


@test("F12 p the recorded session is a good one: it is refused at MAIL, and but for the policy it would not be")
def honest():
    with Daemon(STAR) as daemon:
        for profile in (postfix(), sendmail()):
            octets = b"".join(record(daemon, profile))
            kinds = [command for command, _ in split(throw(daemon.socket, octets))]
            equal(kinds, [b"O", b"c", b"c", b"y"], "answers")  # behind the refusal libmilter heeds nothing
        daemon.reload(STAR.replace('"*"', '"other.test"'))
        equal([command for command, _ in split(throw(daemon.socket, octets))], [b"O", b"c", b"c", b"a"], "of no partner")


@test("F12 p a length that lies, in every packet of a session")
def lengths():
    def streams(daemon):
        said = record(daemon, postfix())
        for index, size in itertools.product(range(len(said)), LIES):
            yield b"".join(said[:index]) + struct.pack(">I", size) + said[index][4:] + b"".join(said[index + 1:])
            yield b"".join(said[:index]) + struct.pack(">I", size)
    abuse(streams)


@test("F12 p a session cut at every octet")
def cut():
    def streams(daemon):
        octets = b"".join(record(daemon, postfix()))
        return (octets[:end] for end in range(len(octets)))
    abuse(streams)


@test("F12 p oversize packets, whole, of every command")
def oversize():
    def streams(_):
        for command in b"OCHMRLTNBEADKQU":
            for size in (65500, 65536, 200000):
                yield OFFER + CONNECT + HELO + packet(bytes([command]), b"x" * size + b"\0") + MAIL
    abuse(streams)


@test("F12 p any two commands in a row, and MAIL behind them: after HELO, without one, and without negotiation")
def disorder():
    def streams(_):
        for some in itertools.product(WHOLE + [ABORT, QUIT_NC], repeat=2):
            for start in (b"", OFFER, OFFER + CONNECT + HELO, OFFER + CONNECT + HELO + MAIL):
                yield start + b"".join(some) + MAIL + RCPT
    abuse(streams)


@test("F12 p every octet as a command, known or not, with and without arguments")
def commands():
    def streams(_):
        for command in range(256):
            for data in (b"", b"\0", b"x", b"<a@partner.test>", b"\0\0\0\0", b"\xff" * 300):
                if command != ord("D"):  # macros.py
                    yield OFFER + packet(bytes([command]), data) + MAIL
                    yield OFFER + CONNECT + HELO + MAIL + packet(bytes([command]), data) + MAIL
    abuse(streams)


@test("F12 p negotiations that no MTA offers, and two in a session")
def negotiations():
    def streams(_):
        versions = ((0, 0, 0), (1, 0, 0), (2, 0x3f, 0x7f), (6, 0, 0), (6, 0x1ff, 0), (6, 0xffffffff, 0xffffffff),
                    (99, 0x1ff, 0x1fffff))
        offers = [b"", b"\0" * 4, b"\0" * 11]
        offers += [struct.pack(">III", *version) + more for more in (b"", b"x" * 50, b"\0\0\0\2i\0") for version in versions]
        for offer in offers:
            yield packet(b"O", offer) + CONNECT + HELO + MAIL + RCPT + QUIT
            yield OFFER + packet(b"O", offer) + CONNECT + HELO + MAIL + QUIT
            yield OFFER + CONNECT + HELO + packet(b"O", offer) + MAIL + packet(b"O", offer) + MAIL + QUIT
    abuse(streams)


@test("F12 p clients of strange families, addresses and names")
def clients():
    def streams(_):
        for family, name in itertools.product(b"46ULx\0", (b"mx.test", b"", b"\xff" * 300, b"x" * 60000)):
            for address in (b"192.0.2.1\0", b"IPv6:2001:db8::1\0", b"\0", b"999.1.1.1\0", b"::ffff:1.2.3.4%eth0\0", b"x" * 500 + b"\0"):
                yield OFFER + packet(b"C", name + b"\0" + bytes([family]) + struct.pack(">H", 25) + address) + HELO + MAIL + QUIT
    abuse(streams)


@test("F12 p ABORT, QUIT and QUIT_NC by the thousand, and what comes behind them")
def endings():
    def streams(_):
        start = OFFER + CONNECT + HELO
        yield start + ABORT * 20000 + MAIL
        yield start + (MAIL + ABORT) * 2000
        yield start + (MAIL + QUIT_NC + CONNECT + HELO) * 2000 + MAIL
        yield OFFER + QUIT_NC * 5000 + CONNECT + HELO + MAIL
        yield start + QUIT * 1000 + MAIL
        for ending in (ABORT, QUIT, QUIT_NC):
            yield ending * 3 + start + MAIL
            yield start + MAIL + RCPT + ending + RCPT + ending + MAIL + ending + ending
    abuse(streams)
