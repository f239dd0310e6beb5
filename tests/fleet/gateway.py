# SPDX-License-Identifier: BSD-2-Clause
"""A mail gateway: a Postfix, a filter, its log, its evidence, each at its usual path in a mount namespace of the
gateway's own. What an operator and a bad day do to it are methods."""
import contextlib
import json
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time

import postfix
from daemon import Daemon, patience

SOCKET = "unix:/var/spool/postfix/forcetls/forcetls.sock"
FORCETLS = os.path.abspath(os.environ.get("FORCETLS", "forcetls"))
# Its directories, and where it finds them.
PLACES = {"etc": "/etc/forcetls", "run": "/run/forcetls", "lib": "/var/lib/forcetls",
          "spool": "/var/spool/postfix/forcetls"}
NAMESPACE = """set -e
mount --make-rprivate /
mkdir "$1/machine" && mount --bind /etc "$1/machine" && mount -t tmpfs -o mode=0755 none /etc
ln -s "$1"/machine/* /etc && rm -f /etc/forcetls
for place in /run /var/lib /var/spool; do mount -t tmpfs -o mode=0755 none $place; done
while shift && [ $# -gt 0 ]; do mkdir -p "$2" && mount --bind "$1" "$2"; shift; done
echo ready
exec cat
"""
# Takes a socket in the gateway's namespace, as a service manager there, and hands it back.
LISTEN = """import os, socket, sys
if os.path.exists(sys.argv[1]):
    os.unlink(sys.argv[1])
with socket.socket(fileno=0) as back, socket.socket(socket.AF_UNIX) as held:
    held.bind(sys.argv[1]); held.listen(4096); socket.send_fds(back, [b"x"], [held.fileno()])
"""


def eventually(condition, what, seconds=60):
    end = time.monotonic() + patience(seconds)
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"{what}: not within {seconds} s")
        time.sleep(0.02)


def is_whole(path):
    with contextlib.suppress(FileNotFoundError):
        return os.stat(path).st_mode & 0o100 != 0
    return False


def is_alive(process):
    with contextlib.suppress(FileNotFoundError, ProcessLookupError), open(f"/proc/{process}/stat", encoding="ascii") as file:
        return file.read().rpartition(")")[2].split()[0] not in "ZX"
    return False


def kill_children(process):
    """Those of its children that were still alive."""
    with open(f"/proc/{process}/task/{process}/children", encoding="ascii") as file:
        alive = [int(child) for child in file.read().split() if is_alive(child)]
    for child in alive:
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
    return alive


class Mta(postfix.Postfix):
    """A Postfix on an address of its own, which hands all mail to one server, and can be killed and begun again."""

    def __init__(self, address, relay, certificates, ca_file):
        parameters = {"relayhost": f"[127.0.0.1]:{relay}", "default_transport": "smtp", "relay_transport": "smtp",
                      "smtpd_milters": "", "minimal_backoff_time": "1s", "maximal_backoff_time": "2s",
                      "queue_run_delay": "1s", "smtp_connection_cache_on_demand": "yes", "disable_dns_lookups": "yes",
                      **{f"milter_{what}_timeout": "30s" for what in ("connect", "command", "content")}}
        super().__init__({"in": {}}, certificates, ca_file, parameters)
        self.address = address

    def _write(self):
        with open(self.path("etc/main.cf"), "w", encoding="utf-8") as file:
            file.write("".join(f"{name} = {value}\n" for name, value in self.parameters.items()))
        with open(self.path("etc/master.cf"), "w", encoding="utf-8") as file:
            file.write(f"{self.address}:25 inet n - n - - smtpd\n"
                       f"{self.address}:26 inet n - n - - smtpd -o smtpd_milters=\n"  # to compare with
                       f"smtp unix - - n - - smtp\n{postfix.UNIX_SERVICES}")

    def _ours(self):
        try:
            with socket.create_connection((self.address, 25), patience(30)) as probe:
                return self.parameters["myhostname"].encode() in probe.recv(512)
        except OSError:
            return False

    def begin(self):
        eventually(lambda: self._command("start") == 0, f"postfix start, see {self.log_file}", 180)
        self.running = True
        eventually(self._ours, "Postfix answers")

    def end(self):
        eventually(lambda: self._command("stop") == 0, "postfix stop")
        self.running = False

    def kill(self):
        """SIGKILL to the master and to each of its processes, as if the machine had lost power."""
        with open(self.path("spool/pid/master.pid"), encoding="ascii") as file:
            master = int(file.read())
        os.kill(master, signal.SIGSTOP)  # it starts no further ones, and those that die stay in its list
        eventually(lambda: not kill_children(master), "its processes are gone")
        os.kill(master, signal.SIGKILL)
        eventually(lambda: not is_alive(master), "the master is gone")
        self.running = False

    def queue(self):
        """How many messages wait. One that is not whole, because its writer was killed, is not executable."""
        return sum(is_whole(os.path.join(where, name)) for place in ("maildrop", "incoming", "active", "deferred", "hold")
                   for where, _, names in os.walk(self.path(f"spool/{place}")) for name in names)


