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
"""

POLICY = """\
version: 1
milter: {{socket: "unix:{socket}", mta: sendmail}}
partners:
  - name: contoso
    domains: [contoso.com]
    require: {{certificates: [{certificates}]}}
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
                       "filters": "other,forcetls", "daemon": "", "more": "", "spec": f"unix:{self.socket}", "flags": "F=T, "}
        self.certificates = f"{NAMES}, {{{PIN}}}"

    def look(self, status=None):
        cf, policy = self.dir / "sendmail.cf", self.dir / "forcetls.yaml"
        cf.write_text(CF.format(**self.values))
        policy.write_text(POLICY.format(socket=self.socket, certificates=self.certificates))
        policy.chmod(0o644)
        return doctor("-c", policy, "--sendmail-cf", cf, status=status)


def values(**changed):
    return lambda setup: setup.values.update(changed)


def no_socket(setup):
    setup.listener.close()
    setup.socket.unlink()


def path_setting(name, value):
    return lambda setup: setup.values.update({name: setup.dir / value})


CASES = [
    ("a good sendmail.cf is good", []),
    ("F09 x Sendmail without F=T", [values(flags="")], "error INPUT_MAIL_FILTER"),
    ("Sendmail with F=4", [values(flags="F=4, ")]),
    ("Sendmail with F=R", [values(flags="F=R, ")], "warning INPUT_MAIL_FILTER"),
    ("Sendmail without the filter", [values(spec="inet:1@127.0.0.1")], "error INPUT_MAIL_FILTER"),
    ("Sendmail's own way to write a socket", [lambda s: s.values.update(spec=f"local:{s.socket}")]),
    ("filter that no daemon asks", [values(filters="other")], "error InputMailFilters"),
    ("F09 x daemon without the filter", [values(daemon=", InputMailFilters=other")], "error InputMailFilters"),
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
        setup.listener.close()


def unreadable():
    setup = Setup()
    setup.look()
    setup.listener.close()
    expect(doctor("-c", setup.dir / "forcetls.yaml", "--sendmail-cf", "/nonexistent", status=2), "error mta")


def define():
    for name, changes, *wanted in CASES:
        tap.test(f"sendmail.cf: {name}" if not name.startswith("F09") else name)(lambda c=changes, w=wanted: run_case(c, w))
    tap.test("sendmail.cf that is not there")(unreadable)
