# SPDX-License-Identifier: BSD-2-Clause
"""What forcetls-sendmail(7) says, done: its lines for sendmail.mc and what happens without one of them."""
import os
import re
import subprocess
import sys

from sendmail_rig import RIG, SOCKET, TOP, Instance, accepted, certificate, connect, manual, policy, refused
import sendmail
import smtp
from milterproxy import Proxy
from tap import contains, equal, test

STRICT = "\n  - {name: strict, domains: [partner.test]}"


def page():
    with open(os.path.join(TOP, "man", "forcetls-sendmail.7"), encoding="ascii") as file:
        return file.read()


@test("M01 s the lines of the manual, and nothing else, give a Sendmail that keeps its promises")
def literally():
    with Instance() as instance:
        contains(instance.mta.output(), "local socket name /run/forcetls/forcetls.sock missing", "the warning at start")
        with instance.connect() as client:  # no filter yet
            equal(str(client.mail("a@partner.test")), "451 4.3.2 Please try again later")
        with instance.daemon(policy(STRICT)):
            with instance.connect() as client:
                refused(client.mail("a@partner.test"), "strict", "no_tls")
            with instance.connect(certificate("good")) as client:
                accepted(client.message("a@partner.test"))
            instance.mta.wait_log("verify=OK, cipher=TLS_AES_256_GCM_SHA384")
        output = subprocess.run(["sh", "-c", re.search(r"^grep -E .*\n.*cf$", page(), re.M)[0].replace("\\e", "\\").replace(
            "/etc/mail/", instance.mta.path("etc/mail/"))], stdout=subprocess.PIPE, check=True).stdout.decode()
        shown = re.search(r"They are\n\.Bd -literal\n(.*?)^\.Ed", page(), re.M | re.S)[1]
        equal(sorted(output.splitlines()), sorted(shown.splitlines()), "what grep finds in sendmail.cf")
        text = instance.mta.command("-d0.1", "-bt")
        equal("MILTER" in text and "STARTTLS" in text, True, text)


@test("M02 s the lines fit into the sendmail.mc that Debian installs")
def debian():
    mta, mark = RIG.need().mta, "MAILER_DEFINITIONS\n"
    with open(os.path.join(mta.root, "usr/share/sendmail/cf/debian/sendmail.mc"), encoding="utf-8") as file:
        text = file.read()
    contains(text, mark, "sendmail.mc")
    for name in ("dialup", "provider"):
        mta.write(f"mail/m4/{name}.m4", "")
    mta.write("mail/debian.mc", text.replace(mark, manual("tls", "filter", "macros", "submission") + mark))
    script = f"mount --bind {mta.root}/usr/share /usr/share; mount --bind {mta.dir}/etc /etc; exec m4 /etc/mail/debian.mc"
    made = subprocess.run(["unshare", "--mount", "sh", "-c", script], check=True, stdout=subprocess.PIPE,
                          env={**os.environ, "PATH": os.environ["PATH"] + f":{mta.root}/usr/bin"})
    cf = made.stdout.decode()
    for line in ("O InputMailFilters=forcetls", "O TLSSrvOptions", "O CertFingerprintAlgorithm=sha256",
                 "O CACertFile=/etc/mail/tls/partners-ca.pem", "Xforcetls, S=unix:/run/forcetls/forcetls.sock,",
                 "O DaemonPortOptions=Name=MSA, Port=587, M=Ea, InputMailFilters="):
        equal(line in cf.splitlines(), True, line)


@test("M03 s the list for old versions: what cannot be asked for is sent all the same, and the verdicts are the same")
def old_versions():
    with open(os.path.join(TOP, "policy", "facts", "macros.c"), encoding="ascii") as file:
        names = re.findall(r'\[MACRO_\w+\] = "([^"]+)"', file.read())
    text = policy(STRICT + "\n  - {name: cert, domains: [cert.test], require: {certificates: [{subject: mail.partner.test}]}}")
    with Instance(blocks=("tls", "filter", "macros")) as instance, instance.daemon(text, "behind") as daemon, \
            Proxy(f"unix:{instance.mta.dir}{SOCKET.format('forcetls')}", daemon.socket, asks_macros=False) as proxy:
        with instance.connect() as client:
            refused(client.mail("a@partner.test"), "strict", "no_tls")
        with instance.connect(certificate("good")) as client:
            accepted(client.message("a@cert.test"))
            equal(sorted(set(names) - set(proxy.macros("M"))), ["{auth_authen}", "{auth_type}"], "macros that are missing")
        with instance.connect(certificate("self-signed")) as client:
            refused(client.mail("a@cert.test"), "cert", "certificate_untrusted")
        with instance.connect() as client:  # no second EHLO
            client.starttls(certificate("good"))
            accepted(client.mail("a@cert.test"))
        equal("event=mta" in daemon.log(), False)


