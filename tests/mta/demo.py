# SPDX-License-Identifier: BSD-2-Clause
"""The show behind tests/demo: the example policy behind a real Postfix or Sendmail, a connection a row."""
import itertools
import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import textwrap
from typing import NamedTuple, Optional

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "lib"))
import pki
import postfix
import smtp
from daemon import Daemon
from smtp import Tls

SENDMAIL = sys.argv[1:] == ["--sendmail"]
EXAMPLES = os.path.join(os.path.dirname(os.path.dirname(HERE)), "packaging", "examples")
HOSTS = {"bank": ("203.0.113.10", "mx.bank.example"), "hospital": ("203.0.113.20", "mail.hospital.example"),
         "authority": ("192.0.2.5", "out.mail.authority.example"), "insurer": ("203.0.113.30", "mx.insurer.example"),
         "newcomer": ("203.0.113.40", "mx.newcomer.example"), "stranger": ("198.51.100.99", "mx.stranger.example")}


class Row(NamedTuple):
    """A connection: what is shown of it, who connects and how, and what has to come of it."""
    title: str
    host: str
    sender: str
    tls: Optional[dict]   # None: plaintext; else version, ciphers, certificate (a key of CERTIFICATES)
    reply: str            # how the answer begins
    verdict: str          # verdict, action and reasons in the log; "": nothing is logged
    header: str = ""      # From, if it is another one


CERTIFICATES = {"right": dict(names=["mail.hospital.example"], issuer="Example Trust CA 1"),
                "another": dict(names=["mail.somebody.example"], issuer="Example Trust CA 1"),
                "self-signed": dict(names=["mail.hospital.example"], issuer=None)}

ROWS = [
    Row("a stranger, in plaintext", "stranger", "joe@stranger.example", None, "250", ""),
    Row("a stranger, over TLS 1.1", "stranger", "joe@stranger.example", {"version": "TLSv1.1"}, "250", ""),
    Row("the bank, in plaintext", "bank", "ann@bank.example", None, "530 5.7.0", "fail reject no_tls"),
    Row("the bank, over TLS 1.1", "bank", "ann@bank.example", {"version": "TLSv1.1"}, "554 5.7.0",
        "fail reject tls_version"),
    Row("the bank, without forward secrecy", "bank", "ann@bank.example",
        {"version": "TLSv1.2", "ciphers": "AES256-GCM-SHA384"}, "554 5.7.0", "fail reject forward_secrecy"),
    Row("the bank, over TLS 1.3", "bank", "ann@bank.example", {"version": "TLSv1.3"}, "250", "pass accept"),
    Row("the bank's bounce, in plaintext", "bank", "", None, "530 5.7.0", "fail reject no_tls"),
    Row("somebody who hides the bank's name", "stranger", '"joe@other.example"@"BANK.example."', None, "530 5.7.0",
        "fail reject no_tls"),
    Row("the hospital, no certificate", "hospital", "bob@hospital.example", {}, "451 4.7.5",
        "fail tempfail certificate_missing"),
    Row("the hospital, self-signed certificate", "hospital", "bob@hospital.example", {"certificate": "self-signed"},
        "451 4.7.5", "fail tempfail certificate_missing"),
    Row("the hospital, somebody's certificate", "hospital", "bob@hospital.example", {"certificate": "another"},
        "451 4.7.1", "fail tempfail certificate_subject"),
    Row("the hospital, the right certificate", "hospital", "bob@hospital.example", {"certificate": "right"}, "250",
        "pass accept"),
    Row("the authority's name in the header", "stranger", "joe@stranger.example", None, "530 5.7.0",
        "fail reject no_tls,client_not_allowed", "<clerk@authority.example>"),
    Row("the authority's name, foreign host", "stranger", "clerk@authority.example", {"version": "TLSv1.3"},
        "451 4.7.1", "fail tempfail client_not_allowed"),
    Row("the authority, from its own host", "authority", "clerk@authority.example", {"version": "TLSv1.3"}, "250",
        "pass accept"),
    Row("the insurer, no certificate", "insurer", "eve@insurer.example", {}, "250",
        "fail quarantine certificate_missing"),
    Row("the newcomer (testing), in plaintext", "newcomer", "new@newcomer.example", None, "250", "fail accept no_tls"),
]

