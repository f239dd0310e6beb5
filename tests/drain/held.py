# SPDX-License-Identifier: BSD-2-Clause
"""A socket that a service manager holds: what waits on it is served by the next daemon, and what is no such socket is refused."""
import contextlib
import os
import select
import shutil
import signal
import socket as sockets
import subprocess
import threading
import time

from common import NO_TLS, SENDER, greeted, judge, plain, policy
from daemon import Daemon, connect, free_port, listen, own_directory, patience
from ending import PARTNER, POLICY, ask_for_end, ended
from milterclient import Session
from tap import Skip, contains, equal, test

HERE = os.path.dirname(os.path.abspath(__file__))
CONFIG = 78
ROUNDS = 10


@contextlib.contextmanager
def held_socket(kind="unix"):
    """A socket that listens, and how the policy writes it."""
    place = own_directory()
    spec = f"unix:{place}/held" if kind == "unix" else f"{kind}:{free_port()}@127.0.0.1" if kind == "inet" \
        else f"{kind}:{free_port('::1')}@[::1]"
    listener = listen(spec)
    try:
        yield listener, spec
    finally:
        listener.close()
        shutil.rmtree(place)


def wait_for_waiting(listener):
    """Until somebody waits to be accepted."""
    equal(bool(select.select([listener], [], [], patience(10))[0]), True, "somebody waits")


@test("drain 7: a session that begins while no daemon runs, or while one drains, waits and is served by the next")
def waits():
    for kind in ("unix", "inet"):
        with held_socket(kind) as (listener, spec), Daemon(POLICY, socket=spec, held=[listener]) as first:
            first.wait_log("held_by=service_manager")
            equal(judge(first, plain()).brief, NO_TLS)
            with greeted(first, plain()) as under_way:
                ask_for_end(first)
                got = []

                def begin():
                    with greeted(first, plain()) as session:
                        got.append(session.mail(SENDER).brief)
                waiting = threading.Thread(target=begin)
                waiting.start()
                wait_for_waiting(listener)
                equal(under_way.mail(SENDER).brief, NO_TLS)
                equal(got, [], "it waits while the first one drains")
                under_way.quit()
                ended(first)
            with Daemon(POLICY, socket=spec, held=[listener]) as second:
                waiting.join(patience(20))
                equal(got, [NO_TLS], kind)
                equal(judge(second, plain()).brief, NO_TLS)
            equal(kind == "inet" or os.path.exists(spec[5:]), True, "the service manager's socket stays")


@test("drain 2: TERM right behind the start, again and again: who waits is not lost, and is served in the end")
def early_term():
    with held_socket() as (listener, spec), contextlib.ExitStack() as stack:
        got = []

        def wait_and_ask():
            with greeted(last, plain()) as session:
                got.append(session.mail(SENDER).brief)
        last = Daemon(POLICY, socket=spec, held=[listener])
        waiting, cut = [], 0
        for number in range(ROUNDS):
            waiting.append(threading.Thread(target=wait_and_ask))
            waiting[-1].start()
            with Daemon(POLICY, socket=spec, held=[listener]) as daemon:
                time.sleep(number / 1000)
                daemon.process.send_signal(signal.SIGTERM)
                ended(daemon)
                equal(daemon.events("stop")[0]["text"], "asked to")
                cut += not daemon.events("drain")  # libmilter took the signal: a session that it had accepted is cut
        stack.enter_context(last)
        for thread in waiting:
            thread.join(patience(20))
        equal(set(got), {NO_TLS})
        equal(len(got) >= ROUNDS - cut, True, f"{len(got)} answers, {cut} stops without a drain")


@test("drain 7: two daemons on one socket: the first drains, the second takes all new sessions, and the other way round")
def overlap():
    with held_socket() as (listener, spec), Daemon(POLICY, socket=spec, held=[listener]) as first:
        for number in range(3):
            with greeted(first, plain()) as under_way:
                second = Daemon(POLICY, socket=spec, held=[listener]).__enter__()
                try:
                    ask_for_end(first)
                    for _ in range(20):
                        equal(judge(second, plain()).brief, NO_TLS, f"round {number}")
                    equal(under_way.mail(SENDER).brief, NO_TLS)
                    under_way.quit()
                    ended(first)
                    first = second
                except BaseException:
                    second.__exit__(None, None, None)
                    raise
        first.__exit__(None, None, None)


