# SPDX-License-Identifier: BSD-2-Clause
"""The socketmap protocol from both sides: a client, as smtp(8), and a server, as postfix-tlspol."""
import socket
import threading

from daemon import connect


def netstring(text):
    octets = text if isinstance(text, bytes) else text.encode()
    return b"%d:%s," % (len(octets), octets)


class Reader:
    """Netstrings from a stream."""

    def __init__(self, stream):
        self.stream, self.buffer = stream, b""

    def read(self):
        """The next text; None at the end of the stream."""
        while True:
            head, colon, rest = self.buffer.partition(b":")
            if colon and len(rest) > int(head):
                size = int(head)
                if rest[size:size + 1] != b",":
                    raise AssertionError(f"no netstring: {self.buffer[:80]!r}")
                self.buffer = rest[size + 1:]
                return rest[:size].decode()
            octets = self.stream.recv(65536)
            if not octets:
                return None
            self.buffer += octets


class Client:
    """One connection."""

    def __init__(self, spec, timeout=20):
        self.stream = connect(spec, timeout)
        self.reader = Reader(self.stream)

    def ask(self, key, name="postfix"):
        self.stream.sendall(netstring(f"{name} {key}"))
        return self.reader.read()

    def close(self):
        self.stream.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Map:
    """An upstream map. answers: {key: reply}, a reply None is never given; close: after each reply."""

    def __init__(self, answers, close=False, raw=None):
        self.answers, self.closes, self.raw = answers, close, raw
        self.asked, self.connections = [], 0
        self.server = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.spec = f"inet:{self.server.getsockname()[1]}@127.0.0.1"
        self.ended = threading.Event()

    def __enter__(self):
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        self.server.close()

    def _accept(self):
        while True:
            try:
                stream, _ = self.server.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._guarded, args=(stream,), daemon=True).start()

    def _guarded(self, stream):
        try:
            self._serve(stream)
        except OSError:
            pass  # the other side went away

    def _serve(self, stream):
        with stream:
            reader = Reader(stream)
            while (request := reader.read()) is not None:
                self.asked.append(request)
                answer = self.answers.get(request.partition(" ")[2], "NOTFOUND ")
                if answer is None:
                    self.ended.wait(60)
                    return
                stream.sendall(self.raw if self.raw is not None else netstring(answer))
                if self.closes:
                    return
