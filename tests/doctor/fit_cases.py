# SPDX-License-Identifier: BSD-2-Clause
"""What stops partner mail, or lets it pass, although every setting looks right; and right settings in other words."""
import os
import pathlib
import shutil
import signal
import socket
import subprocess

import daemon
import machine
import pki
import sendmail_cases
import tap
from line_cases import changes, top
from machine import expect, told
from postfix_cases import FILTER, PIN, Setup, override, policy, run_case, set_main, set_master

NAMES = "{subject: mail.partner.test, issuer: %s}"


def no_root():
    if not machine.ROOT:
        raise tap.Skip("needs root")


# ---- sockets in directories of other programs ----

def shared_place(directory, name="forcetls.sock"):
    """A socket that lies directly in a directory of other programs: the advice is to move it."""
    no_root()
    setup = Setup()
    path = pathlib.Path(directory.format(spool=setup.spool)) / f"{setup.dir.name}-{name}"
    try:
        listener = machine.listen(path)
        setup.listeners.append(listener)
        setup.milter["socket"] = f"unix:{path}"
        report = setup.look()
        lines = changes(report, "socket_safety")
        tap.equal(lines != [], True, f"nothing is said of {path}:\n{told(report)}")
        for line in changes(report, "socket_safety") + changes(report, "socket"):
            if line.split()[0] in ("chmod", "chown", "chgrp") and not line.endswith(str(path)):
                raise AssertionError(f"a directory of others is changed: {line}")
        wanted = f"{setup.dir}/forcetls.yaml, under milter: socket: unix:{setup.spool}/forcetls/forcetls.sock"
        tap.equal(wanted in lines, True, f"{wanted} in {lines}")
    finally:
        setup.close()
        path.unlink(missing_ok=True)


def shared_by_owner():
    """The socket lies beside sockets and files of Postfix's own, in a directory that Postfix owns."""
    no_root()
    setup = Setup()
    try:
        place = setup.spool / "private"
        place.mkdir(0o755)
        (place / "data").write_text("x")
        os.chown(place, 65534, -1)
        setup.listeners.append(machine.listen(place / "f.sock"))
        setup.milter["socket"] = f"unix:{place}/f.sock"
        lines = changes(setup.look(), "socket_safety")
        tap.equal([line for line in lines if line.startswith("chown")], [], "chown")
        tap.equal(any("under milter: socket:" in line for line in lines), True, lines)
    finally:
        setup.close()


def sendmail_group():
    """Sendmail looks at every directory of the path: the mode of one above the socket's own stays."""
    setup = sendmail_cases.Setup()
    try:
        (setup.dir / "run").chmod(0o755)
        setup.dir.chmod(0o775)
        lines = changes(setup.look(), "socket_safety")
        tap.equal([line for line in lines if line.startswith("chmod")], [], "chmod")
        tap.equal(any(line.endswith("under milter: socket: unix:/run/forcetls/forcetls.sock") for line in lines), True, lines)
    finally:
        machine.stop(setup.listener)


# ---- exempt daemon names ----

EXEMPT = top("exempt: {daemons: [submission]}\n")
NAMED = [
    ("a name of main.cf that is exempt", [*EXEMPT, set_main(milter_macro_daemon_name="submission")], "error milter_macro_daemon_name"),
    ("a name by way of another parameter that is exempt", [*EXEMPT, set_main(ours="submission", milter_macro_daemon_name="$ours")],
     "error milter_macro_daemon_name"),
    ("a host name that is exempt", [*EXEMPT, set_main(myhostname="submission")], "error milter_macro_daemon_name"),
    ("a name of the service on port 25 that is exempt", [*EXEMPT, override("milter_macro_daemon_name = submission")],
     "error milter_macro_daemon_name"),
    ("an exempt name on another port", [*EXEMPT, set_master(more="2525 inet n - y - - smtpd -o milter_macro_daemon_name=submission\n")],
     "warning milter_macro_daemon_name"),
    ("an exempt name behind postscreen", [*EXEMPT, set_master(more="smtpd pass - - y - - smtpd -o milter_macro_daemon_name=submission\n")],
     "error milter_macro_daemon_name"),
    ("an exempt name on port 587 without logging in",
     [*EXEMPT, set_master(more="587 inet n - y - - smtpd -o milter_macro_daemon_name=submission\n")], "error milter_macro_daemon_name"),
    ("an exempt name of the submission service", [*EXEMPT, override("milter_macro_daemon_name = submission", "submission")]),
    ("another name in main.cf", [*EXEMPT, set_main(milter_macro_daemon_name="mx")]),
]