def started(held, spec=None, **env):
    """A daemon's start with these descriptors: how it ended, and its log; None where it is ready."""
    daemon = Daemon(POLICY, socket=spec, held=held, env=env, expect_ready=False)
    with daemon:
        end = time.monotonic() + patience(20)
        while daemon.process.poll() is None and "event=listening" not in daemon.log():
            equal(time.monotonic() < end, True, f"ends or listens: {daemon.log()}")
            time.sleep(0.005)
        return (daemon.wait_exit() if daemon.process.poll() is not None else None), daemon.log()


@test("drain 8: what is not for this process is left alone: LISTEN_PID of another, no LISTEN_FDS, LISTEN_FDS=0")
def not_ours():
    for env in ({"LISTEN_PID": "1"}, {"LISTEN_PID": ""}, {"LISTEN_PID": "x"}, {"LISTEN_FDS": "0"}):
        with held_socket() as (listener, _):
            status, log = started([listener], **env)
            equal(status, None, env)
            equal("held_by" in log, False, env)


@test("drain 8: of several sockets the one named milter, in any place; the others are closed")
def several():
    with held_socket() as (listener, spec), held_socket("inet") as (other, _):
        for held, names in (([listener, other], "milter:other"), ([other, listener], "other:milter"),
                            ([other, listener, other], "milter2:milter:xmilter"), ([listener], "whatever"), ([listener], "")):
            with Daemon(POLICY, socket=spec, held=held, env={"LISTEN_FDNAMES": names}) as daemon:
                daemon.wait_log(f'socket="{spec}" held_by=service_manager')
                equal(judge(daemon, plain()).brief, NO_TLS, names)
                found = [os.readlink(f"/proc/{daemon.pid}/fd/{fd}") for fd in os.listdir(f"/proc/{daemon.pid}/fd")]
                equal(f"socket:[{os.fstat(other.fileno()).st_ino}]" in found, False, "closed")
        for names in ("", "a:b", "milter:milter", "milter2:xmilter"):
            status, log = started([listener, other], spec, LISTEN_FDNAMES=names)
            equal(status, CONFIG, names)
            contains(log, "of 2 sockets exactly one must have FileDescriptorName=milter")


def with_outbound(spec):
    return policy(PARTNER, milter={"outbound": spec})


def asked(spec, key="contoso.test"):
    """What the map of outbound answers."""
    with connect(spec, 20) as stream:
        stream.sendall(f"{len(key) + 8}:postfix {key},".encode())
        return stream.recv(4096)


@test("drain 8: a socket named outbound is that of outbound, alone or beside the milter's, whatever the policy says of it")
def outbound():
    with held_socket() as (milter, spec), held_socket("inet") as (listener, outbound_spec):
        own, same = with_outbound(f"inet:{free_port()}@127.0.0.1"), with_outbound(outbound_spec)
        for held, names, setting, text in (
                ([listener], "outbound", same, None), ([milter, listener], "milter:outbound", same, None),
                ([listener, milter], "outbound:milter", same, None), ([listener, milter], "outbound:any", same, None),
                ([listener], "outbound", own, "that counts, and not inet:"),
                ([listener], "outbound", POLICY, "that counts, and not a policy without outbound")):
            with Daemon(setting, socket=spec if milter in held else None, held=held, env={"LISTEN_FDNAMES": names}) as daemon:
                daemon.wait_log(f'outbound="{outbound_spec}" held_by=service_manager')
                equal("that counts" in daemon.log(), text is not None, names)
                contains(daemon.log(), text or "")
                daemon.wait_log(f'socket="{daemon.socket}"')
                equal(f'socket="{spec}" held_by' in daemon.log(), milter in held, names)
                equal(asked(outbound_spec), b"9:NOTFOUND ,", names)
                equal(judge(daemon, plain()).brief, NO_TLS, names)
        for held, names, text in (([listener, listener], "outbound:outbound", "2 sockets have FileDescriptorName=outbound"),
                                  ([milter, listener, milter], "a:outbound:b", "of 2 sockets exactly one must have FileDescriptorName=milter")):
            status, log = started(held, spec, LISTEN_FDNAMES=names)
            equal(status, CONFIG, names)
            contains(log, text)


