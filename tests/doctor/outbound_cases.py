# SPDX-License-Identifier: BSD-2-Clause
"""Mail to partners: a Postfix that asks the daemon for their rules, and everything by which it would not."""
import os
import shutil
import subprocess

import machine
import postfix_cases
import tap
from machine import expect
from postfix_cases import override, set_main, usual, version

POSTMAP = shutil.which("postmap", path=os.environ.get("PATH", "") + ":/usr/sbin")
GUARDED = "outbound_exact", "outbound_suffixes"
NO_GUARD = {"smtp_tls_policy_maps": ""}


class Setup(postfix_cases.Setup):
    """Partner contoso is enforced, fabrikam is in mode testing; the guard files have what the policy gives."""

    def __init__(self):
        super().__init__()
        if not POSTMAP:
            raise tap.Skip("no postmap")
        self.without_facts()
        self.listeners.append(machine.listen(self.sockets / "outbound.sock", speaks=False))
        self.milter["outbound"] = f"unix:{self.sockets}/outbound.sock"
        self.outbound, self.fabrikam, self.upstream = "{}", "{mode: testing}", ""
        self.transport, self.export, self.after = "", ["--testing"], lambda setup: None
        socket = "socketmap:unix:forcetls/outbound.sock:postfix"
        self.main.update({
            "smtp_tls_policy_maps": f"pipemap:{{hash:{self.etc}/outbound_exact, {socket}}}, "
                                    f"pipemap:{{regexp:{self.etc}/outbound_suffixes, {socket}}}, static:{{may}}",
            "smtp_tls_CAfile": machine.shared.pki.ca_file, "smtp_tls_loglevel": "1", "delay_warning_time": "4h",
            "smtp_tls_fingerprint_digest": "sha256", "default_database_type": "hash"})
        if version() >= (3, 10):
            self.main["tls_required_enable"] = "no"
        self.master["more"] = "relay unix - - y - - smtp\nlmtp unix - - y - - lmtp\n"

    def policy(self):
        return (super().policy() + f"    outbound: {self.outbound}\n"
                f"  - {{name: fabrikam, domains: [fabrikam.com, .fabrikam.com], mode: testing, outbound: {self.fabrikam}}}\n")

    def write(self):
        if self.transport:
            (self.etc / "transport").write_text(self.transport)
            self.main["transport_maps"] = f"hash:{self.etc}/transport"
        super().write()
        run = lambda *words: subprocess.run(words, check=True, capture_output=True, timeout=60)
        if self.export is not None:
            run(machine.FORCETLS, "export", "postfix", "-c", self.dir / "forcetls.yaml", "-d", self.etc, *self.export)
        for name in ("outbound_exact", "outbound_static", "transport"):
            if (self.etc / name).exists():
                run(POSTMAP, "-c", self.etc, f"hash:{self.etc}/{name}")
        self.after(self)


def attributes(**values):
    return lambda setup: [setattr(setup, name, value) for name, value in values.items()]


def maps(change):
    """Changes the list."""
    def apply(setup):
        setup.main["smtp_tls_policy_maps"] = change(setup.main["smtp_tls_policy_maps"])
    return apply


def edited(name, change, index=True):
    """A guard file that was changed since it was written."""
    def after(setup):
        path = setup.etc / name
        path.write_text(change(path.read_text()))
        if index:
            subprocess.run([POSTMAP, "-c", setup.etc, f"hash:{path}"], check=True, timeout=60)
    return attributes(after=after)


def relay_file(text, in_front=""):
    """relay_domains in a file of names."""
    def change(setup):
        (setup.etc / "relay").write_text(text)
        setup.main["relay_domains"] = f"{in_front}{setup.etc}/relay"
    return change


def stale_index(setup):
    os.utime(setup.etc / "outbound_exact.db", (1, 1))


def no_daemon(setup):
    setup.milter.pop("outbound")
    setup.main["smtp_tls_policy_maps"] = f"hash:{setup.etc}/outbound_static"
    setup.export = ["--static"]


def unchrooted_path(setup):
    setup.main["smtp_tls_policy_maps"] = setup.main["smtp_tls_policy_maps"].replace("unix:", f"unix:{setup.spool}/")


def empty_path(setup):
    (setup.dir / "ca").mkdir()
    setup.main.update(smtp_tls_CAfile="", smtp_tls_CApath=setup.dir / "ca")


