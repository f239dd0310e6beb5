# SPDX-License-Identifier: BSD-2-Clause
"""
Abuse of the listener of milter.postfix_facts (F12). It answers DUNNO or hangs up, whatever it hears; and whatever
it hears, a partner with a pin passes with an honest report of that pin for that very message only.
"""
import contextlib
import itertools
import socket as sockets
import threading
import time

from daemon import Daemon, patience
from milterclient import STRONG, Session, postfix
from mutation import SETTINGS, Mutator
from tap import equal, test
from wire import PIN, Bystander, connect_patiently, deep, descriptors, descriptors_for, kilobytes, sanitized, settle, settled, throw

ANSWER = b"action=DUNNO\n\n"
OTHER, KEY = "EF:" * 31 + "01", "12:" * 31 + "34"
QUEUE_ID = "4Qx0000001"  # each message has the same, so that each report of the one before could be taken for its own
PORT, OTHER_PORT = 40123, 7  # of the abused session, and of honest ones
CROWD, LISTENER_MAX, POSTFIX_WAITS = 10000, 4096, 3  # connections, and seconds as forcetls-postfix(7) says
# Postfix's, in its order.
ATTRIBUTES = ("request protocol_state protocol_name client_address client_name client_port server_address server_port helo_name sender "
              "recipient recipient_count queue_id instance size ccert_subject ccert_issuer ccert_fingerprint "
              "ccert_pubkey_fingerprint encryption_protocol encryption_cipher encryption_keysize").split()


def request(pin=PIN, **changes):
    """The lines of what Postfix says at DATA of a session with the macros of postfix(tls=STRONG)."""
    values = {"request": "smtpd_access_policy", "protocol_state": "DATA", "protocol_name": "ESMTP", "client_address": "192.0.2.10",
              "client_port": PORT, "server_address": "198.51.100.25", "server_port": 25, "queue_id": QUEUE_ID, "sender": "a@partner.test",
              "ccert_fingerprint": pin, "ccert_pubkey_fingerprint": KEY, "encryption_protocol": STRONG.version,
              "encryption_cipher": STRONG.cipher, "encryption_keysize": STRONG.bits, **changes}
    return [f"{name}={values.get(name, '')}\n".encode() for name in ATTRIBUTES] + [b"\n"]


HONEST = b"".join(request())
RIGHT_KEY = [request(OTHER), request(OTHER) * 3]
RIGHT_PIN = [[request(**{name: value})] for name, value in (("client_address", "203.0.113.77"), ("client_port", 65000), (
    "server_address", "203.0.113.1"), ("server_port", 587), ("queue_id", "9Zz9999999"), ("encryption_protocol", "SSLv3"))]


