# SPDX-License-Identifier: BSD-2-Clause
"""Sendmail: the documented setup as m4 makes a sendmail.cf of it, and everything that can be wrong, each alone."""
import os

import machine
import tap
from machine import doctor, expect

# What m4 makes of the lines of forcetls-sendmail(7).
CF = """\
V10/Berkeley
DZ{version}
O CACertFile={ca}
O CACertPath={ca_path}
O ServerCertFile={cert}
O ServerKeyFile={key}
O TLSSrvOptions={tls_options}
O CertFingerprintAlgorithm={digest}
O InputMailFilters={filters}
O DaemonPortOptions=Name=MTA-v4, Family=inet{daemon}
O DaemonPortOptions=Port=587, Name=MSA, M=Ea, InputMailFilters=
{more}
Xforcetls, S={spec},
  {flags}T=C:5s;S:5s;R:5s;E:30s
Xother, S=inet:11332@127.0.0.1, F=T
SCanonify2=96
{rules}
Ssrv_features
{features}
"""

# The rules of m4/proto.m4 that ask the name server: with nocanonify, without it, with canonify_hosts.
NO_CANONIFY = ("R$* $| $* < @ $* $={Canonify} > $*\t$: $2 < @ $[ $3 $4 $] > $5\n"
               "R$* c $* $| $* < @ $* > $*\t$: $3 < @ $[ $4 $] > $5\n"
               "R$* $| $* < @ $+.$+ > $*\t$: $2 < @ $3.$4 . > $5")
PLAIN = "R$* $| $* < @ $* > $*\t\t$: $2 < @ $[ $3 $] > $4"

POLICY = """\
version: 1
milter: {{socket: "unix:{socket}", mta: sendmail}}
{top}partners:
  - name: contoso
    domains: [contoso.com]
    require: {{certificates: [{certificates}]{require}}}
"""
NAMES = "{subject: mail.partner.test, issuer: Test Intermediate CA}"
PIN = 'fingerprint: "sha256:' + ":".join(["AB"] * 32) + '"'


class Setup:
    """A good setup; `values` and others are changed before look()."""

    def __init__(self):
        self.dir = machine.place(("/run", os.path.expanduser("~"), "/var/lib"))
        above = [self.dir, *self.dir.parents]
        if any(path.stat().st_mode & 0o022 for path in above):
            raise tap.Skip("no directory that Sendmail would trust")
        (self.dir / "run").mkdir(0o755)
        (self.dir / "ca").mkdir(0o755)
        for source, name in ((machine.shared.pki.ca_file, "ca.pem"), (machine.shared.pki.server().file, "cert.pem"),
                             (machine.shared.pki.server().key, "key.pem")):
            with open(source, "rb") as file:
                (self.dir / name).write_bytes(file.read())
        self.socket = self.dir / "run" / "forcetls.sock"
        self.listener = machine.listen(self.socket)
        self.values = {"version": "8.17.1.9/Debian-8.17.1.9-2", "ca": self.dir / "ca.pem", "ca_path": self.dir / "ca",
                       "cert": self.dir / "cert.pem", "key": self.dir / "key.pem", "tls_options": "", "digest": "sha256",
                       "filters": "other,forcetls", "daemon": "", "more": "", "spec": f"unix:{self.socket}", "flags": "F=T, ",
                       "rules": NO_CANONIFY, "features": "R$*\t$@ OK"}
        self.require = ""
        self.policy_top = ""
        self.certificates = f"{NAMES}, {{{PIN}}}"

    def look(self, status=None):
        cf, policy = self.dir / "sendmail.cf", self.dir / "forcetls.yaml"
        cf.write_text(CF.format(**self.values))
        policy.write_text(POLICY.format(socket=self.socket, top=self.policy_top, certificates=self.certificates,
                                        require=self.require and f", {self.require}"))
        policy.chmod(0o644)
        return doctor("-c", policy, "--sendmail-cf", cf, status=status)


def values(**changed):
    return lambda setup: setup.values.update(changed)


def no_socket(setup):
    machine.stop(setup.listener)
    setup.socket.unlink()


def path_setting(name, value):
    return lambda setup: setup.values.update({name: setup.dir / value})


def access(text):
    """An access map that is made of such a file."""
    def change(setup):
        path = setup.dir / "access"
        path.write_text(text)
        setup.values["more"] = f"Kaccess hash -T<TMPF> {path}"
    return change


def requires(text):
    return lambda setup: setattr(setup, "require", text)


def server_key(kind):
    def change(setup):
        for source, name in ((machine.shared.pki.server(kind).file, "cert.pem"), (machine.shared.pki.server(kind).key, "key.pem")):
            with open(source, "rb") as file:
                (setup.dir / name).write_bytes(file.read())
    return change


