# SPDX-License-Identifier: BSD-2-Clause
"""What the tests share: one Postfix with a service for every need, daemons behind it, words for what is expected."""
import os
import re
import shutil
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "lib"))
import pki
import postfix
import smtp
from daemon import Daemon
from dovecot import Authenticator
from smtp import Tls
from tap import Skip

USER, PASSWORD = "alice", "secret"
CODES = {"no_tls": ("530 5.7.0", "451 4.7.0"), "tls_version": ("554 5.7.0", "451 4.7.0"),
         "cipher": ("554 5.7.0", "451 4.7.0"), "cipher_bits": ("554 5.7.0", "451 4.7.0"),
         "forward_secrecy": ("554 5.7.0", "451 4.7.0"), "certificate_missing": ("554 5.7.5", "451 4.7.5"),
         "certificate_untrusted": ("554 5.7.5", "451 4.7.5"), "certificate_subject": ("554 5.7.1", "451 4.7.1"),
         "certificate_issuer": ("554 5.7.1", "451 4.7.1"), "certificate_dates": ("554 5.7.1", "451 4.7.1"),
         "client_not_allowed": ("554 5.7.1", "451 4.7.1")}
UNKNOWN = "451 4.3.5"  # what cannot be known is always this

PARTNERS = """
  - {name: strict, domains: [partner.test]}
  - {name: below, domains: [.suffix.test]}
  - {name: idn, domains: [münchen.test, .bücher.test, straße.test]}
  - {name: fs, domains: [fs.test], require: {forward_secrecy: true}}
  - {name: listed, domains: [listed.test], require: {ciphers: ["ECDHE+AESGCM"]}}
  - {name: only13, domains: [only13.test], require: {ciphers: [TLS_CHACHA20_POLY1305_SHA256]}}
  - {name: bits, domains: [bits.test], require: {min_cipher_bits: 256}}
  - {name: old, domains: [old.test], require: {min_tls_version: TLSv1}}
  - {name: new, domains: [new.test], require: {min_tls_version: TLSv1.3}}
  - name: cert
    domains: [cert.test]
    require: {certificates: [{subject: mail.partner.test, issuer: Test Intermediate CA}]}
  - {name: trusted, domains: [trusted.test], require: {certificates: trusted}}
  - {name: starred, domains: [starred.test], require: {certificates: [{subject: "*.partner.test"}]}}
  - {name: anyname, domains: [issued.test], require: {certificates: [{issuer: Test Intermediate CA}]}}
  - {name: bound, domains: [bound.test], require: {clients: [192.0.2.0/24, "2001:db8:2::/48", mail.bound.test]}}
  - {name: network, clients: [198.51.100.0/24, "2001:db8:1::/48"]}
  - {name: six, clients: ["::1"]}
  - {name: hostname, clients: [.byname.test]}
  - {name: judged, domains: [rcpt.test], recipients: [judged@here.test, .judged.test]}
  - {name: testing, domains: [testing.test], mode: testing}
  - {name: held, domains: [held.test], action: quarantine}
  - {name: later, domains: [later.test], action: tempfail}
  - {name: "off", domains: [off.test], mode: none}
  - {name: worded, domains: [worded.test], message: "Questions: postmaster@here.test"}
"""


def policy(partners, exempt="exempt: {clients: []}", action="reject"):
    """A policy in which loopback is judged too."""
    return f"version: 1\n{exempt}\ndefaults: {{action: {action}}}\npartners:{partners}\n" \
           "  - {name: marker, domains: [marker.test]}\n"


def milter(socket):
    """As forcetls-postfix(7) says."""
    return {"smtpd_milters": f"{{ {socket}, default_action=tempfail }}"}


def documented():
    """The smtpd_milters lines of forcetls-postfix(7), to the letter."""
    page = os.path.join(os.path.dirname(os.path.dirname(HERE)), "man", "forcetls-postfix.7")
    with open(page, encoding="utf-8") as file:
        found = re.findall(r"^smtpd_milters =\s*(\{[^}]*\})", file.read(), re.M)
    return [re.sub(r"\s+", " ", value.replace("\\-", "-")) for value in found]


