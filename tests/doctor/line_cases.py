# SPDX-License-Identifier: BSD-2-Clause
"""The lines that doctor prints, pasted: what was reported is gone, and whatever else the administrator has stays."""
import re
import shlex
import shutil
import subprocess

import machine
import sendmail_cases
import tap
from postfix_cases import FACTS, FILTER, Setup, own_key, requires, set_main, override
from machine import doctor, told

DKIM, SPAM = "inet:localhost:8891", "{ inet:127.0.0.1:11332, connect_timeout=9s }"


def changes(report, subject):
    """The lines to write for that subject, of warnings and errors."""
    return [line for finding in report["findings"] if finding["level"] != "ok" and finding["subject"] == subject
            for line in (finding["change"] or "").split("\n")]


def subjects(report):
    return {finding["subject"] for finding in report["findings"] if finding["level"] != "ok"}


def paste(setup, lines):
    """Writes "main.cf: name = value" and "master.cf, smtp inet: -o { name = value }" into the setup."""
    pasted = 0
    for line in lines:
        match = re.fullmatch(r"(?:\S*/)?main\.cf: (\S+) =\s*(.*)", line)
        if match:
            setup.main[match[1]] = match[2]
            pasted += 1
        match = re.fullmatch(r"(?:\S*/)?master\.cf, smtp inet: -o \{ (\S+) =\s*(.*) \}", line)
        if match:
            setup.master["smtp"] = f"\n    -o {{ {match[1]} = {match[2]} }}"
            pasted += 1
    return pasted


def postconf(setup, *options):
    return subprocess.run(["/usr/sbin/postconf", "-c", setup.etc, *options], capture_output=True, text=True, timeout=60,
                          check=True).stdout


def value(setup, parameter):
    """What a service sees: its own value where it has one."""
    own = [line for line in postconf(setup, "-P").splitlines() if line.startswith(f"smtp/inet/{parameter} =")]
    line = own[0] if own else postconf(setup, parameter)
    return line.split("=", 1)[1].strip()


def pasted(before, subject, parameter, wanted):
    """Pastes what is said of the subject: the parameter is then as wanted, and the subject is not reported again."""
    setup = Setup()
    try:
        for change in before:
            change(setup)
        report = setup.look()
        lines = changes(report, subject)
        if not lines:
            raise AssertionError(f"nothing is said of {subject}:\n{told(report)}")
        tap.equal(paste(setup, lines) > 0, True, f"a line to paste in {lines}")
        setup.write()
        tap.equal(value(setup, parameter), wanted, f"{parameter} after {lines}")
        after = setup.look()
        tap.equal(subject in subjects(after), False, f"{subject} reported after {lines}:\n{told(after)}")
    finally:
        setup.close()


MILTERS = "smtpd_milters"
ACCEPT = FILTER.replace("tempfail", "accept")
OTHER_FACTS = FACTS.replace("DUNNO, timeout=3s", "DUNNO, policy_context=x, timeout=300s")
PIPELINING = "reject_unauth_pipelining, check_sender_access hash:/etc/postfix/senders"

