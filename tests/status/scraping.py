# SPDX-License-Identifier: BSD-2-Clause
"""A daemon with mail of every kind, and `forcetls metrics --listen` as a server for scrapes of it."""
import contextlib
import json
import os
import shutil
import socket
import subprocess
import time

from asking import Status
from common import GOOD, SENDER, date, greeted, partner, plain, settle, strong
from daemon import free_port, own_directory, patience
from milterclient import Tls, message, postfix
from tap import equal

FORCETLS = os.path.abspath(os.environ.get("FORCETLS", "forcetls"))
DAY = 86400
GET = b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"
EVERY_KIND = (partner(), partner("t", ["t.test"], mode="testing"), partner("q", ["q.test"], action="quarantine"),
              partner("d", ["d.test"], action="tempfail", require={"certificates": [{"subject": "x", "issuer": "y", "until": date(3 * DAY)}]}),
              partner("e", ["e.test"], exceptions=[{"clients": ["192.0.2.10"], "until": date(DAY), "reason": "x"}]))


def wait_for(condition, what):
    end = time.monotonic() + patience(20)
    while not condition():
        equal(time.monotonic() < end, True, what)
        time.sleep(0.02)


def judged(daemon, profile, sender=SENDER):
    with greeted(daemon, profile) as session:
        return message(session, sender)[-1]


def every_kind(daemon):
    """Mail of each kind, and a stranger's."""
    for sender in (SENDER, "<a@t.test>", "<a@q.test>", "<a@d.test>", "<a@e.test>", "<a@stranger.test>"):
        judged(daemon, plain(), sender)
        judged(daemon, strong(certificate=GOOD), sender)
    judged(daemon, postfix(tls=Tls("TLSv1.2", "ECDHE-RSA-AES256-GCM-SHA384", 256)))
    judged(daemon, postfix(client="127.0.0.1"))
    settle(daemon)


class Outbound(Status):
    """With a socketmap for mail to partners, too."""

    def text(self, *partners):
        self.outbound = getattr(self, "outbound", None) or f"inet:{free_port()}@127.0.0.1"
        whole = json.loads(super().text(*partners))
        whole["milter"]["outbound"] = self.outbound
        return json.dumps(whole)


class Server:
    """`forcetls metrics --listen` on a free port, or on the listening socket that is given; in_journal: its log is the journal."""

    def __init__(self, policy_file, given=None, in_journal=False):
        self.policy_file, self.given, self.in_journal = policy_file, given, in_journal

    def __enter__(self):
        self.dir = own_directory()
        where, inherited = ("127.0.0.1:0", ()) if self.given is None else (f"fd:{self.given.fileno()}", (self.given.fileno(),))
        with open(f"{self.dir}/log", "wb") as log:
            named = os.fstat(log.fileno())
            environment = {**os.environ, "JOURNAL_STREAM": f"{named.st_dev}:{named.st_ino}"} if self.in_journal else None
            self.process = subprocess.Popen([FORCETLS, "metrics", "-c", self.policy_file, "--listen", where], stdin=subprocess.DEVNULL,
                                            stdout=log, stderr=log, pass_fds=inherited, env=environment)
        try:
            wait_for(lambda: "/metrics" in self.log() or self.process.poll() is not None, "it listens")
            host, _, port = self.log().split("http://")[1].split("/")[0].rpartition(":")
        except BaseException:
            self.__exit__()
            raise
        self.address = (host.strip("[]"), int(port))
        return self

    def __exit__(self, *_):
        died = self.process.poll()
        self.process.terminate()
        self.process.wait(patience(20))
        log = self.log()
        shutil.rmtree(self.dir)
        equal((died, "Sanitizer" in log, "runtime error" in log), (None, False, False), log)

    def log(self):
        with open(f"{self.dir}/log", encoding="utf-8") as file:
            return file.read()

    def connect(self):
        return socket.create_connection(self.address, patience(40))

    def send(self, octets):
        """What is answered to those octets: status, fields, body; None: nothing."""
        with self.connect() as stream:
            stream.sendall(octets)
            return received(stream)

    def get(self, accept=None, path="/metrics"):
        return self.send(f"GET {path} HTTP/1.1\r\nHost: x\r\n{f'Accept: {accept}' + chr(13) + chr(10) if accept else ''}\r\n".encode())

    def children(self):
        with open(f"/proc/{self.process.pid}/task/{self.process.pid}/children", encoding="ascii") as file:
            return file.read().split()


def received(stream):
    octets = b""
    with contextlib.suppress(ConnectionResetError):
        while part := stream.recv(1 << 16):
            octets += part
    if not octets:
        return None
    head, _, body = octets.decode().partition("\r\n\r\n")
    line, *fields = head.split("\r\n")
    equal(line[:9], "HTTP/1.1 ")
    fields = dict(field.split(": ", 1) for field in fields)
    equal(fields["Connection"], "close")
    if body:
        equal(int(fields["Content-Length"]), len(body))
    return int(line[9:12]), fields, body
