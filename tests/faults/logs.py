# SPDX-License-Identifier: BSD-2-Clause
"""The log blocks, is lost, comes back: no reply waits for it, and what is lost is counted and said (F12)."""
import contextlib
import ctypes
import fcntl
import os
import pathlib
import re
import resource
import signal
import socket as sockets
import threading
import time

from common import NO_TLS, partner, policy
from daemon import connect, own_directory, parse_logfmt, patience
from milterclient import Session, postfix
from process import directory, started
from tap import Skip, equal, test

MESSAGES = 3000       # of some 1,500 octets a line: several times what the queue and a pipe hold
NEW_NAMESPACE, PRIVATE, BIND = 0x20000, 1 << 18 | 1 << 14, 1 << 12
REPLY = 10            # seconds for a reply on a busy machine: a reply that waits for the log waits for ever
LIBC = ctypes.CDLL(None, use_errno=True)


def refusals(spec, count, name="x"):
    """So many refusals in one session; answers the longest that one took, in seconds."""
    slowest = 0
    with Session(spec, postfix(client_name=name * 250)) as session:
        session.connect()
        session.helo("y" * 250)
        for number in range(count):
            begun = time.monotonic()
            equal(session.mail(f"<{'z' * 200}@partner.test>").brief, NO_TLS, f"message {number}")
            slowest = max(slowest, time.monotonic() - begun)
    return slowest


class Listener:
    """Whoever reads the log: collects lines once it is let go."""

    def __init__(self, read):
        self.read, self.text = read, b""
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self):
        with contextlib.suppress(OSError):
            while octets := self.read():
                self.text += octets

    def wait(self, condition):
        """The lines, once `condition` holds of them."""
        end = time.monotonic() + patience(10)
        while True:
            lines = [parse_logfmt(line) for line in self.text.decode().split("\n")[:-1]]
            if condition(lines):
                return lines
            equal(time.monotonic() < end, True, f"in time, with {len(lines)} lines, {told_and_lost(lines)}")
            time.sleep(0.05)


def told_and_lost(lines):
    lost = sum(int(line["lost"]) for line in lines if line["event"] == "log")
    return sum(line["event"] == "decision" for line in lines), lost


def all_accounted(total):
    return lambda lines: sum(told_and_lost(lines)) == total


@contextlib.contextmanager
def pipe():
    reader, writer = os.pipe()
    fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, 65536)
    try:
        yield reader, writer
    finally:
        for fd in (reader, writer):
            with contextlib.suppress(OSError):
                os.close(fd)


def stuck_pipe(blocks):
    with directory() as (place, path), pipe() as (reader, writer):
        os.set_blocking(writer, blocks)
        with started("-e", "-c", path, "-s", f"unix:{place}/s", stderr=writer) as process:
            os.close(writer)
            slowest = refusals(f"unix:{place}/s", MESSAGES)
            equal(slowest < patience(REPLY), True, f"a reply took {slowest:.2f} s")
            listener = Listener(lambda: os.read(reader, 65536))
            told, lost = told_and_lost(listener.wait(lambda lines: sum(told_and_lost(lines)) >= MESSAGES))
            print(f"# {told} told, {lost} lost")
            equal((told + lost, lost > 0), (MESSAGES, True))
            refusals(f"unix:{place}/s", 10)
            equal(told_and_lost(listener.wait(all_accounted(MESSAGES + 10))), (told + 10, lost), "afterwards")
            equal(process.poll(), None, "alive")
            process.terminate()
            equal(process.wait(patience(15)), 0)


test("F12 f stderr is a pipe that nobody reads: replies go on, and each line is told or counted as lost")(lambda: stuck_pipe(True))
test("F12 f the same of a pipe that does not block")(lambda: stuck_pipe(False))


