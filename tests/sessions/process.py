# SPDX-License-Identifier: BSD-2-Clause
"""The process: options, exit codes, sockets, start-up refusals (F05, F10), stopping, the log's far end."""
import contextlib
import os
import re
import shutil
import signal
import socket as sockets
import subprocess
import threading
import time

from common import Daemon, NO_TLS, SENDER, greeted, judge, partner, plain, policy
from daemon import command, connect, free_port, own_directory, patience
from milterclient import Session, message, postfix
from tap import Skip, contains, equal, test

GOOD_POLICY = policy(partner())
USAGE, CONFIG, CANTCREAT = 64, 78, 73


def run(*arguments):
    """Exit status and everything said."""
    done = subprocess.run(command(*arguments), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          timeout=patience(20), text=True)
    return done.returncode, done.stdout


@contextlib.contextmanager
def directory(text=GOOD_POLICY, mode=0o600):
    """An own directory with a policy file: (directory, file)."""
    place = own_directory()
    path = os.path.join(place, "forcetls.yaml")
    try:
        if text is not None:
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
            os.chmod(path, mode)
        yield place, path
    finally:
        shutil.rmtree(place, ignore_errors=True)


@test("options: mistakes are 64, -V tells the version")
def options():
    for arguments in (["-x"], ["-c"], ["-s"], ["-e", "extra"], ["--help-me"]):
        equal(run(*arguments)[0], USAGE, f"{arguments}")
    status, said = run("-V")
    equal(status, 0)
    equal(bool(re.search(r"\b\d+\.\d+", said)), True, f"a version in {said!r}")


@test("-t: 0 for a good policy, 78 with every place for a bad one, and no socket is touched")
def check_only():
    with directory() as (place, path):
        taken = os.path.join(place, "taken.sock")
        with open(taken, "w", encoding="ascii") as file:
            file.write("not a socket")
        equal(run("-t", "-c", path, "-s", f"unix:{taken}")[0], 0, "good")
        equal(sorted(os.listdir(place)), ["forcetls.yaml", "taken.sock"], "files")
    with directory(GOOD_POLICY.replace('"action"', '"actoin"').replace('"domains"', '"domain"')) as (place, path):
        status, said = run("-t", "-c", path)
        equal(status, CONFIG)
        for part in ("actoin", "action", "domains"):
            contains(said, part)
        equal(len(re.findall(re.escape(path) + r":\d+:\d+: ", said)) >= 2, True, f"all mistakes in one run: {said}")


@test("F05 p f policies that do not start it: missing, empty, directory, writable by others, broken")
def start_refused():
    for what, text, mode in (("missing", None, 0), ("empty", "", 0o600), ("writable by all", GOOD_POLICY, 0o666),
                             ("writable by the group", GOOD_POLICY, 0o620), ("broken", "version: 1\npartners: [", 0o600),
                             ("no partners", '{"version": 1, "partners": []}', 0o600), ("binary", "\x7fELF\x01\x02", 0o600)):
        with directory(text, mode) as (place, path):
            for arguments in (("-t",), ()):
                status, said = run("-e", "-c", path, "-s", f"unix:{place}/s", *arguments)
                equal(status, CONFIG, f"{what} {arguments}")
                contains(said, path, what)
            equal(os.path.exists(f"{place}/s"), False, f"{what}: a socket")
    with directory(None) as (place, path):
        os.mkdir(path)
        equal(run("-e", "-c", path, "-s", f"unix:{place}/s")[0], CONFIG, "a directory")
    with directory(GOOD_POLICY, 0o000) as (place, path):
        if os.geteuid() != 0:
            equal(run("-e", "-c", path, "-s", f"unix:{place}/s")[0], CONFIG, "unreadable")


@test("F05 p an empty partner list starts where the policy says that it may")
def allow_empty():
    with directory('{"version": 1, "allow_empty": true, "partners": []}') as (_, path):
        equal(run("-t", "-c", path)[0], 0)


