# SPDX-License-Identifier: BSD-2-Clause
"""Postfix: the documented setup, and everything that can be wrong with one, each alone."""
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time

import machine
import tap
from machine import doctor, expect

FILTER = "{ unix:forcetls/forcetls.sock, default_action=tempfail }"
REINJECTION = """\
127.0.0.1:10025 inet n  -       y       -       -       smtpd
    -o content_filter="""
FACTS = "check_policy_service { unix:forcetls/facts.sock, default_action=DUNNO, timeout=3s, try_limit=1, request_limit=1 }"

NAMES = "{subject: mail.partner.test, issuer: Test Intermediate CA}"
PIN = 'fingerprint: "sha256:' + ":".join(["AB"] * 32) + '"'
KEY_PIN = "key_" + PIN

MASTER = """\
smtp      inet  n       -       y       -       -       smtpd{smtp}
submission inet n       -       y       -       -       smtpd
    -o smtpd_sasl_auth_enable=yes{submission}
{reinjection}
pickup    unix  n       -       y       60      1       pickup
cleanup   unix  n       -       y       -       0       cleanup
smtp      unix  -       -       y       -       -       smtp
filter    unix  -       n       n       -       -       pipe user=filter argv=/usr/bin/filter
{more}"""


def usual(parameter):
    """What this machine's Postfix has for a parameter where main.cf says nothing; "" without Postfix."""
    postconf = shutil.which("postconf", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin:/usr/local/sbin")
    return subprocess.run([postconf, "-dh", parameter], capture_output=True, text=True, check=False).stdout.strip() if postconf else ""


def version():
    return tuple(map(int, re.findall(r"\d+", usual("mail_version"))[:2]))


def end_of_data_is_fixed():
    whole = tuple(map(int, re.findall(r"\d+", usual("mail_version"))[:3]))
    return whole >= (3, 11, 6) or (3, 10, 13) <= whole < (3, 11)


class Setup:
    """A good setup; attributes are changed before look()."""

    def __init__(self):
        if not shutil.which("postconf", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin:/usr/local/sbin"):
            raise tap.Skip("no postconf")
        self.dir = machine.place()
        self.spool, self.etc = self.dir / "spool", self.dir / "etc"
        self.sockets = self.spool / "forcetls"
        self.sockets.mkdir(parents=True)
        self.etc.mkdir()
        owner = machine.mail_owner()
        if machine.ROOT:
            shutil.chown(self.sockets, "root", owner if owner == "postfix" else "nogroup")
        self.sockets.chmod(0o2750)
        self.listeners = [machine.listen(self.sockets / name) for name in ("forcetls.sock", "facts.sock")]
        server = machine.shared.pki.server()
        self.main = {
            "compatibility_level": "3.6", "queue_directory": self.spool, "mail_owner": owner,
            "smtpd_tls_security_level": "may", "smtpd_tls_cert_file": server.file, "smtpd_tls_key_file": server.key,
            "smtpd_tls_ask_ccert": "yes", "smtpd_tls_CAfile": machine.shared.pki.ca_file,
            "smtpd_milters": FILTER, "smtpd_data_restrictions": FACTS, "smtpd_forbid_bare_newline": "yes"}
        self.master = {"smtp": "", "submission": "", "reinjection": REINJECTION + "\n    -o smtpd_milters=", "more": ""}
        self.milter = {"socket": f"unix:{self.sockets}/forcetls.sock", "postfix_facts": f"unix:{self.sockets}/facts.sock"}
        self.top = ""
        self.mode = "enforce"
        self.require, self.more = "", ""  # further requirements, and further keys of the partner
        self.certificates = f"[{NAMES}, {{{PIN}}}]"
        self.env = {}

    def without_facts(self):
        """No pins, and nothing that they need."""
        del self.milter["postfix_facts"], self.main["smtpd_data_restrictions"]
        self.certificates = f"[{NAMES}]"

    def policy(self):
        required = [f"certificates: {self.certificates}"] * bool(self.certificates) + [self.require] * bool(self.require)
        require = f"    require: {{{', '.join(required)}}}\n" if required else ""
        milter = ", ".join(f"{key}: {json.dumps(value)}" for key, value in self.milter.items())
        return (f"version: 1\nmilter: {{{milter}}}\n{self.top}partners:\n  - name: contoso\n"
                f"    domains: [contoso.com]\n    mode: {self.mode}\n{require}{self.more}")

    def write(self):
        (self.etc / "main.cf").write_text("".join(f"{key} = {value}\n" for key, value in self.main.items()))
        (self.etc / "master.cf").write_text(MASTER.format(**self.master))
        for path in self.etc.iterdir():  # postconf waits for a file that was just written to come to rest
            os.utime(path, (time.time() - 60, time.time() - 60))
        path = self.dir / "forcetls.yaml"
        path.write_text(self.policy())
        path.chmod(0o644)

    def look(self, *arguments, status=None):
        self.write()
        before = state(self.dir)
        report = doctor("-c", self.dir / "forcetls.yaml", "--postfix-config", self.etc, *arguments, env=self.env,
                        status=status)
        tap.equal(state(self.dir), before, "files before and after")
        return report

    def close(self):
        for listener in self.listeners:
            machine.stop(listener)


def state(directory):
    """What is there and how it is, to see that nothing is changed."""
    return sorted((str(path), path.lstat().st_mode, path.lstat().st_mtime_ns) for path in directory.rglob("*"))


def set_main(**parameters):
    return lambda setup: setup.main.update(parameters)


def set_master(**services):
    return lambda setup: setup.master.update(services)


def override(option, service="smtp"):
    def change(setup):
        setup.master[service] += f"\n    -o {{ {option} }}"
    return change


def drop_socket(name):
    def change(setup):
        for listener in setup.listeners:
            if listener.fileno() >= 0 and os.path.basename(listener.getsockname()) == name:
                machine.stop(listener)
        (setup.sockets / name).unlink()
    return change


def stale(setup):
    machine.stop(setup.listeners[0])


def closed_directory(setup):
    setup.sockets.chmod(0o700)
    if not machine.ROOT:
        raise tap.Skip("needs root")


def open_socket(setup):
    setup.sockets.chmod(0o2755)
    (setup.sockets / "forcetls.sock").chmod(0o666)


def no_socket_but_file(setup):
    drop_socket("forcetls.sock")(setup)
    (setup.sockets / "forcetls.sock").write_text("")
    (setup.sockets / "forcetls.sock").chmod(0o600)


def elsewhere(setup):
    """The filter listens outside of the chroot."""
    path = setup.dir / "run"
    path.mkdir()
    setup.listeners.append(machine.listen(path / "forcetls.sock"))
    if machine.ROOT:
        shutil.chown(path / "forcetls.sock", group=machine.mail_owner())
    setup.milter["socket"] = f"unix:{path}/forcetls.sock"
    setup.main["smtpd_milters"] = f"{{ unix:{path}/forcetls.sock, default_action=tempfail }}"


def owned_by_another(name=""):
    """A directory on the way to the sockets belongs to a user who is neither root nor the filter's."""
    def change(setup):
        if not machine.ROOT:
            raise tap.Skip("needs root")
        os.chown(setup.spool / name, 65534, -1)
    return change


def owned_by_the_filter(setup):
    owned_by_another("forcetls")(setup)
    for name in ("forcetls.sock", "facts.sock"):
        os.chown(setup.sockets / name, 65534, -1)


def link_to_another(setup):
    """The sockets' directory is a link of root's to one of another user's."""
    owned_by_another("forcetls")(setup)
    setup.sockets.rename(setup.spool / "real")
    setup.sockets.symlink_to("real")


def loopback(spec="inet:{port}@127.0.0.1", milter="inet:127.0.0.1:{port}", listening=True):
    """The filter at an inet socket."""
    def change(setup):
        listener = socket.create_server(("127.0.0.1", 0))
        port = listener.getsockname()[1]
        setup.listeners.append(machine.answer(listener))
        if not listening:
            machine.stop(listener)
        setup.milter["socket"] = spec.format(port=port)
        setup.main["smtpd_milters"] = f"{{ {milter.format(port=port)}, default_action=tempfail }}"
    return change


def policy(**attributes):
    def change(setup):
        for name, value in attributes.items():
            setattr(setup, name, value)
    return change


def requires(text):
    """A partner that requires this, and no certificate."""
    return [Setup.without_facts, policy(certificates="", require=text)]


def own_key(kind):
    """Postfix has a key of that kind, and no other."""
    def change(setup):
        server = machine.shared.pki.server(kind)
        setup.main.update(smtpd_tls_cert_file=server.file, smtpd_tls_key_file=server.key)
    return change


def no_pins(**attributes):
    return [Setup.without_facts, policy(**attributes)]


def keyword_table(text):
    """A table of keywords that are not shown, in a file."""
    def change(setup):
        path = setup.etc / "keywords.cidr"
        path.write_text(text)
        setup.main["smtpd_discard_ehlo_keyword_address_maps"] = f"cidr:{path}"
    return change


def empty_jail(setup):
    """A chroot with an etc of its own that lacks the resolver's configuration."""
    (setup.spool / "etc").mkdir()


PROXY = set_main(smtpd_proxy_filter="127.0.0.1:10024")
NO_NAMES = set_main(smtpd_peername_lookup="no")
EXCEPTION = "    exceptions: [{clients: [%s], until: %s, reason: x}]\n"


def many_authorities(setup):
    with open(machine.shared.pki.ca_file, encoding="ascii") as file:
        text = file.read()
    (setup.dir / "all.pem").write_text(text * 70)
    setup.main["smtpd_tls_CAfile"] = setup.dir / "all.pem"
    setup.certificates = "trusted"
    setup.milter.pop("postfix_facts")
    setup.main.pop("smtpd_data_restrictions")


def public_authority(setup):
    setup.without_facts()
    setup.env = {"SSL_CERT_FILE": machine.shared.pki.ca_file}


def written_tomorrow(setup):
    setup.write()
    later = time.time() + 30 * 86400
    setup.write = lambda: None
    os.utime(setup.dir / "forcetls.yaml", (later, later))


def unreadable_policy(setup):
    if not machine.ROOT:
        raise tap.Skip("needs root")
    os.chown(setup.sockets / "forcetls.sock", 65534, -1)
    setup.write()
    setup.write = lambda: None
    (setup.dir / "forcetls.yaml").chmod(0o600)


def own_path(setup):
    """smtpd_tls_CApath as a chrooted smtpd finds it."""
    del setup.main["smtpd_tls_CAfile"]
    setup.main["smtpd_tls_CApath"] = "/ca"
    (setup.spool / "ca").mkdir()
    shutil.copy(machine.shared.pki.ca_file, setup.spool / "ca" / "0a1b2c3d.0")


def empty_path(setup):
    own_path(setup)
    (setup.spool / "ca" / "0a1b2c3d.0").unlink()


def public_facts(option):
    return set_main(smtpd_data_restrictions=FACTS.replace(*option))


# name: what is changed in the good setup -> what is found; T19 and F09 are the catalogue's.
CASES = [
    ("F09 x milter_default_action=accept", [set_main(smtpd_milters="unix:forcetls/forcetls.sock", milter_default_action="accept")],
     "error milter_default_action"),
    ("F09 x quarantine as default action", [set_main(smtpd_milters="unix:forcetls/forcetls.sock", milter_default_action="quarantine")],
     "error milter_default_action"),
    ("F09 x default_action=accept of the filter", [set_main(smtpd_milters=FILTER.replace("tempfail", "accept"))],
     "error milter_default_action"),
    *[(f"F09 x {action} as default action, which Postfix takes in any case", [set_main(smtpd_milters=FILTER.replace("tempfail", action))], *wanted)
      for action, *wanted in [("TempFail",), ("ACCEPT", "error milter_default_action"), ("Quarantine", "error milter_default_action"),
                              ("Reject", "warning milter_default_action"), ("defer", "warning milter_default_action")]],
    *[(f"the filter written as {text}", [set_main(smtpd_milters=text.replace("SOCKET", "unix:forcetls/forcetls.sock"))], *wanted)
      for text, *wanted in [
          ("{ SOCKET, default_action = tempfail }", "error smtpd_milters"), ("{ SOCKET, default_actions=tempfail }", "error smtpd_milters"),
          ("{ SOCKET, timeout=3s }", "error smtpd_milters"), ("{ SOCKET, default_action=tempfail, command_timeout=soon }", "error smtpd_milters"),
          ("{ SOCKET, default_action=tempfail, connect_timeout=0s }", "error smtpd_milters"), ("{ SOCKET, default_action }", "error smtpd_milters"),
          ("{ SOCKET, default_action=tempfail }, { inet:localhost:8891, default_action = accept }", "error smtpd_milters"),
          ("SOCKET, default_action=tempfail", "error smtpd_milters"), ("SOCKET opendkim", "error smtpd_milters"),
          ("{SOCKET,default_action=tempfail,content_timeout=5m}",), ("{ SOCKET { default_action = tempfail } { command_timeout = 30 } }",)]],
    *[(f"the listener with the options {options}", [public_facts((FACTS[FACTS.index("default_action"):], options + " }"))], "error smtpd_data_restrictions", *more)
      for options, *more in [
          ("default_action = DUNNO, timeout=3s, try_limit=1", "error postfix_facts"), ("default_action=DUNNO, timeout=soon, try_limit=1",),
          ("default_action=DUNNO, timeout=3s, try_limit=0",), ("default_action=DUNNO, timeout=3s, try_limit=1, tries=1",),
          ("default_action=DUNNO, timeout=3s, try_limit=1, request_limit=x",), ("default_action=DUNNO, timeout=3s, try_limit=1, =DUNNO",)]],
    ("the listener with its options in inner braces", [public_facts((FACTS[FACTS.index("default_action"):],
     "{ default_action = DUNNO }, { timeout = 3s } try_limit=1, policy_context=x }"))]),
    ("another policy service with an option that Postfix does not know",
     [set_main(smtpd_recipient_restrictions="check_policy_service { inet:127.0.0.1:10023, default_actions=DUNNO }, permit_mynetworks, reject")],
     "error smtpd_recipient_restrictions"),
    ("F09 x smtpd_milter_maps for everybody", [set_main(smtpd_milter_maps="static:disable")], "error smtpd_milter_maps"),
    ("smtpd_command_filter", [set_main(smtpd_command_filter="pcre:/etc/postfix/command_filter")], "warning smtpd_command_filter"),
    ("F09 x default_action in inner braces", [set_main(smtpd_milters="{ unix:forcetls/forcetls.sock, { default_action = accept } }")],
     "error milter_default_action"),
    ("F09 x default action of a service", [set_main(smtpd_milters="unix:forcetls/forcetls.sock"), override("milter_default_action = accept")],
     "error milter_default_action"),
    ("default action reject", [set_main(smtpd_milters=FILTER.replace("tempfail", "reject"))], "warning milter_default_action"),
    ("default action shutdown before 3.11", [set_main(smtpd_milters=FILTER.replace("tempfail", "shutdown"))],
     *(["warning milter_default_action"] if usual("milter_default_action") != "shutdown" else [])),
    ("accept is another filter's", [set_main(smtpd_milters=f"inet:127.0.0.1:11332 {FILTER}", milter_default_action="accept")]),
    ("F09 x re-injection port with the filter", [set_master(reinjection=REINJECTION)], "warning reinjection"),
    ("F09 x smtpd service without the filter", [set_main(smtpd_milters="")], "error smtpd_milters"),
    ("F09 x another filter only", [set_main(smtpd_milters="inet:127.0.0.1:11332")], "error smtpd_milters"),
    ("F09 x smtp switches its filters off", [override("smtpd_milters =")], "error smtpd_milters"),
    ("F09 x smtps without the filter", [set_master(more="smtps inet n - y - - smtpd -o smtpd_milters= -o smtpd_tls_wrappermode=yes\n")],
     "error smtpd_milters"),
    ("F09 x smtpd behind postscreen without the filter", [set_master(more="smtpd pass - - y - - smtpd -o smtpd_milters=\n")],
     "error smtpd_milters"),
    ("F09 x unusual port without the filter", [set_master(more="2525 inet n - y - - smtpd -o smtpd_milters=\n")],
     "warning smtpd_milters"),
    ("F09 x no_milters", [override("receive_override_options = no_header_body_checks, no_milters")], "error receive_override_options"),
    ("F09 x smtpd_milter_maps", [set_main(smtpd_milter_maps="inline:{192.0.2.1=DISABLE}")], "warning smtpd_milter_maps"),
    ("F09 x milter_macro_defaults names a TLS macro", [set_main(milter_macro_defaults="tls_version=TLSv1.3")], "error milter_macro_defaults"),
    ("F09 x milter_macro_defaults in braces", [set_main(milter_macro_defaults="foo=bar, { cert_subject = x }")], "error milter_macro_defaults"),
    ("F09 x milter_macro_defaults of a service", [override("milter_macro_defaults = verify=OK")], "error milter_macro_defaults"),
    ("milter_macro_defaults of others' macros", [set_main(milter_macro_defaults="foo=bar, tls_versions=x")]),
    ("F09 T19 x XCLIENT hosts", [set_main(smtpd_authorized_xclient_hosts="192.0.2.7")], "warning smtpd_authorized_xclient_hosts"),
    ("F09 T19 x XCLIENT hosts of a service", [override("smtpd_authorized_xclient_hosts = 192.0.2.7")],
     "warning smtpd_authorized_xclient_hosts"),
    ("T19 x PROXY protocol", [override("smtpd_upstream_proxy_protocol = haproxy")], "warning smtpd_upstream_proxy_protocol"),
    ("T19 x PROXY protocol at a loopback port without the filter",
     [set_master(more="127.0.0.1:smtp inet n - y - - smtpd -o smtpd_milters= -o smtpd_upstream_proxy_protocol=haproxy\n")],
     "error smtpd_milters"),
    ("T31 f a loopback port behind a proxy that does not offer TLS",
     [*requires(""), set_master(more="127.0.0.1:smtp inet n - y - - smtpd -o smtpd_tls_security_level=none "
                                     "-o smtpd_upstream_proxy_protocol=haproxy\n")],
     "error smtpd_tls_security_level", "warning smtpd_upstream_proxy_protocol"),
    ("T19 x PROXY protocol in front of postscreen", [set_main(postscreen_upstream_proxy_protocol="haproxy")],
     "warning postscreen_upstream_proxy_protocol"),
    ("F09 x smtpd_tls_ask_ccert=no with certificate rules", [set_main(smtpd_tls_ask_ccert="no")], "error smtpd_tls_ask_ccert"),
    ("F09 x smtpd_tls_ask_ccert=no of a service", [override("smtpd_tls_ask_ccert = no")], "error smtpd_tls_ask_ccert"),
    ("smtpd_tls_ask_ccert=no without certificate rules", [set_main(smtpd_tls_ask_ccert="no"), Setup.without_facts, policy(certificates="")]),
    ("smtpd_tls_req_ccert on a public service", [set_main(smtpd_tls_req_ccert="yes", smtpd_tls_security_level="encrypt")],
     "warning smtpd_tls_req_ccert", "warning smtpd_tls_security_level"),
    ("smtpd_tls_security_level empty", [set_main(smtpd_tls_security_level="")], "error smtpd_tls_security_level"),
    ("T26 f proxy filter and header From", [*no_pins(more="    identities: [header_from]\n"), PROXY], "error smtpd_proxy_filter"),
    ("T26 f proxy filter and both identities", [*no_pins(more="    identities: [envelope_from, header_from]\n"), PROXY],
     "error smtpd_proxy_filter"),
    ("T26 f proxy filter and quarantine", [*no_pins(more="    action: quarantine\n"), PROXY], "error smtpd_proxy_filter"),
    ("T26 f proxy filter and quarantine by default", [*no_pins(top="defaults: {action: quarantine}\n"), PROXY],
     "error smtpd_proxy_filter"),
    ("T26 f proxy filter and quarantine for one reason", [*no_pins(more="    action: {no_tls: quarantine, default: reject}\n"), PROXY],
     "error smtpd_proxy_filter"),
    ("T26 f proxy filter and quarantine by a later step",
     [*no_pins(more="    rollout: [{from: 2999-01-01, action: quarantine}]\n"), PROXY], "error smtpd_proxy_filter"),
    ("T26 f proxy filter and quarantine by a step that is over",
     [*no_pins(more="    rollout: [{from: 2020-01-01, action: quarantine}, {from: 2021-01-01, action: reject}]\n"), PROXY]),
    ("T26 f proxy filter and pins", [PROXY], "error smtpd_proxy_filter"),
    ("T26 f proxy filter and a partner in testing mode", [*no_pins(mode="testing", more="    identities: [header_from]\n"), PROXY],
     "error smtpd_proxy_filter", "warning mode"),
    ("T26 f proxy filter and a partner that is switched off", [*no_pins(mode="none", more="    identities: [header_from]\n"), PROXY],
     "warning mode"),
    ("T26 f proxy filter and a partner that is switched on later",
     [*no_pins(mode="none", more="    identities: [header_from]\n    rollout: [{from: 2999-01-01, mode: enforce}]\n"), PROXY],
     "error smtpd_proxy_filter", "warning mode"),
    ("T26 f proxy filter and rules that need no more", [*no_pins(), PROXY]),
    ("T26 f proxy filter of a service", [*no_pins(more="    identities: [header_from]\n"), override("smtpd_proxy_filter = inet:127.0.0.1:10024")],
     "error smtpd_proxy_filter"),
    ("T26 f proxy filter that the service empties", [*no_pins(more="    identities: [header_from]\n"), PROXY, override("smtpd_proxy_filter =")]),
    ("T26 f proxy filter by way of another parameter",
     [*no_pins(more="    identities: [header_from]\n"), set_main(before="127.0.0.1:10024", smtpd_proxy_filter="$before")],
     "error smtpd_proxy_filter"),
    ("T27 f no client names, and a selector by name", [*no_pins(more="    clients: [mail.contoso.com]\n"), NO_NAMES], "error smtpd_peername_lookup"),
    ("T27 f no client names, and a selector by suffix", [*no_pins(more="    clients: [.contoso.com]\n"), NO_NAMES], "error smtpd_peername_lookup"),
    ("T27 f no client names, and a rule by name", [*requires("clients: [192.0.2.1, mail.contoso.com]"), NO_NAMES],
     "error smtpd_peername_lookup"),
    ("T27 f no client names, and a default rule by name",
     [*no_pins(top="defaults: {require: {clients: [.contoso.com]}}\n"), NO_NAMES], "error smtpd_peername_lookup"),
    ("T27 f no client names, and an exception by name", [*no_pins(more=EXCEPTION % ("mail.contoso.com", "2999-01-01")), NO_NAMES],
     "error smtpd_peername_lookup"),
    ("T27 f no client names, and an exempt name", [*no_pins(top="exempt: {clients: [127.0.0.1, relay.here.test]}\n"), NO_NAMES],
     "error smtpd_peername_lookup"),
    ("T27 f no client names, and addresses only", [*no_pins(more="    clients: [192.0.2.0/24]\n" + EXCEPTION % ("192.0.2.1", "2999-01-01")), NO_NAMES]),
    ("T27 f no client names at one service", [*requires("clients: [mail.contoso.com]"), override("smtpd_peername_lookup = no")],
     "error smtpd_peername_lookup"),
    ("T27 f no client names at a service of our own users", [*requires("clients: [mail.contoso.com]"),
                                                            override("smtpd_peername_lookup = no", "submission")]),
    ("T27 f client names, and a chroot without the resolver's configuration", [*requires("clients: [mail.contoso.com]"), empty_jail],
     "warning client_names"),
    ("T27 f client names that are looked up", requires("clients: [mail.contoso.com]")),
    ("S24 f extensions that the policy does not know", [*no_pins(more="    recipients: [user@here.test]\n"), set_main(recipient_delimiter="-")],
     "warning recipient_delimiter"),
    ("S24 f extensions of which the policy knows some", [*no_pins(more="    recipients: [user@here.test]\n"), set_main(recipient_delimiter="+-")],
     "warning recipient_delimiter"),
    ("S24 f extensions that the policy knows", [*no_pins(more="    recipients: [user@here.test]\n"), set_main(recipient_delimiter="+")]),
    ("S24 f extensions that the policy knows, and others",
     [*no_pins(more="    recipients: [user@here.test]\n"), lambda s: s.milter.update(recipient_delimiter="=-+"), set_main(recipient_delimiter="-")]),
    ("S24 f extensions, and recipients by domain", [*no_pins(more="    recipients: [here.test]\n"), set_main(recipient_delimiter="-")]),
    ("S24 f extensions, and a partner that is switched off",
     [*no_pins(mode="none", more="    recipients: [user@here.test]\n"), set_main(recipient_delimiter="-")], "warning mode"),
    ("T31 f smtpd_tls_protocols by a ceiling", [*requires("min_tls_version: TLSv1.3"), set_main(smtpd_tls_protocols=">=TLSv1, <=TLSv1.2")],
     "error smtpd_tls_protocols"),
    ("T31 f smtpd_tls_protocols by exclusion", [*requires("min_tls_version: TLSv1.3"), set_main(smtpd_tls_protocols="!SSLv2, !SSLv3, !TLSv1.3")],
     "error smtpd_tls_protocols"),
    ("T31 f smtpd_tls_protocols by name", [*requires("min_tls_version: TLSv1.3"), set_main(smtpd_tls_protocols="TLSv1.2")],
     "error smtpd_tls_protocols"),
    ("T31 f smtpd_tls_protocols by numbers", [*requires("min_tls_version: TLSv1.3"), set_main(smtpd_tls_protocols=">=0x0301 <=0303")],
     "error smtpd_tls_protocols"),
    ("T31 f smtpd_tls_protocols too old for anyone", [*requires(""), set_main(smtpd_tls_protocols="TLSv1, TLSv1.1")],
     "error smtpd_tls_protocols"),
    ("T31 f smtpd_tls_protocols that are enough", [*requires("min_tls_version: TLSv1.3"), set_main(smtpd_tls_protocols="TLSv1.3:tlsv1.2")]),
    ("T31 f smtpd_tls_protocols without what nobody needs", [*requires("min_tls_version: TLSv1.2"), set_main(smtpd_tls_protocols="<=TLSv1.2")]),
    ("T31 f smtpd_tls_protocols that are none", [*requires(""), set_main(smtpd_tls_protocols="TLSv1.4")], "error smtpd_tls_protocols"),
    ("T31 f smtpd_tls_protocols of a service", [*requires("min_tls_version: TLSv1.3"), override("smtpd_tls_protocols = <=TLSv1.2")],
     "error smtpd_tls_protocols"),
    ("T31 f protocols for mandatory TLS do not count where it is not", [*requires("min_tls_version: TLSv1.3"),
                                                                        set_main(smtpd_tls_mandatory_protocols="<=TLSv1.2")]),
    ("T31 f protocols for mandatory TLS count where it is",
     [*requires("min_tls_version: TLSv1.3"), set_main(smtpd_tls_mandatory_protocols="<=TLSv1.2", smtpd_tls_security_level="encrypt")],
     "error smtpd_tls_mandatory_protocols", "warning smtpd_tls_security_level"),
    ("T31 f protocols for mandatory TLS count in wrapper mode",
     [*requires("min_tls_version: TLSv1.3"), set_main(smtpd_tls_mandatory_protocols="<=TLSv1.2"),
      set_master(more="smtps inet n - y - - smtpd -o smtpd_tls_wrappermode=yes\n")], "error smtpd_tls_mandatory_protocols"),
    ("T31 f ciphers without the suite",
     [*requires("ciphers: [ECDHE-RSA-AES256-GCM-SHA384, TLS_AES_256_GCM_SHA384]"),
      set_main(smtpd_tls_exclude_ciphers="AESGCM", smtpd_tls_protocols="<=TLSv1.2")], "error smtpd_tls_exclude_ciphers"),
    ("T31 f ciphers without forward secrecy",
     [*requires("forward_secrecy: true"), own_key("rsa"), set_main(smtpd_tls_exclude_ciphers="kECDHE, kDHE", smtpd_tls_protocols="<=TLSv1.2")],
     "error smtpd_tls_exclude_ciphers"),
    ("T31 f ciphers that leave none for this kind of key",
     [*requires(""), set_main(smtpd_tls_exclude_ciphers="kECDHE, kDHE", smtpd_tls_protocols="<=TLSv1.2")], "error smtpd_tls_exclude_ciphers"),
    ("T31 f ciphers of too few bits",
     [*requires("min_cipher_bits: 256"), set_main(tls_medium_cipherlist="AES128", smtpd_tls_protocols="<=TLSv1.2")], "error smtpd_tls_ciphers"),
    ("T31 f what TLS 1.3 has is enough", [*requires("min_cipher_bits: 256, forward_secrecy: true"), set_main(tls_medium_cipherlist="AES128-SHA")]),
    ("T31 f ciphers for another kind of key",
     [*requires("ciphers: [ECDHE-ECDSA-AES256-GCM-SHA384, TLS_AES_128_CCM_SHA256]"), own_key("rsa")], "error smtpd_tls_ciphers"),
    ("T31 f ciphers for this kind of key",
     [*requires("ciphers: [ECDHE-ECDSA-AES256-GCM-SHA384, TLS_AES_128_CCM_SHA256]"), own_key("ec")]),
    ("T31 f ciphers that OpenSSL does not take", [*requires(""), set_main(tls_medium_cipherlist="NONSENSE")], "error smtpd_tls_ciphers"),
    ("T31 f STARTTLS is discarded", [*requires(""), set_main(smtpd_discard_ehlo_keywords="silent-discard, StartTLS")],
     "error smtpd_discard_ehlo_keywords"),
    ("T31 f STARTTLS is discarded by a service", [*requires(""), override("smtpd_discard_ehlo_keywords = starttls")],
     "error smtpd_discard_ehlo_keywords"),
    ("T31 f other keywords are discarded", [*requires(""), set_main(smtpd_discard_ehlo_keywords="chunking, dsn")]),
    ("T31 f STARTTLS is discarded in wrapper mode, which needs none",
     [*requires(""), set_master(more="smtps inet n - y - - smtpd -o smtpd_tls_wrappermode=yes -o smtpd_discard_ehlo_keywords=starttls\n")]),
    ("T31 f STARTTLS is discarded for everyone by a map", [*requires(""), set_main(smtpd_discard_ehlo_keyword_address_maps="static:starttls")],
     "error smtpd_discard_ehlo_keyword_address_maps"),
    ("T31 f STARTTLS is discarded for some by a map", [*requires(""), keyword_table("192.0.2.0/24 pipelining starttls\n")],
     "warning smtpd_discard_ehlo_keyword_address_maps"),
    ("T31 f other keywords are discarded by a map", [*requires(""), keyword_table("# starttls\n192.0.2.0/24 pipelining\n")]),
    ("T31 f smtpd_tls_security_level none", [*requires(""), set_main(smtpd_tls_security_level="none")], "error smtpd_tls_security_level"),
    ("T31 f no certificate", [*requires(""), set_main(smtpd_tls_cert_file="none", smtpd_tls_key_file="")], "error smtpd_tls_cert_file"),
    ("T31 f STARTTLS is answered and not done", [*requires(""), set_main(smtpd_noop_commands="foo, starttls")], "error smtpd_noop_commands"),
    ("T31 f STARTTLS is forbidden", [*requires(""), override("smtpd_forbidden_commands = CONNECT STARTTLS")], "error smtpd_forbidden_commands"),
    ("T31 f TLS without STARTTLS at the port of mail servers", [*requires(""), set_main(smtpd_tls_wrappermode="yes")],
     "error smtpd_tls_wrappermode"),
    ("T31 f TLS without STARTTLS behind postscreen",
     [*requires(""), set_master(more="smtpd pass - - y - - smtpd -o smtpd_tls_wrappermode=yes\n")], "error smtpd_tls_wrappermode"),
    ("smtpd_tls_security_level none", [set_main(smtpd_tls_security_level="none")], "error smtpd_tls_security_level"),
    ("smtpd_tls_security_level encrypt", [set_main(smtpd_tls_security_level="encrypt")], "warning smtpd_tls_security_level"),
    ("smtpd_tls_security_level misspelt", [set_main(smtpd_tls_security_level="maybe")], "error smtpd_tls_security_level"),
    ("smtpd_use_tls", [set_main(smtpd_tls_security_level="", smtpd_use_tls="yes")],
     *(["warning postconf"] if version() >= (3, 10) else [])),  # it will be removed
    ("no certificate of its own", [set_main(smtpd_tls_cert_file="", smtpd_tls_key_file="")], "error smtpd_tls_cert_file"),
    ("own certificate that is not there", [set_main(smtpd_tls_cert_file="/nonexistent/a.pem")], "error smtpd_tls_cert_file"),
    ("no CA file with name rules", [set_main(smtpd_tls_CAfile="")], "error smtpd_tls_CAfile"),
    ("no CA file without name rules", [set_main(smtpd_tls_CAfile=""), policy(certificates=f"[{{{PIN}}}]")]),
    ("CA file that is not there", [set_main(smtpd_tls_CAfile="/nonexistent/ca.pem")], "error smtpd_tls_CAfile"),
    ("CA file without certificates", [set_main(smtpd_tls_CAfile="/etc/passwd")], "error smtpd_tls_CAfile"),
    ("chains that may have no CA", [set_main(smtpd_tls_ccert_verifydepth="0")], "error smtpd_tls_ccert_verifydepth"),
    ("chains that may have no intermediate CA", [override("smtpd_tls_ccert_verifydepth = 1")], "warning smtpd_tls_ccert_verifydepth"),
    ("chains of one intermediate CA", [set_main(smtpd_tls_ccert_verifydepth="2")]),
    ("short chains without rules by name", [set_main(smtpd_tls_ccert_verifydepth="0"), policy(certificates=f"[{{{PIN}}}]")]),
    ("CApath inside of the chroot", [own_path]),
    ("CApath that is empty", [empty_path], "error smtpd_tls_CApath"),
    ("all the world's CAs and no issuer named", [many_authorities], "warning smtpd_tls_CAfile"),
    ("public CAs, whose certificates Postfix hides", [public_authority], "warning client_certificates"),
    *((f"T30 f smtpd_tls_fingerprint_digest {digest}", [set_main(smtpd_tls_fingerprint_digest=digest)], "error smtpd_tls_fingerprint_digest")
      for digest in ("sha3-256", "sm3", "blake2s256", "sha512-256", "sha1", "nonsense")),
    ("T30 f digest of a service", [override("smtpd_tls_fingerprint_digest = sha3-256")], "error smtpd_tls_fingerprint_digest"),
    ("T30 f another digest without pins", [Setup.without_facts, set_main(smtpd_tls_fingerprint_digest="sha3-256")]),
    ("T30 f SHA-256 by another name", [set_main(smtpd_tls_fingerprint_digest="RSA-SHA256")]),
    ("smtpd_tls_fingerprint_digest", [set_main(smtpd_tls_fingerprint_digest="md5")], "error smtpd_tls_fingerprint_digest"),
    ("digest of an old compatibility level", [set_main(compatibility_level="3.5")], "error smtpd_tls_fingerprint_digest"),
    ("legacy fingerprints of keys", [set_main(tls_legacy_public_key_fingerprints="yes"), policy(certificates=f"[{{{KEY_PIN}}}]")],
     "error tls_legacy_public_key_fingerprints"),
    *([("raw keys for partners with certificates", [set_main(smtpd_tls_enable_rpk="yes")], "warning smtpd_tls_enable_rpk"),
       ("raw keys for a partner with the fingerprint of a key", [set_main(smtpd_tls_enable_rpk="yes"), policy(certificates=f"[{{{KEY_PIN}}}]")])]
      if version() >= (3, 9) else []),
    ("postfix_facts not asked", [set_main(smtpd_data_restrictions="")], "error postfix_facts"),
    ("postfix_facts asked elsewhere", [set_main(smtpd_data_restrictions="", smtpd_recipient_restrictions=FACTS)], "error postfix_facts"),
    ("postfix_facts without default_action", [public_facts(("default_action=DUNNO, ", ""))], "error postfix_facts"),
    ("postfix_facts without timeout", [public_facts((", timeout=3s", ""))], "warning postfix_facts"),
    ("postfix_facts without try_limit", [public_facts((", try_limit=1", ""))], "warning postfix_facts"),
    ("postfix_facts behind permit_mynetworks", [set_main(smtpd_data_restrictions=f"permit_mynetworks, {FACTS}")], "warning postfix_facts"),
    ("postfix_facts behind reject_unauth_pipelining", [set_main(smtpd_data_restrictions=f"reject_unauth_pipelining, {FACTS}")]),
    ("postfix_facts in a restriction class", [set_main(smtpd_restriction_classes="facts", facts=FACTS, smtpd_data_restrictions="facts")]),
    ("postfix_facts by a path outside of the chroot",
     [lambda s: s.main.update(smtpd_data_restrictions=FACTS.replace("unix:", f"unix:{s.spool}/"))], "error postfix_facts"),
    ("pins without postfix_facts", [lambda s: s.milter.pop("postfix_facts")], "error postfix_facts", "warning policy"),
    ("nobody listens for postfix_facts", [drop_socket("facts.sock")], "error socket"),
    ("non_smtpd_milters", [set_main(non_smtpd_milters=FILTER)], "warning non_smtpd_milters"),
    ("content filter with a service for what it hands back", [set_main(content_filter="smtp:[192.0.2.9]:10024")]),
    ("content filter on another machine", [set_main(content_filter="smtp:[192.0.2.9]:10024"), set_master(reinjection="")],
     "warning content_filter"),
    ("content filter on this machine", [set_main(content_filter="smtp:[127.0.0.1]:10024"), set_master(reinjection="")]),
    ("content filter by sendmail(1)", [set_main(content_filter="filter:dummy"), set_master(reinjection="")]),
    ("content filter that is exempt", [set_main(content_filter="smtp:[192.0.2.9]:10024"), set_master(reinjection=""),
                                       policy(top="exempt: {clients: [192.0.2.0/24]}\n")]),
    ("re-injection port open to everyone", [set_main(content_filter="smtp:[192.0.2.9]:10024"),
                                            set_master(reinjection=REINJECTION.replace("127.0.0.1:", ""))], "warning reinjection"),
    ("bare newlines", [set_main(smtpd_forbid_bare_newline="no")], "warning smtpd_forbid_bare_newline"),
    ("soft_bounce", [set_main(soft_bounce="yes")], "warning soft_bounce"),
    ("milter_protocol", [set_main(milter_protocol="2")], "warning milter_protocol"),
    ("milter_protocol of the filter alone", [set_main(smtpd_milters=FILTER.replace("tempfail", "tempfail, protocol=2"))],
     "warning milter_protocol"),
    ("milter_protocol of the filter alone, as it is needed",
     [set_main(milter_protocol="2", smtpd_milters=FILTER.replace("tempfail", "tempfail, protocol=6"))]),
    ("F09 x a service that empties what its filters refer to",
     [set_main(filters=FILTER, smtpd_milters="$filters"), override("filters =")], "error smtpd_milters"),
    ("F09 x a service that empties what the filters of a parameter refer to",
     [set_main(a=FILTER, filters="${a}", smtpd_milters="$(filters)"), override("a =")], "error smtpd_milters"),
    ("a service that sets what its filters refer to", [set_main(filters="", smtpd_milters="$filters"), override(f"filters = {FILTER}")]),
    ("F09 x a service that asks for no certificate by another parameter", [set_main(ask="yes", smtpd_tls_ask_ccert="$ask"), override("ask = no")],
     "error smtpd_tls_ask_ccert"),
    ("F09 x a service that overrides what nothing refers to",
     [set_main(filter="", filters=FILTER, smtpd_milters="$filters"), override("filter = x")], "warning postconf", "warning postconf"),
    ("F09 x filters that are switched off under stress", [set_main(smtpd_milters=f"${{stress?{{}}:{{{FILTER}}}}}")], "warning smtpd_milters"),
    ("F09 x certificates that are not asked for under stress", [override("smtpd_tls_ask_ccert = ${stress?{no}:{yes}}")],
     "warning smtpd_tls_ask_ccert"),
    ("F09 x smtp lets users log in, and does not ask", [override("smtpd_sasl_auth_enable = yes"), override("smtpd_milters =")],
     "error smtpd_milters"),
    ("F09 x smtp has a content filter of its own, and does not ask",
     [set_main(content_filter="smtp:[127.0.0.1]:10024"), override("content_filter ="), override("smtpd_milters =")], "error smtpd_milters"),
    ("restrictions at the end of DATA, before the fix", [set_main(smtpd_end_of_data_restrictions="permit")],
     *(["warning smtpd_end_of_data_restrictions"] if not end_of_data_is_fixed() else [])),
    ("replies that Postfix replaces", [set_main(smtpd_reject_filter_maps="static:x")],
     "warning smtpd_reject_filter_maps" if version() >= (3, 11) else "warning postconf"),
    ("a name that hides Postfix", [set_main(mail_name="Mailer")], "error milter_macro_v"),
    ("a parameter that nobody knows", [set_main(smtpd_milter="x")], "warning postconf"),
    ("no such user", [set_main(mail_owner="nosuchuser")], "error mail_owner"),
    ("socket path that the chroot hides", [lambda s: s.main.update(smtpd_milters=FILTER.replace("unix:", f"unix:{s.spool}/"))],
     "error smtpd_milters"),
    ("no socket", [drop_socket("forcetls.sock")], "error socket"),
    ("no directory for it", [drop_socket("forcetls.sock"), drop_socket("facts.sock"), lambda s: s.sockets.rmdir()],
     "error socket", "error socket"),
    ("stale socket", [stale], "error socket"),
    ("socket that the MTA may not reach", [closed_directory], "error socket", "error socket"),
    ("socket open to everyone", [open_socket], "warning socket_safety"),
    ("directory writable by everyone", [lambda s: s.sockets.chmod(0o2777)], "error socket_safety", "error socket_safety"),
    ("directory writable by everyone, as the policy permits",
     [lambda s: s.sockets.chmod(0o2777), lambda s: s.milter.update(shared_directory=True)], "warning socket_safety", "warning socket_safety"),
    ("F10 f socket directory of another user", [owned_by_another("forcetls")], "error socket_safety", "error socket_safety"),
    ("F10 f directory of another user above the sockets", [owned_by_another()], "error socket_safety", "error socket_safety"),
    ("F10 f link to a socket directory of another user", [link_to_another], "error socket_safety", "error socket_safety"),
    ("F10 f socket directory of the filter's own user", [owned_by_the_filter]),
    ("a file in the socket's place", [no_socket_but_file], "error socket", "error socket_safety"),
    ("inet socket", [loopback()]),
    ("inet socket by name", [loopback(milter="inet:localhost:{port}")]),
    ("inet socket that nobody serves", [loopback(listening=False)], "error socket"),
    ("inet socket of another port", [loopback(milter="inet:127.0.0.1:1")], "error smtpd_milters"),
    ("policy that the filter may not read", [unreadable_policy], "error policy_readable"),
    ("nothing enforced yet", [policy(mode="testing")], "warning mode"),
    ("policy with doubts", [policy(certificates=f"[{{subject: {{O: Contoso}}, issuer: Test Intermediate CA}}, {{{PIN}}}]")],
     "warning policy"),
    ("no identity in force", [policy(certificates=f"[{{{PIN}, until: 2020-01-01}}]")], "error policy_dates", "warning policy"),
    ("clock behind the policy's file", [written_tomorrow], "warning clock"),
    ("submission judged", [policy(top="exempt: {authenticated: false}\n")], "warning smtpd_milters"),
    ("submission judged under an exempt name", [policy(top="exempt: {authenticated: false, daemons: [ours]}\n"),
                                                override("milter_macro_daemon_name = ours", "submission")]),
]


def run_case(changes, wanted):
    setup = Setup()
    try:
        for change in changes:
            change(setup)
        status = 2 if any(w.startswith("error") for w in wanted) else 1 if wanted else 0
        expect(setup.look(status=status), *wanted)
    finally:
        setup.close()


# ---- the documented setup ----

def documented():
    """What forcetls-postfix(7) says to write into main.cf, in its order."""
    page = (machine.SRC / "man/forcetls-postfix.7").read_text()
    lines = "\n".join(re.findall(r"^\.Bd -literal[^\n]*\n(.*?)^\.Ed$", page, re.M | re.S))
    lines = re.sub(r"\n[ \t]+", " ", lines)
    found = {}
    for name, value in re.findall(r"^((?:smtpd|milter)_\w+) =[ \t]*(.*)$", lines, re.M):
        found.setdefault(name, []).append(value)
    return found


# Processes with the names of Postfix's: the first writes its id, as master does, and has a child.
MASTER_PROCESS = """
import os, pathlib, sys, time
def name(text): pathlib.Path("/proc/self/comm").write_text(text)
if os.fork() == 0:
    name("tlsmgr")
else:
    name(sys.argv[2])
    pathlib.Path(sys.argv[1]).write_text(f"{os.getpid():>33}")
print("ready", flush=True)
time.sleep(300)
"""


def running(changed_after, wanted, master="master", changes=()):
    """A Postfix whose main.cf was changed so many seconds after it was started."""
    setup = Setup()
    for change in changes:
        change(setup)
    (setup.spool / "pid").mkdir()
    with subprocess.Popen([sys.executable, "-c", MASTER_PROCESS, setup.spool / "pid/master.pid", master],
                          stdout=subprocess.PIPE, start_new_session=True) as process:
        try:
            for _ in range(2):
                process.stdout.readline()
            started = time.time()
            setup.write()
            setup.write = lambda: None
            os.utime(setup.etc / "main.cf", (started + changed_after, started + changed_after))
            expect(setup.look(status=1 if wanted else 0), *wanted)
        finally:
            os.killpg(process.pid, signal.SIGKILL)
            setup.close()


def documented_setup():
    setup = Setup()
    try:
        page = documented()
        for name in ("smtpd_milters", "smtpd_tls_security_level", "smtpd_tls_ask_ccert", "smtpd_tls_CAfile"):
            if name not in page:
                raise AssertionError(f"the page does not tell {name}: {page}")
        files = {name: setup.main[name] for name in ("smtpd_tls_cert_file", "smtpd_tls_key_file", "smtpd_tls_CAfile")}
        own = {name: setup.main[name] for name in ("compatibility_level", "queue_directory", "mail_owner")}
        if "smtpd_data_restrictions" not in page:
            setup.without_facts()
        for which in range(max(map(len, page.values()))):  # the quick start first, then the sections in detail
            setup.main = {name: values[min(which, len(values) - 1)] for name, values in page.items()}
            setup.main.update(own)
            setup.main.update(files)
            expect(setup.look(status=0))
    finally:
        setup.close()


def real_services():
    """The master.cf that comes with the system."""
    setup = Setup()
    try:
        setup.write()
        usual = "/usr/share/postfix/master.cf.dist"
        if not os.path.exists(usual):
            raise tap.Skip(f"no {usual}")
        setup.look = lambda **kw: doctor("-c", setup.dir / "forcetls.yaml", "--postfix-config", setup.etc, **kw)
        shutil.copy(usual, setup.etc / "master.cf")
        expect(setup.look(status=0))
    finally:
        setup.close()


def readable():
    """For people: at most 80 columns but for lines to be copied, errors last, the counts at the end."""
    setup = Setup()
    try:
        setup.main["smtpd_tls_ask_ccert"] = "no"
        setup.main["smtpd_authorized_xclient_hosts"] = "192.0.2.7 192.0.2.8 \x1b[31m"
        setup.write()
        done = subprocess.run([machine.FORCETLS, "doctor", "-c", setup.dir / "forcetls.yaml", "--postfix-config", setup.etc],
                              capture_output=True, text=True, timeout=120, check=False)
        tap.equal(done.returncode, 2, "exit status")
        lines = done.stdout.splitlines()
        tap.equal([line for line in lines if len(line) > 80 and not line.startswith("           ")], [], "long lines")
        words = [line.split()[0] for line in lines if re.match("(ok|warning|error) ", line)]
        tap.equal(words, sorted(words, key=["ok", "warning", "error"].index), "order")
        tap.contains(done.stdout, "main.cf: smtpd_tls_ask_ccert = yes")
        tap.contains(lines[-1], "1 warning, 1 error")
        if "\x1b" in done.stdout:
            raise AssertionError("an escape reaches the terminal")
    finally:
        setup.close()


def exempt_loopback(prefix=(), top=""):
    """The level of what is said of loopback clients in a container; None: nothing."""
    setup = Setup()
    try:
        setup.top = top
        setup.write()
        done = subprocess.run([*prefix, machine.FORCETLS, "doctor", "-c", setup.dir / "forcetls.yaml", "--postfix-config", setup.etc,
                               "--json"], capture_output=True, text=True, timeout=120, check=False)
        if not done.stdout:
            raise tap.Skip(f"no user namespace: {done.stderr}")
        return next((f["level"] for f in json.loads(done.stdout)["findings"] if f["subject"] == "exempt"), None)
    finally:
        setup.close()


def hidden_clients():
    """In a rootless container everyone may be 127.0.0.1."""
    rootless = ("unshare", "--user", "--map-root-user")
    if not any(os.path.exists(mark) for mark in ("/.dockerenv", "/run/.containerenv")):
        tap.equal(exempt_loopback(), None, "no container")
        return
    tap.equal(exempt_loopback(rootless), "warning", "a rootless container")
    tap.equal(exempt_loopback(rootless, top="exempt: {clients: []}\n"), None, "nobody is exempt")
    tap.equal(exempt_loopback(top="exempt: {clients: [192.0.2.0/24]}\n"), None, "loopback is not exempt")


def bad_policy():
    setup = Setup()
    try:
        setup.top = "nonsense: 1\n"
        expect(setup.look(status=2), "error policy")
    finally:
        setup.close()


def no_configuration():
    setup = Setup()
    try:
        setup.write()
        (setup.etc / "main.cf").unlink()
        expect(doctor("-c", setup.dir / "forcetls.yaml", "--postfix-config", setup.etc, status=2), "error mta")
    finally:
        setup.close()


def socket_option():
    """--socket stands for the daemon's -s."""
    setup = Setup()
    try:
        setup.milter["socket"] = "unix:/nonexistent/forcetls.sock"
        expect(setup.look("--socket", f"unix:{setup.sockets}/forcetls.sock", status=0))
    finally:
        setup.close()


def usage():
    for arguments in (["--nonsense"], ["more"], ["--socket", "tcp:1"]):
        done = subprocess.run([machine.FORCETLS, "doctor", *arguments], capture_output=True, text=True, timeout=60, check=False)
        tap.equal((done.returncode, done.stdout), (64, ""), str(arguments))


def define():
    tap.test("F09 x the documented setup is good")(documented_setup)
    tap.test("a good setup is good")(lambda: run_case([], ()))
    tap.test("the services that Postfix comes with")(real_services)
    for name, changes, *wanted in CASES:
        tap.test(name)(lambda c=changes, w=wanted: run_case(c, w))
    stale_sessions = ["warning smtpd_tls_session_cache_timeout"]
    tap.test("T29 f Postfix was not reloaded since main.cf was changed")(lambda: running(1, stale_sessions))
    tap.test("T29 f Postfix was reloaded since main.cf was changed")(lambda: running(-60, []))
    tap.test("T29 f Postfix was not reloaded, and no rule needs certificates")(lambda: running(1, [], changes=requires("")))
    tap.test("T29 f Postfix was not reloaded, and keeps no sessions")(
        lambda: running(1, [], changes=[set_main(smtpd_tls_session_cache_timeout="0")]))
    tap.test("T29 f Postfix does not run")(lambda: running(1, [], master="other"))
    tap.test("output for people")(readable)
    tap.test("loopback clients in a container")(hidden_clients)
    tap.test("policy that does not load")(bad_policy)
    tap.test("no configuration")(no_configuration)
    tap.test("the socket given by option")(socket_option)
    tap.test("usage")(usage)