def only_dunno(got, what):
    """Answers, the last one cut short where the listener hangs up."""
    equal(got, (ANSWER * (len(got) // len(ANSWER) + 1))[:len(got)], f"answers to {what[:3000]!r}")


def ask(daemon, octets):
    """Sends requests, ends the last one, and waits for all answers, as who is to be believed has to."""
    octets += b"\n\n"
    wanted = ANSWER * octets.split(b"\n")[:-1].count(b"")
    with connect_patiently(daemon.facts) as stream:
        stream.sendall(octets)
        got = b""
        while len(got) < len(wanted) and (part := stream.recv(65536)):
            got += part
    equal(got, wanted, f"answers to {octets!r}")


def mail(daemon, octets, port=PORT):
    """A partner's message of which Postfix says this before DATA; the last reply."""
    with Session(daemon.socket, postfix(tls=STRONG, port=port)) as session:
        session.connect()
        session.helo("mx.client.test")
        session.mail("<a@partner.test>")
        session.rcpt("<b@example.org>")
        ask(daemon, octets)
        for step in (session.data, lambda: session.header("From", "a@partner.test"), session.eoh, session.eom):
            reply = step()
            if reply.refused:
                break
        return reply


class Reporter(Bystander):
    """An honest Postfix with reports: the right pin passes, in good time, another does not."""

    def mail(self):
        start = time.monotonic()
        equal(mail(self.daemon, b"".join(request(client_port=OTHER_PORT)), OTHER_PORT).brief, "continue", "the right pin")
        self.longest = max(self.longest, time.monotonic() - start)
        equal(mail(self.daemon, b"".join(request(OTHER, client_port=OTHER_PORT)), OTHER_PORT).brief, "554 5.7.1", "another pin")
        self.mails += 1


@contextlib.contextmanager
def listening():
    """A daemon with Reporter beside the abuse; nothing is accepted but what that sends."""
    daemon = Daemon(None)
    daemon.policy_text = deep(daemon.dir)
    daemon.facts = f"unix:{daemon.dir}/facts"
    with daemon:
        with Reporter(daemon) as daemon.honest:
            yield daemon
        daemon.wait_log(" action=accept ", count=daemon.honest.mails)
        settle(daemon)
        equal(daemon.log().count(" action=accept "), daemon.honest.mails, "accepted mail")


@test("F12 p reports mutated from the right pin of another session, and the wrong pin of this one, let no partner pass")
def mutants():
    count, start = SETTINGS["sessions"] // 21, time.monotonic()
    with listening() as daemon:
        for base in (RIGHT_KEY, *RIGHT_PIN):
            mutator = Mutator(SETTINGS["seed"], base)
            for number in range(count):
                octets = mutator.session()
                ask(daemon, HONEST)  # ahead of MAIL: that of another message
                reply = mail(daemon, octets)
                equal(reply.refused, True, f"report {number} of seed {mutator.seed}: {octets!r}: {reply} refused")
    print(f"# {(1 + len(RIGHT_PIN)) * count} mutated reports, {time.monotonic() - start:.1f} s", flush=True)


@test("F12 p malformed, oversize and half requests are answered with DUNNO, or with nothing")
def malformed():
    streams = [b"", b"\n", b"\0", b"\n" * 60000, b"=\n\n", b"x" * 500000, b"queue_id=" + b"x" * 140000 + b"\n\n", b"a=b\n" * 40000 + b"\n",
               b"\r\n\r\n", HONEST.replace(b"\n", b"\r\n"), b"GET / HTTP/1.0\r\n\r\n",
               bytes(range(256)) * 300, HONEST * 200, b"\xff" * 131072,
               *(HONEST.replace(name + b"=", name + b"=" + b"9" * size) for name in (b"queue_id", b"client_port", b"ccert_fingerprint")
                 for size in (1, 54, 191, 192, 255, 60000)), *(HONEST[:end] for end in range(len(HONEST)))]
    with listening() as daemon:
        for octets in streams:
            only_dunno(throw(daemon.facts, octets), octets)
        equal(settled(daemon, 30) <= 30, True, "descriptors given back")


@test("F12 p a report that does not end lets nobody pass, whether its sender waits, goes, or closes its half")
def half():
    with listening() as daemon, Session(daemon.socket, postfix(tls=STRONG, port=PORT)) as session:
        session.connect()
        session.helo("mx.client.test")
        for how, octets in itertools.product((sockets.SHUT_WR, sockets.SHUT_RDWR, None), (HONEST[:-1], HONEST[:-2], HONEST[1:-1] + b"x")):
            session.messages = 0
            session.mail("<a@partner.test>")
            session.rcpt("<b@example.org>")
            with connect_patiently(daemon.facts) as stream:
                stream.sendall(octets)
                if how is not None:
                    stream.shutdown(how)
                equal(session.data().brief, "451 4.3.5", f"{how}")
            session.abort()


@test("F12 p one octet at a time, connect and leave, and who never reads: reports of others go on")
def manners():
    def drip():
        with connect_patiently(daemon.facts) as stream:
            for octet in HONEST:
                stream.sendall(bytes([octet]))
                time.sleep(0.01)
            dripped.append(stream.recv(64))
    dripped = []
    with listening() as daemon:
        threads = [threading.Thread(target=drip) for _ in range(20)]
        for thread in threads:
            thread.start()
        with contextlib.ExitStack() as stack:
            for _ in range(50):
                deaf = stack.enter_context(connect_patiently(daemon.facts))
                deaf.setblocking(False)
                with contextlib.suppress(BlockingIOError, BrokenPipeError, ConnectionResetError):
                    while True:
                        deaf.send(HONEST * 50)
            for words in itertools.islice(itertools.cycle((b"", HONEST, HONEST[:100])), 5000):
                with connect_patiently(daemon.facts) as stream, contextlib.suppress(BrokenPipeError):
                    stream.sendall(words)
        for thread in threads:
            thread.join()
        equal(dripped, [ANSWER] * 20, "answers to the slow")
        equal(settled(daemon, 30) <= 30, True, "descriptors given back")


@test("F12 p 10,000 connections, idle or within a request: a bounded number is kept, and reports of others go on")
def crowd():
    with descriptors_for(CROWD), listening() as daemon, contextlib.ExitStack() as stack:
        before = kilobytes(daemon)
        for number in range(CROWD):
            stream = stack.enter_context(connect_patiently(daemon.facts))
            if number % 2:
                stream.sendall(HONEST[:300])
        mails = daemon.honest.mails
        end = time.monotonic() + patience(20)
        while daemon.honest.mails < mails + 10 and time.monotonic() < end and not daemon.honest.wrong:
            time.sleep(0.05)
        equal((daemon.honest.wrong, daemon.honest.mails >= mails + 10), ([], True), "honest mail meanwhile")
        full, open_now = kilobytes(daemon), descriptors(daemon)
        equal(LISTENER_MAX // 2 < open_now <= LISTENER_MAX + 30, True, f"{open_now} descriptors")
        stack.close()
        equal(settled(daemon, 30) <= 30, True, "descriptors given back")
        print(f"# {CROWD} connections, {open_now} descriptors kept: {before} -> {full} -> {kilobytes(daemon)} KiB resident; "
              f"honest mail with its report took at most {daemon.honest.longest * 1000:.0f} ms", flush=True)
        equal(sanitized(daemon) or full - before < 4 * LISTENER_MAX, True, "memory")
        equal(daemon.honest.longest < POSTFIX_WAITS, True, "in Postfix's time")


@test("F12 p reports of more messages than are kept: memory is bounded")
def many():
    sizes = []
    with listening() as daemon:
        for number in range(3):
            for block in range(750):
                ask(daemon, b"".join(b"".join(request(queue_id=f"{number}x{block}x{message}")) for message in range(100))[:-1])
            sizes.append(kilobytes(daemon))
        print(f"# resident behind each 75,000 reports: {sizes} KiB", flush=True)
        equal(sanitized(daemon) or sizes[2] - sizes[0] < 8192, True, f"memory grows: {sizes} KiB")
