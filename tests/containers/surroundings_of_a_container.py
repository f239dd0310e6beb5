# SPDX-License-Identifier: BSD-2-Clause
"""What a container gives the daemon and what it does not: users without names, shared directories, a umask, a log."""
import errno
import os
import pwd
import resource
import shutil
import socket as sockets
import stat
import subprocess

import postfix as mta
import smtp
from asking import as_user
from common import NO_TLS, SENDER, Daemon, judge, partner, plain, policy, settle
from daemon import command, connect, own_directory, patience
from milterclient import Session, postfix
from tap import Skip, contains, equal, test

ANY_USER, ROOT_GROUP = 1000650000, 0  # as OpenShift numbers them
MTA_USER, MTA_GROUP = 54321, 54322
REFUSED = 64  # as the socket is given on the command line; 78 where it is the policy's


def needs_root():
    if os.geteuid() != 0:
        raise Skip("needs root")


class Place:
    """A directory as a volume is: an own one, owned by root, with any mode and group."""

    def __init__(self, mode=0o2777, group=MTA_GROUP):
        self.top = own_directory()
        os.chmod(self.top, 0o755)
        self.path = f"{self.top}/run"
        os.mkdir(self.path)
        os.chown(self.path, 0, group)
        os.chmod(self.path, mode)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.top, ignore_errors=True)

    def spec(self, name="milter.sock"):
        return f"unix:{self.path}/{name}"

    def mode(self, name="milter.sock"):
        return stat.S_IMODE(os.stat(f"{self.path}/{name}").st_mode)


def contained(place, *partners, milter=None, shared=True, user=ANY_USER, group=ROOT_GROUP, **more):
    """A daemon of any user, with the umask that Kubernetes gives and a socket in the place."""
    start_as = {"user": user, "group": group, "extra_groups": [], "umask": 0o022, **more.pop("start_as", {})}
    keys = {**({"shared_directory": True} if shared else {}), **(milter or {})}
    text = policy(*(partners or (partner(),)), milter=keys, exempt={"clients": []})
    return Daemon(text, socket=place.spec() if place else "inet", start_as=start_as, **more)


def warnings(daemon):
    """The texts of all until now."""
    settle(daemon)
    return [line["text"] for line in daemon.events("warning")]


def asked(spec):
    """What a partner's mail without TLS gets there."""
    with Session(spec, postfix()) as session:
        session.connect()
        session.helo()
        return session.mail(SENDER).brief


@test("a user id that has no name, of group 0, runs the filter")
def any_user():
    needs_root()
    try:
        raise AssertionError(f"{pwd.getpwuid(ANY_USER)} is there")
    except KeyError:
        pass
    for place in (None, Place()):
        with contained(place) as daemon:
            equal(os.stat(f"/proc/{daemon.pid}").st_uid, ANY_USER)
            equal(judge(daemon, plain()).brief, NO_TLS)
            equal(daemon.reload()["result"], "loaded")
            equal(daemon.stop(), 0)
        if place:
            equal(os.listdir(place.path), [], "nothing is left")
            shutil.rmtree(place.top)


@test("directories that everyone may write: refused, unless shared_directory permits them")
def shared_directories():
    needs_root()
    for mode in (0o777, 0o1777, 0o2777):
        with Place(mode) as place:
            with contained(place, shared=False, expect_ready=False) as daemon:
                equal(daemon.wait_exit(), REFUSED, f"{mode:o}")
                contains(daemon.log(), f"directory '{place.path}' is writable by everyone (see milter.shared_directory)")
                equal(os.listdir(place.path), [])
            with contained(place) as daemon:
                equal(asked(daemon.socket), NO_TLS, f"{mode:o}")
                equal([place.spec() in text and "milter.shared_directory permits it" in text for text in warnings(daemon)], [True])
    for shared in (False, True):
        with Place(0o2770, group=ROOT_GROUP) as place, contained(place, shared=shared) as daemon:
            equal(asked(daemon.socket), NO_TLS, "2770")
            equal([text for text in warnings(daemon) if "permits" in text], [], "its group is trusted")


