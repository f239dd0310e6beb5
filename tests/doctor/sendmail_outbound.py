# SPDX-License-Identifier: BSD-2-Clause
"""Mail to partners behind Sendmail: a sendmail.cf with the lines that export prints, and what can be wrong with them."""
import os
import subprocess

import machine
import tap
from sendmail_cases import CF, Setup

TOP = "milter: {{socket: 'unix:{socket}', mta: sendmail, outbound: 'unix:/run/forcetls/outbound.sock'}}\n"
PARTNERS = "  - {name: out, domains: [out.test, .out.test], outbound: {}}\n  - {name: tried, domains: [tried.test], outbound: {mode: testing}}\n"


class Outbound(Setup):
    """A good setup; `change` alters the lines of sendmail.cf, `list` the file of partners."""

    def __init__(self, outbound=PARTNERS, change=lambda lines: lines):
        super().__init__()
        self.outbound, self.change, self.list = outbound, change, self.dir / "outbound_access"

    def write_policy(self):
        path = self.dir / "forcetls.yaml"
        path.write_text("version: 1\n" + TOP.format(socket=self.socket) + "partners:\n" + self.outbound)
        path.chmod(0o644)
        return path

    def prepare(self, *options):
        """Exports, and puts the lines into sendmail.cf as m4 does."""
        done = subprocess.run([os.environ["FORCETLS"], "export", "sendmail", "-c", self.write_policy(), "-d", self.dir, *options],
                              capture_output=True, text=True, check=True)
        (self.dir / "outbound_access.db").write_bytes(b"")
        lines = [line for line in done.stdout.splitlines() if not line.startswith("dnl") and line != "LOCAL_CONFIG"]
        lines = "\n".join(lines).replace("LOCAL_TLS_RCPT", "SLocal_tls_rcpt")
        self.values["features"] += "\n" + self.change(lines)
        (self.dir / "sendmail.cf").write_text(CF.format(**self.values))
        return self

    def findings(self, subjects=("tls_rcpt", "outbound_access", "CertFingerprintAlgorithm")):
        """Levels and subjects of what doctor says of mail to partners; each that is not good has a line to write."""
        seen = machine.doctor("-c", self.write_policy(), "--sendmail-cf", self.dir / "sendmail.cf")["findings"]
        mine = [one for one in seen if one["subject"] in subjects]
        tap.equal([one for one in mine if one["level"] != "ok" and not one["change"]], [], "without a line to write")
        return [f"{one['level']} {one['subject']}" for one in mine]


GOOD = ["ok tls_rcpt", "ok outbound_access"]
PIN = "  - {name: out, domains: [out.test], outbound: {require: {certificates: [{fingerprint: 'sha256:" + "AB" * 32 + "'}]}}}\n"


def without(text):
    return lambda lines: "\n".join(line for line in lines.split("\n") if text not in line)


def lines():
    tap.equal(Outbound().prepare().findings(), GOOD)
    tap.equal(Outbound().prepare("--testing").findings(), GOOD)
    for text in ("Ksendmail", "O SetCertAltnames", "SLocal_tls_rcpt", "R<OK>", "$: <TMPF> $)>", "Sforcetls_partner", "forcetls-milter does not answer"):
        tap.equal(Outbound(change=without(text)).prepare().findings()[:1], ["error tls_rcpt"], text)
    for old, new in (("<TMPF> $)>", "OK $)>"), ("Ksendmail socket -f -T<TMPF>", "Ksendmail socket -f"), ("Kforcetls_partners hash -T<TMPF>", "Kforcetls_partners hash -o"),
                     ("outbound.sock", "other.sock")):
        tap.equal(Outbound(change=lambda text, old=old, new=new: text.replace(old, new)).prepare().findings()[:1], ["error tls_rcpt"], new)
    tap.equal(Outbound(change=lambda text: "").prepare().findings(), ["error tls_rcpt"])
    tap.equal(Outbound("  - {name: tried, domains: [tried.test], outbound: {mode: testing}}\n", lambda text: "").prepare().findings(), ["warning tls_rcpt"])
    tap.equal(Outbound("  - {name: inbound, domains: [in.test]}\n  - {name: hole, domains: [no.test], outbound: {mode: none}}\n", lambda text: "").prepare().findings(), [])


