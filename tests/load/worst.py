# SPDX-License-Identifier: BSD-2-Clause
"""The dearest messages that are known, each against an ordinary one of the same size with as many recipients.

Both come over TLS, pass, and go through the same daemon in turn, so that all of it is judged at every stage. The
ordinary one is nobody's: its recipients and its From are in no list, and it has the rest of its octets in other
header fields of one line each.
"""
import os

from milterclient import STRONG, Session, postfix

RECIPIENTS, LINE, FIELD = 1000, 2048 - len("RCPT TO:<>\r\n"), 59000


def cpu_ns(pid):
    """CPU time of a process by the nanosecond; its threads have to live on."""
    total = 0
    for thread in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{thread}/schedstat", encoding="ascii") as file:
            total += int(file.read().split()[0])
    return total


def rule(name, recipients, exceptions=()):
    listed = ", ".join(recipients)
    text = f"  - {{name: {name}, domains: [{name}.test, .{name}.test], identities: [envelope_from, header_from], recipients: [{listed}]"
    if exceptions:
        text += f", exceptions: [{{recipients: [{', '.join(exceptions)}], until: 2999-01-01, reason: r}}]"
    return text + "}\n"


def filled(begin, unit, end):
    """An address of LINE octets."""
    return begin + (unit * LINE)[:LINE - len(begin) - len(end)] + end


PARTNERS = 60  # of which From names the domains, each with a list of its own
POLICY = ("version: 1\nexempt: {clients: []}\ndefaults: {action: reject, require: {min_tls_version: TLSv1.2}}\npartners:\n"
          + rule("long", [f"u{i}@here.test" for i in range(10000)])
          + "".join(rule(f"p{k}", [f"u{i}@h{k}.test" for i in range(100)], [f"u{i}@h{k}.test" for i in range(0, 100, 2)])
                    for k in range(PARTNERS)))


def many_from():
    """60 KB of From fields: addresses below the domains of all the partners."""
    return [", ".join(f"a@x{i + part}.p{i % PARTNERS}.test" for i in range(1000)) for part in (0, 1000, 2000)]


def one_from(unit):
    """One From field as long as Postfix passes uncut, of one unit over and over."""
    return [(unit * FIELD)[:FIELD // len(unit.encode()) * len(unit)]]


MESSAGES = {  # name: (sender, recipients, From fields)
    "1,000 recipients of 10,000 patterns, all different": (
        "a@long.test", [f"u{9 * i}@here.test" for i in range(RECIPIENTS)], ["a@long.test"]),
    "the same with a delimiter at every second octet": (
        "a@long.test", [filled(f"u{9 * i}+", "x+", "@here.test") for i in range(RECIPIENTS)], ["a@long.test"]),
    "the same with addresses in their local parts": (
        "a@long.test", [filled(f"u{i}%here.test", "%a.b", "@here.test") for i in range(RECIPIENTS)], ["a@long.test"]),
    "1,000 recipients of 60 lists, and as many partners in From": (
        "a@long.test", [f"u{i % 100}@h{i % PARTNERS}.test" for i in range(RECIPIENTS)], many_from()),
    "1,000 recipients of no list, and as many partners in From": (
        "a@long.test", [f"s{i}@h{i % PARTNERS}.test" for i in range(RECIPIENTS)], many_from()),
    "From of 59,000 octets, as many addresses as there is room for": ("a@long.test", ["s@elsewhere.example"], one_from("a@a,")),
    "the same with domains that are not ASCII": ("a@long.test", ["s@elsewhere.example"], one_from("a@\u00fc,")),
    "the same with text that does not parse": ("a@long.test", ["s@elsewhere.example"], one_from("a@b.c,<")),
    "the same with encoded words": ("a@long.test", ["s@elsewhere.example"], one_from("=?utf-8?q?=40a?=,")),
}


def send(daemon, sender, recipients, fields, filler):
    with Session(daemon.socket, postfix(tls=STRONG)) as session:
        session.connect()
        session.helo("mx.client.test")
        replies = [session.mail(f"<{sender}>")]
        for recipient in recipients:
            replies.append(session.rcpt(f"<{recipient}>"))
        replies.append(session.data())
        for value in fields:
            replies.append(session.header("From", value))
        for _ in range(filler // 75):
            replies.append(session.header("X-Text", "x" * 65))
        replies += [session.eoh(), session.eom()]
        wrong = [reply for reply in replies if reply.refused]
        if wrong:
            raise AssertionError(f"refused: {wrong[0]}")


def ordinary(recipients, fields):
    """Nobody's, of the same size."""
    names = []
    for number, recipient in enumerate(recipients):
        end = f".{number}@elsewhere.example"
        names.append("s" * max(len(recipient) - len(end), 1) + end)
    return "a@sender.example", names, ["a@sender.example"], sum(map(len, fields))


def measure(daemon, name, repeat=3):
    """CPU of the worst message and of the ordinary one, in nanoseconds, in turn."""
    sender, recipients, fields = MESSAGES[name]
    spent = [0, 0]
    for _ in range(repeat):
        for which, message in enumerate(((sender, recipients, fields, 0), ordinary(recipients, fields))):
            before = cpu_ns(daemon.pid)
            send(daemon, *message)
            spent[which] += cpu_ns(daemon.pid) - before
    return spent[0] / repeat, spent[1] / repeat