@test("F10 p f sockets that are refused: no address, a file or a link in the way, a directory open to others")
def socket_refused():
    with directory() as (place, path):
        for spec in ("inet:8895", "inet6:8895", "inet:8895@", "inet:@127.0.0.1", "inet:0x10@127.0.0.1", "inet:99999@127.0.0.1", "unix:",
                     "unix:relative", "tcp:1@127.0.0.1", "", f"unix:{place}/" + "x" * 120):
            equal(run("-e", "-c", path, "-s", spec)[0] in (USAGE, CONFIG), True, f"refused: {spec!r}")
        target, link = f"{place}/target", f"{place}/link"
        with open(target, "w", encoding="ascii") as file:
            file.write("precious")
        os.symlink(target, link)
        for spec in (target, link, place):
            equal(run("-e", "-c", path, "-s", f"unix:{spec}")[0] != 0, True, spec)
        with open(target, encoding="ascii") as file:
            equal(file.read(), "precious", "the file in the way")
        open_to_all = f"{place}/open"
        os.mkdir(open_to_all)
        os.chmod(open_to_all, 0o777)
        equal(run("-e", "-c", path, "-s", f"unix:{open_to_all}/s")[0] != 0, True, "a directory that all may write")
        equal(os.path.exists(f"{open_to_all}/s"), False)
        os.mkdir(f"{open_to_all}/in")
        os.symlink(f"{open_to_all}/in", f"{place}/way")
        equal(run("-e", "-c", path, "-s", f"unix:{place}/way/s")[0] != 0, True, "a link past a directory that all may write")
        equal(os.path.exists(f"{open_to_all}/in/s"), False)
    with directory(policy(partner(), milter={"socket": "inet:8895"})) as (_, path):
        equal(run("-e", "-c", path)[0], CONFIG, "an inet socket without address in the policy")


@test("F06 F10 f -t and the start warn of partners in files that are not read, and of a socket where everybody may write")
def doubts():
    with directory() as (place, path):
        os.mkdir(f"{place}/open")
        os.chmod(f"{place}/open", 0o777)
        with open(path, "w", encoding="ascii") as file:
            file.write(policy(partner(), milter={"socket": f"unix:{place}/open/s"}))
        with open(f"{place}/more.yml", "w", encoding="ascii") as file:
            file.write("partners: [{name: more, domains: [more.example]}]")
        status, said = run("-t", "-c", path)
        equal(status, 0)
        contains(said, f"{place}/more.yml: warning: holds partners and is not read; write include: more.yml [file_not_read]")
        contains(said, "warning: milter: the socket unix:")
        status, said = run("-e", "-c", path)
        equal(status, CONFIG, "the daemon does not start there")
        contains(said, f'event=policy severity=warning file="{place}/more.yml"')
        contains(said, "[socket_directory]")


def run_in_journal(*arguments):
    """Exit status and lines on stderr, where that is what JOURNAL_STREAM names."""
    reading, writing = os.pipe()
    stat = os.fstat(writing)
    environment = {**os.environ, "JOURNAL_STREAM": f"{stat.st_dev}:{stat.st_ino}"}
    with subprocess.Popen(command(*arguments), stdin=subprocess.DEVNULL, stdout=writing, stderr=writing, env=environment) as daemon:
        os.close(writing)
        with os.fdopen(reading, encoding="utf-8") as stream:
            said = stream.read().splitlines()
        return daemon.wait(patience(20)), said