@test("F11 F12 f stderr is a file on a disk that is full for a time: what did not fit is counted, and no two lines are one")
def full_disk():
    def little_room():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # so that a write fails beyond the limit
        resource.setrlimit(resource.RLIMIT_FSIZE, (6000, resource.RLIM_INFINITY))
    with directory() as (place, path), open(f"{place}/log", "wb") as log:
        with started("-e", "-c", path, "-s", f"unix:{place}/s", stderr=log, preexec_fn=little_room) as process:
            equal(refusals(f"unix:{place}/s", 40) < patience(REPLY), True, "on a full disk")
            time.sleep(0.3)
            resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
            refusals(f"unix:{place}/s", 3)
            end = time.monotonic() + patience(10)
            while not (text := pathlib.Path(place, "log").read_text(encoding="ascii")).count("event=log lost=") and time.monotonic() < end:
                time.sleep(0.02)
            refusals(f"unix:{place}/s", 1)
        lines = pathlib.Path(place, "log").read_text(encoding="ascii").splitlines()
        torn = [line for line in lines if line.startswith("event=decision") and not re.search(r" run=[0-9a-f]{16} seq=\d+$", line)]
        told, lost = told_and_lost([parse_logfmt(line) for line in lines if line not in torn])
        equal((len(torn) <= 1, told + lost, lost > 30), (True, 44, True), f"{told} told, {lost} lost, torn {torn}: {text}")


class OwnDev:
    """A /dev of a child's own, with null and, while there is one, log."""

    def __init__(self):
        if os.geteuid() != 0:
            raise Skip("a /dev of one's own needs root")
        self.place, self.socket = own_directory(), None
        open(f"{self.place}/null", "w", encoding="ascii").close()

    def enter(self):
        """In the child, before the program begins."""
        for failed in (LIBC.unshare(NEW_NAMESPACE), LIBC.mount(None, b"/", None, PRIVATE, None),
                       LIBC.mount(b"/dev/null", f"{self.place}/null".encode(), None, BIND, None),
                       LIBC.mount(self.place.encode(), b"/dev", None, BIND | 1 << 14, None)):
            if failed:
                raise OSError(ctypes.get_errno(), "no namespace of one's own")

    def listen(self):
        self.socket = sockets.socket(sockets.AF_UNIX, sockets.SOCK_DGRAM)
        self.socket.bind(f"{self.place}/log")

    def reader(self):
        """A function that reads one line, without what syslog puts before it; nothing once it is closed."""
        def line(listening=self.socket):
            text = listening.recv(65536).rstrip(b"\0\n")
            return text and re.sub(rb"^<\d+>.*?forcetls-milter\[\d+\]: ", b"", text) + b"\n"
        return line

    def close(self):
        if self.socket:
            self.socket.close()
            os.unlink(f"{self.place}/log")
            self.socket = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
        os.unlink(f"{self.place}/null")
        os.rmdir(self.place)


@test("F12 f syslog blocks: replies go on, and each line is told or counted as lost")
def stuck_syslog():
    with directory() as (place, path), OwnDev() as dev:
        dev.listen()
        with started("-c", path, "-s", f"unix:{place}/s", preexec_fn=dev.enter) as process:
            slowest = refusals(f"unix:{place}/s", MESSAGES)
            equal(slowest < patience(REPLY), True, f"a reply took {slowest:.2f} s")
            listener = Listener(dev.reader())
            told, lost = told_and_lost(listener.wait(lambda lines: sum(told_and_lost(lines)) >= MESSAGES))
            print(f"# {told} told, {lost} lost")
            equal((told + lost, lost > 0), (MESSAGES, True))
            equal(process.poll(), None, "alive")


@test("F12 f syslog is absent, comes, goes and comes back: replies go on, and lines arrive while it is there")
def flickering_syslog():
    with directory() as (place, path), OwnDev() as dev:
        with started("-c", path, "-s", f"unix:{place}/s", preexec_fn=dev.enter) as process:
            for round_number in range(3):
                equal(refusals(f"unix:{place}/s", 20) < patience(REPLY), True, "without syslog")
                time.sleep(0.2)  # these are lost before anybody listens
                dev.listen()
                listener = Listener(dev.reader())
                equal(refusals(f"unix:{place}/s", 5, f"{round_number}") < patience(REPLY), True, "with syslog")
                listener.wait(lambda lines: told_and_lost(lines)[0] == 5)
                dev.socket.shutdown(sockets.SHUT_RDWR)
                dev.close()
            equal(process.poll(), None, "alive")


@test("F12 f a stop with a log that is stuck takes no longer than a second for it")
def stop_with_stuck_log():
    text = policy(partner())
    with directory(text) as (place, path), pipe() as (_, writer):
        with started("-e", "-c", path, "-s", f"unix:{place}/s", stderr=writer) as process:
            refusals(f"unix:{place}/s", 200)
            begun = time.monotonic()
            process.terminate()
            equal(process.wait(patience(15)), 0)
            equal(time.monotonic() - begun < patience(7), True, f"{time.monotonic() - begun:.1f} s")
