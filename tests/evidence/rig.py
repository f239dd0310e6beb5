# SPDX-License-Identifier: BSD-2-Clause
"""What the tests of evidence share: a place, the program, and lines of all kinds. FORCETLS names the program."""
import datetime
import os
import pathlib
import shutil
import sqlite3
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "lib"), str(HERE.parent / "sessions")]
import logs  # noqa: E402
import tap  # noqa: E402

FORCETLS = os.path.abspath(os.environ.get("FORCETLS", "forcetls"))
PLACE = pathlib.Path(tempfile.mkdtemp(prefix="evidence"))
T0 = datetime.datetime(2026, 3, 2, 10, 0, 0, tzinfo=logs.UTC)
SECOND = datetime.timedelta(seconds=1)
RUN1, RUN2 = "0123456789abcdef", "fedcba9876543210"


def place(name):
    path = PLACE / name
    path.mkdir(parents=True)
    return path


def run(*arguments, status=0, **environment):
    done = subprocess.run([FORCETLS, *map(str, arguments)], cwd=PLACE, capture_output=True, text=True, timeout=120, check=False,
                          env={**os.environ, "TZ": "UTC", **environment})
    tap.equal(done.returncode, status, f"{arguments}: {done.stdout}{done.stderr}")
    return done


def rows(path, sql):
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as database:
        return database.execute(sql).fetchall()


def counted(path):
    """Mails by partner and verdict, as the database has them."""
    return {(partner, verdict): n for partner, verdict, n in rows(
        path, "SELECT p.value, v.value, sum(h.n) FROM hourly h JOIN kind k ON k.id = h.kind JOIN text p ON p.id = k.partner "
              "JOIN text v ON v.id = k.verdict GROUP BY 1, 2")}


def old_database(path, version):
    """A database of that version, as forcetls record made it of version-2-lines.txt."""
    database = sqlite3.connect(path)
    database.executescript((HERE / "version-2.sql").read_text())
    if version == 1:
        database.executescript("DROP TABLE alert; DROP TABLE outbox; DROP TABLE certificate; PRAGMA user_version = 1;"
                               "CREATE TABLE alert (cause TEXT PRIMARY KEY, partner INTEGER NOT NULL, at INTEGER NOT NULL) WITHOUT ROWID;")
    database.close()


def wanted(*daemons):
    sums = logs.oracle(*daemons)
    return {(partner, verdict): n for partner, mine in sums.items() for verdict, n in mine.items()
            if verdict in ("pass", "fail", "undecidable", "excepted", "exempt") and n}


def mixed(daemon, count, start=T0, step=SECOND):
    """Lines of all kinds: verdicts, modes, several results of a message, several partners."""
    lines = [daemon.event(start, "start", version="0.3.0", policy="p1")]
    for i in range(count):
        moment = start + i * step
        kind = i % 11
        if kind == 1:
            lines.append(daemon.decision(moment, verdict="fail", action="tempfail", reasons="no_tls", tls="none", subject="", issuer=""))
        elif kind == 2:
            lines.append(daemon.decision(moment, verdict="fail", mode="testing", reasons="tls_version,cipher", tls="TLSv1.1"))
        elif kind == 3:
            lines.append(daemon.decision(moment, verdict="undecidable", action="tempfail", reasons="mta_macros"))
        elif kind == 4:
            lines.append(daemon.decision(moment, verdict="excepted", reasons="no_tls", tls="none", exception="2027-01-01"))
        elif kind == 5:
            lines.append(daemon.decision(moment, verdict="exempt", exempt="client"))
        elif kind == 6:
            lines.append(daemon.decision(moment, verdict="fail", action="tempfail", reasons="no_tls", also="fabrikam:pass,relay:off,late:fail"))
            lines.append(daemon.decision(moment, same_message=True))
        elif kind == 7:
            lines.append(daemon.decision(moment, partner="fabrikam", subject=f"mx{i % 3}.fabrikam.example", **{"from": "<>"}))
        else:
            lines.append(daemon.decision(moment, tls="TLSv1.2" if kind == 8 else "TLSv1.3"))
    return lines


def clean():
    shutil.rmtree(PLACE)