# name, the setup, what is reported, the parameter, its value when the line is pasted
POSTFIX = [
    ("the filter joins other filters", [set_main(smtpd_milters=f"{DKIM}, {SPAM}")], MILTERS, MILTERS, f"{FILTER}, {DKIM}, {SPAM}"),
    ("the filter joins filters behind a $reference", [set_main(others=DKIM, smtpd_milters=f"$others {SPAM}")], MILTERS, MILTERS,
     f"{FILTER}, $others {SPAM}"),
    ("the filter joins filters of a service", [override(f"smtpd_milters = {DKIM}, {SPAM}")], MILTERS, MILTERS, f"{FILTER}, {DKIM}, {SPAM}"),
    ("the filter joins a service's $reference", [set_main(mx_milters=DKIM), override("smtpd_milters = $mx_milters")], MILTERS, MILTERS,
     f"{FILTER}, $mx_milters"),
    ("a path that the chroot hides is replaced", [lambda s: s.main.update(smtpd_milters=f"{DKIM}, {{ unix:{s.sockets}/forcetls.sock, command_timeout=7s }}")],
     MILTERS, MILTERS, "{ unix:forcetls/forcetls.sock, default_action=tempfail, command_timeout=7s }, " + DKIM),
    ("options that Postfix cannot read", [set_main(smtpd_milters="{ unix:forcetls/forcetls.sock, default_action=accept, command_timeout = 7s, connect_timeout=5s } " + DKIM)],
     "milter_default_action", MILTERS, "{ unix:forcetls/forcetls.sock, default_action=tempfail, connect_timeout=5s }, " + DKIM),
    ("another default action of the filter", [set_main(smtpd_milters="{ unix:forcetls/forcetls.sock, { default_action = accept }, connect_timeout=5s } " + DKIM)],
     "milter_default_action", MILTERS, "{ unix:forcetls/forcetls.sock, default_action=tempfail, connect_timeout=5s }, " + DKIM),
    ("a default action of all filters", [set_main(smtpd_milters=f"{DKIM} unix:forcetls/forcetls.sock", milter_default_action="accept")],
     "milter_default_action", MILTERS, f"{FILTER}, {DKIM}"),
    ("a default action behind a $reference", [set_main(others=f"{DKIM}, {ACCEPT}", smtpd_milters="$others")],
     "milter_default_action", MILTERS, f"{FILTER}, {DKIM}"),
    ("no_milters among other overrides", [override("receive_override_options = no_header_body_checks, no_milters, no_address_mappings")],
     "receive_override_options", "receive_override_options", "no_header_body_checks, no_address_mappings"),
    ("postfix_facts joins other restrictions", [set_main(smtpd_data_restrictions=PIPELINING)], "postfix_facts", "smtpd_data_restrictions",
     f"{FACTS}, {PIPELINING}"),
    ("postfix_facts joins a service's restrictions", [override(f"smtpd_data_restrictions = {PIPELINING}")], "postfix_facts",
     "smtpd_data_restrictions", f"{FACTS}, {PIPELINING}"),
    ("postfix_facts keeps options of its own", [set_main(smtpd_data_restrictions=f"reject_multi_recipient_bounce, {OTHER_FACTS}")],
     "postfix_facts", "smtpd_data_restrictions", FACTS.replace(" }", ", policy_context=x }") + ", reject_multi_recipient_bounce"),
    ("postfix_facts goes before what may end the list", [set_main(smtpd_data_restrictions=f"permit_mynetworks, {FACTS}, reject_unauth_pipelining")],
     "postfix_facts", "smtpd_data_restrictions", f"{FACTS}, permit_mynetworks, reject_unauth_pipelining"),
    ("postfix_facts in a restriction class", [set_main(smtpd_restriction_classes="facts", facts=f"{OTHER_FACTS}, reject_unauth_pipelining",
                                                       smtpd_data_restrictions="facts")],
     "postfix_facts", "facts", FACTS.replace(" }", ", policy_context=x }") + ", reject_unauth_pipelining"),
    ("mail of sendmail(1) keeps its filters", [set_main(non_smtpd_milters=f"{DKIM}, {FILTER}, {SPAM}")], "non_smtpd_milters",
     "non_smtpd_milters", f"{DKIM}, {SPAM}"),
    ("mail of sendmail(1) keeps filters that it has from $smtpd_milters",
     [set_main(smtpd_milters=f"{DKIM}, {SPAM}", non_smtpd_milters="$smtpd_milters")], MILTERS, "non_smtpd_milters", f"{DKIM}, {SPAM}"),
    ("macros of other filters stay", [set_main(milter_macro_defaults="foo=bar, { cert_subject = x }, color=red")], "milter_macro_defaults",
     "milter_macro_defaults", "foo=bar, color=red"),
    ("other keywords stay hidden", [*requires(""), set_main(smtpd_discard_ehlo_keywords="chunking, starttls, dsn")],
     "smtpd_discard_ehlo_keywords", "smtpd_discard_ehlo_keywords", "chunking, dsn"),
    ("other protocols stay switched off", [*requires("min_tls_version: TLSv1.3"), set_main(smtpd_tls_protocols="!SSLv2, !SSLv3, !TLSv1, !TLSv1.3")],
     "smtpd_tls_protocols", "smtpd_tls_protocols", "!SSLv2, !SSLv3, !TLSv1"),
    ("a lower bound stays without the ceiling", [*requires("min_tls_version: TLSv1.3"), set_main(smtpd_tls_protocols=">=TLSv1, <=TLSv1.2")],
     "smtpd_tls_protocols", "smtpd_tls_protocols", ">=TLSv1"),
    ("protocols by name get one more", [*requires("min_tls_version: TLSv1.3"), set_main(smtpd_tls_protocols="TLSv1.2, TLSv1.1")],
     "smtpd_tls_protocols", "smtpd_tls_protocols", "TLSv1.2, TLSv1.1, TLSv1.3"),
    ("other ciphers stay excluded", [*requires("forward_secrecy: true"), own_key("rsa"),
                                     set_main(smtpd_tls_exclude_ciphers="aNULL, RC4, kECDHE, kDHE, 3DES", smtpd_tls_protocols="<=TLSv1.2")],
     "smtpd_tls_exclude_ciphers", "smtpd_tls_exclude_ciphers", "aNULL, RC4, kDHE, 3DES"),
    ("a re-injection port keeps its other filters",
     [set_main(smtpd_milters=f"{FILTER}, {DKIM}"), lambda s: s.master.update(reinjection=s.master["reinjection"].replace("-o smtpd_milters=", ""))],
     "reinjection", None, f"master.cf, 127.0.0.1:10025 inet: -o {{ smtpd_milters = {DKIM} }}"),
]


