# SPDX-License-Identifier: BSD-2-Clause
"""Mail servers of partners, each on an address of loopback of its own, port 25: what they offer is what a test says."""
import os
import re
import socket
import ssl
import subprocess
import sys
import threading


def enter_namespaces():
    """Starts the script again in a network and a mount namespace of its own, where it may; see is_inside()."""
    if os.environ.get("FORCETLS_NAMESPACE") or os.geteuid() != 0:
        return
    os.environ["FORCETLS_NAMESPACE"] = "own"
    if subprocess.run(["unshare", "-n", "-m", "true"], check=False, stderr=subprocess.DEVNULL).returncode == 0:
        os.execvp("unshare", ["unshare", "-n", "-m", sys.executable, *sys.argv])
    os.environ["FORCETLS_NAMESPACE"] = ""


def is_inside():
    return os.environ.get("FORCETLS_NAMESPACE") == "own"


class Server:
    """certificate None: no STARTTLS. versions, ciphers: of TLS, up to 1.2 unless `new`. silent: it never greets.
    refuses: its answer to STARTTLS."""

    def __init__(self, address, certificate=None, old=False, new=True, ciphers=None, silent=False, refuses=None):
        self.silent, self.refuses = silent, refuses
        self.messages, self.tls = [], None  # (recipient, TLS version or None, suite)
        if certificate:
            self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.tls.set_ciphers((ciphers or "ALL:COMPLEMENTOFALL") + ":@SECLEVEL=0")
            self.tls.load_cert_chain(certificate.file, certificate.key)
            self.tls.minimum_version = ssl.TLSVersion.TLSv1
            self.tls.maximum_version = (ssl.TLSVersion.TLSv1_1 if old
                                        else ssl.TLSVersion.TLSv1_3 if new else ssl.TLSVersion.TLSv1_2)
        self.server = socket.create_server((address, 25), backlog=16)
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self):
        self.server.close()

    def _accept(self):
        while True:
            try:
                stream, _ = self.server.accept()
            except OSError:
                return
            threading.Thread(target=self._guarded, args=(stream,), daemon=True).start()

    def _guarded(self, stream):
        try:
            self._serve(stream)
        except (OSError, ValueError):
            pass  # the other side went away
        finally:
            stream.close()

    def _serve(self, stream):
        stream.settimeout(30)
        if self.silent:
            stream.recv(1)
            return
        stream.sendall(b"220 partner ESMTP\r\n")
        lines, recipients = stream.makefile("rb"), []
        while line := lines.readline():
            verb = line[:4].upper()
            if verb in (b"EHLO", b"LHLO"):
                offer = b"250-STARTTLS\r\n" if self.tls and not isinstance(stream, ssl.SSLSocket) else b""
                stream.sendall(b"250-partner\r\n" + offer + b"250-SMTPUTF8\r\n250 8BITMIME\r\n")
            elif verb == b"STAR" and self.refuses:
                stream.sendall(self.refuses + b"\r\n")
            elif verb == b"STAR":
                stream.sendall(b"220 go\r\n")
                stream = self.tls.wrap_socket(stream, server_side=True)
                lines = stream.makefile("rb")
            elif verb == b"DATA":
                stream.sendall(b"354 go\r\n")
                while lines.readline() not in (b".\r\n", b""):
                    pass
                tls = isinstance(stream, ssl.SSLSocket)
                self.messages += [(to, stream.version() if tls else None, stream.cipher()[0] if tls else None)
                                  for to in recipients]
                recipients = []
                stream.sendall(b"250 taken\r\n")
            elif verb == b"QUIT":
                stream.sendall(b"221 bye\r\n")
                return
            else:
                recipients += [to.decode() for to in re.findall(rb"RCPT TO:<([^>]*)>", line, re.I)]
                stream.sendall(b"250 fine\r\n")
