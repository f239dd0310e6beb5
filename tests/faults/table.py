# SPDX-License-Identifier: BSD-2-Clause
"""Faults of the daemon at every stage of a transaction, behind MTAs of different settings; the table of what came of it."""
import contextlib
import os
import re
import shutil
import tempfile
import threading
import time

import pki
import postfix
import sendmail
import smtp
from daemon import Daemon
from rig import documented, policy
from rows_process import Hung
from sendmail_rig import files, manual
from smtp import MESSAGE, Tls
from tap import Skip, equal, test

SECONDS = float(os.environ.get("FAULTS_SECONDS", "10"))
TEXT = policy("\n  - {name: strict, domains: [partner.test]}\n  - {name: judged, domains: [rcpt.test], recipients: [x@here.test]}",
              action="reject")
UNDOCUMENTED = ("reject", "quarantine", "accept")
HALF = len(MESSAGE) // 2


class Client:
    """A partner's transaction, step by step; `tls` False: it falls short, and has to be refused whenever it is judged."""

    def __init__(self, port, tls):
        self.port, self.tls, self.smtp, self.last = port, tls, None, None

    def say(self, ask):
        """A step, unless the one before was refused; what ended the transaction is in `last`."""
        if self.last is None or self.last.code < 400:
            try:
                self.last = ask()
            except (ConnectionError, TimeoutError, OSError) as why:
                self.last = smtp.Reply(999, f"hung up ({type(why).__name__})")

    def connect(self):
        self.smtp = smtp.Client(self.port, timeout=30)
        self.last = self.smtp.banner

    def body(self):
        self.smtp.send(MESSAGE[HALF:] + b".\r\n")
        return self.smtp.reply()

    def half(self):
        answer = self.smtp.command("DATA")
        if answer.code == 354:
            self.smtp.send(MESSAGE[:HALF])
        return answer

    def steps(self):
        """(the stage, its step): a fault happens behind it."""
        secure = [("STARTTLS", lambda: self.smtp.starttls(Tls())), ("the second EHLO", lambda: self.smtp.ehlo())]
        return [("connect", self.connect), ("EHLO", lambda: self.smtp.ehlo()), *(secure if self.tls else []),
                ("MAIL", lambda: self.smtp.mail("a@partner.test")), ("RCPT", lambda: self.smtp.rcpt()),
                ("half the body", self.half), ("the end", self.body)]

    def run(self, stage=None, fault=None):
        """The whole transaction, with the fault behind that stage; answers the last reply, its first line short."""
        for name, step in self.steps():
            if name == "connect":
                step()
            else:
                self.say(step)
            if name == stage:
                fault()
        self.smtp.close()
        return self.last


class Lab:
    """One Postfix and one Sendmail with a service for each setting, all asking the daemon on one socket each."""

    def __init__(self):
        self.dir = self.pki = self.mta = None

    def socket(self):
        raise NotImplementedError

    def need(self):
        if self.mta is None:
            if os.geteuid() != 0:
                raise Skip("MTAs of one's own need root")
            self.dir = tempfile.mkdtemp(prefix="ff", dir="/tmp")
            os.chmod(self.dir, 0o755)
            self.pki = pki.Pki(self.dir)
            try:
                self.start()
            except postfix.Missing as why:
                raise Skip(str(why)) from None
        return self

    def stop(self):
        if self.mta:
            self.mta.stop()
        if self.dir:
            shutil.rmtree(self.dir, ignore_errors=True)

    def daemon(self):
        return Daemon(TEXT, socket=self.socket(), open_to_all=True)

    def client(self, setting, tls=True):
        return Client(self.mta.port(setting), tls)