def line_of(before, subject, wanted):
    """Where the line goes to another service than smtp: that it is there."""
    setup = Setup()
    try:
        for change in before:
            change(setup)
        tap.equal(changes(setup.look(), subject), [wanted])
    finally:
        setup.close()


def keeps_everything():
    """No line for main.cf that doctor prints for any of the broken setups empties a list that had other elements."""
    setup = Setup()
    try:
        setup.main.update(smtpd_milters=f"{DKIM}, {SPAM}", smtpd_data_restrictions=PIPELINING, non_smtpd_milters=f"{DKIM}, {FILTER}",
                          smtpd_authorized_xclient_hosts="192.0.2.7", smtpd_milter_maps="inline:{192.0.2.1=DISABLE}",
                          smtpd_discard_ehlo_keyword_address_maps="static:starttls", smtpd_proxy_filter="127.0.0.1:10024",
                          smtpd_upstream_proxy_protocol="haproxy", smtpd_discard_ehlo_keywords="chunking starttls")
        report = setup.look()
        before = dict(setup.main)
        for finding in report["findings"]:
            setup.main = dict(before)
            paste(setup, (finding["change"] or "").split("\n"))
            for name, text in before.items():
                words = set(re.findall(r"[\w.:/]*(?:8891|11332|pipelining|senders|192\.0\.2\.7|DISABLE|10024|haproxy|chunking)", str(text)))
                lost = {word for word in words if word not in str(setup.main[name])}
                tap.equal(lost, set(), f"lost of {name} by {finding}")
    finally:
        setup.close()


# ---- the shell ----

AWKWARD = "it's a $(touch pwned) `x` \"mail\" dir"


def quoted():
    """Commands take names apart as the file system has them, whatever these are."""
    setup = Setup()
    try:
        place = setup.spool / AWKWARD
        place.mkdir()
        setup.listeners.append(machine.listen(place / "forcetls.sock"))
        place.chmod(0o2777)
        setup.milter["socket"] = f"unix:{place}/forcetls.sock"
        report = setup.look()
        commands = [line for line in changes(report, "socket_safety") if line.startswith("chmod")]
        tap.equal(commands != [], True, told(report))
        for command in commands:
            tap.equal(shlex.split(command)[-1], str(place), command)
            subprocess.run(["sh", "-c", command], cwd=setup.dir, check=True, timeout=60)
        tap.equal((setup.dir / "pwned").exists(), False, "a command within the name was run")
        tap.equal(place.stat().st_mode & 0o7777, 0o2775, "mode")
    finally:
        setup.close()


def quoted_policy():
    """The same of the policy's own name."""
    setup = Setup()
    try:
        setup.top = "nonsense: 1\n"
        setup.write()
        policy = setup.dir / "a b;c.yaml"
        shutil.copy(setup.dir / "forcetls.yaml", policy)
        report = doctor("-c", policy, "--postfix-config", setup.etc)
        tap.equal([shlex.split(line) for line in changes(report, "policy")], [["forcetls", "check", "-c", str(policy)]])
    finally:
        setup.close()


# ---- Sendmail ----

def sendmail_lines(change, subject, *wanted):
    setup = sendmail_cases.Setup()
    try:
        change(setup)
        report = setup.look()
        lines = changes(report, subject)
        for line in wanted:
            tap.equal(line.format(socket=setup.socket) in lines, True, f"{line} in {lines}\n{told(report)}")
    finally:
        machine.stop(setup.listener)


def sendmail_values(**changed):
    return lambda setup: setup.values.update(changed)


