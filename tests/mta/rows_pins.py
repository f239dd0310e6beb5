# SPDX-License-Identifier: BSD-2-Clause
"""Pins behind Postfix: check_policy_service reports to milter.postfix_facts, as forcetls-postfix(7) says."""
import contextlib
import os
import random
import re
import signal
import socket
import subprocess
import threading
import time

import pki
import postfix
import smtp
from daemon import Daemon, patience
from rig import HERE, RIG, accepted, milter, refused
from smtp import MESSAGE, Tls
from tap import contains, equal, test

UNTRUSTED = ("self-signed", "server-only", "unknown-ca", "expired", "no-chain", "forged-issuer")
NO_LISTENER = "unreported"
SHORT_DIGESTS = ("md5", "sha1", "sha384", "sha512")
# Of 256 bits, as SHA-256 has. From OpenSSL 3.4 on shake256 has no length of its own, and Postfix cannot use it.
OTHER_DIGESTS = tuple(name for name in ("sha3-256", "sha512-256", "sm3", "blake2s256", "shake256")
                      if subprocess.run(["openssl", "dgst", f"-{name}", os.devnull], check=False,
                                        capture_output=True).returncode == 0)


def documented(path):
    """The smtpd_data_restrictions line of forcetls-postfix(7) with this socket instead of its own."""
    page = os.path.join(os.path.dirname(os.path.dirname(HERE)), "man", "forcetls-postfix.7")
    with open(page, encoding="utf-8") as file:
        found = re.search(r"^smtpd_data_restrictions =\s*(check_policy_service\s+\{[^}]*\})", file.read(), re.M)
    return re.sub(r"\s+", " ", found[1]).replace("unix:forcetls/facts.sock", path)


def key_fingerprint(certificate):
    """What OpenSSL says of the public key: SHA-256 of the SubjectPublicKeyInfo."""
    pem = subprocess.run(["openssl", "x509", "-in", certificate.file, "-noout", "-pubkey"], check=True, capture_output=True)
    der = subprocess.run(["openssl", "pkey", "-pubin", "-outform", "DER"], input=pem.stdout, check=True, capture_output=True)
    digest = subprocess.run(["openssl", "dgst", "-sha256", "-r"], input=der.stdout, check=True, capture_output=True)
    return digest.stdout.split()[0].decode()


class Pinned:
    """A Postfix that reports, made at the first need; gone when the program ends."""

    def __init__(self):
        self.mta = None

    def need(self):
        RIG.need()
        if self.mta is None:
            main = {**milter(RIG.socket("pins")), "smtpd_data_restrictions": documented(f"unix:{RIG.dir}/facts.sock")}
            other = documented(f"unix:{RIG.dir}/nobody.sock")
            self.sink = Sink()
            self.mta = postfix.Postfix({
                "main": main, NO_LISTENER: {**main, "smtpd_data_restrictions": other},
                **{name: {**main, "smtpd_tls_fingerprint_digest": name} for name in SHORT_DIGESTS + OTHER_DIGESTS},
                "long": {**main, "enable_long_queue_ids": "yes"},
                "early": {**main, "smtpd_delay_open_until_valid_rcpt": "no"},
                "behind-proxy": {**main, "smtpd_proxy_filter": f"127.0.0.1:{self.sink.port}"},
                "raw": {**main, "smtpd_tls_wrappermode": "yes", "smtpd_tls_enable_rpk": "yes"},
                "inet": {**main, "smtpd_data_restrictions": documented(f"inet:127.0.0.1:{self.inet_port()}")},
            }, [RIG.pki.server(), RIG.pki.server("rsa")], RIG.pki.ca_file).start()
        return self

    def inet_port(self):
        if not hasattr(self, "_port"):
            self._port = postfix.free_ports(1)[0]
        return self._port

    def port(self, service="main"):
        return self.need().mta.port(service)


PINNED = Pinned()


