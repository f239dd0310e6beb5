# SPDX-License-Identifier: BSD-2-Clause
"""A mail server on loopback that does as it is told: STARTTLS with a certificate, or something that a server should not do."""
import socket
import ssl
import threading
import time


class MailServer:
    """`behaviour`: good, no-starttls, refuses, busy, garbage, endless, silent, drops, no-tls."""

    def __init__(self, certificate, behaviour="good"):
        self.behaviour, self.heard, self.server_name = behaviour, [], None
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.tls.load_cert_chain(certificate.file, certificate.key)
        self.tls.sni_callback = self._take_name
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._run, daemon=True).start()

    def _take_name(self, _socket, name, _context):
        self.server_name = name

    def _run(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        try:
            with connection:
                connection.settimeout(60)
                self._talk(connection)
        except OSError:
            pass

    def _talk(self, connection):
        if self.behaviour == "silent":
            time.sleep(120)
        if self.behaviour == "endless":
            while True:
                connection.sendall(b"220-" + b"x" * 2000 + b"\r\n")
        if self.behaviour == "garbage":
            connection.sendall(b"SSH-2.0-\x1b[31mOpenSSH\r\n")
            return
        connection.sendall(b"554 go away\r\n" if self.behaviour == "refuses" else b"220-mx.test\r\n220 ESMTP\r\n")
        lines = connection.makefile("rb")
        for line in lines:
            self.heard.append(line)
            word = line.split()[0].upper()
            if word == b"EHLO":
                offer = b"" if self.behaviour == "no-starttls" else b"250-STARTTLS\r\n"
                connection.sendall(b"250-mx.test\r\n" + offer + b"250 SIZE 1\r\n")
            elif word == b"STARTTLS":
                if self._starttls(connection):
                    return

    def _starttls(self, connection):
        if self.behaviour == "busy":
            connection.sendall(b"454 4.3.0 try again later\r\n")
            return False
        connection.sendall(b"220 go\r\n")
        if self.behaviour == "drops":
            return True
        if self.behaviour == "no-tls":
            connection.sendall(b"250 what?\r\n")
            time.sleep(1)
            return True
        with self.tls.wrap_socket(connection, server_side=True) as wrapped:
            wrapped.recv(1)
        return True

    def stop(self):
        self.listener.close()
