# SPDX-License-Identifier: BSD-2-Clause
"""Every allocation of the daemon fails in turn: at its start, in a reload, in sessions. Its own and its libraries'."""
import contextlib
import mmap
import os
import re
import struct
import subprocess
import time

from daemon import Daemon, command, own_directory, patience
from common import greeted, plain, policy, result, strong
from milterclient import message
from pins import PIN, report, request
from tap import Skip, equal, test

HERE = os.path.dirname(os.path.abspath(__file__))
ALWAYS = 1 << 30
STEP = int(os.environ.get("FAULTS_STEP", "47"))   # of the allocations of start and reload
HARD, SOFT, SILENCE = "530 5.7.0", "451 4.7.0", "put off: silence"
built = []


def library():
    """failing_malloc.c, compiled once."""
    if not built:
        place = own_directory()
        path = os.path.join(place, "failing_malloc.so")
        subprocess.run(["cc", "-O1", "-shared", "-fPIC", "-fno-builtin", "-D_GNU_SOURCE", "-I", os.path.join(HERE, "../.."),
                        os.path.join(HERE, "failing_malloc.c"), "-o", path], check=True)
        built.append(path)
    return built[0]


def clear():
    for path in built:
        os.unlink(path)
        os.rmdir(os.path.dirname(path))


class Allocator:
    """The words of a daemon's failing allocator."""

    def __init__(self, directory):
        if os.environ.get("FORCETLS_WRAPPER"):
            raise Skip("an allocator of its own, and the wrapper's")
        self.path = os.path.join(directory, "words")
        with open(self.path, "wb") as file:
            file.write(bytes(4096))
        with open(self.path, "r+b") as file:
            self.words = mmap.mmap(file.fileno(), 4096)
        self.environment = {"LD_PRELOAD": library(), "FAILING_MALLOC": self.path}

    def arm(self, first, times=1):
        self.words[8:40] = struct.pack("4Q", first, times, 0, 0)
        self.words[0:8] = struct.pack("Q", 1)

    def counted(self):
        return struct.unpack("Q", self.words[24:32])[0]

    def disarm(self):
        """How many allocations failed."""
        self.words[0:8] = struct.pack("Q", 0)
        return struct.unpack("Q", self.words[32:40])[0]


def text(action):
    with open(os.path.join(HERE, "own.yaml"), encoding="utf-8") as file:
        return file.read().replace("action: reject", f"action: {action}")


def wait_for_threads(daemon):
    """
    Until libmilter's threads have what they need. One that finds no memory for its first poll() gives up without a
    word, and from then on libmilter answers only what comes at once: so a command comes late, which that one must hear.
    """
    with greeted(daemon, plain()) as session:
        time.sleep(0.3)
        session.mail("<a@stranger.test>")


@contextlib.contextmanager
def failing_daemon():
    """A daemon that has every kind of partner and a listener of postfix_facts, and its allocator."""
    place = own_directory()
    facts = f"unix:{place}/f"
    pinned = f"  - {{name: pinned, domains: [pinned.test], require: {{certificates: [{{fingerprint: 'sha256:{PIN}'}}]}}}}\n"
    whole = text("reject") + pinned + f"milter: {{postfix_facts: {facts}}}\n"
    allocator = Allocator(place)
    try:
        with Daemon(whole, env=allocator.environment) as daemon:
            daemon.facts, daemon.whole = facts, whole
            wait_for_threads(daemon)
            yield daemon, allocator
    finally:
        for name in os.listdir(place):
            os.unlink(os.path.join(place, name))
        os.rmdir(place)


# ---- sessions ----

def mail(daemon, profile, sender, **of_message):
    """What became of one mail in a session of its own: 'put off' where the milter hung up."""
    helo = of_message.pop("helo", "mx.client.test")
    try:
        with greeted(daemon, profile, helo) as session:
            session.stream.settimeout(patience(5))
            return result(message(session, sender, **of_message)).brief
    except (ConnectionError, FileNotFoundError):
        return "put off"
    except TimeoutError:
        return SILENCE


def in_session(daemon, profile, talk):
    """What talk() answers of a session of its own: 'put off' where the milter hung up."""
    try:
        with greeted(daemon, profile) as session:
            session.stream.settimeout(patience(5))
            return talk(session)
    except (ConnectionError, FileNotFoundError):
        return "put off"
    except TimeoutError:
        return SILENCE


