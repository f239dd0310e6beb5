# SPDX-License-Identifier: BSD-2-Clause
"""The MTA's side of the milter protocol, version 6, as Postfix and Sendmail speak it.

    with Session(daemon.socket, postfix(tls=Tls("TLSv1.3", "TLS_AES_256_GCM_SHA384", 256))) as session:
        replies = message(session, "<a@partner.test>", ["<b@example.org>"])
"""
import struct
from collections import namedtuple

from daemon import connect as connect_stream, patience

ADDHDRS, QUARANTINE, SETSYMLIST = 0x01, 0x20, 0x100
NOCONNECT, NOHELO, NOMAIL, NORCPT, NOBODY, NOHDRS, NOEOH = 0x1, 0x2, 0x4, 0x8, 0x10, 0x20, 0x40
NR_HDR, NOUNKNOWN, NODATA, SKIP, RCPT_REJ = 0x80, 0x100, 0x200, 0x400, 0x800
NR_CONN, NR_HELO, NR_MAIL, NR_RCPT, NR_DATA = 0x1000, 0x2000, 0x4000, 0x8000, 0x10000
NR_UNKN, NR_EOH, NR_BODY, HDR_LEADSPC = 0x20000, 0x40000, 0x80000, 0x100000

# stage: (number in a macro list, command, its NO flag, its NR flag)
STAGES = {
    "connect": (0, b"C", NOCONNECT, NR_CONN), "helo": (1, b"H", NOHELO, NR_HELO),
    "mail": (2, b"M", NOMAIL, NR_MAIL), "rcpt": (3, b"R", NORCPT, NR_RCPT), "data": (4, b"T", NODATA, NR_DATA),
    "eom": (5, b"E", 0, 0), "eoh": (6, b"N", NOEOH, NR_EOH),
    "header": (None, b"L", NOHDRS, NR_HDR), "body": (None, b"B", NOBODY, NR_BODY),
}
KINDS = {b"c": "continue", b"a": "accept", b"r": "reject", b"t": "tempfail", b"d": "discard", b"s": "skip",
         b"4": "shutdown", b"f": "connfail"}
MODIFICATIONS = b"+-2behimq"

Tls = namedtuple("Tls", "version cipher bits")
Certificate = namedtuple("Certificate", "cn issuer verify fingerprint", defaults=("OK", None))
Profile = namedtuple("Profile", "mta macros lists")
STRONG = Tls("TLSv1.3", "TLS_AES_256_GCM_SHA384", 256)


def octets(text):
    return text if isinstance(text, bytes) else str(text).encode("utf-8", "surrogateescape")


class Reply:
    """What the filter answered at `stage`. sent is False where the filter was not asked."""

    def __init__(self, stage, kind, raw=b"", sent=True):
        self.stage, self.kind, self.sent, self.raw = stage, kind, sent, raw
        self.code = self.text = self.status = None
        self.quarantine, self.modifications = None, []
        if kind == "reply":
            line = raw.rstrip(b"\0").decode("ascii")
            if "%" in line.replace("%%", ""):
                raise AssertionError(f"a lone % spoils the reply {line!r}")
            self.code, self.text = line[:3], line[4:].replace("%%", "%")
            self.status = self.text.split(" ", 1)[0]

    @property
    def refused(self):
        return self.kind in ("reject", "tempfail", "reply", "shutdown", "connfail")

    @property
    def brief(self):
        """'530 5.7.0', or the kind."""
        return f"{self.code} {self.status}" if self.kind == "reply" else self.kind

    def __repr__(self):
        return f"<{self.stage}: {self.brief} {self.text or ''}>"