class PostfixLab(Lab):
    name, safe = "Postfix", ("tempfail, documented", "tempfail", "reject")
    settings = ("tempfail, documented", "tempfail", *UNDOCUMENTED)

    def socket(self):
        return f"unix:{self.dir}/m.sock"

    def start(self):
        patience = {f"milter_{part}_timeout": "2s" for part in ("connect", "command", "content")}
        line = re.sub(r"(unix|inet):[^,} ]+", self.socket(), documented()[0])
        services = {self.settings[0]: {"smtpd_milters": line, "milter_default_action": "accept", **patience}}
        for action in self.settings[1:]:
            services[action] = {"smtpd_milters": self.socket(), "milter_default_action": action, **patience}
        self.mta = postfix.Postfix(services, [self.pki.server()], self.pki.ca_file).start()

    def restart(self):
        self.mta._command("reload")  # pylint: disable=protected-access

    def stop_and_start(self):
        for verb in ("stop", "start"):
            self.mta._command(verb)  # pylint: disable=protected-access


class SendmailLab(Lab):
    name, safe = "Sendmail", ("F=T, documented", "F=R")
    settings = ("F=T, documented", "F=R", "no F")

    def socket(self):
        return f"unix:{self.mta.dir}/run/forcetls/forcetls.sock"

    def start(self):
        line = re.sub(r"T=C[^']*", "T=C:2s;S:2s;R:2s;E:3s", manual("filter"))
        services, lines = {self.settings[0]: {}}, manual("tls") + line
        for name, setting, flag in (("fr", "F=R", "F=R, "), ("none", "no F", "")):
            other = line.replace("INPUT_MAIL_FILTER", "MAIL_FILTER").replace("forcetls", name, 1).replace("F=T, ", flag)
            services[setting] = {"InputMailFilters": name}
            lines += other
        self.mta = sendmail.Sendmail({name.replace(" ", "").replace(",", "-"): options for name, options in services.items()},
                                     lines, files(self.pki)).start()
        self.mta.ports = dict(zip(services, self.mta.ports.values()))

    def restart(self):
        os.kill(self.mta.process.pid, 1)  # SIGHUP


LABS = (PostfixLab(), SendmailLab())


def stop():
    for lab in LABS:
        lab.stop()


def brief(reply):
    """What the client saw, short: 250 accepted, 451 4.7.1, hung up."""
    if reply.code == 999:
        return reply.text
    found = re.match(r"\d{3} \d\.\d\.\d+|\d{3}", str(reply))
    return "ACCEPTED" if reply.code == 250 else found[0]


def row(lab, fault, results):
    """A line of the table; fails where a safe setting accepted what was not judged, or the partner is blamed."""
    print(f"# {lab.name:8} | {fault:34} | " + " | ".join(f"{setting}: {results[setting]}" for setting in lab.settings), flush=True)
    accepted = [setting for setting in lab.safe if results[setting] == "ACCEPTED"]
    equal(accepted, [], f"{lab.name}, {fault}: accepted unjudged")
    equal([results[s] for s in lab.safe if results[s].startswith("5") and "documented" in s], [], "a partner blamed")


def each(lab, fault, ask):
    row(lab, fault, {setting: brief(ask(setting)) for setting in lab.settings})


def absent(lab):
    lab.need()
    with contextlib.suppress(FileNotFoundError):
        os.unlink(lab.socket()[5:])
    for tls in (True, False):
        each(lab, f"absent, {'TLS' if tls else 'plaintext'}", lambda setting, tls=tls: lab.client(setting, tls).run())
    with lab.daemon() as daemon:
        daemon.kill()
        each(lab, "dead, its socket left", lambda setting: lab.client(setting).run())


def killed(lab):
    """The judgement is not complete before the end of the message: so nothing may be accepted."""
    lab.need()
    for tls, stages in ((True, ("connect", "EHLO", "STARTTLS", "the second EHLO", "MAIL", "RCPT", "half the body")),
                        (False, ("connect", "EHLO"))):
        for stage in stages:
            def ask(setting, tls=tls, stage=stage):
                with lab.daemon() as daemon:
                    return lab.client(setting, tls).run(stage, daemon.kill)
            each(lab, f"killed behind {stage}{'' if tls else ', plaintext'}", ask)


