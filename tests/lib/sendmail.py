# SPDX-License-Identifier: BSD-2-Clause
"""A Sendmail of one's own, beside whatever mail server the machine has: its packages are unpacked, never installed.

It runs in mount and UTS namespaces of its own, where /etc, /run, /dev and /var/spool are directories below its own one:
so it has the paths that people configure, names that resolve at once, and nothing below a directory that it calls unsafe.
It accepts mail for every domain and leaves it in its queue.
"""
import atexit
import fcntl
import functools
import glob
import hashlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

from daemon import patience
from postfix import Missing, free_ports, program

PACKAGES = ("sendmail-bin", "sendmail-base", "sendmail-cf")
HOST = "mx.here.test"

# What a test instance has beside the lines that a manual tells.
MC = """\
VERSIONID(`a test')dnl
OSTYPE(`linux')dnl
define(`confPID_FILE', `/run/sendmail.pid')dnl
define(`QUEUE_DIR', `/var/spool/mqueue')dnl
define(`STATUS_FILE', `/run/statistics')dnl
define(`ALIAS_FILE', `')dnl
define(`confSERVICE_SWITCH_FILE', `/etc/mail/service.switch')dnl
define(`confHOSTS_FILE', `/etc/hosts')dnl
define(`confDELIVERY_MODE', `q')dnl
define(`confREFUSE_LA', `10000')dnl
define(`confQUEUE_LA', `10000')dnl
define(`confTO_IDENT', `0s')dnl
define(`confLOG_LEVEL', `14')dnl
define(`confPRIVACY_FLAGS', `')dnl
FEATURE(`promiscuous_relay')dnl
FEATURE(`accept_unresolvable_domains')dnl
FEATURE(`accept_unqualified_senders')dnl
FEATURE(`no_default_msa')dnl
undefine(`confDOMAIN_NAME')dnl
"""

# The first process: makes its surroundings, then becomes Sendmail.
SCRIPT = """set -e
hostname "$HOST"
for node in null zero random urandom; do mount --bind "/dev/$node" "$PLACE/dev/$node"; done
mount --bind "$PLACE/spool" /var/spool
mount --bind "$PLACE/run" /run
mount --rbind "$PLACE/dev" /dev
mount --bind "$PLACE/etc" /etc
exec "$PROGRAM" -bD -C /etc/mail/sendmail.cf
"""


def run(arguments, **options):
    """A command's output; its failure is a RuntimeError that tells all."""
    done = subprocess.run(arguments, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          check=False, **options)
    if done.returncode:
        raise RuntimeError(f"{' '.join(arguments)}: {(done.stdout + done.stderr).decode(errors='replace')}")
    return done.stdout.decode(errors="replace")