def pinned_mail(daemon):
    def talk(session):
        replies = [session.mail("<a@pinned.test>")]
        if not replies[0].refused:
            replies.append(session.rcpt("<b@here.test>"))
            with contextlib.suppress(ConnectionError):
                report(daemon, request(session, "EF:" * 31 + "01"))
            for step in (session.data, session.eoh, session.eom):
                replies.append(step())
                if replies[-1].refused:
                    break
        return result(replies).brief
    return in_session(daemon, strong(), talk)


ALIAS = ("<alias@here.test>", {"rcpt_addr": "judged@xn--ber-goa.test"})


def resolved_mail(daemon):
    """To an alias: that it is a judged recipient's is in {rcpt_addr} alone."""
    def talk(session):
        replies = [session.mail("<a@rcpt.test>")]
        if not replies[0].refused:
            replies.append(session.rcpt(*ALIAS))
            replies += [] if replies[-1].refused else [session.data(), session.eoh(), session.eom()]
        return result(replies).brief
    return in_session(daemon, plain(), talk)


def second_recipient(daemon):
    """The same behind a recipient whose macros are still there."""
    def talk(session):
        reply = session.mail("<a@rcpt.test>")
        if reply.refused:
            return reply.brief
        session.rcpt("<other@here.test>")
        return session.rcpt(*ALIAS).brief
    return in_session(daemon, plain(), talk)


def second_mail(daemon):
    """That it is a partner's is in {mail_addr} alone; a stranger's mail came before, whose macros are still there."""
    def talk(session):
        session.mail("<a@stranger.test>")
        session.abort()
        return session.mail("<a%partner.test@here.test>", {"mail_addr": "a@partner.test"}).brief
    return in_session(daemon, plain(), talk)


UNSEEN = {"mail_addr": None}
SCENARIO = [
    ("a partner in plaintext", HARD, lambda d: mail(d, plain(), "<a@partner.test>")),
    ("a partner that passes", "accept", lambda d: mail(d, strong(), "<a@partner.test>")),
    ("a U-label", HARD, lambda d: mail(d, plain(), "<a@M\u00dcNCHEN.test>", mail_macros=UNSEEN)),
    ("a U-label at HELO", HARD, lambda d: mail(d, plain(), "<>", mail_macros=UNSEEN, helo="M\u00dcNCHEN.test")),
    ("a header From", HARD, lambda d: mail(d, plain(), "<a@stranger.test>", headers=[("From", "x@\u00d6RTLICH.test")])),
    ("recipients", HARD, lambda d: mail(d, plain(), "<a@rcpt.test>", recipients=["<judged@\u00dcBER.test>"])),
    ("an alias of a recipient", HARD, resolved_mail),
    ("an alias as the second recipient", HARD, second_recipient),
    ("the second mail of a session", HARD, second_mail),
    ("a client", HARD, lambda d: mail(d, plain(name="mail.kunde.test"), "<a@stranger.test>")),
    ("a pin that is another", "554 5.7.1", pinned_mail),
    ("a stranger", "accept", lambda d: mail(d, plain(), "<a@stranger.test>")),
]


def acceptable(got, wanted):
    """
    What may become of it for want of memory: what becomes of it otherwise, if without its text where libmilter
    has no room for that ("reject": the MTA's own stands in), or a temporary refusal; no acceptance.
    """
    return got == wanted or got.startswith(("put off", "451", "tempfail")) or (got == "reject" and wanted[0] == "5")


def each_allocation(what, wanted, ask, daemon, allocator, times):
    """Fails one allocation of the session after the other; answers how many there were, and of them how many told."""
    first, refused, failed = 0, 0, 1
    while failed:
        first += 1
        allocator.arm(first, times)
        got = ask(daemon)
        failed = allocator.disarm()
        equal(daemon.process.poll(), None, f"{what}, allocation {first}: the daemon's exit status")
        equal(acceptable(got, wanted), True, f"{what}, allocation {first}, {times} times: {got}, otherwise {wanted}")
        refused += got != wanted
        if times > 1 and first == 1:
            continue
        equal(ask(daemon), wanted, f"{what}, behind allocation {first}")
    return first - 1, refused


@test("F08 f a session in which an allocation fails: no partner's mail is accepted, and the next session is served")
def once():
    for what, wanted, ask in SCENARIO:
        with failing_daemon() as (daemon, allocator):
            equal(ask(daemon), wanted, what)
            count, refused = each_allocation(what, wanted, ask, daemon, allocator, 1)
            print(f"# {what}: {count} allocations, {refused} told")
            equal(count > 1, True, what)


@test("F08 f a session in which memory is gone from an allocation on")
def from_then_on():
    for what, wanted, ask in SCENARIO:
        with failing_daemon() as (daemon, allocator):
            equal(ask(daemon), wanted, what)
            count, refused = each_allocation(what, wanted, ask, daemon, allocator, ALWAYS)
            print(f"# {what}: {count} allocations, {refused} told")


