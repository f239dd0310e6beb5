# SPDX-License-Identifier: BSD-2-Clause
"""forcetls status and forcetls reload against a daemon that runs, does not, hangs, runs another file."""
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import threading

from asking import Status, as_user
from common import partner, settle
from daemon import Daemon, own_directory, patience
from tap import Skip, contains, equal, test

FORCETLS = os.path.abspath(os.environ.get("FORCETLS", "forcetls"))
UNAVAILABLE, NOPERM, CONFIG, USAGE = 69, 77, 78, 64


def run(*arguments, program=FORCETLS):
    """Exit status, standard output, standard error."""
    done = subprocess.run([program, *arguments], capture_output=True, text=True, timeout=patience(120), check=False)
    return done.returncode, done.stdout, done.stderr


@test("forcetls status: alive, with every line; --json is the socket's own object")
def status():
    with Status(partner(), partner("t", ["t.test"], mode="testing")) as daemon:
        settle(daemon)
        code, out, err = run("status", "-c", daemon.policy_file)
        equal((code, err), (0, ""))
        contains(out, f"milter socket   {daemon.socket} answers\n")
        for line in (r"version  +[0-9.]+", r"started  +20..-..-..T..:..:..Z", rf"policy  +{re.escape(daemon.policy_file)}",
                     r"digest  +[0-9a-f]{16}", r"loaded  +20..-..-..T..:..:..Z", r" +the files have not changed since",
                     r"partners  +2 enforce, 1 testing, 0 none", r"sessions  +[01]",
                     r"decisions  +0 pass, 1 fail, 0 undecidable, 0 excepted, 0 exempt", r"log lines lost  +0", r"last reload  +none"):
            equal(bool(re.search(rf"^{line}$", out, re.M)), True, f"{line} in\n{out}")
        code, out, err = run("status", "--json", "-c", daemon.policy_file)
        equal((code, err), (0, ""))
        equal({**json.loads(out), "sessions": 0}, {**daemon.ask(), "sessions": 0})
        daemon.reload_by_socket(partner("new", ["new.test"], mode="tesing"))
        out = run("status", "-c", daemon.policy_file)[1]
        contains(out, "the files have changed since; \"forcetls reload\"")
        equal(bool(re.search(r"^last reload  +20.* failed: .*unknown mode", out, re.M)), True, out)


@test("forcetls status: a daemon that does not answer, is not there, or is not ours to ask")
def silent():
    with Status() as daemon:
        daemon.process.send_signal(signal.SIGSTOP)
        try:
            code, out, err = run("status", "-c", daemon.policy_file)
        finally:
            daemon.process.send_signal(signal.SIGCONT)
        equal(code, UNAVAILABLE)
        contains(err, "status socket does not answer")
        contains(out, "does not answer within 5 seconds")
        daemon.process.send_signal(signal.SIGSTOP)
        try:
            code, out, err = run("reload", "-c", daemon.policy_file)
        finally:
            daemon.process.send_signal(signal.SIGCONT)
        equal((code, out), (UNAVAILABLE, ""))
        contains(err, "does not answer within 5 seconds; not reloaded")
        daemon.process.send_signal(signal.SIGSTOP)
        try:
            code, out, err = run("reload", "--pid", str(daemon.pid), "-c", daemon.policy_file)
        finally:
            daemon.process.send_signal(signal.SIGCONT)
        equal((code, out), (UNAVAILABLE, ""), "the service manager is not told that it is reloaded")
        equal(re.fullmatch(r'event=error text="forcetls reload: the daemon does not answer within 5 seconds; not reloaded: [^"]*"\n', err) is not None,
              True, err)
        daemon.stop()
        code, out, err = run("reload", "--pid", "999999999", "-c", daemon.policy_file)
        equal((code, out), (UNAVAILABLE, ""))
        equal(re.fullmatch(r'event=error text="forcetls reload: the daemon does not answer: [^"]*"\n', err) is not None, True, err)
        for arguments in ((), ("--json",)):
            code, out, err = run("status", "-c", daemon.policy_file, *arguments)
            equal(code, UNAVAILABLE, out)
            equal("error" in json.loads(out) if arguments else "milter socket" in out, True, out)