def sendmail_named(daemon_options, name, wanted):
    setup = sendmail_cases.Setup()
    try:
        setup.values.update(daemon_options)
        setup.policy_top = f"exempt: {{daemons: [{name}]}}\n"
        expect(setup.look(), *wanted)
    finally:
        machine.stop(setup.listener)


# ---- instances ----

def instances(changed, *wanted):
    """A second Postfix in multi_instance_directories."""
    setup, other = Setup(), Setup()
    try:
        other.milter, other.main["queue_directory"] = setup.milter, setup.spool
        other.main["smtpd_milters"] = FILTER
        for change in changed:
            change(other)
        other.write()
        setup.main["multi_instance_directories"] = other.etc
        report = setup.look()
        expect(report, *wanted)
        for finding in report["findings"]:
            if finding["level"] != "ok":
                tap.contains(finding["text"], f"{other.etc}: ")
                if "main.cf" in finding["change"]:
                    tap.contains(finding["change"], f"{other.etc}/main.cf: ")
    finally:
        setup.close()
        other.close()


def no_instance():
    setup = Setup()
    try:
        setup.main["multi_instance_directories"] = "/nonexistent"
        expect(setup.look(), "error mta")
    finally:
        setup.close()


def null_client():
    """The first instance takes no mail; the second one does."""
    setup, other = Setup(), Setup()
    try:
        other.milter, other.main["queue_directory"] = setup.milter, setup.spool
        other.write()
        setup.main.update(multi_instance_directories=other.etc, master_service_disable="inet")
        expect(setup.look())
    finally:
        setup.close()
        other.close()


# ---- CAs ----

def other_authority(setup):
    setup.main["smtpd_tls_CAfile"] = machine.shared.pki.authority(pki.UNKNOWN).file


def issuer(name):
    return policy(certificates=f"[{NAMES % name}, {{{PIN}}}]")


def directory_of(file):
    def change(setup):
        del setup.main["smtpd_tls_CAfile"]
        setup.main["smtpd_tls_CApath"] = "/ca"
        (setup.spool / "ca").mkdir()
        shutil.copy(file(), setup.spool / "ca" / "0a1b2c3d.0")
    return change


def many_in_directory(setup):
    """/etc/ssl/certs as the chrooted smtpd sees it."""
    directory_of(lambda: machine.shared.pki.ca_file)(setup)
    for number in range(70):
        shutil.copy(machine.shared.pki.ca_file, setup.spool / "ca" / f"{number:08x}.0")
    setup.certificates = "trusted"
    del setup.milter["postfix_facts"], setup.main["smtpd_data_restrictions"]


def public_directory(setup):
    setup.without_facts()
    directory_of(lambda: machine.shared.pki.ca_file)(setup)
    setup.env = {"SSL_CERT_FILE": machine.shared.pki.ca_file}


def by_default(setup):
    del setup.main["smtpd_tls_CAfile"]
    setup.main["tls_append_default_CA"] = "yes"
    setup.env = {"SSL_CERT_FILE": machine.shared.pki.authority(pki.UNKNOWN).file, "SSL_CERT_DIR": "/nonexistent"}


def default_beside(setup):
    setup.main["tls_append_default_CA"] = "yes"
    setup.certificates = "trusted"
    del setup.milter["postfix_facts"], setup.main["smtpd_data_restrictions"]