@test("drain 7: a look-up while no daemon runs waits, and the next one answers it; the held socket stays")
def outbound_waits():
    with held_socket() as (listener, spec):
        held = {"held": [listener], "env": {"LISTEN_FDNAMES": "outbound"}}
        for _ in range(2):
            got = []
            waiting = threading.Thread(target=lambda: got.append(asked(spec)))
            waiting.start()
            wait_for_waiting(listener)
            equal(got, [], "nobody answers yet")
            with Daemon(with_outbound(spec), **held):
                waiting.join(patience(20))
                equal(got, [b"9:NOTFOUND ,"])
            equal(os.path.exists(spec[5:]), True)


@test("drain 8: what cannot be used is refused: closed, no socket, datagram, Accept=yes, no path, an open directory")
def unusable():
    with contextlib.ExitStack() as stack:
        place = own_directory()
        stack.callback(shutil.rmtree, place)
        datagram = stack.enter_context(sockets.socket(sockets.AF_UNIX, sockets.SOCK_DGRAM))
        datagram.bind(f"{place}/datagram")
        left, right = sockets.socketpair()
        stack.enter_context(left), stack.enter_context(right)
        bound = stack.enter_context(sockets.socket(sockets.AF_UNIX))
        bound.bind(f"{place}/bound")
        abstract = stack.enter_context(sockets.socket(sockets.AF_UNIX))
        abstract.bind("\0" + place)
        abstract.listen()
        os.mkdir(f"{place}/open")
        os.chmod(f"{place}/open", 0o777)
        exposed = stack.enter_context(listen(f"unix:{place}/open/s"))
        file = stack.enter_context(open(os.devnull, "rb"))
        listener, spec = stack.enter_context(held_socket())
        for what, held, env, text in (
                ("datagram", [datagram], {}, "descriptor 3 is no stream socket"),
                ("Accept=yes", [left], {}, "descriptor 3 does not listen: the socket unit needs Accept=no"),
                ("bound", [bound], {}, "descriptor 3 does not listen"),
                ("abstract", [abstract], {}, "has no path"),
                ("no socket", [file], {}, "descriptor 3 is no socket"),
                ("directory", [exposed], {}, "is writable by everyone"),
                ("closed", [listener], {"LISTEN_FDS": "2", "LISTEN_FDNAMES": "x:milter"}, "descriptor 4 is closed"),
                ("words", [listener], {"LISTEN_FDS": "one"}, "LISTEN_FDS is 'one'"),
                ("too many", [listener], {"LISTEN_FDS": "99999"}, "LISTEN_FDS is '99999'"),
                ("negative", [listener], {"LISTEN_FDS": "-1"}, "LISTEN_FDS is '-1'")):
            status, log = started(held, spec, **env)
            equal(status, CONFIG, what)
            contains(log, 'event=error text="the service manager\'s socket: ', what)
            contains(log, text, what)


@test("drain: a held socket counts where the policy names another, and the log says so")
def elsewhere():
    with held_socket() as (listener, spec), Daemon(POLICY, held=[listener]) as daemon:
        daemon.wait_log(f"the service manager's socket is {spec}; that counts, and not {daemon.socket}")
        equal(os.path.exists(daemon.socket[5:]), False)
        daemon.socket = spec
        equal(judge(daemon, plain()).brief, NO_TLS)
    for kind in ("inet", "inet6"):
        try:
            with held_socket(kind) as (listener, spec), Daemon(POLICY, held=[listener], socket=spec) as daemon:
                equal("that counts" in daemon.log(), False, f"{kind}: the same place")
                equal(judge(daemon, plain()).brief, NO_TLS)
        except OSError as error:
            if kind == "inet":
                raise
            raise Skip("no IPv6 here") from error


