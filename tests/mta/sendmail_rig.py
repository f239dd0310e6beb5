# SPDX-License-Identifier: BSD-2-Clause
"""What the Sendmail tests share: one Sendmail, configured by the lines of forcetls-sendmail(7), and daemons behind it."""
import os
import re
import shutil
import tempfile

import rig
from rig import CODES, PARTNERS, UNKNOWN, accepted, policy, refused, yaml_string  # noqa: F401
import pki
import sendmail
import smtp
from daemon import Daemon
from smtp import Tls
from tap import Skip

CODES["certificate_fingerprint"] = ("554 5.7.1", "451 4.7.1")
TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SOCKET = "/run/forcetls/{}.sock"

# {verify} and {client_resolve} have values that no client can bring about: a ruleset sets them, by the sender.
RULESETS = """
LOCAL_CONFIG
Kset macro
LOCAL_RULESETS
SLocal_check_mail
R$* <$+@verify.test> $*\t$: $(set {verify} $@ $2 $) ok
R$* <$+@resolve.test> $*\t$: $(set {client_resolve} $@ $2 $) ok
R$* <$*@unset.test> $*\t$: $(set {verify} $@ $) ok
R$* <$*@unmarked.test> $*\t$: $(set {cert_subject} $@ /O=Partner+20GmbH/CN=x/CN=mail.partner.test $) ok
R$* <$*@invented.test> $*\t$: $(set {cert_subject} $@ /O=Partner+20GmbH/CN=mail.partner.test $) ok
"""

# Clients by address, for rules about names.
HOSTS = {"127.0.0.10": "mail.bound.test", "127.0.0.11": "mx.byname.test"}

OWN_PARTNERS = """
  - {name: fp, domains: [fp.test], require: {certificates: [{fingerprint: "sha256:%(good)s"}]}}
  - {name: fpself, domains: [fpself.test], require: {certificates: [{fingerprint: "sha256:%(self)s"}]}}
  - {name: keyed, domains: [keyed.test], require: {certificates: [{key_fingerprint: "sha256:%(good)s"}]}}
  - {name: verify, domains: [verify.test, unset.test], require: {certificates: trusted}}
  - name: dn
    domains: [dn.test, unmarked.test, invented.test]
    require: {certificates: [{subject: {O: Partner GmbH}}]}
  - name: dnfull
    domains: [dnfull.test]
    require:
      certificates: [{subject: {CN: mail.partner.test, O: Partner GmbH, OU: IT, C: DE}, issuer: {CN: Test Intermediate CA}}]
  - {name: dnou, domains: [dnou.test], require: {certificates: [{subject: [{OU: IT}, {OU: Mail}]}]}}
  - {name: dncn, domains: [dncn.test], require: {certificates: [{subject: {CN: mail.partner.test}}]}}
  - {name: lo, domains: [lo.test], require: {clients: [127.0.0.12, mail.bound.test]}}
  - {name: byaddress, clients: [127.0.0.13]}
  - {name: percent, domains: [percent.test], message: "100%% of mail, 50%%d %%s %%n: postmaster@here.test"}
"""


def manual(*blocks):
    """The lines of sendmail.mc that the manual shows in those blocks."""
    with open(os.path.join(TOP, "man", "forcetls-sendmail.7"), encoding="ascii") as page:
        text = page.read()
    found = {name: body for name, body in re.findall(r'^\.\\" mc (\w+)\n\.Bd -literal\n(.*?)^\.Ed$', text, re.M | re.S)}
    return "".join(found[name] for name in blocks)


def other_filter(name, old="forcetls"):
    """The manual's filter under another name, not asked by default, and with less patience."""
    line = manual("filter").replace("INPUT_MAIL_FILTER", "MAIL_FILTER").replace(old, name, 1)
    line = line.replace(SOCKET.format(old), SOCKET.format(name))
    return re.sub(r"T=C[^']*", "T=C:2s;S:2s;R:2s;E:3s", line)


def files(authority, kind="rsa"):
    """The files that the manual's lines name."""
    server = authority.server(kind)
    return {"mail/tls/partners-ca.pem": authority.ca_file, "mail/tls/mail.example.org.pem": server.file,
            "mail/tls/mail.example.org.key": server.key, "mail/tls/partners-ca/README": "empty\n"}