AUTHORITIES = [
    ("the CA that a rule names is there", [issuer("Test Root CA")]),
    ("the CA above the one that a rule names is there", [issuer("Test Intermediate CA")]),
    ("the CA that a rule names is not in the file", [other_authority], "error smtpd_tls_CAfile"),
    ("the CA that a rule names is not in the directory",
     [directory_of(lambda: machine.shared.pki.authority(pki.UNKNOWN).file)], "error smtpd_tls_CApath"),
    ("the CA that a rule names is not in the system's store", [by_default], "error tls_append_default_CA"),
    ("one of the CAs that a rule names is there", [issuer("[Contoso CA, Test Intermediate CA]")]),
    ("no CA that a rule names is there", [issuer("[Contoso CA, Fabrikam CA]")], "error smtpd_tls_CAfile"),
    ("a CA whose name says nothing", [issuer("Issuing CA 1")], "warning smtpd_tls_CAfile"),
    ("a CA that is missing for a rule that is over", [policy(certificates=f"[{{subject: a.test, issuer: Contoso CA, until: 2020-01-01}}, {NAMES % 'Test Root CA'}, {{{PIN}}}]")]),
    ("a CA that is missing for a partner that is switched off", [other_authority, policy(mode="none")], "warning mode"),
    ("the system's CAs beside those that are named", [default_beside], "warning tls_append_default_CA"),
    ("all the world's CAs in a directory", [many_in_directory], "warning smtpd_tls_CApath"),
    ("public CAs in a directory", [public_directory], "warning client_certificates"),
]


def sendmail_authority():
    setup = sendmail_cases.Setup()
    try:
        shutil.copy(machine.shared.pki.authority(pki.UNKNOWN).file, setup.dir / "ca.pem")
        expect(setup.look(), "error CACertFile")
    finally:
        machine.stop(setup.listener)


# ---- what the filter's user cannot read ----

class Readable:
    """A setup whose filter runs as nobody, and whose policy has files of its own."""

    def __init__(self):
        no_root()
        self.setup = Setup()
        os.chown(self.setup.sockets / "forcetls.sock", 65534, -1)
        self.partners = self.setup.dir / "partners.d"
        self.partners.mkdir()
        (self.partners / "a.yaml").write_text("partners: [{name: a, domains: [a.test]}]\n")
        self.pinned = self.setup.dir / "pinned.pem"
        shutil.copy(machine.shared.pki.client("good").file, self.pinned)
        self.setup.top = "include: partners.d/*.yaml\n"
        self.setup.certificates = "[{file: pinned.pem}]"

    def look(self, *wanted):
        try:
            report = self.setup.look()
            expect(report, *wanted)
            return changes(report, "policy_readable")
        finally:
            self.setup.close()


def readable():
    Readable().look()


def closed_directory(mode):
    case = Readable()
    case.partners.chmod(mode)
    tap.equal(case.look("error policy_readable"), [f"chgrp nobody {case.partners}", f"chmod g+rx {case.partners}"])


def closed_file():
    case = Readable()
    (case.partners / "a.yaml").chmod(0o600)
    tap.equal(case.look("error policy_readable"), [f"chgrp nobody {case.partners}/a.yaml", f"chmod g+r {case.partners}/a.yaml"])


def closed_pin():
    case = Readable()
    case.pinned.chmod(0o600)
    tap.equal(case.look("error policy_readable"), [f"chgrp nobody {case.pinned}", f"chmod g+r {case.pinned}"])


def pin_elsewhere():
    """A directory of other programs keeps its mode: the certificate is copied."""
    case = Readable()
    place = machine.place()
    shutil.copy(case.pinned, place / "x.pem")
    place.chmod(0o700)
    case.setup.certificates = f"[{{file: {place}/x.pem}}]"
    lines = case.look("error policy_readable")
    tap.equal(lines[0], f"install -m 0640 -g nobody {place}/x.pem /etc/forcetls/")


# ---- a filter that listens and does not answer ----

def hung(where):
    """A real daemon that is stopped, as by SIGSTOP, a debugger or a disk that hangs."""
    setup = Setup()
    try:
        if where == "inet":
            running = daemon.Daemon("version: 1\nallow_empty: true\npartners: []\n", socket="inet")
        else:
            os.unlink(setup.sockets / "forcetls.sock")
            running = daemon.Daemon("version: 1\nallow_empty: true\npartners: []\n", socket=setup.milter["socket"], open_to_all=True)
        with running:
            setup.milter["socket"] = running.socket
            if where == "inet":
                port, host = running.socket.removeprefix("inet:").split("@")
                setup.main["smtpd_milters"] = FILTER.replace("unix:forcetls/forcetls.sock", f"inet:{host}:{port}")
            else:
                os.chmod(setup.sockets / "forcetls.sock", 0o660)
                os.chown(setup.sockets / "forcetls.sock", -1, setup.sockets.stat().st_gid)
            expect(setup.look())
            os.kill(running.pid, signal.SIGSTOP)
            try:
                report = setup.look()
            finally:
                os.kill(running.pid, signal.SIGCONT)
            expect(report, "error socket")
            tap.equal(changes(report, "socket"), ["systemctl restart forcetls-milter"])
            expect(setup.look())
    finally:
        setup.close()


