# SPDX-License-Identifier: BSD-2-Clause
"""Row S22, and what doctor says of a Sendmail, compared with what that Sendmail does (T31)."""
import json
import os
import re
import socket
import ssl
import subprocess
import threading

from sendmail_rig import RIG, Instance, accepted, manual, policy
import dns
import sendmail
import smtp
from smtp import Tls
from tap import Skip, equal, test

# An alias of a domain that anybody may have, and the partner that it leads to.
ZONE = {"alias.evil.test": [("CNAME", "partner.test")], "partner.test": [("A", "192.0.2.9"), ("MX", "mx.partner.test")],
        "mx.partner.test": [("A", "192.0.2.10")], "short.here.test": [("CNAME", "partner.test")]}
CANONIFY = "FEATURE(`nocanonify')dnl\n"


class Sink:
    """A server that takes every message: (sender, header From) of each."""

    def __init__(self):
        self.listener, self.taken = socket.create_server(("127.0.0.1", 0)), []
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return  # closed
            with client, client.makefile("rwb") as stream:
                self._serve(stream)

    def _serve(self, stream):
        def say(line):
            stream.write(line + b"\r\n")
            stream.flush()

        sender = None
        say(b"220 sink.test")
        for line in stream:
            word = line[:4].upper()
            if word == b"DATA":
                say(b"354 go on")
                message = b"".join(iter(stream.readline, b".\r\n")).decode()
                self.taken.append((sender, re.search(r"^From: (.*?)\r$", message, re.M)[1]))
            elif word == b"MAIL":
                sender = re.search(rb"<(.*?)>", line)[1].decode()
            say(b"221 bye" if word == b"QUIT" else b"250 ok")
            if word == b"QUIT":
                return

    def close(self):
        self.listener.close()


def unfiltered(lines):
    """The manual's lines for tests that have no filter and need none."""
    return lines.replace("F=T", "F=")


def delivered(lines, header="boss@alias.evil.test", service=None):
    """(sender, header From) as Sendmail delivers a message of boss@alias.evil.test, and what doctor says of it."""
    sink = Sink()
    lines += f"define(`SMART_HOST', `esmtp:[127.0.0.1]')dnl\ndefine(`ESMTP_MAILER_ARGS', `TCP $h {sink.port}')dnl\n"
    try:
        with dns.Server(ZONE) as server:
            surroundings = {"resolv.conf": server.resolv_conf() + "search here.test\n",
                            "mail/service.switch": "hosts files dns\naliases files\n"}
            with sendmail.Sendmail({"main": service or {}}, lines, surroundings) as mta:
                with smtp.connect(mta.port("main")) as client:
                    accepted(client.message("boss@alias.evil.test", message=f"From: {header}\r\nTo: u@here.test\r\n\r\nHi.\r\n"))
                mta.command("-qf")
                equal(len(sink.taken), 1, f"messages delivered\n{mta.log()[-2000:]}")
                return sink.taken[0], "nocanonify" in errors(mta)
    except dns.Busy as why:
        raise Skip(str(why)) from None
    finally:
        sink.close()


def errors(mta, partner="{name: a, domains: [a.test]}"):
    """The errors that doctor finds in that sendmail.cf: those about names and about what TLS is offered."""
    program = os.environ.get("FORCETLS")
    if not program:
        raise Skip("FORCETLS does not name the tool")
    with open(mta.path("etc/mail/sendmail.cf"), encoding="utf-8") as file:
        text = file.read().replace("/etc/mail/", mta.path("etc/mail/"))  # as it is seen from outside
    cf, file = mta.path("outside.cf"), mta.path("outside.yaml")
    with open(cf, "w", encoding="utf-8") as out:
        out.write(text)
    with open(file, "w", encoding="utf-8") as out:
        out.write(f"version: 1\nmilter: {{socket: unix:/run/forcetls/forcetls.sock}}\npartners: [{partner}]\n")
    done = subprocess.run([program, "doctor", "-c", file, "--sendmail-cf", cf, "--json"], check=False,
                          stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, timeout=120)
    wanted = ("nocanonify", "DaemonPortOptions", "srv_features", "ServerSSLOptions", "CipherList")
    return {finding["subject"]: finding["text"] for finding in json.loads(done.stdout)["findings"]
            if finding["level"] == "error" and finding["subject"] in wanted}


KEPT = ("boss@alias.evil.test", "boss@alias.evil.test")
REPLACED = ("boss@partner.test", "boss@partner.test")


@test("S22 s a name that is an alias is delivered as its target without nocanonify, and as it was with the manual's lines")
def aliases():
    lines = unfiltered(manual("filter"))
    equal(CANONIFY in lines, True, "nocanonify in the manual's lines")
    equal(delivered(lines.replace(CANONIFY, "")), (REPLACED, True), "without nocanonify")
    equal(delivered(lines), (KEPT, False), "the manual's lines")