PIN = "{require: {certificates: [{fingerprint: 'sha256:" + ":".join(["AB"] * 32) + "'}]}}"
DANE = "{require: {certificates: dane}}"
HOP = '{next_hops: ["[mail.contoso.com]:587"]}'

CASES = [
    ("a good setup is good", []),
    ("asked by proxymap", [maps(lambda text: text.replace("socketmap:", "proxy:socketmap:"))]),
    ("not asked", [set_main(**NO_GUARD)], "error smtp_tls_policy_maps"),
    ("not asked, and testing", [set_main(**NO_GUARD), attributes(outbound="{mode: testing}")], "warning smtp_tls_policy_maps"),
    ("not asked, and enforced later", [set_main(**NO_GUARD), attributes(outbound="{mode: testing, rollout: [{from: 2999-01-01, mode: enforce}]}")],
     "error smtp_tls_policy_maps"),
    ("not asked, and switched off", [set_main(**NO_GUARD), attributes(outbound="{mode: none}", fabrikam="{mode: none}", export=None)]),
    ("not asked by a service", [override("smtp_tls_policy_maps ="), lambda s: s.master.update(smtp="", more=s.master["more"].replace(
        "relay unix", "smtp unix - - y - - smtp -o smtp_tls_policy_maps=\nrelay unix"))], "error smtp_tls_policy_maps"),
    ("asked without guards", [maps(lambda text: "socketmap:unix:forcetls/outbound.sock:postfix")], "warning smtp_tls_policy_maps"),
    ("another map of the daemon, and another daemon", 
     [maps(lambda text: "other.sock".join(text.replace(":postfix", ":other", 1).rsplit("outbound.sock", 1)))], "error smtp_tls_policy_maps"),
    ("only one guard", [maps(lambda text: text.split(", pipemap")[0])], "error smtp_tls_policy_maps"),
    ("a table in front", [maps(lambda text: "inline:{contoso.com=encrypt}, " + text)], "error smtp_tls_policy_maps"),
    ("a guard that is not read again", [maps(lambda text: text.replace("hash:", "texthash:"))], "warning smtp_tls_policy_maps"),
    ("a path that the chroot hides", [unchrooted_path], "error smtp_tls_policy_maps"),
    ("nobody listens", [lambda s: machine.stop(s.listeners[-1])], "error socket"),
    ("a key is missing in the guard", [edited("outbound_exact", lambda text: text.replace("contoso.com", "other.com"))], "error outbound_exact"),
    ("a key too many in the guard", [edited("outbound_exact", lambda text: text + "other.com other.com\n")], "warning outbound_exact"),
    ("the guard without testing", [attributes(export=[])]),
    ("a pattern is missing in the guard", [edited("outbound_suffixes", lambda text: text.replace("contoso", "other"), False)],
     "error outbound_suffixes"),
    ("a hole is missing in the guard", [edited("outbound_suffixes", lambda text: "if !/x/\n" + text + "endif\n", False)], "error outbound_suffixes"),
    ("no guard file", [attributes(after=lambda s: (s.etc / "outbound_suffixes").unlink())], "error outbound_suffixes"),
    ("postmap was not run", [attributes(after=stale_index)], "error outbound_exact"),
    ("answers without the daemon", [no_daemon]),
    ("answers of an old policy", [no_daemon, edited("outbound_static", lambda text: text.replace("TLSv1.2", "TLSv1"))], "error outbound_static"),
    ("no daemon and no answers", [no_daemon, set_main(**NO_GUARD)], "error smtp_tls_policy_maps"),
    ("relayhost", [set_main(relayhost="[relay.example]:25")], "error relayhost"),
    ("relayhost, and only testing", [set_main(relayhost="[relay.example]:25"), attributes(outbound="{mode: testing}")], "warning relayhost"),
    ("relayhost that is a key of one partner", [set_main(relayhost="[mail.contoso.com]:587"), attributes(outbound=HOP)], "warning relayhost"),
    ("relayhost, and direct routes", [set_main(relayhost="[relay.example]:25"),
                                      attributes(transport="contoso.com smtp:\nfabrikam.com smtp:\n.fabrikam.com relay:\n")]),
    ("default_transport with a next hop", [set_main(default_transport="smtp:[relay.example]")], "error default_transport"),
    *[(f"relay_domains {domains}, and relay_transport {transport}", [set_main(relay_domains=domains, relay_transport=transport)], *wanted)
      for domains, transport, *wanted in [
          ("contoso.com", "smtp:[inner.example]", "error relay_transport"), ("contoso.com", "lmtp:[inner.example]", "error relay_transport"),
          ("other.example", "smtp:[inner.example]"), ("!contoso.com, com, fabrikam.com", "smtp:[inner.example]", "warning relay_transport"),
          ("inline:{contoso.com=x}", "smtp:[inner.example]", "error relay_transport"), ("inline:{com=x}", "smtp:[inner.example]", "error relay_transport"),
          ("inline:{.com=x}", "smtp:[inner.example]"), ("ontoso.com", "smtp:[inner.example]"), (".com", "smtp:[inner.example]"),
          ("contoso.com", "smtp"), ("contoso.com", "relay"), ("hash:/nonexistent/relay", "relay", "warning relay_domains")]],
    *[(f"relay_domains in a file, {sign}{text!r}", [relay_file(text, sign), set_main(relay_transport="smtp:[inner.example]")], *wanted)
      for sign, text, *wanted in [
          ("", "# ours\nother.example, fabrikam.com\n\n  contoso.com x\n", "error relay_transport"), ("", "#contoso.com\nother.example\n"),
          ("", "inline:{contoso.com=x}\n", "error relay_transport"), ("!", "contoso.com fabrikam.com"), ("!", "!contoso.com\n", "error relay_transport"),
          ("/nonexistent/names, ", "contoso.com", "warning relay_domains"), ("", "/nonexistent/names", "warning relay_domains")]],
    ("a file of relay_domains that names itself", [lambda s: relay_file(f"{s.etc}/relay")(s), set_main(relay_transport="smtp:[inner.example]")], "warning relay_domains"),
    ("relay_domains that stand for themselves alone", [set_main(relay_domains="com", relay_transport="smtp:[inner.example]", parent_domain_matches_subdomains="")]),
    ("relay_domains below a domain", [set_main(relay_domains=".fabrikam.com", relay_transport="smtp:[inner.example]", parent_domain_matches_subdomains="")],
     "warning relay_transport"),
    ("relay_domains, and transport_maps by which the mail goes to its servers",
     [set_main(relay_domains="contoso.com", relay_transport="smtp:[inner.example]"), attributes(transport="contoso.com smtp:\n")]),
    ("relay_domains, and relayhost", [set_main(relay_domains="contoso.com", relayhost="[hub.example]"), attributes(fabrikam="{mode: none}")], "error relayhost"),
    ("relay_domains, and a next hop by sender", [set_main(relay_domains="contoso.com fabrikam.com", sender_dependent_relayhost_maps="inline:{a@b.example=[hub.example]}")],
     "error sender_dependent_relayhost_maps"),
    ("relay_domains, whose transport another table cannot change",
     [set_main(relay_domains="contoso.com fabrikam.com", sender_dependent_default_transport_maps="inline:{a@b.example=smtp:[hub.example]}")]),
    ("relay_domains by a service that does not ask",
     [lambda s: s.master.update(more=s.master["more"].replace("smtp\n", "smtp -o smtp_tls_policy_maps=\n")), set_main(relay_domains="contoso.com")],
     "error smtp_tls_policy_maps"),
    ("transport_maps by domain", [attributes(transport="contoso.com smtp:[mail.contoso.com]:587\n")], "error transport_maps"),
    ("transport_maps by domain, to a key of the partner", [attributes(transport="contoso.com smtp:[mail.contoso.com]:587\n", outbound=HOP)]),
    ("transport_maps to a key with its port in words, with a zero in front, or with a colon alone",
     [attributes(transport="contoso.com smtp:[mail.contoso.com]:submission, [Mail.contoso.com]:0587, [mx.contoso.com]:\n",
                 outbound=HOP.replace("]}", ", '[mx.contoso.com]']}"))]),
    ("transport_maps to a key in a spelling that no file has", [attributes(
        transport="contoso.com smtp:[2001:DB8:0::1]\n", outbound='{next_hops: ["[2001:db8::1]"]}')], "error transport_maps"),
    ("transport_maps to a spelling that outbound_static does not have", [no_daemon, attributes(
        transport="contoso.com smtp:[mail.contoso.com]:0587\n", outbound=HOP)], "error transport_maps"),
    ("transport_maps to two hosts, one a key", [attributes(transport="contoso.com smtp:[mail.contoso.com]:587, [b.example]\n", outbound=HOP)],
     "error transport_maps"),
    ("transport_maps to a key of another partner", [attributes(transport="fabrikam.com smtp:contoso.com\n")], "warning transport_maps"),
    ("transport_maps by parent", [attributes(transport=".fabrikam.com smtp:[b.example]\n")], "warning transport_maps"),
    *[(f"transport_maps for some of what lies below a domain, {entry}", [attributes(transport=entry + "\n")], *wanted) for entry, *wanted in [
        ("x.fabrikam.com smtp:[b.example]", "warning transport_maps"), (".EU.fabrikam.com smtp:[b.example]:587", "warning transport_maps"),
        ("a.b.fabrikam.com lmtp:[b.example]", "warning transport_maps"), ("x.fabrikam.com smtp:x.fabrikam.com:25",), (".eu.fabrikam.com relay:",),
        ("x.contoso.com smtp:[b.example]",), ("xfabrikam.com smtp:[b.example]",), (".example smtp:[b.example]",), ("x.fabrikam.com :",)]],
    ("transport_maps for everyone", [attributes(transport="* smtp:[relay.example]\n")], "error transport_maps"),
    ("transport_maps for one address", [attributes(transport="ceo@contoso.com smtp:[relay.example]\n")], "error transport_maps"),
    ("transport_maps without effect", [attributes(transport="contoso.com :\nother.com smtp:[relay.example]\n")]),
    ("transport_maps to a host without a transport", [attributes(transport="contoso.com :[relay.example]\n")], "error transport_maps"),
    ("transport_maps by an expression", [lambda s: (s.etc / "routes").write_text("/@contoso\\.com$/ smtp:[relay.example]\n"),
                                         lambda s: s.main.update(transport_maps=f"regexp:{s.etc}/routes")], "error transport_maps"),
    ("transport_maps that cannot be read", [set_main(transport_maps="hash:/nonexistent/transport")], "warning transport_maps"),
    ("lmtp", [attributes(transport="contoso.com lmtp:[mail.contoso.com]\n")], "error transport_maps"),
    ("a program", [attributes(transport="contoso.com filter:x\n")], "error transport_maps"),
    ("mail that stays", [attributes(transport="contoso.com error:5.1.1 closed\n"),
                         lambda s: s.master.update(more=s.master["more"] + "error unix - - y - - error\n")]),
    ("a next hop by sender", [set_main(sender_dependent_relayhost_maps="inline:{a@b.example=[relay.example]}")],
     "error sender_dependent_relayhost_maps"),
    ("smtp_fallback_relay", [set_main(smtp_fallback_relay="[relay.example]")], "error smtp_fallback_relay"),
    ("smtp_fallback_relay of a service that sends no such mail",
     [lambda s: s.master.update(more=s.master["more"].replace("smtp\n", "smtp -o smtp_fallback_relay=[relay.example]\n"))]),
    ("smtp_fallback_relay of a service that does",
     [lambda s: s.master.update(more=s.master["more"].replace("smtp\n", "smtp -o smtp_fallback_relay=[relay.example]\n")),
      attributes(transport="contoso.com relay:\n")], "error smtp_fallback_relay"),
    ("another transport by sender", [set_main(sender_dependent_default_transport_maps="inline:{a@b.example=smtp:[relay.example]}")],
     "error sender_dependent_default_transport_maps"),
    ("a filter on another machine", [set_main(content_filter="smtp:[filter.example]:10025")], "warning content_filter"),
    ("a filter on another machine, of one service", [override("content_filter = smtp:[filter.example]:10025")], "warning content_filter"),
    ("a filter of this machine, and none, of one service", [set_main(content_filter="smtp:[127.0.0.1]:10025"), override("content_filter =")]),
    ("a filter of this machine", [set_main(content_filter="smtp:[127.0.0.1]:10025")]),
    ("a socket that Postfix may not open", [lambda s: os.chmod(s.sockets / "outbound.sock", 0o600)], "error socket"),
    ("no TLS by main.cf, which no rule minds", [set_main(smtp_tls_security_level="none")]),
    ("a filter of delivery states", [set_main(smtp_delivery_status_filter="inline:{4.7.4=5.7.4}")], "warning smtp_delivery_status_filter"),
    ("no CAs but the system's", [set_main(smtp_tls_CAfile="", tls_append_default_CA="yes")]),
    ("no CAs", [set_main(smtp_tls_CAfile="")], "error smtp_tls_CAfile"),
    ("no CAs in the file", [set_main(smtp_tls_CAfile="/dev/null")], "error smtp_tls_CAfile"),
    ("CApath outside of the chroot", [empty_path], "error smtp_tls_CApath"),
    ("no CAs, and no names", [set_main(smtp_tls_CAfile=""), attributes(outbound=PIN, fabrikam=PIN)]),
    ("fingerprints by MD5", [set_main(smtp_tls_fingerprint_digest="md5"), attributes(outbound=PIN)], "error smtp_tls_fingerprint_digest"),
    ("DANE without DNSSEC and by the hosts file", [attributes(outbound=DANE), set_main(smtp_host_lookup="native")],
     "error smtp_dns_support_level", "error smtp_host_lookup"),
    ("an upstream without DNSSEC", [lambda s: s.milter.update(outbound_upstream="inet:8642@127.0.0.1")], "error smtp_dns_support_level"),
    ("connections that stay open, no log of TLS, no delay warnings",
     [set_main(smtp_connection_reuse_time_limit="1h", smtp_tls_loglevel="0", delay_warning_time="0h")],
     "warning smtp_connection_reuse_time_limit", "warning smtp_tls_loglevel", "warning delay_warning_time"),
    *([("raw keys, and a pin of a certificate", [set_main(smtp_tls_enable_rpk="yes"), attributes(outbound=PIN)], "warning smtp_tls_enable_rpk")]
      if usual("smtp_tls_enable_rpk") else []),
    *([("TLS-Required", [set_main(tls_required_enable="yes")], "error tls_required_enable")] if usual("tls_required_enable") else []),
]


