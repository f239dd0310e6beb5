# SPDX-License-Identifier: BSD-2-Clause
"""The show behind tests/demo --outbound: a real Postfix asks the daemon how to send, and sends to mail servers of the
show's own, a mail a row. Runs in a network and a mount namespace of its own."""
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from typing import NamedTuple

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(os.path.dirname(HERE), "lib")]
import demo
import dns
import pki
import postfix
from daemon import Daemon
from outbound_sender import Sender
from outbound_servers import Server

USER = "ann"


class Row(NamedTuple):
    """A mail: what is shown of it, where it goes, what the server there offers, and what has to come of it."""
    title: str
    domain: str
    server: dict   # as Server takes it; without a certificate: no STARTTLS
    status: str    # in Postfix's log
    reason: str = ""  # a part of its text


def rows(authority):
    def shows(label, name, **more):
        how = {"issuer": "Example Trust CA 1", "usage": pki.SERVER, **more}
        return authority.custom(label, names=[name], alternative=name, **how)

    def pinned():
        return shows("clinic", "gateway.local", issuer=None)
    return [
        Row("a stranger, without TLS", "stranger.test", {}, "sent"),
        Row("the bank, its own certificate", "bank.test", dict(certificate=shows("bank", "mx.bank.test")), "sent"),
        Row("the bank's branch, a domain below", "branch.bank.test", dict(certificate=shows("branch", "mx.branch.bank.test")), "sent"),
        Row("the hospital, STARTTLS is gone", "hospital.test", {}, "deferred", "TLS is required, but was not offered"),
        Row("the insurer, another's certificate", "insurer.test", dict(certificate=shows("other", "mx.somebody.test")), "deferred",
            "not verified"),
        Row("the court, a certificate that ended", "court.test", dict(certificate=shows("court", "mx.court.test", days=-1)), "deferred",
            "not verified"),
        Row("the clinic, self-signed and pinned", "clinic.test", dict(certificate=pinned()), "sent"),
        Row("the lab, not the pinned certificate", "lab.test", dict(certificate=shows("lab", "mx.lab.test")), "deferred", "not verified"),
        Row("the agency, by its mail provider", "agency.test", dict(certificate=shows("cloud", "mx7.cloud.test")), "sent"),
        Row("the archive, TLS 1.1 only", "archive.test", dict(certificate=shows("archive", "mx.archive.test"), old=True), "deferred",
            "Cannot start TLS"),
        Row("the newcomer (testing), without TLS", "newcomer.test", {}, "sent"),
    ]


def policy(socket, pin):
    def partner(name, certificates="domain", **more):
        return {"name": name, "domains": [f"{name}.test", f".{name}.test"],
                "outbound": {"require": {"certificates": certificates}, **more}}
    names = [partner(name) for name in ("bank", "hospital", "insurer", "court", "archive")]
    pins = [partner(name, [{"fingerprint": f"sha256:{pin}"}]) for name in ("clinic", "lab")]
    return json.dumps({"version": 1, "milter": {"outbound": socket}, "partners": [
        *names, *pins, partner("agency", [{"name": ".cloud.test"}]), partner("newcomer", mode="testing")]})


