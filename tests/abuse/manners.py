# SPDX-License-Identifier: BSD-2-Clause
"""Sessions of bad manners: slow, half closed, gone, or not listening (F12). Each beside honest mail."""
import contextlib
import itertools
import socket as sockets
import threading
import time

from daemon import Daemon, patience
from milterclient import postfix
from tap import equal, test
from wire import (ABORT, CONNECT, HELO, MAIL, OFFER, STAR, Bystander, connect_patiently, none_accepted, record, refuse, settled, split)

SLOW_STREAMS, PAUSE = 20, 0.01


@test("F12 p one octet at a time, twenty sessions at once: each is refused in the end")
def slow():
    answers = []

    def drip(octets):
        with connect_patiently(daemon.socket) as stream:
            stream.setsockopt(sockets.SOL_SOCKET, sockets.SO_SNDBUF, 4096)
            for octet in octets:
                stream.sendall(bytes([octet]))
                time.sleep(PAUSE)
            stream.shutdown(sockets.SHUT_WR)
            got = b""
            while part := stream.recv(65536):
                got += part
        answers.append([command for command, _ in split(got)])
    with Daemon(STAR) as daemon, Bystander(daemon) as honest:
        said = record(daemon, postfix())
        octets = b"".join(said[:said.index(MAIL) + 1])
        threads = [threading.Thread(target=drip, args=(octets,)) for _ in range(SLOW_STREAMS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        equal(answers, [[b"O", b"c", b"c", b"y"]] * SLOW_STREAMS, "answers")
        print(f"# {len(octets)} octets each, 1 every {PAUSE * 1000:.0f} ms; honest mail took at most {honest.longest * 1000:.0f} ms")


@test("F12 p half closed behind every packet: what was said is answered, and the connection ends")
def half_closed():
    with Daemon(STAR) as daemon:
        said = record(daemon, postfix())
        with Bystander(daemon):
            for end in range(len(said) + 1):
                refuse(daemon, b"".join(said[:end]))
                with connect_patiently(daemon.socket) as stream:
                    stream.shutdown(sockets.SHUT_RD)  # it cannot be answered
                    with contextlib.suppress(BrokenPipeError):
                        stream.sendall(b"".join(said[:end]))
        equal(settled(daemon, 30) <= 30, True, "descriptors given back")
        none_accepted(daemon)


@test("F12 p connect and leave, 5,000 times, with and without a word")
def leave():
    with Daemon(STAR) as daemon, Bystander(daemon):
        words = itertools.cycle((b"", b"", b"\0", OFFER[:7], OFFER, OFFER + CONNECT + HELO + MAIL[:9], b"GET / HTTP/1.0\r\n\r\n",
                                 b"\x16\x03\x01\x02\0\1"))
        for _ in range(5000):
            with connect_patiently(daemon.socket) as stream, contextlib.suppress(BrokenPipeError):
                stream.sendall(next(words))
        equal(settled(daemon, 30) <= 30, True, "descriptors given back")


@test("F12 p who sends on and on and never reads waits alone")
def deaf():
    with Daemon(STAR) as daemon:
        with Bystander(daemon), contextlib.ExitStack() as stack:
            for _ in range(50):
                stream = stack.enter_context(connect_patiently(daemon.socket))
                stream.setblocking(False)
                with contextlib.suppress(BlockingIOError):
                    stream.send(OFFER + CONNECT)
                    while True:
                        stream.send((HELO + MAIL + ABORT) * 100)
            time.sleep(patience(0.5))
        equal(settled(daemon, 30) <= 30, True, "descriptors given back")
        none_accepted(daemon)