class Rig:
    """Made at the first need, so that a program that is asked for nothing starts nothing."""

    def __init__(self):
        self.dir = self.pki = self.mta = self.main = self.authenticator = None
        self.odd_names = []
        self.failure = None

    def socket(self, name):
        return f"unix:{self.dir}/{name}.sock"

    def start(self):
        try:
            if os.geteuid() != 0:
                raise postfix.Missing("a Postfix of one's own needs root")
            postfix.program("postfix")
        except postfix.Missing as why:
            raise Skip(str(why)) from None
        self.dir = tempfile.mkdtemp(prefix="fx", dir="/tmp")
        os.chmod(self.dir, 0o755)
        self.pki = pki.Pki(self.dir)
        self.authenticator = Authenticator(os.path.join(self.dir, "auth.sock"), USER, PASSWORD)
        main, hold = milter(self.socket("main")), {"smtpd_client_restrictions": "check_client_access static:hold"}
        sasl = {"smtpd_sasl_auth_enable": "yes", "smtpd_sasl_type": "dovecot",
                "smtpd_sasl_path": self.authenticator.path}
        services = {
            "main": main, "spare": milter(self.socket("spare")),
            # Of clients that it takes for local ones, as all here, Postfix completes addresses before the filter sees them.
            "remote": {**milter(self.socket("spare")), "local_header_rewrite_clients": ""},
            "smtps": {**main, "smtpd_tls_wrappermode": "yes"},
            "proxy": {**main, "smtpd_upstream_proxy_protocol": "haproxy"},
            "weak": {**main, "smtpd_tls_ask_ccert": "no"},  # Postfix leaves out anonymous suites where it asks
            "sasl": {**main, **sasl}, "spare-sasl": {**milter(self.socket("spare")), **sasl},
            "hold": {**main, **hold}, "untouched": {"smtpd_milters": "", **hold},
            "fault": {**milter(self.socket("fault")), "milter_command_timeout": "2s", "milter_connect_timeout": "2s",
                      "milter_content_timeout": "3s", "milter_default_action": "accept"}}
        for number, value in enumerate(documented()):
            services[f"documented{number}"] = {"smtpd_milters": value, "milter_default_action": "accept"}
        certificates = [self.pki.server(), self.pki.server("rsa")]
        self.mta = postfix.Postfix(services, certificates, self.pki.ca_file,
                                   {"non_smtpd_milters": self.socket("spare")}).start()
        odd = "".join(f"  - name: odd{number}\n    domains: [odd{number}.test]\n    require:\n      certificates:\n"
                      f"        - {{subject: {yaml_string(name)}}}\n" for number, name in enumerate(self.odd_names))
        self.main = Daemon(policy(PARTNERS + odd), socket=self.socket("main"), open_to_all=True).__enter__()

    def stop(self):
        try:
            if self.mta:
                self.mta.stop()
            if self.authenticator:
                self.authenticator.stop()
            if self.main:
                self.main.__exit__(None, None, None)
        finally:
            if self.dir:
                shutil.rmtree(self.dir, ignore_errors=True)

    def need(self):
        if self.failure is None and self.main is None:
            try:
                self.start()
            except Exception as why:
                self.failure = why
                raise
        if self.failure:  # once is enough
            raise (Skip if isinstance(self.failure, Skip) else AssertionError)(str(self.failure))
        return self

    def port(self, service="main"):
        return self.need().mta.port(service)

    def spare(self, text, **options):
        """A daemon with a policy of its own behind the service "spare"."""
        self.need()
        return Daemon(text, socket=self.socket("spare"), open_to_all=True, **options)


def yaml_string(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


RIG = Rig()


def odd_name(name):
    """A partner, domain oddN.test, that asks for a certificate of that very name; called while modules load."""
    RIG.odd_names.append(name)
    return f"odd{len(RIG.odd_names) - 1}"


def connect(service="main", tls=None, **options):
    return smtp.connect(RIG.port(service), tls, **options)


def certificate(kind, version=None):
    """TLS with one of the clients' certificates."""
    return Tls(version=version, certificate=RIG.need().pki.client(kind))


def refused(reply, partner, reason, action="reject"):
    """Fails unless the reply is the one that the design has for it."""
    code = CODES[reason][action == "tempfail"] if reason in CODES else UNKNOWN
    if not str(reply).startswith(code + " ") or f"[{partner} {reason}" not in str(reply):
        raise AssertionError(f"wanted {code} … [{partner} {reason}…], got: {reply}")


def accepted(reply):
    if reply.code != 250:
        raise AssertionError(f"wanted 250, got: {reply}")
    return reply


class Logged:
    """
    with Logged() as log: ... log(1): the decisions that came meanwhile, once there are so many. The log is written
    behind the replies, in their order: a message of its own shows that all before it are there.
    """

    def __init__(self, daemon=None):
        self.daemon = daemon or RIG.need().main
        self.connect = lambda: connect("spare" if daemon else "main")

    def __enter__(self):
        marker = f"{time.monotonic_ns()}@marker.test"
        with self.connect() as client:
            client.message(marker)
        for _ in range(500):
            senders = [line["from"] for line in self.daemon.decisions()]
            if marker in senders:
                self.before = senders.index(marker) + 1
                return self
            time.sleep(0.02)
        raise AssertionError(f"no decision on {marker}:\n{self.daemon.log()}")

    def __exit__(self, *_):
        pass

    def __call__(self, count=1):
        return self.daemon.wait_decisions(self.before + count)[self.before:]