def other_program():
    """Something else listens at the filter's socket."""
    setup = Setup()
    try:
        machine.stop(setup.listeners[0])
        (setup.sockets / "forcetls.sock").unlink()
        listener = machine.listen(setup.sockets / "forcetls.sock", speaks=False)
        setup.listeners.append(listener)
        machine.greet(listener, b"220 mx.here.test ESMTP\r\n")
        report = setup.look()
        expect(report, "error socket")
        tap.contains(told(report), "not a milter")
    finally:
        setup.close()


# ---- a user that may not look ----

def as_nobody(change, subject, *arguments):
    """What doctor says to a user without rights: to run it as root, and nothing about access lists."""
    no_root()
    setup = Setup()
    try:
        setup.write()
        change(setup)
        done = subprocess.run(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", machine.FORCETLS, "doctor", "-c",
                               setup.dir / "forcetls.yaml", "--postfix-config", setup.etc, *arguments],
                              capture_output=True, text=True, timeout=120, check=False)
        tap.contains(done.stdout, "sudo forcetls doctor -c", done.stdout + done.stderr)
        tap.contains(done.stdout, subject)
        if "access list" in done.stdout:
            raise AssertionError(done.stdout)
        return done
    finally:
        setup.close()


def unprivileged():
    if not os.access(machine.FORCETLS, os.X_OK) or subprocess.run(
            ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", machine.FORCETLS, "help"], capture_output=True,
            check=False).returncode:
        raise tap.Skip("nobody cannot run the program")
    as_nobody(lambda s: None, "warning  socket")
    as_nobody(lambda s: (s.dir / "forcetls.yaml").chmod(0o600), "error    policy")


# ---- a policy that does not load ----

def unloadable():
    """Its own error with the line and a caret, and what is wrong with the MTA."""
    setup = Setup()
    try:
        setup.top = "nonsense: 1\n"
        setup.main["smtpd_tls_ask_ccert"], setup.main["milter_protocol"] = "no", "2"
        setup.main["smtpd_milters"] = "inet:127.0.0.1:11332"
        report = setup.look()
        expect(report, "error policy", "error smtpd_milters")
        finding = next(f for f in report["findings"] if f["subject"] == "policy")
        tap.contains(finding["text"], "forcetls.yaml:3:1: error: unknown key \"nonsense\"")
        tap.equal(finding["source"], "    nonsense: 1\n    ^\n")
        shown = subprocess.run([machine.FORCETLS, "doctor", "-c", setup.dir / "forcetls.yaml", "--postfix-config", setup.etc],
                               capture_output=True, text=True, timeout=120, check=False).stdout
        tap.contains(shown, "    nonsense: 1\n             ^\n")
    finally:
        setup.close()


def many_errors():
    setup = Setup()
    try:
        setup.top = "".join(f"nonsense{number}: 1\n" for number in range(9))
        report = setup.look()
        expect(report, *["error policy"] * 6)
        tap.contains(told(report), "4 more errors")
    finally:
        setup.close()


# ---- right settings in other words ----

def resolves_to(name, address):
    return address in {found[4][0] for found in socket.getaddrinfo(name, 0)}


