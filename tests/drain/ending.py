# SPDX-License-Identifier: BSD-2-Clause
"""SIGTERM, SIGINT, SIGHUP: who is served to the end, who is not waited for, and when it is over."""
import contextlib
import os
import shutil
import signal
import time

from common import NO_TLS, SENDER, greeted, judge, partner, plain, policy, strong
from daemon import Daemon, connect, own_directory, patience
from milterclient import Session, message, postfix
from tap import Skip, contains, equal, test

# The content of each message is looked at, so that a session shows every event.
PARTNER = partner(identities=["envelope_from", "header_from"])
POLICY = policy(PARTNER)
PROMPT = 4.5  # seconds that the end of an idle daemon may take on a busy machine: less than libmilter's five


def ask_for_end(daemon, number=signal.SIGTERM):
    daemon.process.send_signal(number)
    daemon.wait_log("event=drain")


def ended(daemon, least=0.0, most=PROMPT):
    """Waits for its end, from now; it ends well, and in that time."""
    begun = time.monotonic()
    equal(daemon.wait_exit(patience(30)), 0, "exit status")
    took = time.monotonic() - begun
    equal(least <= took <= patience(most), True, f"{took:.2f} s, wanted {least} to {most}")
    daemon.check_log()


def refused(daemon):
    """Whether nobody can connect."""
    end = time.monotonic() + patience(10)
    while time.monotonic() < end:
        try:
            connect(daemon.socket, 1).close()
        except OSError:
            return True
        time.sleep(0.01)
    return False


@test("drain 1: TERM with sessions at every stage: each gets its usual answers, no new one comes in, then it ends")
def every_stage():
    with Daemon(POLICY) as daemon:
        sessions = [Session(daemon.socket, strong()) for _ in range(8)]
        for session in sessions[1:]:
            session.connect()
            session.helo()
        for session in sessions[2:]:
            equal(session.mail(SENDER).refused, False)
        for session in sessions[3:]:
            equal(session.rcpt("<b@example.org>").refused, False)
        for session in sessions[4:]:
            equal(session.data().refused, False)
        for session in sessions[5:]:
            session.header("From", "a@partner.test")
        for session in sessions[6:]:
            equal(session.eoh().refused, False)
        equal(sessions[7].eom().refused, False)
        ask_for_end(daemon)
        equal(refused(daemon), True, "no new sessions")
        equal(int(daemon.events("drain")[0]["sessions"]), 8)
        sessions[0].connect()
        sessions[0].helo()
        for session in sessions[:2]:
            equal(session.mail(SENDER).refused, False)
        for session in sessions[:3]:
            equal(session.rcpt("<b@example.org>").refused, False)
        for session in sessions[:4]:
            equal(session.data().refused, False)
        for session in sessions[:5]:
            session.header("From", "a@partner.test")
        for session in sessions[:6]:
            equal(session.eoh().refused, False)
        for session in sessions[:7]:
            equal(session.eom().refused, False)
        for session in sessions:  # and a further message, as the policy wants it
            session.starttls(plain())
            equal(session.mail(SENDER).brief, NO_TLS)
        for session in sessions:
            equal(daemon.process.poll(), None, "waits for the others")
            session.quit()
        ended(daemon)
        equal((daemon.events("stop")[0]["text"], daemon.events("status")[0]["sessions"]), ("asked to", "0"))


@test("drain: no thread of libmilter takes a signal, so that also TERM at the start drains")
def at_the_start():
    for _ in range(10):
        with Daemon(POLICY) as daemon, greeted(daemon, strong()) as session:
            ask_for_end(daemon)
            equal(session.mail(SENDER).refused, False)
            for task in os.listdir(f"/proc/{daemon.pid}/task"):
                with contextlib.suppress(FileNotFoundError), open(f"/proc/{daemon.pid}/task/{task}/wchan", encoding="ascii") as wchan:
                    equal("sigtimedwait" in wchan.read(), False, "a thread waits for signals")
            session.quit()
            ended(daemon)


def asked_already():
    """Runs in the new process before the daemon's program: a TERM is pending, and blocked, when the daemon starts."""
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
    os.kill(os.getpid(), signal.SIGTERM)


@test("drain: TERM while the daemon starts: those who could connect are served to the end")
def while_it_starts():
    served, end = 0, time.monotonic() + patience(60)
    while served < 5:
        with Daemon(POLICY, expect_ready=False, start_as={"preexec_fn": asked_already}) as daemon:
            while daemon.process.poll() is None:
                with contextlib.suppress(FileNotFoundError, ConnectionRefusedError):
                    session = Session(daemon.socket, plain(), greet=False)
                    break
            else:
                equal(time.monotonic() < end, True, "it ended before anybody could connect, too often")
                continue
            session.negotiate(6, 0x1ff, 0x1fffff)
            session.connect()
            session.helo()
            equal(session.mail(SENDER).brief, NO_TLS)
            session.quit()
            ended(daemon)
            served += 1


@test("drain: an idle daemon ends at once, by each signal and on each kind of socket")
def idle():
    for number, kind in ((signal.SIGTERM, None), (signal.SIGHUP, None), (signal.SIGINT, None), (signal.SIGTERM, "inet")):
        with Daemon(POLICY, socket=kind) as daemon:
            equal(judge(daemon, plain()).brief, NO_TLS)
            daemon.process.send_signal(number)
            ended(daemon)
            equal(len(daemon.events("drain")), 0 if number == signal.SIGINT else 1, "the line of the drain")
            if kind is None:
                equal(os.path.exists(daemon.socket[5:]), False, "the socket goes with it")


