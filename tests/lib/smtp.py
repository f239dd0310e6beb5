# SPDX-License-Identifier: BSD-2-Clause
"""An SMTP client that does what it is told, also what no honest client would, and shows the exact replies."""
import socket
import ssl
import warnings
from typing import NamedTuple, Optional

from daemon import patience

VERSIONS = {"TLSv1": ssl.TLSVersion.TLSv1, "TLSv1.1": ssl.TLSVersion.TLSv1_1,
            "TLSv1.2": ssl.TLSVersion.TLSv1_2, "TLSv1.3": ssl.TLSVersion.TLSv1_3}
MESSAGE = b"From: Sender <sender@stranger.test>\r\nTo: user@here.test\r\nSubject: test\r\n" \
          b"Message-ID: <1@stranger.test>\r\nDate: Thu, 1 Jan 2026 00:00:00 +0000\r\n\r\nHello.\r\n"


class Reply(NamedTuple):
    """A reply, to the letter; a reply of several lines has line feeds between them."""
    code: int
    text: str

    def __str__(self):
        return self.text

    def __contains__(self, part):
        return part in self.text


class Tls(NamedTuple):
    """How a client's TLS is to be: version None lets both sides choose; a certificate of pki.py, or None."""
    version: Optional[str] = None
    ciphers: Optional[str] = None
    certificate: Optional[tuple] = None

    def context(self):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        # Old versions and weak suites are what some tests are about.
        context.set_ciphers((self.ciphers or "DEFAULT") + ":@SECLEVEL=0")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            context.minimum_version = VERSIONS[self.version or "TLSv1"]
            context.maximum_version = VERSIONS[self.version or "TLSv1.3"]
        if self.certificate:
            context.load_cert_chain(self.certificate.file, self.certificate.key)
        return context


def octets(text):
    return text if isinstance(text, bytes) else text.encode("utf-8", "surrogateescape")


class Client:
    """
    One connection. `source` binds it to another loopback address; `wrapper` is a Tls for the smtps way;
    `before` is sent ahead of the greeting (the PROXY protocol). The greeting is in `.banner`.
    """

    def __init__(self, port, host="127.0.0.1", source=None, wrapper=None, before=b"", timeout=20):
        self.context = self.session = self.banner = None
        self.buffer = b""
        self.stream = socket.create_connection((host, port), patience(timeout), (source, 0) if source else None)
        try:
            self.stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if before:
                self.stream.sendall(before)
            if wrapper:
                self._secure(wrapper.context(), None)
            self.banner = self.reply()
        except BaseException:
            self.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.stream.close()

    # The line

    def send(self, data):
        """Sends octets as they are."""
        self.stream.sendall(octets(data))

    def _line(self):
        while b"\n" not in self.buffer:
            data = self.stream.recv(65536)
            if not data:
                raise ConnectionError(f"hung up; last seen: {self.buffer!r}")
            self.buffer += data
        line, _, self.buffer = self.buffer.partition(b"\n")
        return line.rstrip(b"\r").decode("utf-8", "surrogateescape")

    def reply(self):
        lines = [self._line()]
        while lines[-1][3:4] == "-":
            lines.append(self._line())
        return Reply(int(lines[-1][:3]), "\n".join(lines))

    def command(self, line):
        """Sends one command; answers its reply."""
        self.send(octets(line) + b"\r\n")
        return self.reply()

    # TLS

    def _secure(self, context, session):
        self.context = context
        self.stream = context.wrap_socket(self.stream, server_hostname="mx.here.test", session=session)

    def starttls(self, tls=Tls(), behind=b"", resume=None):
        """
        STARTTLS and the handshake, no EHLO behind it. `behind` is sent in the segment of the command itself;
        `resume` is an earlier Client, whose session is to be taken up.
        """
        self.send(b"STARTTLS\r\n" + octets(behind))
        answer = self.reply()
        if answer.code == 220:
            self._secure(resume.context if resume else tls.context(), resume.stream.session if resume else None)
            self.buffer = b""
        return answer

    @property
    def version(self):
        return self.stream.version() if isinstance(self.stream, ssl.SSLSocket) else None

    @property
    def cipher(self):
        return self.stream.cipher()[0] if isinstance(self.stream, ssl.SSLSocket) else None

    @property
    def resumed(self):
        return self.stream.session_reused

    # SMTP

    def ehlo(self, name="client.test"):
        return self.command(f"EHLO {name}")

    def xclient(self, **attributes):
        """XCLIENT NAME=... ADDR=...; the server starts anew, and so does the caller with EHLO."""
        return self.command("XCLIENT " + " ".join(f"{key}={value}" for key, value in attributes.items()))

    def mail(self, sender):
        """MAIL with the address in angle brackets; any other spelling goes by command()."""
        return self.command(b"MAIL FROM:<" + octets(sender) + b">")

    def rcpt(self, recipient="user@here.test"):
        return self.command(f"RCPT TO:<{recipient}>")

    def data(self, message=MESSAGE):
        """DATA and the message; answers the reply that ended it, be it to DATA or to the final dot."""
        answer = self.command("DATA")
        if answer.code != 354:
            return answer
        message = octets(message)
        message = (b"\r\n" + message).replace(b"\r\n.", b"\r\n..")[2:]
        self.send(message + (b"" if message.endswith(b"\r\n") else b"\r\n") + b".\r\n")
        return self.reply()

    def bdat(self, chunk, last=False):
        self.send(f"BDAT {len(chunk)}{' LAST' if last else ''}\r\n".encode() + octets(chunk))
        return self.reply()

    def message(self, sender, recipients=("user@here.test",), message=MESSAGE):
        """A whole transaction; answers the first refusal (of a recipient too), else the last reply."""
        answer = self.mail(sender)
        for recipient in recipients:
            if answer.code == 250:
                answer = self.rcpt(recipient)
        return self.data(message) if answer.code == 250 else answer

    def quit(self):
        answer = self.command("QUIT")
        self.close()
        return answer


def connect(port, tls=None, name="client.test", client=None, **options):
    """A connection ready for MAIL: XCLIENT with the attributes in `client`, EHLO, STARTTLS by `tls`, EHLO again."""
    connection = Client(port, **options)
    try:
        connection.ehlo(name)
        if client:
            answer = connection.xclient(**client)
            if answer.code != 220:
                raise RuntimeError(f"XCLIENT: {answer}")
            connection.ehlo(name)
        if tls is not None:
            answer = connection.starttls(tls)
            if answer.code != 220:
                raise RuntimeError(f"STARTTLS: {answer}")
            connection.ehlo(name)
        return connection
    except BaseException:
        connection.close()
        raise
