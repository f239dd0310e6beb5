# SPDX-License-Identifier: BSD-2-Clause
"""A daemon with a status socket, and questions to it."""
import json
import os
import socket

from common import partner, policy
from daemon import Daemon, patience
from tap import equal


class Status(Daemon):
    """A Daemon whose policy names a status socket in its own directory: daemon.ask("status")."""

    def __init__(self, *partners, **more):
        self.partners = partners or (partner(),)
        self.keys = more.pop("keys", {})
        super().__init__(None, **more)
        self.path = f"{self.dir}/status.sock"
        self.policy_text = self.text(*self.partners)

    def text(self, *partners):
        return policy(*partners, milter={"socket": self.socket, "status": f"unix:{self.path}"}, **self.keys)

    def ask(self, request="status", control=False):
        """One question on a connection of its own."""
        with self.connect(control) as stream:
            return question(stream, request)

    def connect(self, control=False):
        stream = socket.socket(socket.AF_UNIX)
        stream.settimeout(patience(20))
        stream.connect(self.path + (".control" if control else ""))
        return stream

    def reload_by_socket(self, *partners):
        self.write("forcetls.yaml", self.text(*partners))
        return self.ask("reload", control=True)


def question(stream, request):
    stream.sendall(request.encode() + b"\n")
    return answer(stream)


def answer(stream):
    """The next line, which must be one JSON object; None: there is none."""
    line = b""
    while not line.endswith(b"\n"):
        waiting = stream.recv(1 << 16, socket.MSG_PEEK)  # what is behind the line is the next one's
        octets = stream.recv(waiting.find(b"\n") + 1 or len(waiting)) if waiting else b""
        if not octets:
            equal(line[:100], b"", "half an answer")
            return None
        line += octets
    return json.loads(line)


def as_user(user, group, groups, function):
    """What the function answers, as JSON, in a process of that user; or the number of its OSError."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.setgroups(groups)
            os.setresgid(group, group, group)
            os.setresuid(user, user, user)
            os.write(writing, json.dumps(function()).encode())
        except OSError as error:
            os.write(writing, json.dumps(error.errno).encode())
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as file:
        got = file.read()
    os.waitpid(child, 0)
    return json.loads(got)
