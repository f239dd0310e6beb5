# SPDX-License-Identifier: BSD-2-Clause
"""As much of Dovecot's authentication protocol as Postfix needs for AUTH PLAIN with one user."""
import base64
import os
import socket
import threading

GREETING = b"VERSION\t1\t1\nMECH\tPLAIN\tplaintext\nSPID\t1\nCUID\t1\nCOOKIE\t" + b"0" * 32 + b"\nDONE\n"


class Authenticator:
    """Listens at the path until it is stopped."""

    def __init__(self, path, user, password):
        self.path = path
        self.good = base64.b64encode(f"\0{user}\0{password}".encode()).decode()
        self.user = user
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.listener.bind(path)
        os.chmod(path, 0o666)
        self.listener.listen()
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                stream, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(stream,), daemon=True).start()

    def _serve(self, stream):
        with stream, stream.makefile("r", encoding="ascii", errors="replace") as lines:
            stream.sendall(GREETING)
            for line in lines:
                fields = line.rstrip("\n").split("\t")
                if fields[0] == "AUTH":
                    good = f"resp={self.good}" in fields
                    answer = f"OK\t{fields[1]}\tuser={self.user}\n" if good else f"FAIL\t{fields[1]}\n"
                    stream.sendall(answer.encode())

    def stop(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