# ---- reload and start ----

@test("F06 f a reload in which an allocation fails: the old policy stays, the log says why, and the next one loads")
def reload():
    with failing_daemon() as (daemon, allocator):
        plaintext = SCENARIO[0][2]
        equal(plaintext(daemon), HARD)
        daemon.write("forcetls.yaml", daemon.whole.replace("action: reject", "action: tempfail"))
        for times in (1, ALWAYS):
            first, failures, failed = 1, 0, 1
            while failed:
                before = len(daemon.reloads())
                allocator.arm(first, times)
                os.kill(daemon.pid, 10)
                daemon.wait_log("event=reload", count=before + 1)
                failed = allocator.disarm()
                lines = daemon.log().splitlines()
                line = daemon.reloads()[-1]
                loaded = line["result"] == "loaded"
                equal(mail(daemon, plain(), "<a@partner.test>"), SOFT if loaded else HARD, f"allocation {first}: {line}")
                if not loaded:
                    failures += 1
                    equal(any("severity=error" in said for said in lines[-8:]), True, f"allocation {first}: {lines[-8:]}")
                else:
                    daemon.reload(daemon.whole)
                    daemon.write("forcetls.yaml", daemon.whole.replace("action: reject", "action: tempfail"))
                first += STEP
            print(f"# {first - 1 - STEP} allocations, {failures} reloads failed, times {times}")
            equal(failures > 0, True)
        equal(plaintext(daemon), HARD)


@test("F05 f a start in which an allocation fails: it says why and exits 78 or 71, or serves as it should")
def start():
    place = own_directory()
    try:
        allocator = Allocator(place)
        path = os.path.join(place, "forcetls.yaml")
        with open(path, "w", encoding="utf-8") as file:
            file.write(text("reject"))
        os.chmod(path, 0o600)
        seen, first, failed = {}, 1, 1
        while failed:
            allocator.arm(first)
            done = subprocess.run(command("-t", "-c", path), env={**os.environ, **allocator.environment}, text=True,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=patience(20), check=False)
            failed = allocator.disarm()
            seen[done.returncode] = seen.get(done.returncode, 0) + 1
            equal(done.returncode in (0, 78), True, f"allocation {first}: {done.returncode} {done.stdout}")
            equal(done.returncode == 0 or "error" in done.stdout, True, f"allocation {first}: {done.stdout}")
            first += STEP
        print(f"# {first - 1 - STEP} allocations; exit status: {seen}")
        equal(seen.get(78, 0) > 0, True)
    finally:
        for name in os.listdir(place):
            os.unlink(os.path.join(place, name))
        os.rmdir(place)


@test("F05 f a start in which an allocation behind the policy fails: it says why and ends, or serves as it should")
def start_behind_policy():
    place = own_directory()
    try:
        allocator, seen, failed = Allocator(place), {}, 1
        with Daemon(text("reject"), env=allocator.environment, expect_ready=False) as daemon:
            daemon.wait_log("event=listening")
            daemon.kill()
            allocator.arm(ALWAYS)
            subprocess.run(command("-t", "-c", daemon.policy_file), env={**os.environ, **allocator.environment}, check=True)
            first = allocator.counted() - 10
            while failed:
                allocator.arm(first)
                os.unlink(daemon.log_file)
                daemon.start()
                end = time.monotonic() + patience(5)
                while daemon.process.poll() is None and "event=listening" not in daemon.log() and time.monotonic() < end:
                    time.sleep(0.005)
                got = mail(daemon, plain(), "<a@partner.test>")
                failed = allocator.disarm()
                later = mail(daemon, plain(), "<a@partner.test>")
                status = {HARD: "serves", SILENCE: "deaf"}.get(later) or daemon.wait_exit()  # deaf: see wait_for_threads()
                seen[status] = seen.get(status, 0) + 1
                equal(acceptable(got, HARD), True, f"allocation {first}: {got}")
                equal(status in ("serves", "deaf", 70, 71, 73, 78), True, f"allocation {first}: exit status {status}")
                if daemon.process.poll() is None:
                    daemon.kill()
                else:
                    why = re.search("severity=error|event=error|libmilter failed", daemon.log())
                    equal(why is not None, True, f"allocation {first}: why")
                first += 1
        print(f"# up to allocation {first - 2}; exit status: {seen}")
    finally:
        for name in os.listdir(place):
            os.unlink(os.path.join(place, name))
        os.rmdir(place)