class Journal:
    """
    What a service manager does with a filter's standard error: each line gets its time. It outlives the filter.
    lossy: it drops every tenth decision, for tests of the tests.
    """

    def __init__(self, path, host):
        self.path, self.host, self.lossy = path, host, False
        reading, self.pipe = os.pipe()
        self.thread = threading.Thread(target=self._copy, args=(reading,))
        self.thread.start()

    def _copy(self, reading):
        with os.fdopen(reading, "rb") as pipe, open(self.path, "ab", buffering=0) as log:
            for number, line in enumerate(pipe):
                if self.lossy and number % 10 == 9 and b"event=decision" in line:
                    continue
                now = time.time()
                stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now)) + f".{int(now % 1 * 1e6):06d}Z"
                log.write(f"{stamp} {self.host} forcetls-milter[77]: ".encode() + line)

    def close(self):
        """Once no filter runs: until the last line is written. Twice is fine."""
        if self.pipe is not None:
            os.close(self.pipe)
            self.pipe = None
            self.thread.join()


class Filter(Daemon):
    """The filter of a gateway: `forcetls-milter` there, with the gateway's policy."""

    def __init__(self, gateway, program, held):
        start = {"stderr": gateway.journal.pipe, "umask": 0o117}
        super().__init__(None, socket=SOCKET, held=held, start_as=start, wrapper=gateway.enter)
        self.policy_file, self.log_file, self.program = "/etc/forcetls/forcetls.yaml", gateway.log_file, program

    def start(self):
        before = os.environ.get("FORCETLS_MILTER")
        os.environ["FORCETLS_MILTER"] = self.program
        try:
            return super().start()
        finally:
            del os.environ["FORCETLS_MILTER"]
            os.environ.update({"FORCETLS_MILTER": before} if before else {})