# Old versions and weak suites are what some tests are about.
WEAK = "define(`confCIPHER_LIST', `ALL:COMPLEMENTOFALL:@SECLEVEL=0')dnl\n"


class Rig:
    """Made at the first need, so that a program that is asked for nothing starts nothing."""

    def __init__(self):
        self.dir = self.pki = self.mta = self.main = self.failure = None
        self.odd_names = []

    def socket(self, name="forcetls"):
        return f"unix:{self.mta.dir}{SOCKET.format(name)}"

    def start(self):
        self.dir = tempfile.mkdtemp(prefix="fs", dir="/tmp")
        self.pki = pki.Pki(self.dir)
        main = {}  # the manual's filter is everyone's
        services = {"main": main, "smtps": {**main, "M": "s"}, "six": {**main, "Family": "inet6", "Addr": "::1"},
                    "mapped": {**main, "Family": "inet6", "Addr": "::ffff:127.0.0.1"},
                    "spare": {"InputMailFilters": "spare"}, "fault": {"InputMailFilters": "fault"},
                    "old": {"InputMailFilters": "old"}}
        lines = manual("tls", "filter") + WEAK + "".join(other_filter(name) for name in ("spare", "fault", "old"))
        try:
            self.mta = sendmail.Sendmail(services, lines, files(self.pki), HOSTS, RULESETS).start()
        except sendmail.Missing as why:
            raise Skip(str(why)) from None
        self.main = Daemon(self.policy(), socket=self.socket()).__enter__()

    def policy(self):
        odd = "".join(f"  - name: odd{number}\n    domains: [odd{number}.test]\n    require:\n      certificates:\n"
                      f"        - {{subject: {yaml_string(name)}}}\n" for number, name in enumerate(self.odd_names))
        own = OWN_PARTNERS % {"good": self.pki.client("good").fingerprint(),
                              "self": self.pki.client("self-signed").fingerprint()}
        return policy(PARTNERS + own + odd)

    def stop(self):
        try:
            if self.mta:
                self.mta.stop()
        finally:
            if self.main:
                self.main.__exit__(None, None, None)
            if self.dir:
                shutil.rmtree(self.dir, ignore_errors=True)

    def need(self):
        if not self.dir and not self.failure:
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
        return Daemon(text, socket=self.socket("spare"), **options)


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


def fields(label, *lines):
    """TLS with a certificate whose subject is written as in OpenSSL's configuration: "O = Partner GmbH"."""
    return Tls(certificate=RIG.need().pki.made.get(label) or issue(RIG.pki, label, lines))


def issue(authority, label, lines):
    """A client's certificate of the intermediate authority with such a subject."""
    authority._write_config(label, [])  # pylint: disable=protected-access
    config = authority._path(label, ".cnf")  # pylint: disable=protected-access
    with open(config, encoding="utf-8") as file:
        text = file.read()
    bounds = "".join(f"{name} = min:1, max:1000\n" for name in ("organizationName", "organizationalUnitName"))
    text = text.replace("[bounds]\n", "[bounds]\n" + bounds).replace("[name]\n", "[name]\n" + "\n".join(lines) + "\n")
    with open(config, "w", encoding="utf-8") as file:
        file.write(text)
    signer = authority.authority(pki.INTERMEDIATE)
    made = authority._make(label, signer, "leaf")  # pylint: disable=protected-access
    with open(made.file, "ab") as out, open(signer.file, "rb") as behind:
        out.write(behind.read())
    authority.made[label] = made
    return made


class Instance:
    """A Sendmail with the manual's lines alone, or with what `change` makes of them."""

    def __init__(self, change=lambda lines: lines, services=None, blocks=("tls", "filter")):
        self.mta = sendmail.Sendmail(services or {"main": {}}, change(manual(*blocks)), files(RIG.need().pki))

    def __enter__(self):
        self.mta.start()
        return self

    def __exit__(self, *_):
        self.mta.stop()

    def daemon(self, text, name="forcetls"):
        return Daemon(text, socket=f"unix:{self.mta.dir}{SOCKET.format(name)}")

    def connect(self, tls=None, service="main", **options):
        return smtp.connect(self.mta.port(service), tls, **options)


class Logged(rig.Logged):
    """The same behind Sendmail."""

    def __init__(self, daemon=None, connect_to=connect):  # pylint: disable=super-init-not-called
        self.daemon, self.connect = daemon or RIG.need().main, connect_to
