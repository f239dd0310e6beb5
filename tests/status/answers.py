# SPDX-License-Identifier: BSD-2-Clause
"""What the status socket answers: every field, changes of files, reloads and their results."""
import datetime
import os
import signal
import subprocess
import threading
import time

import daemon as daemons
from asking import Status, answer, question
from common import SENDER, partner, plain, settle, strong
from daemon import Daemon, patience
from milterclient import Session, message
from tap import contains, equal, test


def moment(text):
    return datetime.datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=datetime.timezone.utc)


def is_recent(text):
    age = datetime.datetime.now(datetime.timezone.utc) - moment(text)
    equal(datetime.timedelta(0) <= age + datetime.timedelta(seconds=1) < datetime.timedelta(seconds=patience(60)), True, text)


@test("status: every field")
def fields():
    modes = [partner("a", ["a.test"], mode="testing"), partner("b", ["b.test"], mode="none"),
             partner("c", ["c.test"], mode="none", rollout=[{"from": "2020-01-01", "mode": "testing"}]), partner()]
    with Status(*modes) as daemon:
        got = daemon.ask()
        equal(list(got), ["version", "started", "policy", "partners", "sessions", "decisions", "log_lines_lost", "last_reload"])
        version = subprocess.run([daemons.binary(), "-V"], capture_output=True, text=True, check=True).stdout.split()[-1]
        equal(got["version"], version)
        is_recent(got["started"])
        equal(list(got["policy"]), ["file", "digest", "loaded", "changed_since"])
        equal(got["policy"]["file"], daemon.policy_file)
        equal(len(got["policy"]["digest"]), 16)
        is_recent(got["policy"]["loaded"])
        equal(got["policy"]["changed_since"], False)
        equal(got["partners"], {"enforce": 2, "testing": 2, "none": 1})
        equal(got["sessions"], 0)
        equal(got["decisions"], {"pass": 0, "fail": 0, "undecidable": 0, "excepted": 0, "exempt": 0})
        equal(got["log_lines_lost"], 0)
        equal(got["last_reload"], None)


@test("status: sessions and decisions are counted, and go on over a reload")
def counts():
    with Status() as daemon:
        with Session(daemon.socket, plain()) as session:
            session.connect()
            session.helo("mx.client.test")
            equal(daemon.ask()["sessions"], 1)
            equal(message(session, SENDER)[-1].refused, True)
        with Session(daemon.socket, strong()) as session:
            session.connect()
            session.helo("mx.client.test")
            equal(message(session, SENDER)[-1].refused, False)
        daemon.wait_decisions(2)
        daemon.reload()
        end = time.monotonic() + patience(20)
        while daemon.ask()["sessions"] != 0:
            equal(time.monotonic() < end, True, "the sessions end")
        got = daemon.ask()
        equal({name: count for name, count in got["decisions"].items() if count}, {"pass": 1, "fail": 1})
        equal(got["last_reload"]["result"], "loaded")


@test("status: changed_since sees edits, times, new, removed and exchanged files, and no others")
def changed_since():
    files = {"partners.d/a.yaml": "partners: [{name: a, domains: [a.test]}]\n"}
    with Status(files=files, keys={"include": "partners.d/*.yaml"}) as daemon:
        def changed():
            return daemon.ask()["policy"]["changed_since"]

        def back():
            daemon.reload()
            equal(changed(), False, "after a reload")
        equal(changed(), False)
        for name in ("partners.d/.hidden.yaml", "partners.d/b.yaml~", "partners.d/notes.txt", "other.yaml"):
            daemon.write(name, "nothing")
            equal(changed(), False, name)
        for name, text in (("partners.d/b.yaml", "partners: [{name: b, domains: [b.test]}]\n"),
                           ("partners.d/a.yaml", files["partners.d/a.yaml"]), ("forcetls.yaml", daemon.policy_text)):
            daemon.write(name, text)
            equal(changed(), True, name)
            back()
        os.utime(f"{daemon.dir}/partners.d/a.yaml", (1, 1))
        equal(changed(), True, "the time alone")
        back()
        with open(daemon.policy_file, "a", encoding="utf-8") as file:
            file.write("\n# a comment\n")
        equal(changed(), True, "written in place")
        back()
        os.unlink(f"{daemon.dir}/partners.d/b.yaml")
        equal(changed(), True, "removed")
        back()
        os.rename(f"{daemon.dir}/partners.d/a.yaml", f"{daemon.dir}/partners.d/c.yaml")
        equal(changed(), True, "renamed")