def without_fd(place):
    """A libmilter that does not know "fd:", by a library in front of it."""
    path = os.path.join(place, "no_fd.so")
    subprocess.run(["cc", "-O1", "-shared", "-fPIC", "-D_GNU_SOURCE", os.path.join(HERE, "no_fd.c"), "-o", path], check=True)
    # libmilter does not free the form that it did not know.
    return {"LD_PRELOAD": path, "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0"}


@test("drain 9: a libmilter that does not know fd: is given a socket of our own and a held one, and drains")
def other_libmilter():
    place = own_directory()
    try:
        env = without_fd(place)
        for kind in (None, "inet"):
            with Daemon(POLICY, env=env, socket=kind) as daemon:
                with greeted(daemon, plain()) as session:
                    ask_for_end(daemon)
                    equal(session.mail(SENDER).brief, NO_TLS)
                ended(daemon)
                equal([name for name in os.listdir(daemon.dir) if "sock" in name or "spare" in name], [], "nothing is left")
        for kind in ("unix", "inet"):
            with held_socket(kind) as (listener, spec), Daemon(POLICY, env=env, socket=spec, held=[listener]) as daemon:
                with greeted(daemon, plain()) as session:
                    ask_for_end(daemon)
                    waiting = Session(spec, plain(), greet=False)
                    equal(session.mail(SENDER).brief, NO_TLS)
                ended(daemon)
                with Daemon(POLICY, env=env, socket=spec, held=[listener]), waiting:
                    waiting.negotiate(6, 0x1ff, 0x1fffff)
                    waiting.connect()
                    waiting.helo()
                    equal(waiting.mail(SENDER).brief, NO_TLS, kind)
    finally:
        shutil.rmtree(place)


@test("drain 7: a look-up while a daemon drains waits for the next one; one that had connected before is answered")
def outbound_drains():
    with held_socket() as (milter, spec), held_socket() as (listener, outbound_spec):
        held = {"socket": spec, "held": [milter, listener], "env": {"LISTEN_FDNAMES": "milter:outbound"}}
        with Daemon(with_outbound(outbound_spec), **held) as first, greeted(first, plain()) as under_way, \
                connect(outbound_spec, 20) as before:
            equal(asked(outbound_spec), b"9:NOTFOUND ,")  # so the connection before this one is accepted, too
            ask_for_end(first)
            got = []
            waiting = threading.Thread(target=lambda: got.append(asked(outbound_spec)))
            waiting.start()
            wait_for_waiting(listener)
            for _ in range(2):  # after the first answer, whoever waits would have been accepted
                before.sendall(b"20:postfix contoso.test,")
                equal(before.recv(4096), b"9:NOTFOUND ,", "who had connected")
            wait_for_waiting(listener)
            equal(got, [], "it waits while the first one drains")
            under_way.quit()
            ended(first)
        with Daemon(with_outbound(outbound_spec), **held):
            waiting.join(patience(20))
            equal(got, [b"9:NOTFOUND ,"])


@test("drain 7: a connection that has asked nothing yet is waited for, two seconds at most")
def outbound_newcomer():
    with held_socket() as (listener, spec):
        with Daemon(with_outbound(spec), held=[listener], env={"LISTEN_FDNAMES": "outbound"}) as daemon, connect(spec, 20) as newcomer:
            equal(asked(spec), b"9:NOTFOUND ,")
            begun = time.monotonic()
            ask_for_end(daemon)
            try:
                newcomer.sendall(b"20:postfix contoso.test,")
                answer = newcomer.recv(4096)
            except OSError:
                answer = b""
            equal(answer == b"9:NOTFOUND ," or time.monotonic() - begun >= 2, True, f"{answer} after {time.monotonic() - begun:.2f} s")
            ended(daemon)
        with Daemon(with_outbound(spec), held=[listener], env={"LISTEN_FDNAMES": "outbound"}) as daemon, connect(spec, 20) as newcomer:
            equal(asked(spec), b"9:NOTFOUND ,")
            begun = time.monotonic()
            ask_for_end(daemon)
            ended(daemon, most=8)
            equal(time.monotonic() - begun >= 2, True, "it was waited for")
            equal(newcomer.recv(4096), b"", "closed")