class Sink:
    """A content filter that accepts any mail."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            stream, _ = self.listener.accept()
            threading.Thread(target=self._talk, args=(stream,), daemon=True).start()

    @staticmethod
    def _talk(stream):
        with contextlib.suppress(ConnectionError), stream, stream.makefile("rwb", 0) as lines:
            lines.write(b"220 sink ESMTP\r\n")
            in_data = False
            for line in lines:
                if in_data:
                    in_data = line != b".\r\n"
                    if in_data:
                        continue
                elif line.upper().startswith(b"DATA"):
                    in_data = True
                    lines.write(b"354 go on\r\n")
                    continue
                lines.write(b"250 ok\r\n")


def partner(name, *identities):
    return f"  - name: {name}\n    domains: [{name}.test]\n    require:\n      certificates:\n" + \
        "".join(f"        - {identity}\n" for identity in identities)


def pin(kind):
    return f'fingerprint: "sha256:{RIG.need().pki.client(kind).fingerprint()}"'


@contextlib.contextmanager
def filter_with(*partners, facts=None, files=None):
    PINNED.need()
    spec = facts or f"unix:{RIG.dir}/facts.sock"
    text = f"version: 1\nexempt: {{clients: []}}\nmilter: {{postfix_facts: \"{spec}\"}}\ndefaults: {{action: reject}}\npartners:\n" \
        + "".join(partners) + "  - {name: plain, domains: [plain.test]}\n"
    with Daemon(text, socket=RIG.socket("pins"), open_to_all=True, files=files) as daemon:
        if not facts:
            os.chmod(f"{RIG.dir}/facts.sock", 0o666)
        yield daemon


def connect(kind=None, service="main", version=None, **options):
    tls = Tls(version=version, certificate=RIG.need().pki.client(kind) if kind else None)
    return smtp.connect(PINNED.port(service), tls, **options)


def mail(kind, sender="a@pinned.test", service="main", version=None, **options):
    with connect(kind, service, version, **options) as client:
        return client.message(sender)


def undecidable(reply, name="pinned"):
    refused(reply, name, "mta_facts")


@test("pins x a certificate that Postfix does not trust, or cannot as it is a server's, is held to its fingerprint")
def untrusted():
    partners = [partner(f"p{n}", pin(kind)) for n, kind in enumerate(UNTRUSTED)]
    with filter_with(*partners) as daemon:
        for version in ("TLSv1.2", "TLSv1.3"):
            for number, kind in enumerate(UNTRUSTED):
                accepted(mail(kind, f"a@p{number}.test", version=version))
                other = UNTRUSTED[number - 1]
                reply = mail(other, f"a@p{number}.test", version=version)
                contains(str(reply), f"554 5.7.1 TLS client certificate is not the one agreed for mail from this domain [p{number} ")
        accepted(mail("self-signed", "a@stranger.test"))
        line = daemon.decisions()[0]
        equal((line["verdict"], line["identity"], line["subject"], line["partner"]), ("pass", "1", "", "p0"))


@test("pins x a trusted certificate too; none at all is certificate_missing; plaintext is no_tls at MAIL")
def trusted_and_none():
    with filter_with(partner("pinned", "subject: nobody", pin("good"))) as daemon:
        accepted(mail("good"))
        equal(daemon.wait_decisions(1)[0]["identity"], "2")
        contains(str(mail("other-name")), "554 5.7.1")
        refused(mail(None), "pinned", "certificate_missing")
        with smtp.connect(PINNED.port()) as client:
            refused(client.mail("a@pinned.test"), "pinned", "no_tls")
        with connect("other-name") as client:
            for step in (client.mail("a@pinned.test"), client.rcpt()):
                accepted(step)
            contains(str(client.command("DATA")), "[pinned certificate_fingerprint]", "the answer to DATA")


@test("pins x key fingerprints are what OpenSSL says of the key, RSA and EC; a renewed certificate keeps its key's")
def keys():
    made = {kind: RIG.need().pki.custom(f"key {kind}", names=[pki.PARTNER], issuer=None, key_type=kind) for kind in ("rsa", "ec")}
    partners = [partner(kind, f'key_fingerprint: "sha256:{key_fingerprint(certificate)}"') for kind, certificate in made.items()]
    with filter_with(*partners):
        for kind, certificate in made.items():
            for version in ("TLSv1.2", "TLSv1.3"):
                with smtp.connect(PINNED.port(), Tls(version=version, certificate=certificate)) as client:
                    accepted(client.message(f"a@{kind}.test"))
                    reply = client.message(f"a@{'ec' if kind == 'rsa' else 'rsa'}.test")
                    contains(str(reply), "certificate_fingerprint")


class RawClient:
    """A client that shows its key without a certificate, which Python cannot: openssl s_client, TLS from the start."""

    def __init__(self, certificate):
        self.process = subprocess.Popen(
            ["openssl", "s_client", "-quiet", "-connect", f"127.0.0.1:{PINNED.port('raw')}", "-enable_client_rpk",
             "-cert", certificate.file, "-key", certificate.key],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)

    def __enter__(self):
        contains(self.answer(), "220 ", "the greeting")
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.communicate()

    def answer(self):
        line = b"-" * 4
        while line[3:4] == b"-":
            line = self.process.stdout.readline()
        return line.decode()

    def say(self, words):
        self.process.stdin.write(words.encode() + b"\r\n")
        self.process.stdin.flush()
        return self.answer()

    def data(self, sender):
        """What the server says to DATA."""
        for words in ("EHLO client.test", f"MAIL FROM:<{sender}>", "RCPT TO:<b@here.test>"):
            contains(self.say(words), "250 ", words)
        return self.say("DATA")


def takes_raw_keys():
    """Postfix 3.9 and OpenSSL 3.2 do."""
    usual = subprocess.run([postfix.program("postconf"), "-d", "smtpd_tls_enable_rpk"], check=False, capture_output=True)
    known = subprocess.run(["openssl", "s_client", "-help"], check=False, capture_output=True)
    return b"smtpd_tls_enable_rpk" in usual.stdout and b"-enable_client_rpk" in known.stdout + known.stderr


if takes_raw_keys():
    @test("pins x a raw key is held to a key fingerprint; the fingerprint of a certificate cannot be told")
    def raw_keys():
        made = [RIG.need().pki.custom(f"raw {number}", names=[pki.PARTNER], issuer=None) for number in (1, 2)]
        pinned = f'key_fingerprint: "sha256:{key_fingerprint(made[0])}"'
        whole = f'fingerprint: "sha256:{made[0].fingerprint()}"'
        with filter_with(partner("pinned", pinned), partner("whole", whole), partner("named", "subject: " + pki.PARTNER)):
            for certificate, sender, wanted in (
                    (made[0], "a@pinned.test", "354 "), (made[1], "a@pinned.test", "[pinned certificate_fingerprint]"),
                    (made[0], "a@whole.test", "[whole mta_facts"), (made[0], "a@stranger.test", "354 ")):
                with RawClient(certificate) as client:
                    contains(client.data(sender), wanted, sender)
            with RawClient(made[0]) as client:
                client.say("EHLO client.test")
                contains(client.say("MAIL FROM:<a@named.test>"), "[named certificate_missing: ")


@test("pins x a file, exchanged for the next certificate by a reload")
def file():
    first, second = (RIG.need().pki.client(kind) for kind in ("self-signed", "server-only"))

    def pem(certificate):
        with open(certificate.file, encoding="ascii") as text:
            return text.read()
    with filter_with(partner("pinned", "file: pinned.pem"), files={"pinned.pem": pem(first)}) as daemon:
        accepted(mail("self-signed"))
        contains(str(mail("server-only")), "certificate_fingerprint")
        daemon.reload(files={"pinned.pem": pem(second)})
        accepted(mail("server-only"))
        contains(str(mail("self-signed")), "certificate_fingerprint")


@test("pins x several messages, recipients, RSET, pipelining and BDAT in one session")
def one_session():
    with filter_with(partner("pinned", pin("self-signed"))), connect("self-signed") as client:
        for _ in range(3):
            accepted(client.message("a@pinned.test", ["b@here.test", "c@here.test", "d@here.test"]))
        accepted(client.mail("a@pinned.test"))
        accepted(client.rcpt())
        accepted(client.command("RSET"))
        accepted(client.message("a@stranger.test"))
        accepted(client.mail("a@pinned.test"))
        accepted(client.rcpt())
        accepted(client.bdat(MESSAGE[:40]))
        accepted(client.bdat(MESSAGE[40:], last=True))
        accepted(client.message("a@pinned.test"))
        client.send(b"MAIL FROM:<a@pinned.test>\r\nRCPT TO:<b@here.test>\r\nDATA\r\n")
        equal([client.reply().code for _ in range(3)], [250, 250, 354], "pipelined")
        client.send(MESSAGE + b".\r\n")
        accepted(client.reply())


@test("pins x BDAT with the wrong certificate is refused at the first chunk")
def wrong_bdat():
    with filter_with(partner("pinned", pin("self-signed"))), connect("good") as client:
        accepted(client.mail("a@pinned.test"))
        accepted(client.rcpt())
        contains(str(client.bdat(MESSAGE[:40])), "certificate_fingerprint")
        client.command("RSET")
        accepted(client.message("a@stranger.test"))


@test("pins x a resumed session has the certificate of the first one")
def resumed():
    with filter_with(partner("pinned", pin("self-signed"))), connect("self-signed", version="TLSv1.2") as first:
        accepted(first.message("a@pinned.test"))
        with smtp.connect(PINNED.port()) as again:
            again.starttls(resume=first)
            again.ehlo()
            equal(again.resumed, True, "resumed")
            accepted(again.message("a@pinned.test"))


@test("pins x IPv6, XCLIENT, long queue ids, early queue files")
def odd_sessions():
    with filter_with(partner("pinned", pin("self-signed"))) as daemon:
        accepted(mail("self-signed", host="::1"))
        for service in ("long", "early"):
            accepted(mail("self-signed", service=service))
            contains(str(mail("good", service=service)), "certificate_fingerprint")
        for attributes in ({"ADDR": "192.0.2.77", "PORT": "1234"}, {"ADDR": "192.0.2.77"}, {"ADDR": "IPV6:2001:db8::7", "PORT": "99"},
                           {"NAME": "x.test"}, {"ADDR": "192.0.2.77", "DESTADDR": "192.0.2.25", "DESTPORT": "2525"}):
            accepted(mail("self-signed", client=attributes))
            contains(str(mail("good", client=attributes)), "certificate_fingerprint")
        equal([line["client"] for line in daemon.decisions()].count("2001:db8::7"), 2)


@test("pins x an inet socket")
def inet():
    with filter_with(partner("pinned", pin("self-signed")), facts=f"inet:{PINNED.need().inet_port()}@127.0.0.1"):
        accepted(mail("self-signed", service="inet"))
        contains(str(mail("good", service="inet")), "certificate_fingerprint")


@test("pins x another digest than SHA-256: undecidable, and the log names the setting")
def digest():
    with filter_with(partner("pinned", pin("self-signed"))) as daemon:
        for service in SHORT_DIGESTS:
            undecidable(mail("self-signed", service=service))
        daemon.wait_decisions(len(SHORT_DIGESTS))
        equal(["smtpd_tls_fingerprint_digest" in line["text"] for line in daemon.events("facts")], [True])


@test("T30 x another digest of 256 bits: undecidable for the certificate of a file, whose other digests are known")
def digest_of_equal_size():
    with open(RIG.need().pki.client("self-signed").file, encoding="ascii") as pem:
        files = {"pinned.pem": pem.read()}
    pinned, dated = partner("pinned", "file: pinned.pem", pin("good")), partner("given", pin("self-signed"))
    with filter_with(pinned, dated, files=files) as daemon:
        for service in OTHER_DIGESTS:
            undecidable(mail("self-signed", service=service))
            contains(str(mail("expired", service=service)), "[pinned certificate_fingerprint]", f"{service}: another certificate")
            # Of a fingerprint alone it cannot be told: doctor finds it.
            contains(str(mail("self-signed", "a@given.test", service)), "[given certificate_fingerprint]", service)
        contains(daemon.wait_log("event=facts"), "smtpd_tls_fingerprint_digest")
        accepted(mail("self-signed"))
        accepted(mail("self-signed", "a@given.test"))


@test("pins x a before-queue filter leaves no queue id: undecidable")
def before_queue():
    with filter_with(partner("pinned", pin("self-signed"))):
        accepted(mail("self-signed", "a@stranger.test", "behind-proxy"))
        undecidable(mail("self-signed", service="behind-proxy"))


@test("pins x nobody listens: partners with pins wait, others' mail goes on at once")
def nobody_listens():
    with filter_with(partner("pinned", pin("self-signed"))) as daemon:
        start = time.monotonic()
        accepted(mail("self-signed", "a@plain.test", NO_LISTENER))
        accepted(mail(None, "a@stranger.test", NO_LISTENER))
        equal(time.monotonic() - start < patience(3), True, "delayed")
        undecidable(mail("self-signed", service=NO_LISTENER))
        contains(daemon.wait_log("event=facts"), "smtpd_data_restrictions")
        contains(PINNED.mta.log(), "problem talking to server")


@test("pins x a listener that hangs delays others by the timeout, and partners with pins wait")
def hung_listener():
    path = f"{RIG.need().dir}/facts.sock"
    with filter_with(partner("pinned", pin("self-signed"))), socket.socket(socket.AF_UNIX) as hung:
        os.rename(path, path + ".away")
        hung.bind(path)
        os.chmod(path, 0o666)
        hung.listen(10)
        try:
            start = time.monotonic()
            accepted(mail("self-signed", "a@stranger.test"))
            equal(2.5 < time.monotonic() - start < patience(6), True, f"{time.monotonic() - start} s")
            undecidable(mail("self-signed"))
        finally:
            os.unlink(path)
            os.rename(path + ".away", path)
        hung.close()
        accepted(mail("self-signed"))


@test("pins x a daemon that is stopped and goes on: refused for now, never passed, and well afterwards")
def stopped_daemon():
    with filter_with(partner("pinned", pin("self-signed"))) as daemon:
        with connect("good") as client:
            accepted(client.mail("a@pinned.test"))
            accepted(client.rcpt())
            os.kill(daemon.pid, signal.SIGSTOP)
            timer = threading.Timer(4, os.kill, (daemon.pid, signal.SIGCONT))
            timer.start()
            equal(client.command("DATA").code in (451, 554), True, "the wrong certificate")
            timer.join()
        for _ in range(3):
            accepted(mail("self-signed"))


@test("pins x the daemon is restarted under a Postfix that had connections to it")
def restarted():
    for _ in range(2):
        with filter_with(partner("pinned", pin("self-signed"))):
            for _ in range(4):
                accepted(mail("self-signed"))
                contains(str(mail("good")), "certificate_fingerprint")


def interleave(kinds, done, wrong):
    """Twelve clients at once, each with several sessions of three messages."""
    def work(number):
        chance = random.Random(number)
        try:
            for _ in range(8):
                kind = chance.choice(kinds)
                with connect(kind) as client:
                    for _ in range(3):
                        wanted = chance.choice(kinds)
                        reply = client.message(f"a@p{kinds.index(wanted)}.test")
                        done.append(reply.code)
                        if reply.code != (250 if kind == wanted else 554):
                            wrong.append(f"{kind} for {wanted}: {reply}")
                        client.command("RSET")  # a refusal of DATA does not end the transaction
        except Exception as error:  # shown by the test, not lost in the thread
            wrong.append(f"{type(error).__name__}: {error}")
    threads = [threading.Thread(target=work, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


@test("pins x many sessions from one address with different certificates are never mixed, nor deferred behind a restart")
def interleaved():
    kinds = UNTRUSTED[:4] + ("good", "other-name")
    for kind in kinds:  # made before the threads need them
        RIG.need().pki.client(kind)
    wrong, done = [], []
    for _ in range(2):  # Postfix's processes know the listener of the daemon before
        with filter_with(*(partner(f"p{n}", pin(kind)) for n, kind in enumerate(kinds))):
            interleave(kinds, done, wrong)
    warnings = [line for line in PINNED.mta.log().splitlines() if "warning" in line and "nobody.sock" not in line]
    equal((len(done), wrong[:5]), (576, []), "\n".join(warnings[-10:]))


@test("pins x DATA once more behind its refusal is no way around it")
def data_again():
    with filter_with(partner("pinned", pin("self-signed"))), connect("good") as client:
        accepted(client.mail("a@pinned.test"))
        accepted(client.rcpt())
        contains(str(client.command("DATA")), "certificate_fingerprint")
        equal(client.command("DATA").code, 451, "DATA again")
        equal(client.bdat(MESSAGE, last=True).code, 451, "BDAT")  # libmilter has given up a session out of step


@test("pins x a source port that is taken up again by another certificate")
def port_reuse():
    def from_port(kind, port):
        stream = smtp.Client.__new__(smtp.Client)
        stream.context = stream.session = stream.banner = None
        stream.buffer = b""
        stream.stream = socket.socket()
        stream.stream.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        stream.stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")  # closed by a reset: free at once
        stream.stream.settimeout(20)
        stream.stream.bind(("127.0.0.1", port))
        stream.stream.connect(("127.0.0.1", PINNED.port()))
        stream.banner = stream.reply()
        stream.ehlo()
        stream.starttls(Tls(certificate=RIG.pki.client(kind)))
        stream.ehlo()
        return stream
    port = postfix.free_ports(1)[0]
    with filter_with(partner("pinned", pin("self-signed"))):
        for number in range(6):
            kind, code = (("self-signed", 250), ("good", 554))[number % 2]
            with from_port(kind, port) as client:
                reply = client.message("a@pinned.test")
                equal(reply.code, code, f"{kind}: {reply}")