class Session:
    """
    One connection of an MTA. The profile's macros are the session's state and may change (starttls).
    honour_lists  False: an MTA that sends its default macro lists, whatever the filter asks for
    """

    def __init__(self, spec, profile, honour_lists=True, actions=0x1ff, protocol=0x1fffff, version=6, greet=True):
        self.spec, self.mta, self.macros = spec, profile.mta, dict(profile.macros)
        self.default_lists, self.honour_lists, self.asked = profile.lists, honour_lists, {}
        self.actions = self.protocol = 0
        self.message_over, self.session_over, self.messages = True, False, 0
        self.stream = connect_stream(spec, timeout=patience(20))
        self._buffer = b""
        if greet:
            self.negotiate(version, actions, protocol)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.quit()

    # packets

    def send(self, command, data=b""):
        self.stream.sendall(struct.pack(">I", len(data) + 1) + command + data)

    def _exactly(self, count):
        while len(self._buffer) < count:
            more = self.stream.recv(65536)
            if not more:
                raise ConnectionError("the filter closed the connection")
            self._buffer += more
        taken, self._buffer = self._buffer[:count], self._buffer[count:]
        return taken

    def receive(self):
        size = struct.unpack(">I", self._exactly(4))[0]
        packet = self._exactly(size)
        return packet[:1], packet[1:]

    def receive_reply(self, stage):
        modifications = []
        while True:
            command, data = self.receive()
            if command == b"p":
                continue
            if command in MODIFICATIONS:
                modifications.append((command, data))
                continue
            reply = Reply(stage, "reply" if command == b"y" else KINDS[command], data)
            reply.modifications = modifications
            held = [d for c, d in modifications if c == b"q"]
            reply.quarantine = held[0].rstrip(b"\0").decode() if held else None
            return reply

    # the conversation

    def negotiate(self, version=6, actions=0x1ff, protocol=0x1fffff):
        """Offers; learns what the filter asks for, macro lists included: asked = {stage: [names]}."""
        self.send(b"O", struct.pack(">III", version, actions, protocol))
        command, data = self.receive()
        if command != b"O":
            raise AssertionError(f"negotiation answered with {command!r}")
        self.version, self.actions, self.protocol = struct.unpack(">III", data[:12])
        if self.actions & ~actions or self.protocol & ~protocol:
            raise AssertionError(f"asked for what was not offered: {self.actions:#x} {self.protocol:#x}")
        numbers, rest, self.asked = {n: stage for stage, (n, *_) in STAGES.items()}, data[12:], {}
        while len(rest) > 4:
            number = struct.unpack(">I", rest[:4])[0]
            names, _, rest = rest[4:].partition(b"\0")
            self.asked[numbers[number]] = names.decode("ascii").replace(",", " ").split()
        return self

    def macro_list(self, stage):
        if self.honour_lists and stage in self.asked:
            return self.asked[stage]
        return self.default_lists.get(stage, [])

    def send_macros(self, stage, macros=None):
        """The macros of this stage that have a value; None in `macros` takes one away for this once."""
        names, values = self.macro_list(stage), {**self.macros, **(macros or {})}
        if not names:
            return
        pairs = [(name, values.get(name.strip("{}"))) for name in names]
        data = b"".join(octets(n) + b"\0" + octets(v) + b"\0" for n, v in pairs if v is not None)
        self.send(b"D", STAGES[stage][1] + data)

    def event(self, stage, data=b"", macros=None):
        """Sends a stage's macros and its command, as negotiated, and waits for the answer where one is due."""
        _, command, no_flag, nr_flag = STAGES[stage]
        if self.session_over:
            return Reply(stage, "continue", sent=False)
        if stage not in ("header", "body"):
            self.send_macros(stage, macros)
        if self.protocol & no_flag:
            return Reply(stage, "continue", sent=False)
        self.send(command, data)
        if self.protocol & nr_flag:
            return Reply(stage, "noreply")
        return self.receive_reply(stage)

    def connect(self, name=None, family=None, address=None, port=None):
        """family: 4, 6, L, U (no address). What is not given comes from the macros."""
        address = address if address is not None else self.macros["client_addr"].removeprefix("IPv6:")
        family = family or ("6" if ":" in address else "4")
        data = octets(name if name is not None else self.macros["client_name"]) + b"\0" + octets(family)
        if family != "U":
            if family == "6" and self.mta == "sendmail":
                address = "IPv6:" + address
            data += struct.pack(">H", int(port if port is not None else self.macros["client_port"]))
            data += octets(address) + b"\0"
        reply = self.event("connect", data)
        self.session_over = reply.kind == "accept"
        return reply

    def helo(self, name="mail.partner.test", macros=None):
        reply = self.event("helo", octets(name) + b"\0", macros)
        self.session_over = reply.kind == "accept"
        return reply

    def starttls(self, profile):
        """From now on the macros are those of `profile` (the second EHLO is the caller's, or not)."""
        self.macros = dict(profile.macros)

    def mail(self, argument, macros=None, parameters=()):
        """{mail_addr} is made of the argument unless given (None: unset); the queue id as the MTA does."""
        self.messages += 1
        self.message_over = False
        self.macros["i"] = f"4Qx{self.messages:07d}" if self.mta == "sendmail" else None
        text = octets(argument).decode("utf-8", "surrogateescape").strip(" <>")
        own = {"mail_addr": text if self.mta == "sendmail" else text.lower()}
        data = b"".join(octets(part) + b"\0" for part in (argument, *parameters))
        reply = self.event("mail", data, {**own, **(macros or {})})
        self.message_over = reply.refused or reply.kind in ("accept", "discard")
        return reply

    def rcpt(self, argument, macros=None):
        if self.message_over:
            return Reply("rcpt", "continue", sent=False)
        text = octets(argument).decode("utf-8", "surrogateescape").strip(" <>")
        reply = self.event("rcpt", octets(argument) + b"\0", {"rcpt_addr": text, **(macros or {})})
        self.message_over = reply.kind in ("accept", "discard")
        return reply

    def _content(self, stage, data=b"", macros=None):
        if self.message_over:
            return Reply(stage, "continue", sent=False)
        reply = self.event(stage, data, macros)
        self.message_over = reply.refused or reply.kind in ("accept", "discard") or stage == "eom"
        return reply

    def data(self, macros=None):
        self.macros["i"] = self.macros.get("i") or f"4Qx{self.messages:07d}"
        return self._content("data", macros=macros)

    def header(self, name, value):
        lead = b"" if self.protocol & HDR_LEADSPC == 0 else b" "
        return self._content("header", octets(name) + b"\0" + lead + octets(value) + b"\0")

    def eoh(self):
        return self._content("eoh")

    def body(self, chunk):
        return self._content("body", octets(chunk))

    def eom(self):
        return self._content("eom")

    def abort(self):
        """RSET, or a second HELO within a message."""
        if not self.session_over:
            self.send(b"A")
        self.message_over = True

    def quit(self):
        try:
            self.send(b"Q")
        except OSError:
            pass
        self.stream.close()