class Stage:
    """The network of the show: name server, mail servers, daemon, Postfix."""

    def __init__(self, directory):
        self.directory, self.authority = directory, pki.Pki(directory)
        self.rows = rows(self.authority)
        self.servers, self.dns, self.daemon, self.postfix = {}, None, None, None

    def __enter__(self):
        try:
            self._serve()
            self._ask()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for part in (self.postfix and self.postfix.stop, self.daemon and self.close_daemon,
                     *(server.close for server in self.servers.values()), self.dns and self.dns.socket.close):
            if part:
                part()

    def close_daemon(self):
        self.daemon.__exit__(None, None, None)

    def _serve(self):
        zone = {}
        for number, row in enumerate(self.rows, 1):
            zone[row.domain], zone[f"mx.{row.domain}"] = [("MX", f"mx.{row.domain}")], [("A", f"127.0.1.{number}")]
            self.servers[row.domain] = Server(f"127.0.1.{number}", **row.server)
        self.dns = dns.Server(zone).__enter__()
        resolver = os.path.join(self.directory, "resolv.conf")
        with open(resolver, "w", encoding="ascii") as file:
            file.write(self.dns.resolv_conf())
        os.chmod(resolver, 0o644)
        subprocess.run(["mount", "--make-rprivate", "/"], check=True)
        subprocess.run(["mount", "--bind", resolver, os.path.realpath("/etc/resolv.conf")], check=True)

    def _ask(self):
        """The daemon, the guard files as export writes them, and a Postfix with the lines that it prints."""
        pin = next(row for row in self.rows if row.domain == "clinic.test").server["certificate"].fingerprint()
        self.daemon = Daemon(policy(f"inet:{postfix.free_ports(1)[0]}@127.0.0.1", pin)).__enter__()
        done = subprocess.run([os.environ["FORCETLS"], "export", "postfix", "--testing", "-c", self.daemon.policy_file,
                               "-d", self.directory], check=True, capture_output=True, text=True)
        self.lines = [line for line in done.stdout.splitlines() if not line.startswith("#")]
        maps = " ".join(self.lines).split("=", 1)[1].strip()
        with open(os.path.join(self.directory, "main.cf"), "w", encoding="ascii") as file:
            file.write("compatibility_level = 3.6\n")
        subprocess.run([postfix.program("postmap"), "-c", self.directory, f"hash:{self.directory}/outbound_exact"], check=True)
        ours = self.authority.ca_file
        self.postfix = Sender({"in": {}}, [self.authority.server()], ours, {
            "smtp_tls_policy_maps": maps, "smtp_tls_CAfile": ours, "smtp_tls_loglevel": "1",
            "smtp_tls_security_level": "may", "smtp_tls_fingerprint_digest": "sha256",
            "smtp_connection_cache_on_demand": "no", "default_transport": "smtp", "relay_transport": "relay",
            "minimal_backoff_time": "1s", "maximal_backoff_time": "1s", "mynetworks": "127.0.0.0/8"}).start()

    def send(self, user, domain):
        """The new lines of Postfix about the server, and that of the mail."""
        before = len(self.postfix.log())
        self.postfix.sendmail("me@here.test", f"{user}@{domain}", b"Subject: x\n\nHello.\n")
        line = self.postfix.wait_log(f"to=<{user}@{domain}>", 60)
        return [one for one in self.postfix.log()[before:].splitlines() if f" mx.{domain}[" in one or f"=mx.{domain}[" in one], line


def shown(lines, server):
    """What Postfix saw of the server, two lines."""
    session = next((re.search(r"(\w+) TLS connection established to \S+ (\S+) with cipher (\S+)", line) for line in reversed(lines)
                    if "TLS connection established" in line), None)
    if session:
        return [f"{session[2]}  {session[3]}", {"Verified": "proves who it is", "Trusted": "CA known, name not looked at"}.get(
            session[1], "does not prove who it is")]
    if not lines:
        return ["not connected", ""]
    return ["no TLS", ""] if not server.tls else ["no TLS session is agreed", ""]


def play(stage, row, user=USER):
    lines, line = stage.send(user, row.domain)
    status, text = re.search(r"status=(\w+) \((.*)\)", line).groups()
    arrived = [to for to, _, _ in stage.servers[row.domain].messages if to.startswith(f"{user}@")]
    good = status == row.status and row.reason in text and bool(arrived) == (status == "sent")
    return shown(lines, stage.servers[row.domain]), status, text, good


def table(show, stage, played, user=USER):
    """Plays the rows; how many were as expected."""
    good = 0
    for row in played:
        show.rule()
        seen, status, text, right = play(stage, row, user)
        colour = "green" if status == "sent" else "red"
        show.row([(row.title, "bold"), (f"<{user}@{row.domain}>", "")], [(line, "") for line in seen], [(status, colour), ("", "")],
                 text if status != "sent" else "")
        if not right:
            print(show.paint(f"NOT AS EXPECTED: wanted {row.status} {row.reason}", "red"))
        good += right
        sys.stdout.flush()
    show.rule()
    return good


def perform(show, stage):
    show.wrapped("Postfix asks the daemon how to send to partners, by these lines that forcetls export postfix printed:", "")
    for line in stage.lines:
        show.wrapped(line.replace(stage.directory, "/etc/postfix"))
    print()
    show.row([("MAIL TO", "bold")], [("WHAT THE SERVER SHOWED", "bold")], [("THE MAIL", "bold")])
    good = table(show, stage, stage.rows)
    print()
    print(show.paint("The daemon is killed: partners wait, everybody else does not.", "bold"))
    stage.daemon.kill()
    bank, stranger = stage.rows[1], stage.rows[0]
    down = [bank._replace(status="deferred", reason="TLS configuration problem"), stranger]
    good += table(show, stage, down, "bob")
    count = len(stage.rows) + len(down)
    print()
    print(show.paint(f"{count} mails, all as expected." if good == count else f"{count - good} of {count} mails NOT AS EXPECTED.",
                     "green" if good == count else "red"))
    return good == count


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # stops what was started
    directory = tempfile.mkdtemp(prefix="fo", dir="/tmp")
    try:
        os.chmod(directory, 0o755)
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        with Stage(directory) as stage:
            return perform(demo.Show(), stage)
    except (postfix.Missing, KeyboardInterrupt) as why:
        print(why or "interrupted", file=sys.stderr)
        return False
    finally:
        shutil.rmtree(directory, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(0 if main() else 1)
