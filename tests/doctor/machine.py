# SPDX-License-Identifier: BSD-2-Clause
"""A machine for doctor to look at: directories, sockets, certificates, an MTA's configuration and a policy."""
import grp
import json
import os
import pathlib
import pwd
import shutil
import socket
import subprocess
import tempfile
import threading
from types import SimpleNamespace

import pki
import tap

SRC = pathlib.Path(os.environ.get("srcdir", pathlib.Path(__file__).resolve().parent.parent.parent)).resolve()
FORCETLS = os.environ.get("FORCETLS", "forcetls")
ROOT = os.geteuid() == 0
shared = SimpleNamespace(places=[], pki=None, directory=None)


def place(parents=("/tmp",)):
    """A directory of one's own, in the first parent that can be written; None: in none."""
    for parent in parents:
        if os.access(parent, os.W_OK):
            directory = tempfile.mkdtemp(prefix="do", dir=parent)
            os.chmod(directory, 0o755)
            shared.places.append(directory)
            return pathlib.Path(directory)
    raise tap.Skip("no directory for it")


def begin():
    shared.directory = place()
    shared.pki = pki.Pki(str(shared.directory))


def end():
    for directory in shared.places:
        shutil.rmtree(directory, ignore_errors=True)


def mail_owner():
    """Whom smtpd runs as: Postfix's own user where the tests may give files to it."""
    if not ROOT:
        return pwd.getpwuid(os.geteuid()).pw_name
    try:
        return pwd.getpwnam("postfix").pw_name
    except KeyError:
        return "nobody"


def negotiate(listener):
    """Answers every session as a filter does: to the offer with as much, to anything else not at all."""
    while True:
        try:
            client, _ = listener.accept()
        except OSError:
            return  # closed
        with client:
            try:
                offer = client.recv(17, socket.MSG_WAITALL)
                if offer[4:5] == b"O":
                    client.sendall(offer)
                    client.recv(5, socket.MSG_WAITALL)
            except OSError:
                pass


def answer(listener):
    """Makes a listener one that speaks the milter protocol."""
    threading.Thread(target=negotiate, args=(listener,), daemon=True).start()
    return listener


def greet(listener, text):
    """Makes a listener one that says the text to everyone, as another program does."""
    def run():
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return  # closed
            with client:
                try:
                    client.sendall(text)
                    client.recv(64)
                except OSError:
                    pass

    threading.Thread(target=run, daemon=True).start()


def stop(listener):
    """Closes it, and wakes whoever accepts there."""
    try:
        listener.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass
    listener.close()


def listen(path, mode=0o660, group=None, speaks=True):
    """A socket that answers as the filter's does, or one that only listens."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    os.chmod(path, mode)
    if group and ROOT:
        os.chown(path, -1, grp.getgrnam(group).gr_gid)
    listener.listen(64)
    return answer(listener) if speaks else listener


def doctor(*arguments, status=None, env=None):
    """Runs it; the parsed JSON."""
    done = subprocess.run([FORCETLS, "doctor", *map(str, arguments), "--json"], capture_output=True, text=True,
                          timeout=120, check=False, env={**os.environ, **(env or {})})
    if status is not None:
        tap.equal(done.returncode, status, f"exit status ({done.stdout}{done.stderr})")
    return json.loads(done.stdout)


def above_ok(report):
    """(level, subject) of all that is not good."""
    return sorted((f["level"], f["subject"]) for f in report["findings"] if f["level"] != "ok")


def told(report):
    return "\n".join(f"{f['level']} {f['subject']}: {f['text']} | {f['change']}" for f in report["findings"])


def expect(report, *wanted):
    """Nothing but these findings, as "error subject", and a change told for each."""
    tap.equal(above_ok(report), sorted(tuple(one.split(" ", 1)) for one in wanted), f"findings of\n{told(report)}\n")
    for finding in report["findings"]:
        if finding["level"] != "ok" and not finding["change"] and finding["subject"] not in ("postconf", "mta"):
            raise AssertionError(f"no change told: {finding}")