@test("M04 s a daemon without the filter, and one that the policy exempts by its name")
def submission():
    lines = manual("submission").splitlines()
    options = [re.search(r"`(.*)'", line)[1] for line in lines]
    services = {}
    for text in options:
        pairs = dict(pair.strip().partition("=")[::2] for pair in text.split(","))
        del pairs["Port"]
        services[pairs.pop("Name")] = pairs
    equal(sorted(services), ["MSA", "relay"])
    services["MSA"]["M"] = "E"  # no login is set up here
    exempt = re.search(r"^exempt:\n(  daemons: .*)$", page(), re.M)[0]
    with Instance(services={"main": {}, **services}) as instance, \
            instance.daemon(policy(STRICT, exempt + "\n  clients: []")) as daemon:
        with instance.connect() as client:
            refused(client.mail("a@partner.test"), "strict", "no_tls")
        for name in ("relay", "MSA"):
            with instance.connect(service=name) as client:
                accepted(client.message("a@partner.test"))
        equal([line["verdict"] for line in daemon.wait_decisions(2)], ["fail", "exempt"], "the MSA's were not shown")


@test("M05 F10 s what Sendmail calls unsafe: the rules of the manual")
def unsafe():
    directory, socket = RIG.need().mta.path("run/forcetls"), RIG.socket()[5:]

    def judged(what, safe):
        with connect() as client:
            equal(client.mail("a@partner.test").code, 530 if safe else 451, what)

    def with_mode(path, mode, safe):
        before = os.stat(path).st_mode & 0o7777
        os.chmod(path, mode)
        try:
            judged(f"{path} {mode:o}", safe)
        finally:
            os.chmod(path, before)

    for mode, safe in ((0o755, True), (0o700, True), (0o2750, True), (0o770, False), (0o777, False), (0o1777, False)):
        with_mode(directory, mode, safe)
    for mode, safe in ((0o660, True), (0o666, True), (0o600, True), (0, False)):
        with_mode(socket, mode, safe)
    with_mode(RIG.mta.path("run"), 0o775, False)  # a directory further up
    contains(RIG.mta.log(), "local socket name /run/forcetls/forcetls.sock unsafe")
    for path in (directory, socket):
        os.chown(path, 1, 1)
    judged("another owner", True)  # to Sendmail; the filter would not start there
    with_mode(directory, 0o2750, True)
    for path in (directory, socket):
        os.chown(path, 0, 0)
    for path, safe in ((directory, True), (socket, False)):
        os.rename(path, path + "2")
        os.symlink(os.path.basename(path) + "2", path)
        judged(f"{path} is a symbolic link", safe)
        os.unlink(path)
        os.rename(path + "2", path)
    judged("as it was", True)


@test("M06 s without F=T a filter that is down lets everything through; the manual's line, R and 4 do not")
def action():
    for action_flag, code in (("", 250), ("F=R, ", 550), ("F=4, ", None), ("F=T, ", 451)):
        with Instance(lambda lines, flag=action_flag: lines.replace("F=T, ", flag)) as instance:
            try:
                with instance.connect() as client:
                    equal(client.mail("a@partner.test").code, code, action_flag or "none")
            except (ConnectionError, RuntimeError) as why:
                equal(code, None, str(why))


@test("M07 s a key that others may read: Sendmail offers no TLS, and only its log says why")
def unsafe_key():
    with Instance() as instance:
        os.chmod(instance.mta.path("etc/mail/tls/mail.example.org.key"), 0o666)
        instance.mta.restart(instance.mta.lines)
        with smtp.Client(instance.mta.port("main")) as client:
            equal("STARTTLS" in client.ehlo(), False)
        contains(instance.mta.log(), "unsafe")