@test("forcetls status: something else that listens on the milter socket is no milter")
def impostor():
    place = own_directory()
    path = os.path.join(place, "p.yaml")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(f"{place}/m.sock")
        listening.listen()

        def greet():
            stream, _ = listening.accept()
            with stream:
                stream.sendall(b"220 mx.example.org ESMTP\r\n")
                stream.recv(100)
        thread = threading.Thread(target=greet)
        thread.start()
        with open(path, "w", encoding="utf-8") as file:
            file.write(f"version: 1\nmilter: {{socket: 'unix:{place}/m.sock', status: 'unix:{place}/s.sock'}}\n")
        os.chmod(path, 0o644)
        code, out, _ = run("status", "-c", path)
        thread.join()
    equal(code, UNAVAILABLE)
    contains(out, "answers, but not as a milter")


@test("forcetls status: without a status socket it still tells whether the daemon lives; also on inet")
def without():
    with Daemon('{"version": 1, "partners": [{"name": "p", "domains": ["p.test"]}]}', socket="inet") as daemon:
        daemon.write("tool.yaml", f"version: 1\nmilter: {{socket: '{daemon.socket}', status: 'unix:{daemon.dir}/none.sock'}}\n", 0o644)
        code, out, err = run("status", "-c", f"{daemon.dir}/tool.yaml")
        equal(code, 0)
        contains(out, f"{daemon.socket} answers")
        contains(err, "none.sock: No such file")
        code, out, _ = run("status", "--json", "-c", f"{daemon.dir}/tool.yaml")
        equal((code, list(json.loads(out))), (0, ["error"]))
        code, _, err = run("reload", "-c", daemon.write("good.yaml", f"version: 1\nmilter: {{status: 'unix:{daemon.dir}/none.sock'}}\n"
                                                        "partners: [{name: p, domains: [p.test]}]\n", 0o644))
        equal(code, UNAVAILABLE)
        contains(err, "systemctl kill -s USR1")
        equal(run("reload", "--pid", str(daemon.pid), "-c", f"{daemon.dir}/good.yaml"), (0, "", ""))
        daemon.wait_log("event=reload result=loaded")


@test("forcetls reload: shows what changed")
def reload():
    with Status() as daemon:
        daemon.write("forcetls.yaml", daemon.text(partner(mode="testing"), partner("new", ["new.test"])))
        code, out, err = run("reload", "-c", daemon.policy_file)
        equal((code, err), (0, ""))
        equal(out, "loaded: 3 partners; added new; changed contoso: mode enforce->testing\n"
                   f"digest: {daemon.ask()['policy']['digest']}\n")
        daemon.wait_log("event=reload result=loaded")


@test("forcetls reload: mistakes are shown with their line and a caret, and the daemon is left in peace")
def mistakes():
    with Status() as daemon:
        digest = daemon.ask()["policy"]["digest"]
        daemon.write("forcetls.yaml", daemon.text(partner(mode="tesing")))
        code, out, err = run("reload", "-c", daemon.policy_file)
        equal((code, out), (CONFIG, ""))
        contains(err, 'did you mean "testing"?')
        equal(bool(re.search(r'^ .*"mode": "tesing".*\n +\^', err, re.M)), True, err)
        contains(err, "not reloaded, the old policy stays in force")
        equal(daemon.reloads(), [])
        equal(daemon.ask()["policy"]["digest"], digest)
        equal(run("reload", "--pid", str(daemon.pid), "-c", daemon.policy_file)[0], CONFIG, "for the service manager")
        daemon.wait_log("event=reload result=failed")


@test("forcetls reload: the daemon's own file counts, and the tool says so")
def other_file():
    with Status() as daemon:
        other = daemon.write("other.yaml", daemon.text(partner("other", ["other.test"])), 0o644)
        for verb in ("status", "reload"):
            code, _, err = run(verb, "-c", other)
            equal(code, 0, err)
            contains(err, f"does not run {other}")
        daemon.wait_log("event=reload")
        equal(daemon.reloads()[-1]["removed"], "")
        daemon.write("forcetls.yaml", daemon.text(partner(mode="tesing")))
        code, _, err = run("reload", "-c", other)
        equal(code, CONFIG)
        contains(err, daemon.policy_file)


@test("forcetls status finds the daemon by a policy with mistakes")
def broken_policy():
    with Status() as daemon:
        daemon.write("forcetls.yaml", daemon.policy_text.replace('"partners"', '"partnes"'))
        code, out, _ = run("status", "-c", daemon.policy_file)
        equal(code, 0)
        contains(out, "changed since; ")