def message(session, sender, recipients=("<rcpt@example.org>",), headers=None, mail_macros=None, body=b"Hello\r\n"):
    """A whole message as far as the filter lets it go, in Postfix's manner; the replies in their order."""
    replies = [session.mail(sender, mail_macros)]
    if replies[-1].refused:
        return replies
    asked = [session.rcpt(recipient) for recipient in recipients]
    replies += asked
    if asked and all(reply.refused for reply in asked):
        session.abort()
        return replies
    if headers is None:
        headers = [("From", "Somebody <somebody@example.net>"), ("To", "x@example.org"), ("Subject", "test")]
    steps = [session.data, *(lambda h=h: session.header(*h) for h in headers), session.eoh,
             lambda: session.body(body), session.eom]
    for step in steps:
        replies.append(step())
        if replies[-1].refused:
            break
    return replies


# what the two MTAs show

POSTFIX_LISTS = {
    "connect": "j {daemon_name} {daemon_addr} v _".split(),
    "helo": "{tls_version} {cipher} {cipher_bits} {cert_subject} {cert_issuer}".split(),
    "mail": "i {auth_type} {auth_authen} {auth_author} {mail_addr} {mail_host} {mail_mailer}".split(),
    "rcpt": "i {rcpt_addr} {rcpt_host} {rcpt_mailer}".split(), "data": ["i"], "eoh": ["i"], "eom": ["i"],
}
SENDMAIL_LISTS = {
    "connect": "j _ {daemon_name} {if_name} {if_addr}".split(), "helo": POSTFIX_LISTS["helo"],
    "mail": "i {auth_type} {auth_authen} {auth_ssf} {auth_author} {mail_mailer} {mail_host} {mail_addr}".split(),
    "rcpt": "{rcpt_mailer} {rcpt_host} {rcpt_addr}".split(), "eom": ["{msg_id}"],
}


def xtext(value):
    """Sendmail's encoding of certificate names."""
    return "".join(chr(b) if 0x21 <= b <= 0x7e and b not in b'+\\(<>")' else f"+{b:02X}" for b in octets(value))


def _session_macros(client, port, name, resolve):
    return {"j": "mx.example.org", "daemon_addr": "198.51.100.25", "daemon_port": "25",
            "client_addr": f"IPv6:{client}" if ":" in client else client, "client_port": str(port),
            "client_name": name, "client_ptr": name, "client_resolve": resolve, "_": f"{name} [{client}]"}


def postfix(tls=None, certificate=None, client="192.0.2.10", port=40123, name="mail.partner.test", resolve="OK", **more):
    """Postfix 3.7's macros. A certificate that did not verify looks like none. more: macro=value, None: unset."""
    macros = _session_macros(client, port, name, resolve)
    macros |= {"v": "Postfix 3.7.11", "daemon_name": "mx.example.org", "mail_mailer": "smtp", "rcpt_mailer": "smtp"}
    if tls:
        macros |= {"tls_version": tls.version, "cipher": tls.cipher, "cipher_bits": tls.bits}
        if certificate and certificate.verify == "OK":
            macros |= {"cert_subject": certificate.cn, "cert_issuer": certificate.issuer}
    return Profile("postfix", {**macros, **more}, POSTFIX_LISTS)


def sendmail(tls=None, certificate=None, client="192.0.2.10", port=40123, name="mail.partner.test", resolve="OK", **more):
    """Sendmail 8.17's macros: certificate names whole and encoded, and shown whether they verified or not."""
    macros = _session_macros(client, port, name, resolve)
    macros |= {"v": "8.17.1.9", "daemon_name": "MTA", "mail_mailer": "esmtp", "rcpt_mailer": "esmtp"}
    if tls:
        macros |= {"tls_version": tls.version, "cipher": tls.cipher, "cipher_bits": tls.bits, "alg_bits": tls.bits,
                   "verify": "NO", "cert_subject": "", "cert_issuer": "", "cn_subject": "", "cn_issuer": "", "cert_fp": ""}
        if certificate:
            macros |= {"cert_subject": "/CN=" + xtext(certificate.cn), "cert_issuer": "/CN=" + xtext(certificate.issuer),
                       "cn_subject": xtext(certificate.cn), "cn_issuer": xtext(certificate.issuer),
                       "verify": certificate.verify, "cert_fp": certificate.fingerprint}
    return Profile("sendmail", {**macros, **more}, SENDMAIL_LISTS)