@test("a directory of another user is one that others may write")
def directory_of_another():
    needs_root()
    with Place(0o2775) as place:
        os.chown(place.path, MTA_USER, ROOT_GROUP)
        with contained(place, shared=False, expect_ready=False) as daemon:
            equal(daemon.wait_exit(), REFUSED)
            contains(daemon.log(), f"directory '{place.path}' belongs to user {MTA_USER}")
        with contained(place) as daemon:
            contains(" ".join(warnings(daemon)), "milter.shared_directory permits it")
        os.chmod(place.top, 0o777)
        with contained(place, expect_ready=False) as daemon:
            equal(daemon.wait_exit(), REFUSED, "the directories above must be safe as ever")
            contains(daemon.log(), f"directory '{place.top}' is writable by everyone")


@test("umask 0022: the sockets of a shared directory have mode 0660 and a group that may connect")
def umask():
    needs_root()
    with Place() as place:
        names = {"socket": "milter.sock", "postfix_facts": "facts.sock", "outbound": "outbound.sock", "status": "status.sock"}
        keys = {key: place.spec(name) for key, name in names.items() if key != "socket"}
        with contained(place, milter=keys) as daemon:
            daemon.wait_log("event=listening", count=4)
            for key, name in names.items():
                equal((key, place.mode(name)), (key, 0o660))
                equal(os.stat(f"{place.path}/{name}").st_gid, MTA_GROUP, "the directory's")
                equal(as_user(MTA_USER, MTA_GROUP, [], lambda at=place.spec(name): connect(at).close() or 0), 0, key)
                equal(as_user(MTA_USER, MTA_USER, [], lambda at=place.spec(name): connect(at).close() or 0), errno.EACCES, key)
            equal(place.mode("status.sock.control"), 0o600)
            equal(len([text for text in warnings(daemon) if "permits it" in text]), 4)
            umask_now = next(line for line in open(f"/proc/{daemon.pid}/status", encoding="ascii") if line.startswith("Umask"))
            equal(umask_now.split()[1], "0022", "files that come later have the umask that was given")
    with Place(0o755, ROOT_GROUP) as place:  # nothing that needs a permit: the mode comes all the same
        os.chown(place.path, ANY_USER, ROOT_GROUP)
        with contained(place) as daemon:
            equal(place.mode(), 0o660)
            equal([text for text in warnings(daemon) if "permits" in text], [])
        with contained(place, shared=False) as daemon:
            equal(place.mode(), 0o755, "without the key it comes from the umask")


@test("a socket that was left: one's own is replaced, another user's ends the start, in a shared directory too")
def left_socket():
    needs_root()
    with Place() as place:
        with contained(place) as daemon:
            daemon.kill()
        equal(os.listdir(place.path), ["milter.sock"])
        with contained(place, user=ANY_USER + 1, expect_ready=False) as daemon:
            equal(daemon.wait_exit(), REFUSED)
            contains(daemon.log(), f"'{place.path}/milter.sock' belongs to another user")
        equal(os.listdir(place.path), ["milter.sock"])
        with contained(place) as daemon:
            equal(asked(daemon.socket), NO_TLS)


@test("a changed shared_directory needs a restart, and a reload says so")
def changed():
    needs_root()
    with Place() as place, contained(place) as daemon:
        daemon.reload(policy(partner(), exempt={"clients": []}))
        daemon.wait_log("a changed shared_directory needs a restart")
        equal(place.mode(), 0o660)