def commands():
    setup = Outbound(change=lambda text: "").prepare()
    policy = setup.dir / "my policy;.yaml"
    policy.write_bytes(setup.write_policy().read_bytes())
    policy.chmod(0o644)
    change, = (one["change"] for one in machine.doctor("-c", policy, "--sendmail-cf", setup.dir / "sendmail.cf")["findings"] if one["subject"] == "tls_rcpt")
    tap.contains(change, f"forcetls export sendmail -c '{policy}' -d /etc/mail >/etc/mail/forcetls.m4\n")


def list_of_partners():
    setup = Outbound().prepare()
    setup.outbound += "  - {name: late, domains: [late.test], outbound: {}}\n"
    tap.equal(setup.findings(), ["ok tls_rcpt", "error outbound_access"], "a partner that is not in it")
    setup = Outbound().prepare()
    setup.outbound = PARTNERS.replace(".out.test", ".out.test, x.test").replace("[out.test, ", "[").replace(".out.test, ", "")
    tap.equal(setup.findings()[1:], ["error outbound_access"], "another domain")
    setup = Outbound().prepare()
    with open(setup.list, "a", encoding="ascii") as file:
        file.write("ForceTLS:gone.test\tgone\n")
    tap.equal(setup.findings(), ["ok tls_rcpt", "warning outbound_access"], "one that is gone")
    setup = Outbound().prepare()
    os.utime(setup.dir / "outbound_access.db", (1, 1))
    tap.equal(setup.findings(), ["ok tls_rcpt", "error outbound_access"], "makemap was not run")
    setup = Outbound().prepare()
    setup.list.unlink()
    tap.equal(setup.findings(), ["ok tls_rcpt", "error outbound_access"], "no file")


def digest():
    for value, wanted in (("sha256", []), ("md5", ["error CertFingerprintAlgorithm"])):
        setup = Outbound(PIN)
        setup.values["digest"] = value
        tap.equal([one for one in setup.prepare().findings() if "Finger" in one], wanted, value)


def settings():
    for changes, wanted in (({"ca": ""}, ["error CACertFile"]), ({"more": "O LogLevel=8"}, ["warning LogLevel"]), ({"more": "O LogLevel=9"}, [])):
        setup = Outbound()
        setup.values.update(changes)
        tap.equal([one for one in setup.prepare().findings(("CACertFile", "LogLevel")) if not one.startswith("ok ")], wanted, changes)


def without_tls():
    named = "  - {name: far, domains: [far.test], outbound: {mode: testing, require: {certificates: [{name: mx.relay.test}, {name: .farm.test}]}}}\n"
    for line, partner in (("Try_TLS:mx.out.test\tNO", "partner out"), ("try_tls:OUT.test no", "partner out"), ("Try_TLS:\tNO", "any server"),
                          ("Try_TLS:mx.relay.test\tNO", "partner far"), ("Try_TLS:a.b.farm.test\tNO", "partner far"), ("Try_TLS:farm.test\tNO", None),
                          ("Try_TLS:mx.elsewhere.test\tNO", None), ("Try_TLS:192.0.2.1\tNO", None), ("Try_TLS:mx.out.test\tYES", None),
                          ("#Try_TLS:mx.out.test\tNO", None), ("Try_TLS:mx.out.test", None), ("Try_TLS:", None)):
        setup = Outbound(PARTNERS + named)
        path = setup.dir / "access"
        path.write_text(f"From:x\tREJECT\n{line}\n")
        setup.values["more"] = f"Kaccess hash -T<TMPF> {path}"
        setup.prepare()
        seen = machine.doctor("-c", setup.write_policy(), "--sendmail-cf", setup.dir / "sendmail.cf")["findings"]
        found = [one for one in seen if one["subject"] == "Try_TLS"]
        tap.equal([one["level"] for one in found], ["error"] if partner else [], line)
        if partner:
            tap.contains(found[0]["text"], partner, line)
            tap.contains(found[0]["change"], f"makemap hash {path} <{path}")


def define():
    tap.test("Sendmail and mail to partners: Try_TLS NO for a server of theirs, or for all")(without_tls)
    tap.test("Sendmail and mail to partners: each line that export prints has to be there")(lines)
    tap.test("Sendmail and mail to partners: the commands are quoted for the shell")(commands)
    tap.test("Sendmail and mail to partners: the list has what the policy gives, and makemap was run")(list_of_partners)
    tap.test("Sendmail and mail to partners: pins need the digest")(digest)
    tap.test("Sendmail and mail to partners: CAs for names, and a log that shows TLS")(settings)
