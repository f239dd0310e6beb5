# SPDX-License-Identifier: BSD-2-Clause
"""What the load tests share: the programs of this directory, built; scenarios; the filter's process seen from outside."""
import os
import shlex
import shutil
import signal
import subprocess
import time

from daemon import Daemon, own_directory, patience

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCES = {"driver": (["driver.c", "conversation.c", "scenario.c", "packet.c"], []),
           "null_filter": (["null_filter.c"], ["-lmilter", "-lpthread"]), "yaml_floor": (["yaml_floor.c"], ["-lyaml"])}
TLS = {"{tls_version}": "TLSv1.3", "{cipher}": "TLS_AES_256_GCM_SHA384", "{cipher_bits}": "256"}


class Rig:
    """A directory of one's own with the programs in it: with Rig() as rig: rig.drive(...)"""

    def __init__(self, *programs):
        self.dir, self.programs, self.processes = own_directory("ft-load-"), programs or ("driver",), []

    def __enter__(self):
        try:
            for name in self.programs:
                sources, libraries = SOURCES[name]
                subprocess.run([*shlex.split(os.environ.get("CC", "cc")), "-std=c11", "-D_GNU_SOURCE", "-O2", "-o", self.path(name),
                                *(os.path.join(HERE, source) for source in sources), *libraries], check=True)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for process in self.processes:
            process.kill()
            process.wait()
        shutil.rmtree(self.dir, ignore_errors=True)

    def path(self, name):
        return os.path.join(self.dir, name)

    def scenario(self, name, kinds):
        """Writes a scenario (scenario.h) of kinds, each a sequence of (field, value); answers its path."""
        with open(self.path(name), "w", encoding="utf-8") as out:
            out.writelines("\t".join(f"{field}={value}" for field, value in kind) + "\n" for kind in kinds)
        return self.path(name)

    def null_filter(self, mode):
        """Starts one; answers (its socket's path, its process id)."""
        path = self.path(f"{mode}{len(self.processes)}")
        process = subprocess.Popen([self.path("null_filter"), mode, f"unix:{path}"], stderr=subprocess.DEVNULL)
        self.processes.append(process)
        wait_until(lambda: os.path.exists(path), f"the null filter {mode}")
        return path, process.pid

    def start(self, socket, scenario, pid, *options):
        """Starts the driver."""
        arguments = ["-s", socket.removeprefix("unix:"), "-f", scenario, "-p", str(pid), *map(str, options)]
        process = subprocess.Popen([self.path("driver"), *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.processes.append(process)
        return process

    def drive(self, *arguments):
        """Runs the driver as start() does; answers its result."""
        return finish(self.start(*arguments))


def finish(process):
    """Waits for the driver; answers what it counted. Fails where it could not run or anything was wrong."""
    out, complaints = process.communicate()
    if process.returncode != 0:
        raise AssertionError(f"the driver ended with {process.returncode}: {out}\n{complaints}")
    words = (word.split("=") for word in out.split()[1:])
    return {key: float(value) for key, value in words}


def wait_until(holds, what, seconds=30):
    end = time.monotonic() + patience(seconds)
    while not holds():
        if time.monotonic() > end:
            raise AssertionError(f"{what}: not in time")
        time.sleep(0.002)


def rss_kib(pid):
    with open(f"/proc/{pid}/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGESIZE") // 1024


def descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


class Reloads:
    """Reloads a daemon's policy, and counts in its log what became of that, while the log grows."""

    def __init__(self, daemon):
        self.daemon, self.log, self.rest = daemon, open(daemon.log_file, "rb"), b""
        self.loaded = self.lost = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.log.close()

    def look(self):
        """Reads on to the end of the log; fails where a reload did."""
        text = self.rest + self.log.read()
        whole, _, self.rest = text.rpartition(b"\n")
        if b"event=reload result=failed" in whole:
            raise AssertionError("a reload failed:\n" + whole.decode()[-2000:])
        self.loaded += whole.count(b"event=reload result=loaded")
        self.lost += whole.count(b"event=log lost=")
        return self.loaded

    def ask(self):
        os.kill(self.daemon.pid, signal.SIGUSR1)

    def reload(self):
        """One reload, awaited."""
        before = self.look()
        self.ask()
        wait_until(lambda: self.look() > before or self.daemon.process.poll() is not None, "a reload")
        if self.daemon.process.poll() is not None:
            raise AssertionError(f"the daemon ended with {self.daemon.process.returncode} behind {before} reloads")


__all__ = ["Daemon", "Reloads", "Rig", "TLS", "descriptors", "finish", "rss_kib", "wait_until"]