@test("Postfix of another user reaches the filter over a shared directory, and gives up its further groups")
def real_postfix():
    needs_root()
    try:
        group = pwd.getpwnam("postfix").pw_gid
        mta.program("postfix")
    except (KeyError, mta.Missing) as why:
        raise Skip(str(why)) from None
    with Place(group=group) as place, contained(place) as daemon, \
            mta.Postfix({"main": {"smtpd_milters": f"{{ {daemon.socket}, default_action=tempfail }}"}}, [], "",
                        {"smtpd_tls_security_level": "none", "smtpd_tls_ask_ccert": "no"}) as server:
        with smtp.Client(server.port("main")) as client:
            client.ehlo()
            contains(client.mail("a@partner.test").text, NO_TLS)
            equal(client.mail("a@stranger.test").code, 250)
        line = daemon.wait_decisions(1)[0]
        equal((line["verdict"], line["client"]), ("fail", "127.0.0.1"), "judged, though the client is of loopback")


@test("behind a proxy on loopback: by default partners' mail is exempt and logged, with clients: [] it is judged")
def proxy():
    proxied = plain(client="127.0.0.1", name="localhost")
    with Daemon(policy(partner())) as daemon:
        got = judge(daemon, proxied)
        equal((got.brief, [(line["verdict"], line["reasons"]) for line in got.lines]), ("accept", [("exempt", "no_tls")]))
    with Daemon(policy(partner(), exempt={"clients": []})) as daemon:
        equal(judge(daemon, proxied).brief, NO_TLS)


@test("1024 descriptors: a warning, and the verdicts as ever")
def few_descriptors():
    limit = {"preexec_fn": lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (1024, 1024))}
    with Daemon(policy(partner()), socket="inet", start_as=limit) as daemon:
        contains(" ".join(warnings(daemon)), "fewer than 16384 file descriptors")
        held = [connect(daemon.socket) for _ in range(300)]
        equal(judge(daemon, plain()).brief, NO_TLS)
        for stream in held:
            stream.close()


@test("a standard error that is full, or closed at its other end, holds up no answer")
def no_reader():
    for closed in (False, True):
        reading, writing = os.pipe()
        if closed:
            os.close(reading)
        os.set_blocking(writing, False)
        try:
            while not closed:
                os.write(writing, b"x" * 4096)
        except BlockingIOError:
            pass
        os.set_blocking(writing, True)
        with Daemon(policy(partner()), socket="inet", start_as={"stderr": writing}) as daemon:
            os.close(writing)
            for _ in range(50):
                equal(asked(daemon.socket), NO_TLS)
            equal(daemon.stop(), 0)
        if not closed:
            os.close(reading)


@test("without -e and without /dev/log the start says so on standard error, and the filter runs")
def no_syslog():
    needs_root()
    place = own_directory()
    try:
        with open(f"{place}/forcetls.yaml", "w", encoding="ascii") as file:
            file.write(policy(partner()))
        os.chmod(f"{place}/forcetls.yaml", 0o600)
        os.mkdir(f"{place}/dev")
        subprocess.run(["mknod", "-m", "666", f"{place}/dev/null", "c", "1", "3"], check=True)
        notify = sockets.socket(sockets.AF_UNIX, sockets.SOCK_DGRAM)
        notify.bind(f"{place}/notify")
        notify.settimeout(patience(20))
        inner = f'mount --bind {place}/dev /dev && exec "$@"'
        with open(f"{place}/log", "wb") as log, subprocess.Popen(
                ["unshare", "--mount", "--propagation", "private", "sh", "-c", inner, "sh",
                 *command("-c", f"{place}/forcetls.yaml", "-s", f"unix:{place}/s")],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, env={**os.environ, "NOTIFY_SOCKET": f"{place}/notify"}) as process:
            try:
                contains(notify.recv(4096).decode(), "READY=1")
                equal(asked(f"unix:{place}/s"), NO_TLS)
            finally:
                process.kill()
                notify.close()
        with open(f"{place}/log", encoding="utf-8") as log:
            contains(log.read(), "forcetls-milter: there is no /dev/log, so nothing is logged until there is; -e logs to standard error")
    finally:
        shutil.rmtree(place)