# Sendmail tells a certificate that does not verify from none.
if SENDMAIL:
    ROWS = [row._replace(verdict="fail tempfail certificate_untrusted") if "self-signed" in row.title else row
            for row in ROWS]


class Result(NamedTuple):
    seen: list
    verdict: str
    reply: str
    line: str
    good: bool


class Show:
    """The paints and widths of the table; no colours but on a terminal."""

    def __init__(self):
        colours = sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
        self.paints = dict(red="31", green="32", yellow="33", bold="1", faint="2") if colours else {}
        self.width = min(max(shutil.get_terminal_size((112, 24)).columns, 100), 120)
        self.columns = (37, 34)  # the third takes the rest, and the reply stands below the second and third

    def paint(self, text, colour):
        return f"\033[{self.paints[colour]}m{text}\033[0m" if colour in self.paints else text

    def row(self, sent, seen, verdict, below=""):
        """One row: lists of lines for the three columns, (text, colour) each, and the reply."""
        for cells in itertools.zip_longest(sent[:len(seen)], seen, verdict, fillvalue=("", "")):
            self._line(cells)
        reply = [(line, "") for line in textwrap.wrap(below, self.width - self.columns[0] - 2, break_on_hyphens=False)]
        for cells in itertools.zip_longest(sent[len(seen):], reply, fillvalue=("", "")):
            self._line(cells)

    def _line(self, cells):
        line = [self.paint(text, colour) + " " * (width - len(text))
                for (text, colour), width in zip(cells, (*self.columns, 0))]
        print("  ".join(line).rstrip())

    def rule(self):
        print(self.paint("-" * self.width, "faint"))

    def wrapped(self, text, indent="  "):
        print(textwrap.fill(text, self.width, initial_indent=indent, subsequent_indent=indent + "  ",
                            break_on_hyphens=False, break_long_words=False))


def send(row, port, certificates):
    """Sends the row's message; answers what was negotiated, and the last reply."""
    address, name = HOSTS[row.host]
    tls = None
    if row.tls is not None:
        tls = Tls(row.tls.get("version"), row.tls.get("ciphers"), certificates.get(row.tls.get("certificate")))
    header = row.header or f"<{row.sender or 'MAILER-DAEMON@' + name}>"
    message = f"From: {header}\r\nTo: user@here.test\r\nSubject: {row.title}\r\n\r\nHello.\r\n"
    client = dict(source=address) if SENDMAIL else dict(client=dict(ADDR=address, NAME=name))
    with smtp.connect(port, tls, name, **client) as client:
        return client.version, client.cipher, client.message(row.sender, message=message)


def seen(row, version, suite, lines):
    """What was negotiated, and whose certificate the log says it was."""
    if version is None:
        return ["no TLS", ""]
    subject = lines[0]["subject"].removeprefix("/CN=") if lines else ""
    shown = "certificate of " + subject if subject else \
        "a certificate that does not verify" if row.tls.get("certificate") else "no certificate"
    return [f"{version}  {suite}", shown]


def play(row, port, daemon, certificates):
    """One connection, and what it came to by the answer and by the log."""
    before = len(daemon.decisions())
    version, suite, reply = send(row, port, certificates)
    lines = daemon.wait_decisions(before + 1, 5)[before:] if row.verdict else daemon.decisions()[before:]
    words = " ".join(f"{line['verdict']} {line['action']} {line['reasons']}".strip() for line in lines)
    text = str(reply).replace("\n", " ")
    good = text.startswith(row.reply) and words == row.verdict
    line = next((entry for entry in reversed(daemon.log().splitlines()) if "event=decision" in entry), "")
    return Result(seen(row, version, suite, lines), words, text, line[line.find("event="):] if lines else "", good)


def verdict_words(result):
    """The verdict in a few words, and its colour."""
    if not result.verdict:
        return "accepted", "nobody's partner", "green"
    verdict, action, *reasons = result.verdict.split()
    reasons = " ".join(reasons).replace(",", ", ")
    if verdict == "pass":
        return "accepted", "all requirements met", "green"
    if action == "accept":
        return "accepted (testing)", reasons, "yellow"
    words = {"reject": "rejected", "tempfail": "deferred", "quarantine": "accepted and held"}
    return words.get(action, action), reasons, "yellow" if action == "quarantine" else "red"


