# SPDX-License-Identifier: BSD-2-Clause
"""A mail server that takes every message and keeps its envelope sender and its headers."""
import re
import socket
import threading


class Sink:
    """message(number): (envelope sender, header fields) of the message with "X-Number: number", once it is there."""

    def __init__(self):
        self.server = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.server.getsockname()[1]
        self.messages, self.arrived = {}, threading.Condition()
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self):
        self.server.close()

    def message(self, number, patience=60):
        with self.arrived:
            if not self.arrived.wait_for(lambda: number in self.messages, patience):
                raise AssertionError(f"message {number} was not delivered")
            return self.messages[number]

    def _accept(self):
        while True:
            try:
                connection, _ = self.server.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        # Sendmail writes a message in small parts, and each would wait for a late acknowledgement.
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with connection, connection.makefile("rb", buffering=0) as raw:
            lines = Lines(connection, raw)
            connection.sendall(b"220 sink.test ESMTP\r\n")
            sender = b""
            for line in lines:
                verb = line[:4].upper()
                if verb == b"EHLO":
                    connection.sendall(b"250-sink.test\r\n250 8BITMIME\r\n")
                elif verb == b"DATA":
                    connection.sendall(b"354 go on\r\n")
                    self._take(sender, lines.message())
                    connection.sendall(b"250 taken\r\n")
                elif verb == b"QUIT":
                    connection.sendall(b"221 bye\r\n")
                    return
                else:
                    sender = line if verb == b"MAIL" else sender
                    connection.sendall(b"250 fine\r\n")

    def _take(self, sender, text):
        fields = re.split(rb"\r\n(?![ \t])", text.split(b"\r\n\r\n", 1)[0])
        number = next(int(field.split(b":")[1]) for field in fields if field.lower().startswith(b"x-number:"))
        path = re.search(rb"<(.*)>", sender)
        with self.arrived:
            self.messages[number] = (path[1].decode("latin-1") if path else "", [field.decode("latin-1") for field in fields])
            self.arrived.notify_all()


class Lines:
    """The lines of a connection, each acknowledged at once."""

    def __init__(self, connection, raw):
        self.connection, self.raw, self.buffer = connection, raw, b""

    def __iter__(self):
        while True:
            while b"\n" not in self.buffer:
                self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
                octets = self.raw.read(65536)
                if not octets:
                    return
                self.buffer += octets
            line, _, self.buffer = self.buffer.partition(b"\n")
            yield line + b"\n"

    def message(self):
        """Up to the lone dot."""
        text = b""
        for line in self:
            if line == b".\r\n":
                break
            text += line
        return text
