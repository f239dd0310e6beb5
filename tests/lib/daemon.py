# SPDX-License-Identifier: BSD-2-Clause
"""A forcetls-milter of one's own: started with a policy, watched by its log, stopped by its process id.

    with Daemon(POLICY) as daemon:
        ... daemon.socket, daemon.decisions(), daemon.reload(OTHER) ...
"""
import errno
import fcntl
import os
import random
import re
import shlex
import shutil
import signal
import socket as sockets
import subprocess
import tempfile
import time

SANITIZERS = ("ERROR: AddressSanitizer", "ERROR: LeakSanitizer", "runtime error:", "WARNING: ThreadSanitizer")
RESERVED = []  # the sockets that hold a port for this process; see reserve_port()
TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def binary():
    """The program under test: $FORCETLS_MILTER, else the one in the build directory."""
    given = os.environ.get("FORCETLS_MILTER")
    if given:
        return given
    for place in (os.getcwd(), TOP, os.path.join(TOP, "build")):
        path = os.path.join(place, "forcetls-milter")
        if os.access(path, os.X_OK) and not os.path.isdir(path):
            return path
    raise FileNotFoundError("no forcetls-milter here: set FORCETLS_MILTER")


def command(*arguments):
    """The command line of the program under test, behind $FORCETLS_WRAPPER."""
    return shlex.split(os.environ.get("FORCETLS_WRAPPER", "")) + [binary(), *arguments]


def patience(seconds):
    """
    A time limit: longer where the program runs under a wrapper or a sanitizer ($FORCETLS_SLOW, a factor), and
    on a machine that has more to run than it has processors.
    """
    slow = 10 if os.environ.get("FORCETLS_WRAPPER") else 1
    busy = os.getloadavg()[0] / (os.cpu_count() or 1)
    return seconds * float(os.environ.get("FORCETLS_SLOW", slow)) * min(max(busy, 1), 4)


def own_directory(prefix="ft-"):
    """A new directory of one's own whose path leaves room for a socket's 108 octets."""
    place = tempfile.gettempdir()
    return tempfile.mkdtemp(prefix=prefix, dir=place if len(place) <= 40 else "/tmp")


def reserve_port(port):
    """
    Whether no other test has this port. It is this process's until it ends: two suites that run side by side
    never get one port, also while nobody listens there yet. The name of a socket is the reservation, because
    names, like ports, belong to the network namespace.
    """
    holder = sockets.socket(sockets.AF_UNIX, sockets.SOCK_DGRAM)
    try:
        holder.bind(f"\0forcetls-test-port-{port}")
    except OSError as error:
        holder.close()
        if error.errno != errno.EADDRINUSE:
            raise
        return False
    RESERVED.append(holder)
    return True


def free_port(*hosts):
    """A port of these hosts, or of 127.0.0.1, below those that the system hands to clients: no other takes it."""
    while True:
        port = random.randint(10000, 30000)
        try:
            for host in hosts or ("127.0.0.1",):
                with sockets.socket(sockets.AF_INET6 if ":" in host else sockets.AF_INET, sockets.SOCK_STREAM) as probe:
                    probe.setsockopt(sockets.SOL_SOCKET, sockets.SO_REUSEADDR, 1)
                    probe.bind((host, port))
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
            continue
        if reserve_port(port):
            return port


PAIR = re.compile(r'([A-Za-z_]+)=(?:"((?:[^"\\]|\\.)*)"|([^ "]*))(?: |$)')
ESCAPE = re.compile(rb'\\(?:x([0-9A-Fa-f]{2})|(.))')


def unescape(value):
    """A quoted value as it was before the log escaped it."""
    octets = ESCAPE.sub(lambda m: bytes([int(m[1], 16)]) if m[1] else m[2], value.encode("utf-8", "surrogateescape"))
    return octets.decode("utf-8", "surrogateescape")