@test("drain 3: a second TERM ends at once, INT does so without a drain, HUP in a drain changes nothing")
def insisting():
    with Daemon(POLICY) as daemon, greeted(daemon, plain()):
        ask_for_end(daemon)
        daemon.process.send_signal(signal.SIGTERM)
        ended(daemon)
        equal(daemon.events("status")[0]["sessions"], "1", "the session is cut")
    with Daemon(POLICY) as daemon, greeted(daemon, plain()):
        daemon.process.send_signal(signal.SIGINT)
        ended(daemon)
        equal(daemon.events("drain"), [])
    with Daemon(POLICY) as daemon, greeted(daemon, plain()) as session:
        ask_for_end(daemon, signal.SIGHUP)
        daemon.process.send_signal(signal.SIGHUP)
        equal(session.mail(SENDER).brief, NO_TLS)
        daemon.process.send_signal(signal.SIGTERM)
        equal(session.mail(SENDER).brief, NO_TLS, "the first TERM joins the drain")
        daemon.process.send_signal(signal.SIGINT)
        ended(daemon)


@test("drain 4: a session that says nothing is cut at the deadline, and not before")
def deadline():
    with Daemon(POLICY, args=("-d", "1")) as daemon, greeted(daemon, plain()) as silent:
        begun = time.monotonic()
        ask_for_end(daemon)
        ended(daemon, most=1 + PROMPT)
        equal(time.monotonic() - begun >= 1, True, "the deadline is kept")
        equal(daemon.events("drain")[0]["seconds"], "1")
        equal(silent.stream.recv(100), b"", "cut")
    with Daemon(POLICY, args=("-d", "0")) as daemon, greeted(daemon, plain()):
        ask_for_end(daemon)
        ended(daemon)


@test("drain 5: a connection that never negotiates is not waited for, and one that ends takes no session's place")
def never_negotiates():
    with Daemon(POLICY) as daemon, greeted(daemon, plain()) as session:
        for _ in range(5):
            connect(daemon.socket).close()
        with connect(daemon.socket):
            ask_for_end(daemon)
            equal(daemon.events("drain")[0]["sessions"], "1")
            equal(message(session, SENDER)[0].brief, NO_TLS)
            session.quit()
            ended(daemon, most=2 + PROMPT)


@test("drain 5: one that connected before TERM and negotiates behind it is served")
def late_negotiation():
    for kind in (None, "inet"):
        with Daemon(POLICY, socket=kind) as daemon:
            equal(judge(daemon, plain()).brief, NO_TLS)
            with Session(daemon.socket, plain(), greet=False) as session:
                ask_for_end(daemon)
                equal(refused(daemon), True, "no new sessions")
                session.negotiate(6, 0x1ff, 0x1fffff)
                session.connect()
                session.helo()
                equal(session.mail(SENDER).brief, NO_TLS)
            ended(daemon)


class OfUser:
    """The daemon's programs are run as this user: $FORCETLS_WRAPPER."""

    def __init__(self, user):
        self.user = user

    def __enter__(self):
        if self.user is not None:
            if os.environ.get("FORCETLS_WRAPPER"):
                raise Skip("a wrapper of one's own")
            os.environ["FORCETLS_WRAPPER"] = f"setpriv --reuid={self.user} --regid={self.user} --clear-groups"

    def __exit__(self, *_):
        if self.user is not None:
            del os.environ["FORCETLS_WRAPPER"]


def of_user(place, user, socket, **options):
    daemon = Daemon(POLICY, socket=f"unix:{place}/{socket}", open_to_all=user is not None, **options)
    if user is not None:
        os.chown(daemon.dir, user, user)
    return daemon


@test("drain 6: the socket of a successor is there when its predecessor has ended, as root and as another user")
def successor():
    for user in [None] + ([65534] if os.geteuid() == 0 else []):
        place = own_directory()
        try:
            if user is not None:
                os.chown(place, user, user)
            with OfUser(user), of_user(place, user, "s") as first, of_user(place, user, "new") as second:
                os.rename(f"{place}/new", f"{place}/s")  # the way to exchange daemons without a gap
                with greeted(first, plain()):
                    ask_for_end(first)
                ended(first)
                second.socket = first.socket
                equal(judge(second, plain()).brief, NO_TLS, f"user {user}: the successor is asked")
                with greeted(second, plain()) as under_way:
                    ask_for_end(second)
                    equal(refused(second), True)
                    with of_user(place, user, "s") as third:  # the path is free while the second one drains
                        equal(under_way.mail(SENDER).brief, NO_TLS)
                        under_way.quit()
                        ended(second)
                        equal(judge(third, plain()).brief, NO_TLS, f"user {user}: the third is asked")
                equal(os.listdir(place), [], "nothing is left behind")
        finally:
            shutil.rmtree(place)


@test("drain: -d: what is no number of seconds is refused")
def wrong_seconds():
    for given in ("", "x", "-1", "3601", "1.5", "01"):
        with Daemon(POLICY, args=("-d", given), expect_ready=False) as daemon:
            equal(daemon.wait_exit(), 64, given)
            contains(daemon.log(), "-d")


__all__ = ["POLICY", "PROMPT", "ask_for_end", "ended", "refused", "postfix"]