def inet(spec, milter, *wanted, host="127.0.0.1"):
    """The filter at every address of the machine, or at a name. Not every machine has ::1 as localhost."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    if host == "::1" and "localhost" in milter and not resolves_to("localhost", host):
        wanted = [OTHER]
    setup = Setup()
    try:
        listener = socket.create_server((host, 0), family=family, dualstack_ipv6=host == "::")
        port = listener.getsockname()[1]
        setup.listeners.append(machine.answer(listener))
        setup.milter["socket"] = spec.format(port=port)
        setup.main["smtpd_milters"] = f"{{ {milter.format(port=port)}, default_action=tempfail }}"
        expect(setup.look(), *wanted)
    except OSError as why:
        raise tap.Skip(f"no such address: {why}") from None
    finally:
        setup.close()


OPEN, OTHER = "warning socket_safety", "error smtpd_milters"
INET = [
    ("inet:{port}@0.0.0.0", "inet:127.0.0.1:{port}", [OPEN], "0.0.0.0"),
    ("inet:{port}@0.0.0.0", "inet:localhost:{port}", [OPEN], "0.0.0.0"),
    ("inet:{port}@0.0.0.0", "inet:{port}", [OPEN], "0.0.0.0"),
    ("inet:{port}@0.0.0.0", "inet:127.9.9.9:{port}", [OPEN], "0.0.0.0"),
    ("inet:{port}@0.0.0.0", "inet:192.0.2.77:{port}", [OPEN, OTHER], "0.0.0.0"),
    ("inet:{port}@0.0.0.0", "inet:[::1]:{port}", [OPEN, OTHER], "0.0.0.0"),
    ("inet6:{port}@::", "inet:[::1]:{port}", [OPEN], "::"),
    ("inet6:{port}@[::]", "inet:[::1]:{port}", [OPEN], "::"),
    ("inet6:{port}@[::]", "inet:127.0.0.1:{port}", [OPEN], "::"),
    ("inet6:{port}@[::1]", "inet:[0:0::0:1]:{port}", [], "::1"),
    ("inet6:{port}@[::1]", "inet:localhost:{port}", [], "::1"),
    ("inet:{port}@localhost", "inet:127.0.0.1:{port}", [], "127.0.0.1"),
    ("inet:{port}@127.0.0.1", "inet:LOCALHOST:{port}", [], "127.0.0.1"),
    ("inet:{port}@127.0.0.1", "inet:127.0.0.2:{port}", [OTHER], "127.0.0.1"),
]


def spelt(ours, milter, queue=lambda setup: setup.spool):
    """The same socket, its path written another way."""
    def change(setup):
        setup.milter["socket"] = "unix:" + ours.format(spool=setup.spool, dir=setup.dir)
        setup.main["smtpd_milters"] = f"{{ unix:{milter.format(spool=setup.spool, dir=setup.dir)}, default_action=tempfail }}"
        setup.main["queue_directory"] = queue(setup)
    return change


def linked_queue(setup):
    (setup.dir / "link").symlink_to("spool")
    return setup.dir / "link"


PATHS = [
    ("two slashes in the policy", [spelt("{spool}//forcetls//forcetls.sock", "forcetls/forcetls.sock")]),
    ("a dot in the policy", [spelt("{spool}/./forcetls/./forcetls.sock", "forcetls/forcetls.sock")]),
    ("two slashes in main.cf", [spelt("{spool}/forcetls/forcetls.sock", "forcetls//forcetls.sock")]),
    ("a dot in main.cf", [spelt("{spool}/forcetls/forcetls.sock", "./forcetls/forcetls.sock")]),
    ("dots that go up and down", [spelt("{spool}/forcetls/../forcetls/forcetls.sock", "forcetls/forcetls.sock")]),
    ("a slash in front, inside the chroot", [spelt("{spool}/forcetls/forcetls.sock", "//forcetls/forcetls.sock")]),
    ("a slash behind the queue directory", [spelt("{spool}/forcetls/forcetls.sock", "forcetls/forcetls.sock", lambda s: f"{s.spool}/")]),
    ("a link to the queue directory, named in main.cf", [spelt("{spool}/forcetls/forcetls.sock", "forcetls/forcetls.sock", linked_queue)]),
    ("a link to the queue directory, named in the policy",
     [lambda s: linked_queue(s) and None, spelt("{dir}/link/forcetls/forcetls.sock", "forcetls/forcetls.sock")]),
    ("a link to the queue directory, named in both", [spelt("{dir}/link/forcetls/forcetls.sock", "forcetls/forcetls.sock", linked_queue)]),
]

MISWRITTEN = ["unix:forcetls/forcetls.sock/", "UNIX:forcetls/forcetls.sock", "Local:forcetls/forcetls.sock", "forcetls/forcetls.sock",
              "/forcetls/forcetls.sock"]


def miswritten(endpoint):
    """What Postfix cannot use is no filter, and the line to write does not keep it."""
    setup = Setup()
    try:
        setup.main["smtpd_milters"] = f"{{ {endpoint}, default_action=tempfail }}, inet:127.0.0.1:8891"
        report = setup.look()
        expect(report, "error smtpd_milters")
        tap.contains(told(report), "Postfix cannot use it as it is written")
        tap.equal(changes(report, "smtpd_milters"), [f"main.cf: smtpd_milters = {FILTER}, inet:127.0.0.1:8891"], endpoint)
    finally:
        setup.close()


NAMED_POSTFIX = [
    ("another mail_name and mta: postfix", [set_main(mail_name="Mailer"), lambda s: s.milter.update(mta="postfix")]),
    ("another milter_macro_v and mta: postfix", [set_main(milter_macro_v="x"), lambda s: s.milter.update(mta="postfix")]),
    ("another mail_name and mta: auto", [set_main(mail_name="Mailer"), lambda s: s.milter.update(mta="auto")], "error milter_macro_v"),
    ("mta: sendmail", [lambda s: s.milter.update(mta="sendmail")], "error mta"),
]


def define():
    for directory in ("/tmp", "/var/tmp", "/dev/shm", "/run", "{spool}"):
        tap.test(f"a socket in {directory} has to move")(lambda d=directory: shared_place(d))
    tap.test("a socket among Postfix's own has to move")(shared_by_owner)
    tap.test("a socket below a directory that a group may write has to move for Sendmail")(sendmail_group)
    for name, changed, *wanted in NAMED:
        tap.test(f"daemon name: {name}")(lambda c=changed, w=wanted: run_case(c, w))
    for name, options, exempt, wanted in (("of the MX daemon", {}, "MTA-v4", ["error DaemonPortOptions"]),
                                          ("of the submission daemon", {}, "MSA", []),
                                          ("that the MX daemon bears beside others", {"daemon": ", Addr=192.0.2.1"}, "MTA-v4",
                                           ["error DaemonPortOptions"])):
        tap.test(f"daemon name of Sendmail: exempt, {name}")(lambda o=options, e=exempt, w=wanted: sendmail_named(o, e, w))
    tap.test("instance: as good as the first")(lambda: instances([]))
    tap.test("instance: does not ask the filter")(lambda: instances([set_main(smtpd_milters="")], "error smtpd_milters"))
    tap.test("instance: a service does not ask the filter")(lambda: instances([override("smtpd_milters =")], "error smtpd_milters"))
    tap.test("instance: asks for no certificates")(lambda: instances([set_main(smtpd_tls_ask_ccert="no")], "error smtpd_tls_ask_ccert"))
    tap.test("instance: has no configuration")(no_instance)
    tap.test("instance: the first one takes no mail")(null_client)
    for name, changed, *wanted in AUTHORITIES:
        tap.test(f"CAs: {name}")(lambda c=changed, w=wanted: run_case(c, w))
    tap.test("CAs of Sendmail: the CA that a rule names is not there")(sendmail_authority)
    tap.test("readable: everything")(readable)
    for mode in (0o700, 0o711, 0o744):
        tap.test(f"readable: partners.d of mode {mode:04o}")(lambda m=mode: closed_directory(m))
    tap.test("readable: not a file of partners.d")(closed_file)
    tap.test("readable: not a certificate that a rule names")(closed_pin)
    tap.test("readable: not a certificate in a directory of others")(pin_elsewhere)
    for where in ("unix", "inet"):
        tap.test(f"a filter that is stopped does not answer ({where})")(lambda w=where: hung(w))
    tap.test("another program at the filter's socket")(other_program)
    tap.test("a user that may not look")(unprivileged)
    tap.test("a policy that does not load hides nothing")(unloadable)
    tap.test("a policy with many errors")(many_errors)
    for spec, milter, wanted, host in INET:
        tap.test(f"same place: {spec} and {milter}")(lambda s=spec, m=milter, w=wanted, h=host: inet(s, m, *w, host=h))
    for endpoint in MISWRITTEN:
        tap.test(f"not the same place: {endpoint}")(lambda e=endpoint: miswritten(e))
    for name, changed, *wanted in PATHS + NAMED_POSTFIX:
        tap.test(f"same place: {name}")(lambda c=changed, w=wanted: run_case(c, w))
