# SPDX-License-Identifier: BSD-2-Clause
"""Clients of the status socket that are slow, many, or send what nobody asked for. None harms another or the mail."""
import contextlib
import os
import random
import resource
import signal
import socket
import time

from asking import Status, answer, question
from common import SENDER, partner, plain
from daemon import patience
from milterclient import Session, message
from tap import contains, equal, test


def resident(daemon):
    with open(f"/proc/{daemon.pid}/status", encoding="ascii") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmRSS"))


def seconds_of_cpu(daemon):
    with open(f"/proc/{daemon.pid}/stat", encoding="ascii") as file:
        ticks = file.read().rpartition(")")[2].split()[11:13]
    return sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")


def judged(daemon):
    with Session(daemon.socket, plain()) as session:
        session.connect()
        session.helo("mx.client.test")
        equal(message(session, SENDER)[-1].refused, True)


@test("two requests in one packet, octet by octet, with CR LF, and a last one without its end")
def forms():
    with Status() as daemon:
        with daemon.connect() as stream:
            stream.sendall(b"socket\nstatus\nsocket\r\n")
            equal([list(answer(stream))[0] for _ in range(3)], ["socket", "version", "socket"])
            for octet in b"socket\n":
                stream.sendall(bytes([octet]))
            equal(answer(stream), {"socket": daemon.socket})
            stream.sendall(b"socket")
            stream.shutdown(socket.SHUT_WR)
            equal(answer(stream), {"socket": daemon.socket})
            equal(answer(stream), None)


@test("an unknown request is an error, and the connection stays")
def unknown():
    with Status() as daemon, daemon.connect() as stream:
        for request in ("", "STATUS", "status now", "stat\0us", "status\0", "status\0now", "\xff\xfe", "a" * 4000, "metric", "metrics now", "drain", '"\\'):
            equal(list(question(stream, request)), ["error"], repr(request))
        contains(question(stream, "reset")["error"], '"reset"')
        equal(question(stream, "status")["sessions"], 0)


@test("a request that is too long is refused, and the connection ends")
def too_long():
    with Status() as daemon:
        for size in (4096, 5 << 10, 1 << 20):
            with daemon.connect() as stream:
                with contextlib.suppress(OSError):
                    stream.sendall(b"a" * size)
                contains(answer(stream)["error"], "longer than")
                with contextlib.suppress(ConnectionResetError):
                    equal(answer(stream), None)
        with daemon.connect() as stream:
            equal(list(question(stream, "a" * 4095)), ["error"])
            equal(question(stream, "status")["sessions"], 0)


@test("while no descriptor is left, a client waits, and the daemon is idle")
def no_descriptor():
    with Status() as daemon, contextlib.ExitStack() as sessions:
        for _ in range(30):  # poll(2) needs a limit above the number of sockets that it is given
            sessions.enter_context(Session(daemon.socket, plain()))
        soft, hard = resource.prlimit(daemon.pid, resource.RLIMIT_NOFILE)
        most = max(map(int, os.listdir(f"/proc/{daemon.pid}/fd"))) + 1
        resource.prlimit(daemon.pid, resource.RLIMIT_NOFILE, (most, hard))
        with daemon.connect() as stream:
            before = seconds_of_cpu(daemon)
            time.sleep(1)
            equal(seconds_of_cpu(daemon) - before < 0.3, True, "nobody is served, and no second of CPU is used")
            resource.prlimit(daemon.pid, resource.RLIMIT_NOFILE, (soft, hard))
            equal(question(stream, "status")["sessions"], 30)


@test("garbage")
def garbage():
    chance = random.Random(8)
    with Status() as daemon:
        for _ in range(50):
            with daemon.connect() as stream, contextlib.suppress(OSError):
                stream.sendall(chance.randbytes(chance.randrange(1, 6000)))
                if chance.random() < 0.5:
                    stream.shutdown(socket.SHUT_WR)
                    while answer(stream) is not None:
                        pass
        equal(daemon.ask()["sessions"], 0)
        judged(daemon)