@test("S22 s what brings the replacement back, and what doctor says of each")
def aliases_again():
    equal(delivered(CANONIFY + "CANONIFY_DOMAIN(`evil.test')dnl\n"), (REPLACED, True), "CANONIFY_DOMAIN")
    equal(delivered(CANONIFY, service={"M": "c"}), (REPLACED, True), "the modifier c")
    equal(delivered("FEATURE(`nocanonify', `canonify_hosts')dnl\n", header="boss@short"),
          (("boss@alias.evil.test", "boss@partner.test"), True), "canonify_hosts")
    equal(delivered(CANONIFY, header="boss@short"), (("boss@alias.evil.test", "boss@short"), False), "a short name")


# ---- what TLS is offered ----

def option(value):
    return f"define(`confSERVER_SSL_OPTIONS', `{value}')dnl\n"


def ruleset(rule):
    return f"\nLOCAL_RULESETS\nSsrv_features\n{rule}\n"


# (lines of sendmail.mc, options of the daemon, what stands behind the mailers)
OFFERS = [
    ("", {}, ""), ("", {"M": "S"}, ""), ("", {"M": "Ea"}, ""),
    (option("+SSL_OP_NO_TLSv1_3"), {}, ""), (option("SSL_OP_NO_TLSv1_3"), {}, ""), (option("SSL_OP_NO_TLSv1_2"), {}, ""),
    (option("SSL_OP_NO_TLSv1_2 +SSL_OP_NO_TLSv1_3"), {}, ""), (option("+SSL_OP_NO_TLSv1_3 -SSL_OP_NO_TLSv1_3"), {}, ""),
    (option("0x20000000"), {}, ""), (option("SSL_OP_NO_TICKET"), {}, ""),
    ("define(`confCIPHER_LIST', `AES128-SHA256')dnl\n", {}, ""),
    ("define(`confCIPHER_LIST', `ECDSA')dnl\n", {}, ""),  # of which the server's RSA key is none
    ("", {}, ruleset("R$*\t$# S")), ("", {}, ruleset("R$*\t$# s")), ("", {}, ruleset("R$*\t$# V S")),
]


def speaks(port, version):
    try:
        with smtp.Client(port) as client:
            return "STARTTLS" in client.ehlo() and client.starttls(Tls(version)).code == 220 and client.version == version
    except (ssl.SSLError, OSError):
        return False


@test("T31 s doctor finds a version missing where Sendmail does not offer it, and nowhere else")
def offers():
    versions, wrong = ("TLSv1.2", "TLSv1.3"), []
    for lines, service, tail in OFFERS:
        instance = Instance(lambda text, more=lines: unfiltered(text) + more, {"main": service})
        instance.mta.tail = tail
        with instance:
            spoken = [version for version in versions if speaks(instance.mta.port("main"), version)]
            for version in versions:
                found = errors(instance.mta, "{name: a, domains: [a.test], require: {min_tls_version: %s}}" % version)
                if any(one >= version for one in spoken) != (not found):
                    wrong.append(f"{lines}{service}{tail} speaks {spoken}; a partner that requires {version}: {found}")
    equal(wrong, [])


@test("T31 s STARTTLS that the access map takes away")
def access_map():
    makemap = os.path.join(RIG.need().mta.root, "usr/libexec/sendmail/makemap")
    for key, hidden, found in (("Srv_Features:", True, ["srv_features"]), ("Srv_Features:192.0.2", False, [])):
        instance = Instance(lambda text: unfiltered(text) + "FEATURE(`access_db')dnl\n")
        mta = instance.mta
        mta.files["mail/access"] = f"{key}\tS\n"
        mta._make_places()  # pylint: disable=protected-access
        with open(mta.path("etc/mail/access"), "rb") as access:
            subprocess.run([makemap, "-C", "/dev/null", "hash", mta.path("etc/mail/access")], stdin=access, check=True,
                           stderr=subprocess.DEVNULL, env=mta._environment())  # pylint: disable=protected-access
        with instance, smtp.Client(mta.port("main")) as client:
            equal("STARTTLS" not in client.ehlo(), hidden, key)
            equal(sorted(errors(mta)), found, key)


@test("T29 s sessions from before a certificate was asked for end with the restart that the change needs")
def resumed():
    partner = "\n  - {name: trusted, domains: [trusted.test], require: {certificates: trusted}}"
    asking = Tls(certificate=RIG.need().pki.client("good"))
    with Instance(lambda lines: lines.replace("TLS_SRV_OPTIONS', `'", "TLS_SRV_OPTIONS', `V'")) as instance, \
            instance.daemon(policy(partner)):
        before = []
        for version in ("TLSv1.2", "TLSv1.3"):
            before.append(instance.connect(asking._replace(version=version)))
            equal(before[-1].mail("a@trusted.test").code, 451, "not asked for")
        instance.mta.restart(instance.mta.lines.replace("TLS_SRV_OPTIONS', `V'", "TLS_SRV_OPTIONS', `'"))
        for first in before:
            with instance.connect() as client:
                equal(client.starttls(resume=first).code, 220)
                client.ehlo()
                equal(client.resumed, False)
                accepted(client.mail("a@trusted.test"))
            first.close()