def parse_logfmt(line):
    """The pairs of a line, from its first `event=` on, in their order; fails where it is not logfmt."""
    start = line.find("event=")
    if start < 0:
        raise ValueError(f"no event in {line!r}")
    text, pairs, position = line[start:].rstrip("\n"), {}, 0
    while position < len(text):
        match = PAIR.match(text, position)
        if not match:
            raise ValueError(f"not logfmt at {text[position:position + 40]!r} in {line!r}")
        if match[1] in pairs:
            raise ValueError(f"{match[1]} twice in {line!r}")
        pairs[match[1]] = unescape(match[2]) if match[2] is not None else match[3]
        position = match.end()
    return pairs


class Daemon:
    """
    policy_text, files   the policy and further files {relative name: text or bytes}
    args                 arguments behind the usual ones
    socket               None: unix, in the own directory; "inet", "inet6": a free port of loopback; else as given
    expect_ready         False: the start is not waited for; see wait_exit()
    wrapper              a command that runs the program, and has its process id
    open_to_all          directories 0755 and the socket 0666, so that another user's Postfix gets through
    start_as             further arguments of subprocess.Popen: user, group, umask, ...; the policy is readable then
    held                 sockets that it gets as from a service manager; env may change what is said of them
    """

    def __init__(self, policy_text, files=None, args=(), socket=None, expect_ready=True, env=None, open_to_all=False,
                 start_as=None, held=(), wrapper=()):
        self.held = held
        self.policy_text, self.files, self.args = policy_text, dict(files or {}), tuple(args)
        self.expect_ready, self.env, self.open_to_all = expect_ready, dict(env or {}), open_to_all
        self.start_as, self.wrapper = dict(start_as or {}), tuple(wrapper)
        self.dir = own_directory()
        self.policy_file = os.path.join(self.dir, "forcetls.yaml")
        self.log_file = os.path.join(self.dir, "log")
        self.socket = self._socket_spec(socket)
        self.process, self.pid, self.status, self._killed = None, None, None, False
        self._parsed = {}  # by event: how far the log is read, and the lines

    def _socket_spec(self, given):
        if given is None:
            return f"unix:{self.dir}/milter.sock"
        if given == "inet":
            return f"inet:{free_port()}@127.0.0.1"
        if given == "inet6":
            return f"inet6:{free_port('::1')}@[::1]"
        return given

    def __enter__(self):
        try:
            return self.start()
        except BaseException:
            self._discard()
            raise

    def __exit__(self, kind, value, trace):
        try:
            if self.process and self.process.poll() is None:
                self.stop()
            elif self.process and self.status is None:
                self.wait_exit()
            self.check_log()
        except Exception:
            if kind is None:  # the test's own failure tells more
                raise
        finally:
            self._discard()
        return False

    def _discard(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.dir, ignore_errors=True)

    def write(self, name, text, mode=None):
        """Puts a file in place by rename, as careful people do."""
        path = os.path.join(self.dir, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        if self.open_to_all and os.path.dirname(path) != self.dir:
            os.chmod(os.path.dirname(path), 0o755)
        with open(path + "~new", "wb") as out:
            out.write(text if isinstance(text, bytes) else text.encode())
        os.chmod(path + "~new", mode if mode is not None else 0o644 if self.open_to_all or self.start_as else 0o600)
        os.rename(path + "~new", path)
        return path

    def start(self):
        if self.open_to_all or self.start_as:
            os.chmod(self.dir, 0o755)
        for name, text in self.files.items():
            self.write(name, text)
        if self.policy_text is not None:
            self.write("forcetls.yaml", self.policy_text)
        with sockets.socket(sockets.AF_UNIX, sockets.SOCK_DGRAM) as notify, open(self.log_file, "ab") as log:
            notify.bind(os.path.join(self.dir, "notify"))
            os.chmod(notify.getsockname(), 0o666)
            environment = {**os.environ, "NOTIFY_SOCKET": notify.getsockname(), **self.env}
            self.process = start_with(
                self.held, [*self.wrapper, *command("-e", "-c", self.policy_file, "-s", self.socket, *self.args)],
                **{"stdin": subprocess.DEVNULL, "stdout": log, "stderr": log, "env": environment, "cwd": self.dir, **self.start_as})
            self.pid = self.process.pid
            if self.expect_ready:
                self._wait_ready(notify)
            notify_path = notify.getsockname()
        os.unlink(notify_path)
        if self.expect_ready and self.open_to_all and self.socket.startswith("unix:"):
            os.chmod(self.socket[5:], 0o666)
        return self

    def _wait_ready(self, notify):
        notify.settimeout(0.1)
        end = time.monotonic() + patience(20)
        while time.monotonic() < end:
            try:
                if b"READY=1" in notify.recv(4096).split(b"\n"):
                    return
            except TimeoutError:
                if self.process.poll() is not None:
                    raise AssertionError(f"exited with {self.process.returncode} at start:\n{self.log()}") from None
        raise AssertionError(f"not ready in time:\n{self.log()}")

    def log(self):
        with open(self.log_file, "rb") as file:
            return file.read().decode("utf-8", "surrogateescape")

    def events(self, kind):
        """The whole lines of that event, parsed. A line is parsed once: tests look at long logs again and again."""
        position, found = self._parsed.get(kind, (0, []))
        with open(self.log_file, "rb") as file:
            if file.seek(0, os.SEEK_END) < position:  # another log than before
                position, found = 0, []
            file.seek(position)
            text, end, _ = file.read().rpartition(b"\n")
        lines = text.decode("utf-8", "surrogateescape").split("\n")
        found = found + [parse_logfmt(line) for line in lines if re.search(rf"\bevent={kind}( |$)", line)]
        self._parsed[kind] = position + len(text + end), found
        return list(found)

    def decisions(self):
        return self.events("decision")

    def wait_log(self, text, timeout=10, count=1):
        """Waits until the text stands `count` times in whole lines of the log, as events() reads it; returns the log."""
        end = time.monotonic() + patience(timeout)
        while True:
            log = self.log()
            if log.count(text, 0, log.rfind("\n") + 1) >= count:
                return log
            if time.monotonic() > end or self.process.poll() is not None:
                raise AssertionError(f"{text!r} is not {count} times in the log:\n{log}")
            time.sleep(0.002)

    def wait_decisions(self, count, timeout=10):
        """Waits until at least that many decisions are logged; answers all of them."""
        end = time.monotonic() + patience(timeout)
        while True:
            found = self.decisions()
            if len(found) >= count:
                return found
            if time.monotonic() > end:
                raise AssertionError(f"{len(found)} decisions, wanted {count}:\n{self.log()}")
            time.sleep(0.002)

    def reload(self, policy_text=None, result="loaded", files=None, timeout=20):
        """Writes what is given, sends SIGUSR1, waits for this reload's own line; answers that line, parsed."""
        for name, text in (files or {}).items():
            self.write(name, text)
        if policy_text is not None:
            self.write("forcetls.yaml", policy_text)
        before = len(self.reloads())
        os.kill(self.pid, signal.SIGUSR1)
        end = time.monotonic() + patience(timeout)
        while len(self.reloads()) <= before:
            if time.monotonic() > end or self.process.poll() is not None:
                raise AssertionError(f"no reload in the log:\n{self.log()}")
            time.sleep(0.002)
        line = self.reloads()[before]
        if line["result"] != result:
            raise AssertionError(f"reload {line['result']}, wanted {result}:\n{self.log()}")
        return line

    def reloads(self):
        """The lines that end a reload, parsed."""
        return [line for line in self.events("reload") if line.get("result") in ("loaded", "failed")]

    def wait_exit(self, timeout=15):
        """Waits for it to end by itself; answers its exit status."""
        self.status = self.process.wait(patience(timeout))
        return self.status

    def stop(self):
        """SIGTERM; answers the exit status. Sessions that a test left open are cut by more of it."""
        end = time.monotonic() + patience(15)
        while self.process.poll() is None and time.monotonic() < end:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(0.3)
            except subprocess.TimeoutExpired:
                pass
        if self.process.poll() is None:
            self.kill()
            raise AssertionError(f"SIGTERM did not stop it:\n{self.log()}")
        self.status = self.process.returncode
        self.check_log()
        return self.status

    def kill(self):
        """SIGKILL, as if the machine had lost it."""
        self._killed = True
        self.process.kill()
        self.status = self.process.wait()

    def check_log(self):
        """Fails where a sanitizer spoke or a signal ended the process."""
        log = self.log()
        for sign in SANITIZERS:
            if sign in log:
                raise AssertionError(f"{sign}\n{log[-20000:]}")
        code = self.process.returncode
        if code is not None and code < 0 and not self._killed:
            raise AssertionError(f"died of signal {-code}:\n{log[-4000:]}")


class Hung:
    """A daemon stopped in its tracks, all of its threads, and then let go."""

    def __init__(self, pid):
        self.pid = pid

    def __enter__(self):
        os.kill(self.pid, signal.SIGSTOP)
        end = time.monotonic() + patience(10)
        while not all(self._stopped(task) for task in os.listdir(f"/proc/{self.pid}/task")):
            if time.monotonic() > end:
                raise AssertionError(f"process {self.pid} does not stop")
            time.sleep(0.01)

    def _stopped(self, task):
        with open(f"/proc/{self.pid}/task/{task}/stat", encoding="ascii") as file:
            return file.read().rpartition(")")[2].split()[0] in "Tt"

    def __exit__(self, *_):
        os.kill(self.pid, signal.SIGCONT)


def start_with(held, arguments, **options):
    """Starts a program as a service manager does that holds these sockets for it: descriptors from 3 on, and LISTEN_*."""
    if not held:
        return subprocess.Popen(arguments, **options)
    kept = [fcntl.fcntl(one, fcntl.F_DUPFD, 100) for one in held]
    moves = " ".join(f"{number}<&{fd} {fd}<&-" for number, fd in enumerate(kept, 3))
    shell = ["bash", "-c", f'exec {moves}; export LISTEN_PID="${{LISTEN_PID-$$}}"; exec "$@"', "bash"]
    try:
        options["env"] = {"LISTEN_FDS": str(len(held)), **options["env"]}
        return subprocess.Popen(shell + arguments, pass_fds=kept, **options)
    finally:
        for fd in kept:
            os.close(fd)


def listen(spec):
    """A socket that listens, as a service manager holds it: unix:/path (0666), inet:port@host, inet6:port@[host]."""
    kind, _, rest = spec.partition(":")
    port, _, host = rest.partition("@")
    family = {"unix": sockets.AF_UNIX, "inet": sockets.AF_INET, "inet6": sockets.AF_INET6}[kind]
    listener = sockets.socket(family, sockets.SOCK_STREAM)
    if kind == "unix":
        listener.bind(rest)
        os.chmod(rest, 0o666)
    else:
        listener.setsockopt(sockets.SOL_SOCKET, sockets.SO_REUSEADDR, 1)
        listener.bind((host.strip("[]"), int(port)))
    listener.listen(4096)
    return listener


def connect(spec, timeout=10.0):
    """A stream to a socket written as in the policy: unix:/path, inet:port@host, inet6:port@[host]."""
    kind, _, rest = spec.partition(":")
    if kind in ("unix", "local"):
        stream, address = sockets.socket(sockets.AF_UNIX, sockets.SOCK_STREAM), rest
    else:
        port, _, host = rest.partition("@")
        family = sockets.AF_INET6 if kind == "inet6" else sockets.AF_INET
        stream, address = sockets.socket(family, sockets.SOCK_STREAM), (host.strip("[]"), int(port))
    stream.settimeout(timeout)
    try:
        stream.connect(address)
    except BaseException:
        stream.close()
        raise
    return stream