def looked(setup):
    """What doctor finds, without what check says of the policy."""
    report = setup.look()
    report["findings"] = [f for f in report["findings"] if f["subject"] != "policy"]
    return report


def run_case(changes, wanted):
    setup = Setup()
    try:
        for change in changes:
            change(setup)
        expect(looked(setup), *wanted)
    finally:
        setup.close()


def change_of(setup, subject):
    return next(f["change"] for f in setup.look()["findings"] if f["subject"] == subject and f["level"] != "ok")


def mended(changes, subject):
    """The lines that doctor writes are enough: the next run finds nothing."""
    setup = Setup()
    try:
        for change in changes:
            change(setup)
        for line in change_of(setup, subject).splitlines():
            if line.startswith("main.cf: "):
                name, value = line[len("main.cf: "):].split(" =", 1)
                setup.main[name] = value.strip()
        expect(looked(setup))
    finally:
        setup.close()


def merged():
    """Other tables and other next hops stay in the lines to write."""
    setup = Setup()
    try:
        setup.main["smtp_tls_policy_maps"] = "$ours, static:{may}"
        setup.main["ours"] = "inline:{other.example=encrypt}"
        tap.contains(change_of(setup, "smtp_tls_policy_maps"),
                     f"main.cf: smtp_tls_policy_maps = pipemap:{{hash:{setup.etc}/outbound_exact, "
                     "socketmap:unix:forcetls/outbound.sock:postfix}, ")
        tap.contains(change_of(setup, "smtp_tls_policy_maps"), "}, $ours, static:{may}\n")
    finally:
        setup.close()
    setup = Setup()
    try:
        attributes(transport="contoso.com smtp:[b.example]\n", outbound=HOP)(setup)
        tap.contains(change_of(setup, "transport_maps"), 'outbound of partner contoso: next_hops: ["[mail.contoso.com]:587", "[b.example]"]')
    finally:
        setup.close()
    setup = Setup()
    try:
        attributes(transport="contoso.com smtp:[2001:DB8:0::1]:25\n", outbound='{next_hops: ["[2001:db8::1]"]}')(setup)
        tap.contains(change_of(setup, "transport_maps"), "Write [2001:db8::1] in transport_maps.")
    finally:
        setup.close()


def define():
    for name, changes, *wanted in CASES:
        tap.test(f"outbound: {name}")(lambda c=changes, w=wanted: run_case(c, w))
    for name, changes, subject in [
            ("not asked", [set_main(**NO_GUARD)], "smtp_tls_policy_maps"),
            ("asked without guards", [maps(lambda text: "socketmap:unix:forcetls/outbound.sock:postfix")], "smtp_tls_policy_maps"),
            ("a table in front", [maps(lambda text: "inline:{contoso.com=encrypt}, " + text)], "smtp_tls_policy_maps"),
            ("fallback relay", [set_main(smtp_fallback_relay="[relay.example]")], "smtp_fallback_relay"),
            ("DANE without DNSSEC", [attributes(outbound=DANE)], "smtp_dns_support_level")]:
        tap.test(f"outbound: the lines to write mend it: {name}")(lambda c=changes, s=subject: mended(c, s))
    tap.test("outbound: lines to write keep what is there")(merged)
