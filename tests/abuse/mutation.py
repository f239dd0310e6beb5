# SPDX-License-Identifier: BSD-2-Clause
"""Mutants of recorded honest sessions, from a seed: the same seed makes the same sessions (F12)."""
import random
import time

from daemon import Daemon
from macros import sound
from milterclient import STRONG, postfix, sendmail
from tap import equal, test
from wire import PARTNER, STAR, Bystander, accepted, deep, none_accepted, record, split, throw

SETTINGS = {"sessions": 12000, "seed": 1}  # as the command line says


class Mutator:
    """Makes sessions out of sessions, each a list of packets."""

    def __init__(self, seed, sessions):
        self.seed, self.chance, self.sessions = seed, random.Random(seed), sessions
        self.ways = [self.flip, self.cut, self.remove, self.duplicate, self.reorder, self.splice, self.lengthen, self.relabel]

    def session(self):
        """A mutant's octets; most are changed more than once."""
        packets = list(self.chance.choice(self.sessions))
        for _ in range(self.chance.choice((1, 1, 2, 3, 8))):
            self.chance.choice(self.ways)(packets)
            packets = packets or [b"\0"]
        return b"".join(packets)

    def somewhere(self, packets):
        return self.chance.randrange(len(packets))

    def flip(self, packets):
        index = self.somewhere(packets)
        octets = bytearray(packets[index])
        if octets:
            octets[self.chance.randrange(len(octets))] ^= 1 << self.chance.randrange(8)
        packets[index] = bytes(octets)

    def cut(self, packets):
        index = self.somewhere(packets)
        packets[index] = packets[index][:self.chance.randrange(len(packets[index]) + 1)]

    def remove(self, packets):
        del packets[self.somewhere(packets)]

    def duplicate(self, packets):
        index = self.somewhere(packets)
        packets[index:index] = [packets[index]] * self.chance.choice((1, 2, 50))

    def reorder(self, packets):
        first, second = self.somewhere(packets), self.somewhere(packets)
        packets[first], packets[second] = packets[second], packets[first]

    def splice(self, packets):
        other = self.chance.choice(self.sessions)
        packets[self.somewhere(packets):] = other[self.somewhere(other):]

    def lengthen(self, packets):
        index = self.somewhere(packets)
        packets[index] += self.chance.randbytes(self.chance.choice((1, 4, 300)))

    def relabel(self, packets):
        """Another command, its length put right."""
        index = self.somewhere(packets)
        body = packets[index][5:]
        packets[index] = (len(body) + 1).to_bytes(4, "big") + bytes([self.chance.choice(b"OCHMRLTNBEADKQU?")]) + body


def survivable(octets):
    """Whether libmilter gets over all macro packets in it (macros.py has the others)."""
    return all(command != b"D" or sound(data) for command, data in split(octets))


def throw_mutants(daemon, mutator, count, continued=b""):
    """So many sessions; answers how many were thrown, the rest being libmilter's own affair."""
    thrown = 0
    for number in range(count):
        octets = mutator.session()
        if not survivable(octets):
            continue
        thrown += 1
        got = throw(daemon.socket, octets)
        why = accepted(octets, got, continued)
        if why or daemon.process.poll() is not None:
            raise AssertionError(f"session {number} of seed {SETTINGS['seed']}: {why}\n"
                                 f"sent {octets!r}\ngot {got!r}\n{daemon.log()[-3000:]}")
    return thrown


def told(what, thrown, decisions, start):
    print(f"# {what}: {thrown} sessions, {decisions} decisions, {time.monotonic() - start:.1f} s", flush=True)
    equal(decisions > thrown // 2, True, "most get as far as MAIL")


@test("F12 p mutated sessions without TLS: never accepted, never a crash")
def plaintext():
    count, start = SETTINGS["sessions"] * 2 // 3, time.monotonic()
    with Daemon(STAR) as daemon:
        sessions = [record(daemon, profile, messages, sender) for profile in (postfix(), sendmail())
                    for messages, sender in ((1, PARTNER), (3, PARTNER), (1, "<>"))]
        with Bystander(daemon) as honest:
            thrown = throw_mutants(daemon, Mutator(SETTINGS["seed"], sessions), count)
        told("plaintext", thrown, none_accepted(daemon) - honest.mails, start)


@test("F12 p mutated sessions with TLS on the way to a pin that nobody has: never accepted, never a crash")
def to_the_end():
    count, start = SETTINGS["sessions"] // 3, time.monotonic()
    daemon = Daemon(None)
    daemon.policy_text = deep(daemon.dir)
    with daemon:
        sessions = [record(daemon, postfix(tls=STRONG), messages) for messages in (1, 3)]
        with Bystander(daemon) as honest:
            # Without DATA the pin is still to come at the end of the headers: that, too, may go on.
            thrown = throw_mutants(daemon, Mutator(SETTINGS["seed"], sessions), count, continued=b"MRN")
        told("with TLS", thrown, none_accepted(daemon) - honest.mails, start)