def table(show, port, daemon, certificates):
    """Plays every row; answers the results."""
    show.row([("CONNECTION, SENDER", "bold")], [("WHAT WAS SEEN OF IT", "bold")], [("VERDICT", "bold")])
    show.row([], [("and the reply", "bold")], [])
    results = []
    for row in ROWS:
        show.rule()
        result = play(row, port, daemon, certificates)
        results.append(result)
        verdict, reasons, colour = verdict_words(result)
        sent = [(row.title, "bold"), (f"<{row.sender}>", "")] + ([(f"From: {row.header}", "")] if row.header else [])
        show.row(sent, [(line, "") for line in result.seen], [(verdict, colour), (reasons, "")], result.reply)
        if not result.good:
            print(show.paint(f"NOT AS EXPECTED: wanted a reply {row.reply} and in the log: {row.verdict or 'nothing'}; "
                             f"got: {result.verdict or 'nothing'}", "red"))
        sys.stdout.flush()
    show.rule()
    return results


def explanation(show, daemon):
    """`forcetls explain` for one of the rows."""
    arguments = ["--from", "bob@hospital.example", "--client", "203.0.113.20", "--tls-version", "TLSv1.3", "--cipher",
                 "TLS_AES_256_GCM_SHA384", "--cipher-bits", "256", "--cert-subject", "mail.somebody.example",
                 "--cert-issuer", "Example Trust CA 1", *(["--mta", "sendmail", "--verify", "OK"] if SENDMAIL else [])]
    print()
    print(show.paint("Any of these can be asked before it happens, and explained afterwards:", "bold"))
    show.wrapped("$ forcetls explain -c packaging/examples/forcetls.yaml " + shlex.join(arguments))
    done = subprocess.run([os.environ["FORCETLS"], "explain", "-c", daemon.policy_file, *arguments], check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    first, _, rest = done.stdout.decode("utf-8", "replace").replace(daemon.dir, "packaging/examples").partition("\n")
    show.wrapped(first, "    ")
    print(textwrap.indent(rest.rstrip(), "    "))
    if done.returncode != 10:
        print(show.paint(f"NOT AS EXPECTED: exit status {done.returncode}, wanted 10 (deferred)", "red"))
    return done.returncode == 10


def epilogue(show, daemon, results):
    print()
    print(show.paint("What the daemon logged (a line a decision; a stranger's mail leaves none), for example:", "bold"))
    for number in (3, 11, 15):
        show.wrapped(results[number].line)
    good = explanation(show, daemon)
    wrong = sum(not result.good for result in results)
    print()
    print(show.paint(f"{len(results)} connections, all as expected." if not wrong else
                     f"{wrong} of {len(results)} connections NOT AS EXPECTED.", "red" if wrong else "green"))
    return good and not wrong


def read(name):
    with open(os.path.join(EXAMPLES, name), encoding="utf-8") as file:
        return file.read()


class Behind:
    """The MTA of the show: its port, and the socket where it looks for the daemon."""

    def __init__(self, directory, authority):
        if SENDMAIL:
            import demo_sendmail
            self.mta, self.socket = demo_sendmail.prepare(authority, dict(HOSTS.values()))
        else:
            self.socket = f"unix:{directory}/milter.sock"
            services = {"smtp": {"smtpd_milters": f"{{ {self.socket}, default_action=tempfail }}"}}
            self.mta = postfix.Postfix(services, [authority.server(), authority.server("rsa")], authority.ca_file)

    def __enter__(self):
        return self.mta.start()

    def __exit__(self, *_):
        self.mta.stop()


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # stops what was started
    show = Show()
    directory = tempfile.mkdtemp(prefix="fd", dir="/tmp")
    try:
        os.chmod(directory, 0o755)
        authority = pki.Pki(directory)
        certificates = {name: authority.custom(name, **kind) for name, kind in CERTIFICATES.items()}
        behind = Behind(directory, authority)
        with behind as mta, Daemon(read("forcetls.yaml"), files={"partners.yaml": read("partners.yaml")},
                                   socket=behind.socket, open_to_all=True) as daemon:
            return epilogue(show, daemon, table(show, mta.port("smtp"), daemon, certificates))
    except (postfix.Missing, KeyboardInterrupt) as why:
        print(why or "interrupted", file=sys.stderr)
        return False
    finally:
        shutil.rmtree(directory, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(0 if main() else 1)
