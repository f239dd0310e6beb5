# SPDX-License-Identifier: BSD-2-Clause
"""Sessions in great numbers, one behind the other and at once: nothing of them stays behind (F12)."""
import contextlib
import time

from daemon import Daemon, patience
from milterclient import STRONG, Session, postfix
from tap import equal, test
from wire import (HELO, MAIL, OFFER, PARTNER, STAR, Bystander, connect_patiently, deep, descriptors, descriptors_for,
                  kilobytes, none_accepted, sanitized, settled)

CROWD, HALVES, CROWDS, MTA_WAITS = 10000, 3000, 6, 30  # connections; rounds; seconds: Postfix's milter_command_timeout
ROUNDS, ROUND, GROWTH = 8, 2000, 256        # KiB over six rounds: less than the smallest allocation for each session


def flat(daemon, some):
    """Does some() over and over: behind the second round neither memory nor descriptors grow. LeakSanitizer looks at the exit."""
    honest, sizes = Bystander(daemon), []
    for _ in range(3000):
        honest.mail()  # until the log's queue has been full once around
    for _ in range(ROUNDS):
        some()
        equal(settled(daemon, 12) <= 12, True, "descriptors given back")
        sizes.append(kilobytes(daemon))
    print(f"# resident behind each {ROUND} sessions: {sizes} KiB", flush=True)
    equal(sanitized(daemon) or sizes[-1] - sizes[1] <= GROWTH, True, f"memory grows: {sizes} KiB")


@test("F12 p thousands of sessions in a row leave nothing behind")
def in_a_row():
    with Daemon(STAR) as daemon:
        honest = Bystander(daemon)

        def some():
            for _ in range(ROUND):
                honest.mail()
        flat(daemon, some)


@test("F12 p thousands of sessions that die at every stage of a message leave nothing behind")
def dying():
    stages = [lambda s: s.connect(), lambda s: s.helo("mx.client.test"), lambda s: s.mail(PARTNER), lambda s: s.rcpt("<b@example.org>"),
              lambda s: s.header("From", "a@partner.test"), lambda s: s.header("From", "x" * 3000), lambda s: s.eoh(), lambda s: s.eom()]
    daemon = Daemon(None)
    daemon.policy_text = deep(daemon.dir)

    def some():
        for number in range(ROUND):
            session = Session(daemon.socket, postfix(tls=STRONG))
            for stage in stages[:number % (len(stages) + 1)]:
                stage(session)
            session.stream.close()
    with daemon:
        flat(daemon, some)
        none_accepted(daemon)


def crowd(daemon, newcomer, each, count=CROWD):
    """So many connections at once, beside honest mail; none of them may cost more than `each` KiB, or stay."""
    with descriptors_for(count), Bystander(daemon) as honest, contextlib.ExitStack() as stack:
        before, open_before = kilobytes(daemon), descriptors(daemon)
        for _ in range(count):
            stack.enter_context(newcomer())
        end = time.monotonic() + patience(20)
        while descriptors(daemon) < count and time.monotonic() < end:
            time.sleep(0.05)  # the last ones may still be waiting to be taken in
        equal(descriptors(daemon) >= count, True, "all are there")
        mails, full = honest.mails, kilobytes(daemon)
        while honest.mails < mails + 20 and time.monotonic() < end and not honest.wrong:
            time.sleep(0.05)
        equal((honest.wrong, honest.mails >= mails + 20), ([], True), "honest mail meanwhile")
        stack.close()
        equal(settled(daemon, open_before + 5) <= open_before + 5, True, "descriptors given back")
    print(f"# {count} connections: {before} -> {full} -> {kilobytes(daemon)} KiB resident, {(full - before) / count:.2f} each; "
          f"honest mail took at most {honest.longest * 1000:.0f} ms", flush=True)
    equal(sanitized(daemon) or full - before < each * count, True, f"{full - before} KiB for {count}")
    equal(honest.longest < MTA_WAITS, True, f"honest mail took {honest.longest} s")


@test("F12 p 10,000 idle sessions behind HELO, over and over")
def idle():
    with Daemon(STAR) as daemon:
        sizes = []

        def greeted():
            session = Session(daemon.socket, postfix())
            session.helo("mx.client.test")
            return session.stream
        crowd(daemon, greeted, 2)
        # What stays goes up and down with the threads that malloc() served; 100 octets of each session would stay each time.
        for _ in range(CROWDS):
            sizes.append(kilobytes(daemon))
            crowd(daemon, greeted, 2)
            if sanitized(daemon) or kilobytes(daemon) - sizes[-1] < 1024:
                return
        raise AssertionError(f"memory grows with each crowd: {sizes} KiB")


@test("F12 p 10,000 connections without a word")
def silent():
    with Daemon(STAR) as daemon:
        crowd(daemon, lambda: connect_patiently(daemon.socket), 2)


@test("F12 p 3,000 connections that stop within a packet")
def halves():
    with Daemon(STAR) as daemon:
        def half():
            stream = connect_patiently(daemon.socket)
            stream.sendall(OFFER + HELO + MAIL[:9])
            return stream
        crowd(daemon, half, 32, HALVES)  # libmilter waits for the rest with a thread for each