@test("F10 f all that comes to the journal from the unit is logfmt: -t, a start that fails, usage")
def journal():
    bad = GOOD_POLICY.replace('"action"', '"actoin"').replace('"domains"', '"domain"')
    with directory(bad) as (place, path):
        status, said = run_in_journal("-t", "-c", path)
        equal(status, CONFIG)
        equal([line for line in said if not re.match(r'event=policy severity=error file="[^"]+" line=\d+ column=\d+ text="', line)], [])
        equal(len(said) >= 2, True, f"all mistakes: {said}")
        equal(run_in_journal("-c", path, "-s", f"unix:{place}/s"), (CONFIG, []), "to syslog, and not a second time")
        status, said = run_in_journal("-e", "-c", path, "-s", f"unix:{place}/s")
        equal((status, [line for line in said if not line.startswith("event=")]), (CONFIG, []))
    with directory() as (place, path):
        equal(run_in_journal("-t", "-c", path), (0, []), "nothing to say")
        equal(run_in_journal("-c", path, "-s", f"unix:{place}/nothere/s")[1], [], "a socket that cannot be")
        for arguments in (("-x",), ("-c",), ("a", "b")):
            status, said = run_in_journal(*arguments)
            equal((status, len(said)), (USAGE, 1), said)
            equal(re.match(r'event=error text="[^"]+"$', said[0]) is not None, True, said[0])
    with directory(bad) as (place, path):
        os.environ["JOURNAL_STREAM"] = "1:2"
        try:
            contains(run("-t", "-c", path)[1], f"{path}:", "another stream: plain text")
        finally:
            del os.environ["JOURNAL_STREAM"]


@test("F10 p f a socket directory that another unprivileged user owns is refused")
def directory_of_another():
    if os.geteuid() != 0:
        raise Skip("needs root")
    with directory() as (place, path):
        way = f"{place}/theirs/in"
        os.makedirs(way, mode=0o755)
        for owned in (way, f"{place}/theirs"):
            os.chown(owned, 65534, 65534)
            status, text = run("-e", "-c", path, "-s", f"unix:{way}/s")[:2]
            equal(status, USAGE, owned)  # by -s; where the policy names the socket it is CONFIG
            contains(text, f"'{owned}' belongs to user 65534, who could put another socket there")
            equal(os.path.exists(f"{way}/s"), False)
            os.chown(owned, 0, 0)


@test("F10 p f a stale socket of our own is removed, one in use is not")
def stale_socket():
    with Daemon(GOOD_POLICY) as daemon:
        equal(run("-e", "-c", daemon.policy_file, "-s", daemon.socket)[0] != 0, True, "a second one on the same socket")
        equal(judge(daemon, plain()).brief, NO_TLS, "the first goes on")
        daemon.kill()
        equal(os.path.exists(daemon.socket[5:]), True, "left behind")
        daemon.start()
        daemon._killed = False
        equal(judge(daemon, plain()).brief, NO_TLS, "started over it")


@test("the socket: inet, inet6, and -s wins over the policy")
def sockets_given():
    for kind in ("inet", "inet6"):
        if kind == "inet6":
            try:
                free_port("::1")
            except OSError as error:
                raise Skip("no IPv6 here") from error
        with Daemon(policy(partner(), milter={"socket": "unix:/nonexistent/forcetls.sock"}), socket=kind) as daemon:
            equal(judge(daemon, plain()).brief, NO_TLS, kind)


@test("without -s the policy's socket is listened on, without -e the start is as good")
def socket_of_policy():
    with directory(None) as (place, path):
        with open(path, "w", encoding="utf-8") as file:
            file.write(policy(partner(), milter={"socket": f"unix:{place}/own.sock"}))
        with started("-c", path):
            with Session(f"unix:{place}/own.sock", postfix()) as session:
                session.connect()
                session.helo()
                equal(session.mail(SENDER).brief, NO_TLS)


@contextlib.contextmanager
def started(*arguments, **options):
    """A process that is ready; stopped at the end. No log is looked at."""
    place = own_directory()
    try:
        with sockets.socket(sockets.AF_UNIX, sockets.SOCK_DGRAM) as notify:
            notify.bind(f"{place}/notify")
            notify.settimeout(patience(20))
            process = subprocess.Popen(command(*arguments), stdin=subprocess.DEVNULL,
                                       env={**os.environ, "NOTIFY_SOCKET": f"{place}/notify"}, **options)
            try:
                contains(notify.recv(4096).decode(), "READY=1")
                yield process
            finally:
                try:
                    if process.poll() is None:
                        process.send_signal(signal.SIGINT)  # waits for no session
                        process.wait(patience(15))
                finally:
                    process.kill()
                    process.wait()
    finally:
        shutil.rmtree(place, ignore_errors=True)


