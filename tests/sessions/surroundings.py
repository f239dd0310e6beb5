# SPDX-License-Identifier: BSD-2-Clause
"""What surrounds the process: few descriptors, closed standard files, the service manager's socket; and what a
reload says of many partners (F06) and of what only a restart changes."""
import os
import pathlib
import resource
import signal
import socket as sockets
import subprocess
import time

from common import NO_TLS, SENDER, Daemon, judge, partner, plain, policy
from daemon import command, connect, patience
from milterclient import Session, postfix
from process import directory, started
from tap import contains, equal, test


def asked(spec):
    """What a partner's mail without TLS gets there."""
    with Session(spec, postfix()) as session:
        session.connect()
        session.helo()
        return session.mail(SENDER).brief


def wait_for(spec):
    """Until somebody listens there."""
    end = time.monotonic() + patience(20)
    while True:
        try:
            connect(spec).close()
            return
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.05)


@test("few descriptors: a warning, and the verdicts as ever; enough: none")
def few_descriptors():
    for limit, warned in ((400, True), (16384, False)):
        with directory() as (place, path):
            with open(f"{place}/log", "wb") as log, started(
                    "-e", "-c", path, "-s", f"unix:{place}/s", stderr=log,
                    preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (limit // 2, limit))) as process:
                equal(asked(f"unix:{place}/s"), NO_TLS, f"{limit} descriptors")
                equal(resource.prlimit(process.pid, resource.RLIMIT_NOFILE), (limit, limit), "raised to what is allowed")
            with open(f"{place}/log", encoding="utf-8") as log:
                equal("fewer than 16384 file descriptors" in log.read(), warned, f"warned of {limit} descriptors")


@test("standard files that are closed are not taken by a socket")
def closed_files():
    with directory() as (place, path):
        with started("-c", path, "-s", f"unix:{place}/s", preexec_fn=lambda: os.closerange(0, 3)) as process:
            equal(asked(f"unix:{place}/s"), NO_TLS)
            files = [os.readlink(f"/proc/{process.pid}/fd/{number}") for number in range(3)]
            equal(files, ["/dev/null"] * 3, "the standard files")


@test("the service manager's socket: an abstract one is told of start and stop, none or a strange one does no harm")
def service_manager():
    name = f"ft-notify-{os.getpid()}"
    with sockets.socket(sockets.AF_UNIX, sockets.SOCK_DGRAM) as notify:
        notify.bind("\0" + name)
        notify.settimeout(patience(20))
        for given in ("@" + name, None, "", "relative", "/nonexistent/notify", "/" + "x" * 200):
            environment = {key: value for key, value in os.environ.items() if key != "NOTIFY_SOCKET"}
            if given is not None:
                environment["NOTIFY_SOCKET"] = given
            with directory() as (place, path):
                process = subprocess.Popen(command("-c", path, "-s", f"unix:{place}/s"), stdin=subprocess.DEVNULL,
                                           env=environment)
                try:
                    wait_for(f"unix:{place}/s")
                    equal(asked(f"unix:{place}/s"), NO_TLS, f"NOTIFY_SOCKET {given!r}")
                finally:
                    process.terminate()
                    equal(process.wait(patience(15)), 0, f"NOTIFY_SOCKET {given!r}: exit status")
            if given == "@" + name:
                equal([notify.recv(4096) for _ in range(2)], [b"READY=1", b"STOPPING=1"], "what it was told")
        notify.setblocking(False)
        try:
            equal(notify.recv(4096), b"", "told though it was not asked")
        except BlockingIOError:
            pass


@test("F06 p a reload names twenty of the partners that came and went, and counts them all")
def many_partners():
    def many(what, count):
        return policy(*[partner(f"{what}{number}", [f"{what}{number}.test"]) for number in range(count)])
    with Daemon(many("old", 20)) as daemon:
        line = daemon.reload(many("new", 21))
        equal((line["added_count"], line["removed_count"]), ("21", "20"), "counts")
        equal(line["added"].split(","), [f"new{number}" for number in range(20)] + ["..."], "added")
        equal(line["removed"].split(","), [f"old{number}" for number in range(20)], "removed")


@test("F06 p a reload warns of a socket that only a restart changes, and goes on at the old one")
def changed_socket():
    with directory(None) as (place, path):
        def write(socket):
            with open(path, "w", encoding="utf-8") as file:
                file.write(policy(partner(), milter={"socket": f"unix:{place}/{socket}"}))
        write("first")
        with open(f"{place}/log", "wb") as log, started("-e", "-c", path, stderr=log) as process:
            write("second")
            process.send_signal(signal.SIGUSR1)
            end = time.monotonic() + patience(20)
            while "result=loaded" not in pathlib.Path(place, "log").read_text(encoding="utf-8"):
                equal(time.monotonic() < end, True, "reloaded in time")
                time.sleep(0.02)
            equal(asked(f"unix:{place}/first"), NO_TLS, "the old socket")
            equal(os.path.exists(f"{place}/second"), False, "a new one")
        contains(pathlib.Path(place, "log").read_text(encoding="utf-8"), "a changed socket needs a restart")