@test("reload: its own result, with what changed, or with the mistakes and the old policy kept")
def results():
    with Status() as daemon:
        first = daemon.ask()["policy"]["digest"]
        same = daemon.reload_by_socket(*daemon.partners)
        equal((same["result"], same["digest"], same["findings"]), ("loaded", first, []))
        equal(same["text"], "2 partners; no changes")
        other = daemon.reload_by_socket(partner("new", ["new.test"]))
        equal(other["result"], "loaded")
        equal(other["text"], "2 partners; added new; removed contoso")
        equal(other["digest"] != first, True)
        rules = daemon.reload_by_socket(partner("new", ["new.test"], mode="testing"))
        equal(rules["text"], "2 partners; changed new: mode enforce->testing")
        is_recent(rules["time"])
        bad = daemon.reload_by_socket(partner("new", ["new.test"], mode="tesing"), partner("x", []))
        equal((bad["result"], bad["errors"], bad["digest"]), ("failed", 2, rules["digest"]))
        equal([finding["file"] for finding in bad["findings"]], [daemon.policy_file] * 2)
        contains(bad["findings"][0]["text"], "did you mean \"testing\"?")
        status = daemon.ask()
        equal(status["policy"]["digest"], rules["digest"])
        equal(status["policy"]["changed_since"], True)
        equal(status["last_reload"], {key: bad[key] for key in ("time", "result", "text")})
        contains(status["last_reload"]["text"], f"{daemon.policy_file}:")
        contains(status["last_reload"]["text"], "(2 errors)")


@test("reload: more errors than an answer holds")
def many_errors():
    with Status() as daemon:
        got = daemon.reload_by_socket(*(partner(f"p{n}", [f"p{n}.test"], nonsense=1) for n in range(50)))
        equal((got["result"], got["errors"], len(got["findings"])), ("failed", 50, 20))


@test("reload: two at once, and signals beside, each get the result of what they wrote")
def at_once():
    bulk = [partner(f"p{n:05d}", [f"p{n:05d}.test"]) for n in range(20000)]
    with Status() as daemon:
        daemon.write("forcetls.yaml", daemon.text(*bulk))
        got = []

        def ask():
            got.append(daemon.ask("reload", control=True))
        first = threading.Thread(target=ask)
        first.start()
        os.kill(daemon.pid, signal.SIGUSR1)
        last = daemon.reload_by_socket(partner("last", ["last.test"]))
        first.join()
        equal(last["result"], "loaded")
        contains(last["text"], "2 partners")
        equal([one["result"] for one in got], ["loaded"])
        equal(daemon.ask()["policy"]["digest"], last["digest"])


@test("status answers while a reload runs, and the mail is judged")
def beside_reload():
    bulk = [partner(f"p{n:05d}", [f"p{n:05d}.test"]) for n in range(30000)]
    with Status() as daemon, daemon.connect(control=True) as control:
        daemon.write("forcetls.yaml", daemon.text(*bulk))
        control.sendall(b"reload\n")
        equal(daemon.ask()["partners"]["enforce"], 2)
        with Session(daemon.socket, plain()) as session:
            session.connect()
            session.helo("mx.client.test")
            equal(message(session, SENDER)[-1].refused, True)
        equal(answer(control)["result"], "loaded")
        equal(question(control, "status")["partners"]["enforce"], 30001)


@test("a status socket that cannot be opened is a warning, and mail is judged; a stale one is replaced")
def cannot_open():
    with Status() as daemon:
        daemon.kill()
        equal(os.path.exists(daemon.path), True)
        daemon.start()
        equal(daemon.ask()["sessions"], 0)
        with Daemon(daemon.policy_text) as second:
            second.wait_log("already in use")
            settle(second)
            equal(daemon.ask()["sessions"], 0, "the first one's socket")
        equal(daemon.ask()["sessions"], 0, "after the second one's end")
    for place in ("/nonexistent/status.sock", "/tmp/status.sock", "/" + "x" * 100):
        text = '{"version": 1, "milter": {"status": "unix:%s"}, "partners": [{"name": "fence", "action": "reject", ' \
               '"domains": ["fence.test"]}]}' % place
        with Daemon(text) as daemon:
            daemon.wait_log("event=warning text=\"status socket")
            settle(daemon)


@test("the sockets go with the daemon, but not those of its successor")
def removed():
    with Status() as daemon:
        names = {"status.sock", "status.sock.control"}
        equal(names <= set(os.listdir(daemon.dir)), True)
        daemon.stop()
        equal(names & set(os.listdir(daemon.dir)), set())
        daemon.start()
        for name in names:
            os.rename(f"{daemon.dir}/{name}", f"{daemon.dir}/{name}.moved")
            with open(f"{daemon.dir}/{name}", "w", encoding="utf-8"):
                pass
        daemon.stop()
        equal(names <= set(os.listdir(daemon.dir)), True)


@test("a changed status socket needs a restart, and the daemon says so")
def moved():
    with Status() as daemon:
        daemon.path += "2"
        daemon.reload(daemon.text(*daemon.partners))
        daemon.wait_log("a changed status needs a restart")