@test("M08 s certificates of CAs that are not in the manual's files do not verify; those hashed in the directory do")
def authorities():
    pki = RIG.need().pki
    partner = "\n  - {name: trusted, domains: [trusted.test], require: {certificates: trusted}}"
    with Instance() as instance, instance.daemon(policy(partner)):
        with instance.connect(certificate("unknown-ca")) as client:
            refused(client.mail("a@trusted.test"), "trusted", "certificate_untrusted")
        instance.mta.write("mail/tls/partners-ca/unknown.pem", pki.made["Unknown Root CA"].file)
        subprocess.run(["openssl", "rehash", instance.mta.path("etc/mail/tls/partners-ca")], check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        instance.mta.restart(instance.mta.lines)
        for kind in ("unknown-ca", "good"):
            with instance.connect(certificate(kind)) as client:
                accepted(client.mail("a@trusted.test"))


@test("M09 s the queue of held mail, as the manual shows it")
def held():
    with connect() as client:
        queued = sendmail.queue_id(accepted(client.message("a@held.test")))
    contains(RIG.mta.command("-bp", "-qQ"), queued)
    RIG.mta.command("-qQ", "-Q", "-qI" + queued)
    equal(RIG.mta.queued(queued), "queued")
    equal(queued in RIG.mta.command("-bp", "-qQ"), False)
    contains(page(), "mailq -qQ\nsendmail -qQ -Q -qI")


@test("M10 s the TLS that is not offered: a plaintext session of a partner gets the manual's reply")
def reply_text():
    shown = re.search(r"the answer to MAIL is\n\.Bd -literal\n(.*?)\.Ed", page(), re.S)[1]
    text = policy("\n  - {name: contoso, domains: [contoso.com]}", action="tempfail")
    with RIG.spare(text), connect("spare") as client:
        equal(str(client.mail("a@contoso.com")).split(), shown.split())
    with connect("spare") as client:
        equal(str(client.mail("a@contoso.com")), "451 4.3.2 Please try again later", "the filter is stopped")


@test("M11 s with confRUN_AS_USER that user needs the right to connect")
def run_as_user():
    with Instance(lambda lines: lines + "define(`confRUN_AS_USER', `daemon')dnl\n") as instance, \
            instance.daemon(policy(STRICT)) as daemon:
        os.chown(instance.mta.path("spool/mqueue"), 1, 1)
        path = daemon.socket[5:]
        for mode, group, code in ((0o660, 0, 451), (0o660, 1, 530)):
            os.chmod(path, mode)
            os.chown(path, 0, group)
            with instance.connect() as client:
                equal(client.mail("a@partner.test").code, code, f"{mode:o} of group {group}")


@test("M12 T20 s local submission is not shown, and a session on standard input is judged: it has no address")
def standard_input():
    with RIG.spare(policy(STRICT, exempt="")) as daemon, Instance() as instance, \
            Proxy(f"unix:{instance.mta.dir}{SOCKET.format('forcetls')}", daemon.socket):
        replies = instance.mta.converse("EHLO x.test", "MAIL FROM:<a@partner.test>", "MAIL FROM:<a@stranger.test>")
        equal([reply[:3] for reply in replies], ["220", "250", "530", "250"])
        contains(replies[2], "[strict no_tls]")
        instance.mta.command("-f", "a@partner.test", "user@here.test", text="Subject: x\n\nHello.\n")
        equal(len(daemon.wait_decisions(1)), 1, "the local message was not asked for")
        instance.mta.wait_log("from=a@partner.test, size=")


@test("M13 s the shell lines that show whether it works")
def by_hand():
    commands = re.search(r"^\{ sleep 1;.*?^\} \| nc [^\n]*$", page(), re.M | re.S)[0].replace("\\er\\en", "\\r\\n")
    netcat = "import os, socket, sys, threading; s = socket.create_connection(('127.0.0.1', int(sys.argv[1])), 20); " \
             "threading.Thread(target=lambda: [s.sendall(l) for l in sys.stdin.buffer], daemon=True).start(); " \
             "[print(l.decode().rstrip(), flush=True) for l in s.makefile('rb')]; os._exit(0)"
    with RIG.spare(policy("\n  - {name: contoso, domains: [contoso.com]}", action="tempfail")) as daemon:
        script = f"nc() {{ {sys.executable} -c \"$NETCAT\" {RIG.port('spare')}; }}\n{commands}"
        done = subprocess.run(["sh", "-c", script], env={**os.environ, "NETCAT": netcat}, stdout=subprocess.PIPE, check=True)
        contains(done.stdout.decode(), "451 4.7.0 Must issue a STARTTLS command first")
        shown = re.search(r"^forcetls explain .*?[^\\e]$", page(), re.M | re.S)[0].replace("\\e\n", "")
        if os.environ.get("FORCETLS"):
            done = subprocess.run([os.environ["FORCETLS"], *shown.split()[1:], "-c", daemon.policy_file],
                                  stdout=subprocess.PIPE, check=False)
            equal((done.returncode, b"451 4.7.0" in done.stdout), (10, True), shown)