@test("SIGTERM: exit 0, idle or with sessions open")
def stopping():
    with Daemon(GOOD_POLICY) as daemon:
        equal(judge(daemon, plain()).brief, NO_TLS)
        equal(daemon.stop(), 0, "idle")
    with Daemon(GOOD_POLICY) as daemon, greeted(daemon, plain()), greeted(daemon, plain()) as session:
        session.mail("<a@nobody.test>")
        equal(daemon.stop(), 0, "with sessions")


@test("SIGTERM under load: exit 0, and no session brings it down on the way")
def stopping_under_load():
    def load():
        while not done.is_set():
            with contextlib.suppress(OSError), greeted(daemon, plain()) as session:
                session.mail(SENDER)
    for number in range(12):
        done = threading.Event()
        with Daemon(GOOD_POLICY) as daemon:
            threads = [threading.Thread(target=load) for _ in range(4)]
            for thread in threads:
                thread.start()
            time.sleep(0.2)
            try:
                daemon.process.terminate()
                equal(daemon.wait_exit(), 0, f"exit status, round {number}")
            finally:
                done.set()
                for thread in threads:
                    thread.join()


@test("SIGTERM at once behind the start, and during a reload: it ends, and not by a crash")
def stopping_early():
    for _ in range(5):
        with Daemon(GOOD_POLICY) as daemon:
            equal(daemon.stop() >= 0, True)
    for _ in range(5):
        with Daemon(GOOD_POLICY) as daemon:
            equal(judge(daemon, plain()).brief, NO_TLS)
            os.kill(daemon.pid, signal.SIGUSR1)
            equal(daemon.stop(), 0)


@test("F12 p a log that nobody reads holds up no reply")
def blocked_log():
    with directory() as (place, path):
        reader, writer = os.pipe()
        try:
            with started("-e", "-c", path, "-s", f"unix:{place}/s", stderr=writer) as process:
                with Session(f"unix:{place}/s", postfix(client_name="x" * 250)) as session:
                    session.connect()
                    session.helo("y" * 250)
                    for number in range(3000):
                        equal(session.mail(SENDER).brief, NO_TLS, f"message {number}")
                equal(process.poll(), None, "alive")
                process.terminate()
                equal(process.wait(patience(30)), 0, "stops although its log is stuck")
        finally:
            os.close(reader)
            os.close(writer)


@test("F12 p a log whose reader is gone")
def gone_log():
    with directory() as (place, path):
        reader, writer = os.pipe()
        with started("-e", "-c", path, "-s", f"unix:{place}/s", stderr=writer) as process:
            os.close(reader)
            os.close(writer)
            with Session(f"unix:{place}/s", postfix()) as session:
                session.connect()
                session.helo()
                for number in range(50):
                    equal(session.mail(SENDER).brief, NO_TLS, f"message {number}")
            equal(process.poll(), None, "alive")


@test("the service manager is told only when somebody answers")
def ready():
    for _ in range(5):
        with Daemon(GOOD_POLICY) as daemon:
            connect(daemon.socket).close()
            equal(judge(daemon, plain()).brief, NO_TLS)


@test("as root it works, with a warning")
def as_root():
    if os.geteuid() != 0:
        raise Skip("not root")
    with Daemon(GOOD_POLICY) as daemon:
        contains(daemon.log().lower(), "root")


@test("no unpaired session: two hundred sessions one after the other")
def many_sessions():
    with Daemon(GOOD_POLICY) as daemon:
        for number in range(200):
            with greeted(daemon, plain()) as session:
                equal(message(session, SENDER)[-1].brief, NO_TLS, f"session {number}")
        equal(len(os.listdir(f"/proc/{daemon.pid}/fd")) < 40, True, "descriptors left open")