CASES = [
    ("S22 f without nocanonify", [values(rules=PLAIN)], "error nocanonify"),
    ("S22 f nocanonify with canonify_hosts", [values(rules=f"{NO_CANONIFY}\n{PLAIN}")], "error nocanonify"),
    ("S22 f nocanonify with CANONIFY_DOMAIN", [values(more="C{Canonify}evil.test")], "error nocanonify"),
    ("S22 f nocanonify with CANONIFY_DOMAIN_FILE", [values(more="F{Canonify}/etc/mail/canonify-domains")], "error nocanonify"),
    ("S22 f nocanonify with a daemon that has the modifier c", [values(daemon=", M=Ec")], "error nocanonify"),
    ("S22 f nocanonify with a daemon that has the modifier C", [values(daemon=", M=C")]),
    ("S22 f a rule of another ruleset that looks up a client's name", [values(more="SBasic_check_relay\nR<@> $+\t$:<?>  $[ $1 $]")]),
    ("T31 f daemon without STARTTLS", [values(daemon=", M=S")], "error DaemonPortOptions"),
    ("T31 f submission without STARTTLS", [values(more="O DaemonPortOptions=Port=587, Name=old, M=SEa, InputMailFilters=")]),
    ("T31 f srv_features of everyone in the access map", [access("Srv_Features:\tS\n")], "error srv_features"),
    ("T31 f srv_features of some in the access map", [access("srv_features:192.0.2\tA, S\n")], "warning srv_features"),
    ("T31 f srv_features that ask for no certificate", [access("Srv_Features:\tA V\n")], "error srv_features"),
    ("T31 f srv_features that matter to nobody", [access("# Srv_Features: S\nSrv_Features:192.0.2\ts A\nFrom:x S\n")]),
    ("T31 f srv_features by a ruleset", [values(features="R$*\t$# A S")], "error srv_features"),
    ("T31 f srv_features by a ruleset for some", [values(features="R$* relay $*\t$# S")], "warning srv_features"),
    ("T31 f no version that is needed", [values(more="O ServerSSLOptions=SSL_OP_NO_TICKET +SSL_OP_NO_TLSv1_3"),
                                         requires("min_tls_version: TLSv1.3")], "error ServerSSLOptions"),
    ("T31 f no version that is needed, by a number", [values(more="O ServerSSLOptions=0x20000000"), requires("min_tls_version: TLSv1.3")],
     "error ServerSSLOptions"),
    ("T31 f no version at all", [values(more="O ServerSSLOptions=SSL_OP_NO_TLSv1_3 SSL_OP_NO_TLSv1_2")], "error ServerSSLOptions"),
    ("T31 f no version that nobody needs", [values(more="O ServerSSLOptions=SSL_OP_NO_TLSv1_3")]),
    ("T31 f no suite that is needed", [values(more="O CipherList=AES128-SHA256"), server_key("rsa"),
                                       requires("min_cipher_bits: 256, ciphers: [AES256-GCM-SHA384, AES128-SHA256, TLS_AES_128_CCM_SHA256]")],
     "error CipherList"),
    ("T31 f a suite that is needed", [values(more="O CipherList=AES256-GCM-SHA384"), server_key("rsa"),
                                      requires("ciphers: [AES256-GCM-SHA384, TLS_AES_128_CCM_SHA256]")]),
    ("T31 f a suite that is needed, and not this kind of key",
     [values(more="O CipherList=AES256-GCM-SHA384"), server_key("ec"), requires("ciphers: [AES256-GCM-SHA384, TLS_AES_128_CCM_SHA256]")],
     "error CipherList"),
    ("T31 f a suite of TLS 1.3 that is switched off", [values(more="O CipherSuites=TLS_AES_128_GCM_SHA256"), requires("min_cipher_bits: 256, min_tls_version: TLSv1.3")],
     "error CipherList"),
    ("T30 f fingerprints of another digest with 256 bits", [values(digest="sha3-256")], "error CertFingerprintAlgorithm"),
    ("F10 f socket directory of another user", [lambda s: os.chown(s.socket.parent, 65534, -1)], "error socket_safety"),
    ("a good sendmail.cf is good", []),
    ("F09 x Sendmail without F=T", [values(flags="")], "error INPUT_MAIL_FILTER"),
    ("Sendmail with F=4", [values(flags="F=4, ")]),
    ("Sendmail with F=R", [values(flags="F=R, ")], "warning INPUT_MAIL_FILTER"),
    ("Sendmail without the filter", [values(spec="inet:1@127.0.0.1")], "error INPUT_MAIL_FILTER"),
    ("Sendmail's own way to write a socket", [lambda s: s.values.update(spec=f"local:{s.socket}")]),
    ("filter that no daemon asks", [values(filters="other")], "error InputMailFilters"),
    ("F09 x daemon without the filter", [values(daemon=", InputMailFilters=other")], "error InputMailFilters"),
    ("daemons on loopback without the filter",
     [values(more="O DaemonPortOptions=Name=l4, Addr=127.0.0.1, Port=25, InputMailFilters=\n"
                  "O DaemonPortOptions=Name=l6, Family=inet6, Addr=::1, InputMailFilters=")]),
    ("F09 x the only daemon, on loopback behind a proxy, without the filter",
     [values(daemon=", Addr=127.0.0.1, InputMailFilters=")], "error InputMailFilters"),
    ("F09 x daemon at an address of the network without the filter",
     [values(more="O DaemonPortOptions=Name=x, Addr=192.0.2.1, InputMailFilters=")], "error InputMailFilters"),
    ("F09 x submission where nobody has to log in, without the filter",
     [values(more="O DaemonPortOptions=Name=old, Port=587, M=E, InputMailFilters=")], "error InputMailFilters"),
    ("F09 x port 465 where nobody has to log in, without the filter",
     [values(more="O DaemonPortOptions=Name=TLSMTA, Port=smtps, M=s, InputMailFilters=")], "error InputMailFilters"),
    ("port 465 where users log in, without the filter", [values(more="O DaemonPortOptions=Name=TLSMTA, Port=465, M=sa, InputMailFilters=")]),
    ("timeouts of Sendmail", [lambda s: s.values.update(flags="F=T, T=C:5m;S:10s;R:10s;E:5m, ")], "warning milter_timeouts"),
    ("V in TLSSrvOptions", [values(tls_options="V")], "error TLSSrvOptions"),
    ("V in TLSSrvOptions without certificate rules", [values(tls_options="V"), lambda s: setattr(s, "certificates", "{key_" + PIN + "}")],
     "error key_fingerprint", "warning policy"),
    ("no CA file", [values(ca="")], "error CACertFile"),
    ("CA file that is not there", [values(ca="/nonexistent/ca.pem")], "error CACertFile"),
    ("no CA directory", [values(ca_path="")], "warning CACertPath"),
    ("no certificate of Sendmail's own", [values(cert="")], "error ServerCertFile"),
    ("key that is not there", [values(key="/nonexistent/key.pem")], "error ServerKeyFile"),
    ("certificate in a directory of others", [lambda s: (s.dir / "ca").chmod(0o775), lambda s: s.values.update(cert=s.dir / "ca/../cert.pem")],
     "error ServerCertFile"),
    ("CertFingerprintAlgorithm not set", [values(digest="")], "error CertFingerprintAlgorithm"),
    ("CertFingerprintAlgorithm of another digest", [values(digest="sha1")], "error CertFingerprintAlgorithm"),
    ("CertFingerprintAlgorithm without pins", [values(digest=""), lambda s: setattr(s, "certificates", NAMES)]),
    ("old version without its list of macros", [values(version="8.14.0")], "error milter_macros"),
    ("version that mixes up its lists", [values(version="8.14.6")], "error milter_macros"),
    ("old version with its list of macros",
     [values(version="8.13.8", more="O Milter.macros.envfrom=i, {client_port}, {tls_version}, {verify}")]),
    ("unsafe directory", [lambda s: s.socket.parent.chmod(0o775)], "error socket_safety"),
    ("DontBlameSendmail", [values(more="O DontBlameSendmail=GroupWritableDirPathSafe")], "warning DontBlameSendmail"),
    ("no socket of the filter", [no_socket], "error socket"),
    ("RunAsUser who does not exist", [values(more="O RunAsUser=nosuchuser:mail")], "error RunAsUser"),
]


def run_case(changes, wanted):
    setup = Setup()
    for change in changes:
        change(setup)
    try:
        expect(setup.look(status=2 if any(w.startswith("error") for w in wanted) else 1 if wanted else 0), *wanted)
    finally:
        machine.stop(setup.listener)


def unreadable():
    setup = Setup()
    setup.look()
    machine.stop(setup.listener)
    expect(doctor("-c", setup.dir / "forcetls.yaml", "--sendmail-cf", "/nonexistent", status=2), "error mta")


def define():
    for name, changes, *wanted in CASES:
        tap.test(f"sendmail.cf: {name}" if not name[1:3].isdigit() else name)(lambda c=changes, w=wanted: run_case(c, w))
    tap.test("sendmail.cf that is not there")(unreadable)