@test("sixteen connections are served; the next is told so; reload and the mail go on")
def crowd():
    with Status() as daemon, contextlib.ExitStack() as open_ones:
        streams = [open_ones.enter_context(daemon.connect()) for _ in range(16)]
        for stream in streams:
            equal(question(stream, "socket"), {"socket": daemon.socket})
        with daemon.connect() as stream:
            equal(answer(stream), {"error": "too many connections"})
            equal(answer(stream), None)
        equal(daemon.ask("reload", control=True)["result"], "loaded")
        judged(daemon)
        streams[3].close()
        end = time.monotonic() + patience(20)
        while "error" in (got := daemon.ask("socket")):
            equal(time.monotonic() < end, True, got)


@contextlib.contextmanager
def connecting(path, processes=3):
    """Processes that connect to that socket and go away, as fast as they can."""
    children = []
    try:
        for _ in range(processes):
            child = os.fork()
            if child == 0:
                while True:
                    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as stream:
                        stream.connect(path)
            children.append(child)
        yield
    finally:
        for child in children:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)


@test("clients of the group that connect without a pause keep nobody from the control socket")
def without_a_pause():
    with Status() as daemon, connecting(daemon.path):
        for _ in range(3):
            equal(daemon.ask("reload", control=True)["result"], "loaded")
        judged(daemon)


@test("status 35: a thousand clients that say nothing: at most sixteen cost anything, and root is served")
def idle_crowd():
    with Status() as daemon, contextlib.ExitStack() as open_ones:
        judged(daemon)
        before = len(os.listdir(f"/proc/{daemon.pid}/fd"))
        for _ in range(1000):
            open_ones.enter_context(daemon.connect())
        equal(daemon.ask("reload", control=True)["result"], "loaded")
        equal(len(os.listdir(f"/proc/{daemon.pid}/fd")) - before <= 16 + 4, True, "descriptors")
        judged(daemon)


@test("a connection that says nothing, or half a request, is closed after five seconds; one that reads nothing, too")
def silent():
    with Status(*(partner(f"p{n}", [f"p{n}.test"]) for n in range(10)), partner()) as daemon:
        with daemon.connect() as nothing, daemon.connect() as half, daemon.connect() as deaf:
            begin = time.monotonic()
            half.sendall(b"stat")
            deaf.setblocking(False)
            sent = 0
            with contextlib.suppress(BlockingIOError):
                while sent < 64 << 20:
                    sent += deaf.send(b"status\n" * 500)
            equal(sent < 64 << 20, True, "it reads only while it can answer")
            equal(daemon.ask()["sessions"], 0, "another client meanwhile")
            judged(daemon)
            equal([answer(nothing), answer(half)], [None, None])
            equal(time.monotonic() - begin > 4, True, "not before")
            deaf.settimeout(patience(20))
            with contextlib.suppress(ConnectionError):
                while deaf.recv(1 << 16):
                    pass


@test("a hundred clients that come and go leave nothing behind")
def nothing_left():
    with Status() as daemon:
        judged(daemon)  # libmilter has opened its own descriptors by now
        for _ in range(20):
            daemon.ask()
        descriptors, memory = len(os.listdir(f"/proc/{daemon.pid}/fd")), resident(daemon)
        for number in range(100):
            # Of more clients than it keeps, the daemon closes one: on a busy machine those that left count too.
            with daemon.connect(control=number % 2 == 0) as stream, contextlib.suppress(ConnectionError):
                if number % 3 == 0:
                    stream.sendall(b"status\n" * 3)
                elif number % 3 == 1:
                    stream.sendall(b"sta")
        end = time.monotonic() + patience(20)
        while len(os.listdir(f"/proc/{daemon.pid}/fd")) > descriptors:
            equal(time.monotonic() < end, True, "descriptors")
            time.sleep(0.05)
        equal(resident(daemon) - memory < 8 << 10, True, f"KiB: {memory}, then {resident(daemon)}")
