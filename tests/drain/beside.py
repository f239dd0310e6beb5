# SPDX-License-Identifier: BSD-2-Clause
"""What goes on beside a drain: reports, outbound, the status, reloads; and the request that begins one."""
import errno
import os
import shutil
import subprocess
import threading
import time

from asking import Status, as_user
from common import NO_TLS, SENDER, greeted, partner, plain, policy, strong
from daemon import Daemon, binary, free_port, own_directory, patience
from ending import ask_for_end, ended, refused
from pins import PIN, deliver, pinned, report, request
from socketmap import Client, Map
from tap import Skip, contains, equal, test

FORCETLS = os.environ.get("FORCETLS") or os.path.join(os.path.dirname(binary()), "forcetls")
NOPERM, UNAVAILABLE, USAGE = 77, 69, 64


@test("drain 10: reports of fingerprints and questions of how to send are answered until the drain ends")
def other_listeners():
    place, outbound = own_directory(), f"inet:{free_port()}@127.0.0.1"
    facts = f"unix:{place}/facts"
    with Daemon(policy(pinned(outbound={}), milter={"postfix_facts": facts, "outbound": outbound})) as daemon:
        daemon.facts = facts
        with greeted(daemon, strong()) as session:
            ask_for_end(daemon)
            equal(refused(daemon), True)
            equal(deliver(session, lambda s: report(daemon, request(s, PIN))).brief, "accept", "by its pin")
            with Client(outbound) as client:
                contains(client.ask("partner.test"), "OK secure match=partner.test:.partner.test ")
        ended(daemon)
    equal(os.listdir(place), [], "its socket goes with it")
    os.rmdir(place)


class Waiting(Map):
    """An upstream map that answers when it is told to."""

    def __init__(self):
        super().__init__({})
        self.may_answer = threading.Event()

    def _serve(self, stream):
        self.asked.append(stream.recv(65536))
        self.may_answer.wait(60)
        stream.sendall(b"9:NOTFOUND ,")
        stream.close()


@test("drain 10: a question of how to send that waits for the upstream map is answered first")
def question_under_way():
    outbound = f"inet:{free_port()}@127.0.0.1"
    with Waiting() as upstream:
        text = policy(partner(outbound={}), milter={"outbound": outbound, "outbound_upstream": upstream.spec})
        with Daemon(text) as daemon, Client(outbound) as client:
            got = []
            asking = threading.Thread(target=lambda: got.append(client.ask("partner.test")))
            asking.start()
            end = time.monotonic() + patience(10)
            while not upstream.asked:
                equal(time.monotonic() < end, True, "the upstream map is asked")
                time.sleep(0.01)
            ask_for_end(daemon)
            equal(refused(daemon), True)
            upstream.may_answer.set()
            asking.join(patience(10))
            contains(got[0] if got else "", "OK secure match=partner.test:")
            ended(daemon)


@test("drain 36: reloads in a drain are done, and the next message of a session is judged by the new policy")
def reload_in_drain():
    with Status() as daemon, greeted(daemon, plain()) as session:
        equal(session.mail(SENDER).brief, NO_TLS)
        ask_for_end(daemon)
        equal(daemon.reload_by_socket(partner("new", ["new.test"]))["result"], "loaded")
        equal(session.mail(SENDER).refused, False, "no partner any more")
        session.abort()
        equal(daemon.reload(daemon.text(*daemon.partners))["result"], "loaded")
        equal(session.mail(SENDER).brief, NO_TLS)
        session.quit()
        ended(daemon)


@test("drain 36: a reload that is under way as the drain ends does no harm")
def end_in_reload():
    bulk = [partner(f"p{n:05d}", [f"p{n:05d}.test"]) for n in range(20000)]
    with Status() as daemon, daemon.connect(control=True) as control:
        daemon.write("forcetls.yaml", daemon.text(*bulk))
        control.sendall(b"reload\n")
        ask_for_end(daemon)
        ended(daemon, most=10)


@test("drain: the request begins a drain, the status shows it, and the first TERM joins it")
def by_request():
    with Status() as daemon, greeted(daemon, plain()) as session:
        equal("draining" in daemon.ask(), False)
        equal(daemon.ask("drain", control=True), {"draining": True, "sessions": 1})
        daemon.wait_log("event=drain sessions=1 seconds=10")
        equal((daemon.ask()["draining"], daemon.ask()["sessions"]), (True, 1))
        equal(daemon.ask("drain", control=True), {"draining": True, "sessions": 1}, "twice is fine")
        equal(refused(daemon), True)
        daemon.process.terminate()
        equal(session.mail(SENDER).brief, NO_TLS)
        session.quit()
        ended(daemon)
        equal(len(daemon.events("drain")), 1)


@test("drain 36: the group's socket takes no drain, nor does the control socket from another user")
def rights():
    with Status() as daemon:
        contains(daemon.ask("drain")["error"], f"this socket takes no drain; write it to {daemon.path}.control")
        if os.geteuid() != 0:
            raise Skip("needs root")
        os.chmod(daemon.dir, 0o755)
        os.chown(daemon.path, 0, 54322)
        equal(as_user(54321, 54321, [54322], lambda: daemon.ask("drain", control=True)), errno.EACCES)
        equal("draining" in daemon.ask(), False)
        equal(daemon.events("drain"), [])


def run(*arguments, program=FORCETLS, prefix=()):
    done = subprocess.run([*prefix, os.path.abspath(program), *arguments], capture_output=True, text=True,
                          timeout=patience(60), check=False)
    return done.returncode, done.stdout, done.stderr


@test("forcetls drain and forcetls status: what they say")
def tool():
    with Status() as daemon, greeted(daemon, plain()) as session:
        equal(run("drain", "-c", daemon.policy_file, "more")[0], USAGE)
        code, out, err = run("drain", "-c", "/nonexistent")
        equal((code, out, err), (78, "", "forcetls drain: /nonexistent: No such file or directory\n"))
        if os.geteuid() == 0:
            place = own_directory()
            os.chmod(place, 0o755)
            for path in (FORCETLS, daemon.policy_file):
                shutil.copy(path, place)
            os.chmod(os.path.join(place, "forcetls.yaml"), 0o644)
            os.chmod(daemon.dir, 0o755)
            code, _, err = run("drain", "-c", f"{place}/forcetls.yaml", program=f"{place}/forcetls",
                               prefix=("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"))
            equal(code, NOPERM, err)
            contains(err, "only root and the daemon's own user may drain")
            shutil.rmtree(place)
        equal(run("drain", "-c", daemon.policy_file), (0, "draining, sessions under way: 1\n", ""))
        equal(refused(daemon), True)
        code, out, _ = run("status", "-c", daemon.policy_file)
        equal(code, UNAVAILABLE, "no new sessions")
        contains(out, "draining: no new ones")
        waiting = subprocess.Popen([os.path.abspath(FORCETLS), "drain", "--wait", "-c", daemon.policy_file],
                                   stdout=subprocess.DEVNULL)
        time.sleep(0.3)
        equal(waiting.poll(), None, "waits for the session")
        session.quit()
        ended(daemon)
        equal(waiting.wait(patience(20)), 0)
        code, _, err = run("drain", "-c", daemon.policy_file)
        equal(code, UNAVAILABLE)
        contains(err, "the daemon does not answer")
        contains(err, "systemctl stop forcetls-milter")