def installed(package):
    done = subprocess.run(["dpkg-query", "-W", "-f", "${db:Status-Status}", package], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
    return done.stdout == b"installed"


def store():
    """A directory of one's own that later runs find again, in a place where others may have been before."""
    path = os.path.join(tempfile.gettempdir(), f"forcetls-sendmail-{os.geteuid()}")
    try:
        os.mkdir(path, 0o700)
    except FileExistsError:
        pass
    found = os.lstat(path)
    if found.st_uid != os.geteuid() or found.st_mode & 0o170077 != 0o040000:
        raise Missing(f"{path} is not a directory of one's own")
    return path


def sources(packages):
    """Where apt would fetch them: one line each, with name and checksum."""
    command = ["apt-get", "download", "--print-uris", "-q", *packages]
    try:
        return run(command)
    except RuntimeError:  # a new machine has no lists of packages yet
        run(["apt-get", "update", "-q"])
        return run(command)


def depends(packages):
    """The packages on which these depend, by the names that they have in this release."""
    show = ["apt-cache", "depends", "--no-recommends", "--no-suggests", "--no-conflicts", "--no-breaks",
            "--no-replaces", "--no-enhances", *packages]
    return re.findall(r"^ *Depends: ([a-z0-9.+-]+)$", run(show), re.M)


def libraries():
    """Of these, the libraries that are not installed, and theirs; and m4, which builds a sendmail.cf."""
    found = {name for name in depends(["sendmail-bin"]) if name.startswith("lib")}
    found |= {name for name in depends(sorted(found)) if name.startswith("lib")} | {"m4"}
    return sorted(name for name in found if not installed(name))


@functools.lru_cache(maxsize=None)  # apt is slow
def unpacked():
    """
    The directory with the packages, downloaded at the first need; several runs wait for each other. $FORCETLS_SENDMAIL
    names it for whoever has no network any more.
    """
    if os.environ.get("FORCETLS_SENDMAIL"):
        return os.environ["FORCETLS_SENDMAIL"]
    sources(PACKAGES)  # which updates the lists of packages where there are none
    packages = [*PACKAGES, *libraries()]
    place = store()
    with open(os.path.join(place, "lock"), "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            root = os.path.join(place, hashlib.sha256(sources(packages).encode()).hexdigest()[:16])
            if not os.path.isdir(root):
                fetch(packages, place, root)
        except (RuntimeError, FileNotFoundError) as why:
            raise Missing(f"no packages of Sendmail: {why}") from None
    return root


def fetch(packages, place, root):
    with tempfile.TemporaryDirectory(dir=place) as half:
        tree = os.path.join(half, "root")
        os.mkdir(tree)
        run(["apt-get", "download", "-q", "-o", "APT::Sandbox::User=root", *packages], cwd=half)
        for package in glob.glob(os.path.join(half, "*.deb")):
            run(["dpkg", "-x", package, tree])
        # The loader ignores LD_LIBRARY_PATH for a program with this bit.
        os.chmod(os.path.join(tree, "usr/libexec/sendmail/sendmail"), 0o755)
        os.rename(tree, root)


def quote(text):
    """A string for m4."""
    return f"`{text}'"


class Sendmail:
    """
    services   {name: DaemonPortOptions without name, port and address}: one listener on a port of its own each; an
               entry Addr in it wins over 127.0.0.1. See port()
    lines      what a manual says, for the .mc: the filter, certificates, macros
    files      {path below /etc: text, or the path of a file to copy}; their mode is 0600
    hosts      {address: names}, for /etc/hosts, beside loopback's own
    tail       what stands behind the mailers: rulesets
    resolver   a resolv.conf: names and MX records come from there
    """

    def __init__(self, services, lines="", files=None, hosts=None, tail="", resolver=""):
        if os.geteuid() != 0:
            raise Missing("a Sendmail of one's own needs root")
        self.root = unpacked()
        self.services, self.lines, self.tail, self.resolver = services, lines, tail, resolver
        self.files, self.hosts = dict(files or {}), dict(hosts or {})
        self.ports, self.process, self.listener, self.lines_logged = {}, None, None, []
        self.dir = tempfile.mkdtemp(prefix="sm", dir="/tmp")

    def path(self, *names):
        return os.path.join(self.dir, *names)

    def port(self, service):
        return self.ports[service]

    # Its surroundings

    def _environment(self):
        libraries = [path for pattern in ("usr/lib/*-linux-gnu*", "lib/*-linux-gnu*")
                     for path in glob.glob(os.path.join(self.root, pattern))]
        # m4 is found in the store where the machine has none.
        return {"PATH": f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin:/usr/bin:/bin:{self.root}/usr/bin", "LC_ALL": "C",
                "LD_LIBRARY_PATH": ":".join(libraries), "PLACE": self.dir, "HOST": HOST,
                "PROGRAM": os.path.join(self.root, "usr/libexec/sendmail/sendmail")}

    def _make_places(self):
        for name, mode in (("etc", 0o755), ("etc/mail", 0o755), ("run", 0o755), ("run/forcetls", 0o755), ("dev", 0o755),
                           ("spool", 0o755), ("spool/mqueue", 0o700)):
            if not os.path.isdir(self.path(name)):
                os.mkdir(self.path(name))
            os.chmod(self.path(name), mode)
        for node in ("null", "zero", "random", "urandom"):
            self._write(f"dev/{node}", "")
        self._write("run/statistics", "")
        for name in ("passwd", "group", "services", "protocols", "ld.so.cache"):
            if os.path.exists("/etc/" + name):
                shutil.copy("/etc/" + name, self.path("etc", name))
        hosts = {"127.0.0.1": f"{HOST} localhost", "::1": f"{HOST} localhost", **self.hosts}
        self._write("etc/hosts", "".join(f"{address} {names}\n" for address, names in hosts.items()), 0o644)
        dns = " dns" if self.resolver else ""
        self._write("etc/nsswitch.conf", f"hosts: files{dns}\npasswd: files\ngroup: files\n", 0o644)
        self._write("etc/resolv.conf", self.resolver, 0o644)
        self._write("etc/mail/service.switch", f"hosts{dns} files\naliases files\n", 0o644)
        for name, content in self.files.items():
            self.write(name, content)

    def _write(self, name, text, mode=0o600):
        with open(self.path(name), "wb") as file:
            file.write(text if isinstance(text, bytes) else text.encode())
        os.chmod(self.path(name), mode)

    def write(self, name, content, mode=0o600):
        """Puts a file below its /etc: a text, or a copy of the file of that path."""
        os.makedirs(os.path.dirname(self.path("etc", name)), mode=0o755, exist_ok=True)
        if content.startswith("/") and "\n" not in content:
            with open(content, "rb") as file:
                content = file.read()
        self._write("etc/" + name, content, mode)

    def _daemons(self):
        self.ports = dict(zip(self.services, free_ports(len(self.services))))
        text = ""
        for name, options in self.services.items():
            options = {"Name": name, "Port": self.ports[name], "Addr": "127.0.0.1", **options}
            text += "DAEMON_OPTIONS(" + quote(", ".join(f"{key}={value}" for key, value in options.items())) + ")dnl\n"
        return text

    def configure(self):
        """sendmail.cf out of sendmail.mc, as a makefile does it."""
        self._write("etc/mail/sendmail.mc", MC + self._daemons() + self.lines + "\nMAILER(`smtp')dnl\n" + self.tail)
        cf = os.path.join(self.root, "usr/share/sendmail/cf/")
        text = run(["m4", f"-D_CF_DIR_={cf}", cf + "m4/cf.m4", self.path("etc/mail/sendmail.mc")],
                   env=self._environment())
        self._write("etc/mail/sendmail.cf", text, 0o644)
        return text

    # Its log: a /dev/log of its own

    def _listen(self):
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.listener.bind(self.path("dev/log"))
        threading.Thread(target=self._hear, args=(self.listener,), daemon=True).start()

    def _hear(self, listener):
        while True:
            try:
                line = listener.recv(65536)
            except OSError:
                return
            self.lines_logged.append(re.sub(r"^<\d+>", "", line.decode("utf-8", "replace").rstrip("\0\n")))

    def log(self):
        return "\n".join(list(self.lines_logged))

    def wait_log(self, text, timeout=10):
        """Waits until a line of the log has that text; answers the line."""
        end = time.monotonic() + patience(timeout)
        while True:
            for line in list(self.lines_logged):
                if text in line:
                    return line
            if time.monotonic() > end:
                raise AssertionError(f"{text!r} is not in the mail log:\n{self.log()[-3000:]}")
            time.sleep(0.02)

    # Its life

    def start(self):
        for name in ("unshare", "mount", "nsenter"):
            program(name)
        self._make_places()
        atexit.register(self.stop)
        self._listen()
        for _ in range(5):  # another copy may have taken a port in between
            self.configure()
            self._launch()
            if self._ours():
                return self
            self._end()
        if "Operation not permitted" in self.output() and "unshare" in self.output():
            raise Missing(f"no namespaces of one's own: {self.output()}")
        raise RuntimeError(f"Sendmail does not start: {self.output()}\n{self.log()}")

    def _launch(self):
        with open(self.path("output"), "wb") as output:
            self.process = subprocess.Popen(["unshare", "--uts", "--mount", "sh", "-c", SCRIPT], stdin=subprocess.DEVNULL,
                                            stdout=output, stderr=output, env=self._environment(), cwd="/",
                                            start_new_session=True)

    def output(self):
        with open(self.path("output"), encoding="utf-8", errors="replace") as file:
            return file.read()

    def _ours(self):
        """Waits until every port answers, with the process still there."""
        end = time.monotonic() + patience(20)
        for service, port in self.ports.items():
            address = self.services[service].get("Addr", "127.0.0.1")
            while not self._answers(address, port):
                if self.process.poll() is not None or time.monotonic() > end:
                    return False
                time.sleep(0.02)
        return self.process.poll() is None

    @staticmethod
    def _answers(address, port):
        try:
            with socket.create_connection((address, port), 10):
                return True
        except OSError:
            return False

    def _end(self):
        if self.process is None:
            return
        group, self.process = self.process, None
        for number, seconds in ((signal.SIGTERM, 3), (signal.SIGKILL, 5)):
            try:
                os.killpg(group.pid, number)  # the sessions too: processes of this one's own
            except ProcessLookupError:
                break
            try:
                group.wait(seconds)
            except subprocess.TimeoutExpired:
                continue
        group.wait()

    def stop(self):
        """Stops it and removes all it had. Twice is fine."""
        self._end()
        if self.listener:
            self.listener.close()
            self.listener = None
        shutil.rmtree(self.dir, ignore_errors=True)

    def restart(self, lines):
        """The same with other lines in its .mc."""
        self._end()
        self.lines = lines
        self.configure()
        self._launch()
        if not self._ours():
            raise RuntimeError(f"Sendmail does not start: {self.output()}\n{self.log()}")

    __enter__ = start

    def __exit__(self, *_):
        self.stop()

    def _inside(self, arguments):
        """The command line that runs Sendmail in these surroundings."""
        return ["nsenter", "-t", str(self.process.pid), "-m", "-u", self._environment()["PROGRAM"],
                "-C", "/etc/mail/sendmail.cf", *arguments]

    def command(self, *arguments, text=""):
        """Runs Sendmail with these arguments in its own surroundings; answers what it says."""
        done = subprocess.run(self._inside(arguments), input=text.encode(), env=self._environment(), check=False,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60)
        return done.stdout.decode(errors="replace")

    def makemap(self, name):
        """Makes the database of a file below its /etc/mail."""
        run(["nsenter", "-t", str(self.process.pid), "-m", "-u", "sh", "-c", 'exec "$0" hash "$1" <"$1"',
             os.path.join(self.root, "usr/libexec/sendmail/makemap"), f"/etc/mail/{name}"], env=self._environment())

    def converse(self, *commands):
        """An SMTP session on standard input; answers the greeting and the last line of each reply."""
        with subprocess.Popen(self._inside(["-bs"]), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              env=self._environment()) as session:
            replies = [session.stdout.readline().decode()]
            for command in (*commands, "QUIT"):
                session.stdin.write(command.encode() + b"\r\n")
                session.stdin.flush()
                line = session.stdout.readline()
                while line[3:4] == b"-":
                    line = session.stdout.readline()
                replies.append(line.decode(errors="replace"))
        return replies[:-1]

    # What became of a message

    def queued(self, queue_id):
        """'held' or 'queued', by the name of the queue file, or None."""
        queue = self.path("spool/mqueue")
        for prefix, state in (("hf", "held"), ("qf", "queued")):
            if os.path.exists(os.path.join(queue, prefix + queue_id)):
                return state
        return None

    def queue_file(self, queue_id):
        """The envelope of a message."""
        for prefix in ("hf", "qf"):
            try:
                with open(self.path("spool/mqueue", prefix + queue_id), encoding="utf-8", errors="replace") as file:
                    return file.read()
            except FileNotFoundError:
                continue
        raise AssertionError(f"no {queue_id} in the queue")


def queue_id(reply):
    """The queue id in Sendmail's answer to a message."""
    found = re.search(r"^250 2\.0\.0 (\w+) Message accepted", str(reply))
    if not found:
        raise AssertionError(f"not queued: {reply}")
    return found[1]


if __name__ == "__main__":  # downloads what later runs need, for those that have no network
    try:
        unpacked()
    except Missing as why:
        sys.exit(str(why))