class Gateway:
    """
    number   its address is 127.0.1.number, its name mxN
    program  the filter's file, which an upgrade replaces
    held     whether a service manager holds the filter's socket, from the first upgrade on if `late`
    """

    def __init__(self, number, place, program, held, late=False):
        self.number, self.name, self.held = number, f"mx{number}", held
        self.late = late
        self.dir, self.address = f"{place}/mx{number}", f"127.0.1.{number}"
        self.program = f"{self.dir}/forcetls-milter"
        self.log_file, self.listed, self.generation = f"{self.dir}/log", True, 0
        self.rough, self.policies, self.kills, self.mta_kills, self.scrapes = [], [], [], [], []
        self.listener = self.filter = self.mta = None
        os.makedirs(self.dir)
        for name in PLACES:
            os.mkdir(f"{self.dir}/{name}", 0o755)
        os.chown(f"{self.dir}/spool", 0, pwd.getpwnam("postfix").pw_gid)
        os.chmod(f"{self.dir}/spool", 0o2750)
        self.install(program)
        arguments = [word for name, path in PLACES.items() for word in (f"{self.dir}/{name}", path)]
        self.namespace = subprocess.Popen(["unshare", "--mount", "sh", "-c", NAMESPACE, "sh", self.dir, *arguments],
                                          stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        if self.namespace.stdout.readline() != b"ready\n":
            raise RuntimeError(f"no mount namespace for {self.name}")
        self.enter = ("nsenter", f"--mount=/proc/{self.namespace.pid}/ns/mnt", "--")
        self.journal = Journal(self.log_file, self.name)

    def start(self, relay, pki):
        self.mta = Mta(self.address, relay, [pki.server()], pki.ca_file)
        self.mta.parameters["smtpd_milters"] = f"{{ unix:{self.dir}/spool/forcetls.sock, default_action=tempfail }}"
        if not self.late:
            self.hold()
        self.begin_filter()
        self.mta.start()

    def stop(self):
        if self.mta:
            self.mta.stop()
        if self.filter:
            self.filter.__exit__(Exception, None, None)
        if self.listener:
            self.listener.close()
        self.journal.close()
        self.namespace.stdin.close()
        self.namespace.wait()

    # The operator's means

    def run(self, *command, **options):
        """Runs a command on the gateway."""
        return subprocess.run([*self.enter, *command], capture_output=True, text=True, check=False,
                              timeout=patience(120), **options)

    def forcetls(self, *arguments):
        done = self.run(FORCETLS, *arguments)
        if done.returncode != 0:
            raise AssertionError(f"{self.name}: forcetls {' '.join(arguments)}: {done.returncode}\n"
                                 f"{done.stdout}{done.stderr}")
        return done.stdout

    def status(self):
        return json.loads(self.forcetls("status", "--json"))

    def ask(self, request):
        """One question to the status socket; None: nobody answers."""
        try:
            with socket.socket(socket.AF_UNIX) as stream:
                stream.settimeout(patience(20))
                stream.connect(f"{self.dir}/run/status.sock")
                stream.sendall(request.encode() + b"\n")
                return json.loads(stream.makefile().readline())
        except (OSError, ValueError):
            return None

    def install(self, program):
        """Puts the filter's program in place as a package manager does, whatever runs."""
        shutil.copy(program, self.program + ".new")
        os.rename(self.program + ".new", self.program)

    def hold(self):
        """The service manager opens the filter's socket."""
        if not self.held or self.listener:
            return
        left, right = socket.socketpair()
        with left, right:
            subprocess.run([*self.enter, sys.executable, "-c", LISTEN, SOCKET[5:]], stdin=right, check=True)
            _, (descriptor,), _, _ = socket.recv_fds(left, 1, 1)
            self.listener = socket.socket(fileno=descriptor)
        os.chmod(f"{self.dir}/spool/forcetls.sock", 0o660)

    def release(self):
        """The service manager closes the socket, and removes it."""
        self.listener.close()
        self.listener = None
        os.unlink(f"{self.dir}/spool/forcetls.sock")

    def begin_filter(self):
        self.generation += 1
        self.filter = Filter(self, self.program, [self.listener] if self.listener else ())
        self.filter.__enter__()

    def end_filter(self):
        self.filter.process.send_signal(signal.SIGTERM)
        if self.filter.wait_exit(patience(30)) != 0:
            raise AssertionError(f"{self.name}: the filter ended with {self.filter.status}")
        self.filter.__exit__(None, None, None)
        self.filter = None

    # What is done to it while mail flows. A client may see an error only in a rough time.

    @contextlib.contextmanager
    def rough_time(self):
        begun = time.time()
        try:
            yield
        finally:
            self.rough.append((begun, time.time()))

    def kill_filter(self):
        with self.rough_time():
            self.kills.append(time.time())
            self.filter.kill()
            self.filter.__exit__(None, None, None)
            self.begin_filter()

    def kill_mta(self):
        with self.rough_time():
            self.mta_kills.append(time.time())
            self.mta.kill()
            self.mta.begin()

    def drain(self):
        """TAKE A GATEWAY OUT of forcetls-operation(7), and back."""
        self.listed = False
        eventually(lambda: self.status()["sessions"] == 0, "no session is open")
        with self.rough_time():  # of a client that has read the list of gateways before
            self.mta.end()
            self.end_filter()
            self.begin_filter()
            self.status()
            self.mta.begin()
        self.listed = True

    def upgrade(self, program):
        self.install(program)
        with contextlib.nullcontext() if self.listener else self.rough_time():
            self.end_filter()
            self.hold()
            self.begin_filter()

    def put_policy(self, files):
        """The files of a policy, by rename."""
        os.makedirs(f"{self.dir}/etc/partners.d", exist_ok=True)
        for name, text in files.items():
            with open(f"{self.dir}/etc/{name}~", "w", encoding="utf-8") as file:
                file.write(text)
            os.chmod(f"{self.dir}/etc/{name}~", 0o644)
            os.rename(f"{self.dir}/etc/{name}~", f"{self.dir}/etc/{name}")

    def reload(self, name, files):
        self.put_policy(files)
        self.policies.append([name, time.time(), None])
        said = self.forcetls("reload")
        if len(self.policies) > 1:
            self.policies[-2][2] = time.time()
        return said

    def scrape(self):
        """As Prometheus: the counters of decisions, and when."""
        begun, generation = time.time(), self.generation
        answer = self.ask("metrics")
        if answer is not None and generation == self.generation:
            found = {key: value for key, value in answer.items() if key.startswith("forcetls_decisions_total")}
            self.scrapes.append((generation, begun, time.time(), found))