SENDMAIL = [
    ("the filter joins other filters", sendmail_values(filters="other,third"), "InputMailFilters",
     "sendmail.mc: define(`confINPUT_MAIL_FILTERS', `forcetls, other, third')dnl"),
    ("the filter joins a daemon's filters", sendmail_values(daemon=", M=Ea, InputMailFilters=other;third"), "InputMailFilters",
     "sendmail.mc: DAEMON_OPTIONS(`Name=MTA-v4, Family=inet, M=Ea, InputMailFilters=forcetls;other;third')dnl"),
    ("a new filter goes before the others", sendmail_values(spec="inet:1@127.0.0.1", filters="other"), "INPUT_MAIL_FILTER",
     "sendmail.mc: INPUT_MAIL_FILTER(`forcetls', `S=unix:{socket}, F=T, T=C:5s;S:5s;R:5s;E:30s')dnl",
     "sendmail.mc: define(`confINPUT_MAIL_FILTERS', `forcetls, other')dnl"),
    ("the filter keeps its timeouts", sendmail_values(flags="T=C:9s;R:9s, "), "INPUT_MAIL_FILTER",
     "sendmail.mc: INPUT_MAIL_FILTER(`forcetls', `S=unix:{socket}, F=T, T=C:9s;R:9s')dnl"),
    ("a daemon keeps its options without S", sendmail_values(daemon=", Addr=192.0.2.1, M=SEa"), "DaemonPortOptions",
     "sendmail.mc: DAEMON_OPTIONS(`Name=MTA-v4, Family=inet, Addr=192.0.2.1, M=Ea')dnl"),
    ("a daemon keeps its options without c", sendmail_values(daemon=", M=Ec"), "nocanonify",
     "sendmail.mc: DAEMON_OPTIONS(`Name=MTA-v4, Family=inet, M=E')dnl"),
    ("DontBlameSendmail keeps its other flags", sendmail_values(more="O DontBlameSendmail=GroupReadableKeyFile,GroupWritableDirPathSafe"),
     "DontBlameSendmail", "sendmail.mc: define(`confDONT_BLAME_SENDMAIL', `GroupReadableKeyFile')dnl"),
    ("TLSSrvOptions keep what is not V", sendmail_values(tls_options="V,C"), "TLSSrvOptions",
     "sendmail.mc: define(`confTLS_SRV_OPTIONS', `C')dnl"),
    ("versions that are off stay off", lambda s: (s.values.update(more="O ServerSSLOptions=SSL_OP_NO_TICKET +SSL_OP_NO_TLSv1_3 SSL_OP_NO_TLSv1"),
                                                  setattr(s, "require", "min_tls_version: TLSv1.3")),
     "ServerSSLOptions", "sendmail.mc: define(`confSERVER_SSL_OPTIONS', `SSL_OP_NO_TICKET SSL_OP_NO_TLSv1')dnl"),
    ("suites that are there stay", lambda s: (s.values.update(more="O CipherSuites=TLS_AES_128_GCM_SHA256"),
                                              setattr(s, "require", "min_cipher_bits: 256, min_tls_version: TLSv1.3")),
     "CipherList", "sendmail.mc, under LOCAL_CONFIG: O CipherSuites=TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384"),
]


# ---- the policy ----

def policy_line(before, subject, *wanted):
    setup = Setup()
    try:
        for change in before:
            change(setup)
        lines = changes(setup.look(), subject)
        for line in wanted:
            line = line.format(policy=setup.dir / "forcetls.yaml", spool=setup.spool)
            tap.equal(line in lines, True, f"{line} in {lines}")
    finally:
        setup.close()


def top(text, *more):
    return [lambda setup: setattr(setup, "top", text), *more]


POLICY = [
    ("a client joins the exempt ones", top("exempt: {clients: [192.0.2.0/24, .relay.test, '::1'], daemons: [x]}\n",
                                           set_main(content_filter="smtp:[198.51.100.9]:10024"), lambda s: s.master.update(reinjection="")),
     "content_filter", "{policy}, under exempt: clients: [\"192.0.2.0/24\", \"::1\", \".relay.test\", 198.51.100.9]"),
    ("a name goes from the exempt daemons", top("exempt: {daemons: [a, submission]}\n",
                                                set_main(myhostname="submission", milter_macro_daemon_name="$myhostname")),
     "milter_macro_daemon_name", "{policy}, under exempt: daemons: [a]"),
    ("postfix_facts in the section that is there", [lambda s: s.milter.pop("postfix_facts")], "postfix_facts",
     "{policy}, under milter: postfix_facts: unix:{spool}/forcetls/facts.sock"),
]


def define():
    for name, before, subject, parameter, wanted in POSTFIX:
        if parameter:
            tap.test(f"line: {name}")(lambda b=before, s=subject, p=parameter, w=wanted: pasted(b, s, p, w))
        else:
            tap.test(f"line: {name}")(lambda b=before, s=subject, w=wanted: line_of(b, s, w))
    tap.test("line: none takes other configuration away")(keeps_everything)
    tap.test("line: names are quoted for the shell")(quoted)
    tap.test("line: the policy's name is quoted for the shell")(quoted_policy)
    for name, change, subject, *wanted in SENDMAIL:
        tap.test(f"line for sendmail.mc: {name}")(lambda c=change, s=subject, w=wanted: sendmail_lines(c, s, *w))
    for name, before, subject, *wanted in POLICY:
        tap.test(f"line for the policy: {name}")(lambda b=before, s=subject, w=wanted: policy_line(b, s, *w))