@test("forcetls reload is for root and the daemon's own user")
def not_allowed():
    if os.geteuid() != 0:
        raise Skip("needs root")
    with Status() as daemon:
        os.chmod(daemon.dir, 0o755)
        os.chmod(daemon.policy_file, 0o644)
        os.chmod(daemon.path, 0o666)
        tool = shutil.copy(FORCETLS, os.path.join(daemon.dir, "forcetls"))  # the other user may not look where it was built
        code, _, err = as_user(54321, 54321, [], lambda: run("reload", "-c", daemon.policy_file, program=tool))
        equal(code, NOPERM)
        contains(err, "only root and the daemon's own user")
        os.chmod(daemon.path, 0o660)
        code, out, err = as_user(54321, 54321, [], lambda: run("status", "-c", daemon.policy_file, program=tool))
        equal(code, NOPERM, "the milter socket is not for everyone")
        contains(out, "is not open to this user; run as root")
        contains(err, "this user may not ask the status socket; run as root")


@test("an answer that is none of the daemon's")
def odd_answers():
    place = own_directory()
    path = os.path.join(place, "p.yaml")
    with open(path, "w", encoding="utf-8") as file:
        file.write(f"version: 1\nmilter: {{socket: 'unix:{place}/m.sock', status: 'unix:{place}/s.sock'}}\n")
    os.chmod(path, 0o644)
    for octets in (b"\n", b"[]\n", b"{\n", b"\xff\xfe\n", b'{"policy": 1, "partners": [], "last_reload": {}}\n', b'{"a": {"b": {}}}\n',
                   b'{"version": "\\u001b[31m", "decisions": {"x": []}}\n', b"a" * 4000 + b"\n", b'{"version": "1"'):
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind(f"{place}/s.sock")
            listening.listen()

            def serve():
                while True:
                    stream, _ = listening.accept()
                    with stream:
                        if stream.recv(100) == b"end":
                            return
                        stream.sendall(octets)
            thread = threading.Thread(target=serve)
            thread.start()
            code, out, _ = run("status", "-c", path)
            with socket.socket(socket.AF_UNIX) as last:
                last.connect(f"{place}/s.sock")
                last.sendall(b"end")
            thread.join()
        os.unlink(f"{place}/s.sock")
        equal(code, UNAVAILABLE, octets)
        equal("\x1b" in out, False, "a control character")
        equal("have not changed" in out, False, "what the daemon did not say")


@test("arguments")
def arguments():
    for words in (("status", "x"), ("reload", "x"), ("reload", "--pid", "0"), ("reload", "--pid", "x"), ("status", "--pid", "3")):
        equal(run(*words)[0], USAGE, words)
    for verb in ("status", "reload"):
        equal(run(verb, "--help")[0], 0)


def found(*arguments):
    """What forcetls doctor says of the daemon that runs: [(level, text, change)]."""
    _, out, _ = run("doctor", "--json", "--postfix-config", "/nonexistent", *arguments)
    return [(each["level"], each["text"], each["change"]) for each in json.loads(out)["findings"] if each["subject"] == "running"]


@test("doctor: a policy that was edited and not reloaded is an error, and a daemon that runs another one a warning")
def doctor():
    with Status() as daemon:
        here = ("-c", daemon.policy_file)
        equal([level for level, _, _ in found(*here)], ["ok"])
        daemon.write("forcetls.yaml", daemon.policy_text + "\n# a comment\n")
        equal([level for level, _, _ in found(*here)], ["ok"], "a comment")
        daemon.write("forcetls.yaml", daemon.text(partner(mode="testing")))
        (level, text, change), = found(*here)
        equal((level, change), ("error", f"forcetls reload -c {daemon.policy_file}"))
        contains(text, daemon.ask()["policy"]["digest"])
        daemon.write("forcetls.yaml", daemon.text(partner(mode="tesing")))
        (level, text, change), = found(*here)
        equal((level, change), ("error", f"forcetls check -c {daemon.policy_file}"))
        daemon.reload(daemon.policy_text)
        other = daemon.write("other.yaml", daemon.policy_text, 0o644)
        (level, text, change), = found("-c", other)
        equal((level, change), ("warning", f"forcetls doctor -c {daemon.policy_file}"))
        daemon.stop()
        equal(found(*here), [], "whether it runs is said elsewhere")