def hung(lab):
    lab.need()
    for stage in ("connect", "half the body"):
        results, threads = {}, []
        with lab.daemon() as daemon:
            clients = {setting: lab.client(setting) for setting in lab.settings}
            gate, ready = threading.Event(), threading.Barrier(len(clients) + 1)

            def ask(setting):
                results[setting] = brief(clients[setting].run(stage, lambda: (ready.wait(20), gate.wait(20))))
            for setting in lab.settings:
                threads.append(threading.Thread(target=ask, args=(setting,)))
                threads[-1].start()
            ready.wait(20)
            with Hung(daemon.pid):
                gate.set()
                for thread in threads:
                    thread.join()
        row(lab, f"hung behind {stage}", results)


def in_a_loop(lab):
    """Killed and started again while mail flows: in plaintext none is accepted; over TLS what passes is judged or put off."""
    lab.need()
    done, replies = threading.Event(), {setting: [] for setting in lab.settings}

    def plaintext(setting):
        while not done.is_set():
            with contextlib.suppress(OSError):
                replies[setting].append(brief(lab.client(setting, False).run()))
    threads = [threading.Thread(target=plaintext, args=(setting,)) for setting in lab.settings]
    end, kills = time.monotonic() + SECONDS, 0
    for thread in threads:
        thread.start()
    try:
        while time.monotonic() < end:
            with lab.daemon() as daemon:
                time.sleep(0.05 * (kills % 5))
                daemon.kill()
                kills += 1
    finally:
        done.set()
        for thread in threads:
            thread.join()
    for setting in lab.settings:
        seen = {text: replies[setting].count(text) for text in sorted(set(replies[setting]))}
        print(f"# {lab.name:8} | killed {kills} times, plaintext     | {setting}: {seen}", flush=True)
        if setting in lab.safe:
            equal(seen.get("ACCEPTED", 0), 0, f"{lab.name}, {setting}")
            equal(len(replies[setting]) > 10 and len(seen) > 1, True, f"mail flowed, judged and not: {seen}")


def restarted(lab):
    """The MTA reloads while a session is open: that session goes on or ends, and is judged."""
    lab.need()
    with lab.daemon():
        for tls, wanted in ((True, ("ACCEPTED",)), (False, ("530 5.7.0",))):
            for stage in ("EHLO", "MAIL" if tls else "connect"):
                got = {setting: brief(lab.client(setting, tls).run(stage, lab.restart)) for setting in lab.settings[:1]}
                print(f"# {lab.name:8} | MTA reloaded behind {stage}, {'TLS' if tls else 'plaintext'} | {got}", flush=True)
                equal([text for text in got.values() if text not in wanted and not text.startswith(("hung up", "4"))], [])
                time.sleep(0.5)


@test("F08 x Postfix is stopped and started while sessions are open")
def stopped():
    lab = LABS[0].need()
    with lab.daemon():
        for stage in ("STARTTLS", "MAIL", "half the body"):
            got = brief(lab.client(lab.settings[0]).run(stage, lab.stop_and_start))
            print(f"# {lab.name:8} | MTA stopped, started behind {stage} | {got}", flush=True)
            equal(got == "ACCEPTED", False)
        equal(brief(lab.client(lab.settings[0]).run()), "ACCEPTED", "a new session, judged")
        equal(brief(lab.client(lab.settings[0], False).run()), "530 5.7.0", "a new session, judged")


for _what, _run in (("absent or dead", absent), ("killed at every stage", killed), ("hung", hung),
                    ("killed and restarted while mail flows", in_a_loop), ("the MTA reloads while sessions are open", restarted)):
    for _lab in LABS:
        test(f"F08 {'x' if _lab.name == 'Postfix' else 's'} {_lab.name}: the daemon {_what}"
             if "MTA" not in _what else f"F08 {'x' if _lab.name == 'Postfix' else 's'} {_lab.name}: {_what}")(
                 lambda run=_run, lab=_lab: run(lab))
