# SPDX-License-Identifier: BSD-2-Clause
"""The samples of forcetls-report(1) are what the commands print, on a terminal of 72 columns. Part of run."""
import datetime
import fcntl
import os
import pty
import re
import shlex
import struct
import subprocess
import termios

from rig import FORCETLS, HERE, RUN1, RUN2, place, run
import logs
import tap

PAGE = HERE.parent.parent / "man/forcetls-report.1"
DAY = datetime.timedelta(days=1)
NOW = datetime.datetime(2026, 11, 28, 12, 0, tzinfo=logs.UTC)

POLICY = """version: 1
partners:
  - {{name: contoso, domains: [contoso.com], mode: {mode}}}
  - name: fabrikam
    domains: [fabrikam.example]
    require: {{certificates: [{{subject: mx1.fabrikam.example, issuer: CA 1, until: 2027-01-01}}]}}
  - {{name: litware, domains: [litware.example], mode: testing, rollout: [{{from: 2027-01-15, mode: enforce}}]}}
"""


def fixture():
    """A quarter of litware's mail, a month of contoso's and a week of fabrikam's, with what the manual speaks of."""
    here = place("samples")
    for name, mode in (("forcetls.yaml", "testing"), ("new.yaml", "enforce")):
        (here / name).write_text(POLICY.format(mode=mode))
    run("record", "--database", here / "digest.db", "-c", here / "forcetls.yaml")
    digest = digest_of(here / "digest.db")
    old, new = logs.Daemon(RUN1), logs.Daemon(RUN2)
    lines = [old.event(datetime.datetime(2026, 7, 1, tzinfo=logs.UTC), "start", version="0.3.0", policy=digest)]
    for i in range(1472):
        moment = datetime.datetime(2026, 7, 1, 0, 10, tzinfo=logs.UTC) + i * DAY / 16
        values = {"tls": "TLSv1.2", "cipher": "ECDHE-RSA-AES256-GCM-SHA384"} if i % 4 == 0 else {}
        lines.append(old.decision(moment, partner="litware", policy=digest, mode="testing", subject="mail.litware.example",
                                  **{"from": "a@litware.example", **values}))
    begin = NOW - 30 * DAY
    lines += [old.event(begin - DAY / 24, "stop", policy=digest), new.event(begin - DAY / 24, "start", version="0.3.0", policy=digest)]
    mails = [(begin + i * DAY / 31, "contoso", i % 101 == 7) for i in range(911)]
    mails += [(NOW - 7 * DAY + i * DAY / 31, "fabrikam", i > 135 and i % 7 == 3) for i in range(211)]
    for moment, partner, short in sorted(mails):
        domain = {"contoso": "contoso.com", "fabrikam": "fabrikam.example"}[partner]
        values = {"partner": partner, "policy": digest, "from": f"a@{domain}", "subject": f"mx1.{domain}", "mode": "testing" if partner == "contoso" else "enforce"}
        if short and partner == "contoso":
            values.update(verdict="fail", would="tempfail", reasons="no_tls", tls="none", subject="", issuer="", client="192.0.2.9")
        elif short:
            values.update(verdict="fail", action="tempfail", reasons="certificate_subject", subject="mx2.fabrikam.example")
        lines.append(new.decision(moment, **values))
    (here / "log").write_text("".join(lines))
    run("record", "--database", here / "evidence.db", "-c", here / "forcetls.yaml", here / "log")
    return here


def digest_of(path):
    import sqlite3
    with sqlite3.connect(path) as database:
        return database.execute("SELECT DISTINCT t.value FROM partner_rule r JOIN text t ON t.id = r.policy").fetchone()[0]


def terminal(here, arguments):
    """What the program writes to a terminal."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 72, 0, 0))
    with subprocess.Popen([FORCETLS, *arguments], cwd=here, stdin=slave, stdout=slave, stderr=slave, env={**os.environ, "TERM": "dumb", "TZ": "UTC"}) as process:
        os.close(slave)
        text = b""
        try:
            while part := os.read(master, 65536):
                text += part
        except OSError:
            pass
        os.close(master)
        tap.equal(process.wait(60), 0, str(arguments))
    return text.decode().replace("\r\n", "\n")


def samples():
    """Command and output of each block that begins with a command, as the page is read."""
    for block in re.findall(r"(?ms)^\.Bd -literal\n(\$ forcetls .*?)^\.Ed$", PAGE.read_text()):
        text = block.replace("\\e", "\\").replace("\\(dq", '"').replace("\\-", "-").replace("\\&", "")
        command = re.match(r"\$ ((?:.*\\\n)*.*)\n", text)
        yield command[1].replace("\\\n", " "), text[command.end():]


def printed(here, command):
    words = shlex.split(command)[1:]
    options = ["--database", "evidence.db"] if "-o" not in words else []
    if words[0] in ("calendar", ):
        options += ["-c", "forcetls.yaml"]
    return terminal(here, words + options)


@tap.test("forcetls-report(1): the samples are what the commands print")
def _():
    here, seen = fixture(), set()
    for command, wanted in samples():
        got = printed(here, command)
        if command.split()[1] == "suggest":  # its comments are longer than a line of a manual, which folds them
            got, wanted = (" ".join(text.replace("#", " ").split()) for text in (got, wanted))
        tap.equal(got.rstrip().splitlines(), wanted.rstrip().splitlines(), command)
        seen.add(command.split()[1])
    tap.equal(seen >= {"report", "replay", "calendar", "diff", "suggest"}, True, str(seen))
