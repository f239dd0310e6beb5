# SPDX-License-Identifier: BSD-2-Clause
"""Gateways, the server behind them, and what Prometheus and record do beside."""
import collections
import json
import os
import re
import shutil
import subprocess
import sys
import threading
import time

import daemon as daemons
import pki
import verify
from daemon import parse_logfmt
from gateway import FORCETLS, Gateway, eventually
from mails import POLICIES
from tap import contains

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
BUILD = """set -e
mkdir "$1"
git -C "$2" archive "$3^" | tar -x -C "$1"
cd "$1"
autoreconf -fi
./configure
make -j2 forcetls-milter
"""


def build_previous(place):
    """The filter of the version before: as the tree was when its number was given up. The path of the program."""
    with open(f"{TOP}/configure.ac", encoding="utf-8") as file:
        version = re.search(r"AC_INIT\(\[[^]]*\], \[([^]]*)\]", file.read())[1]
    found = subprocess.run(["git", "-C", TOP, "log", f"-S[{version}]", "--format=%H", "--", "configure.ac"],
                           check=True, capture_output=True, text=True).stdout.split()
    subprocess.run(["sh", "-c", BUILD, "sh", f"{place}/previous", TOP, found[-1]], check=True, capture_output=True)
    return f"{place}/previous/forcetls-milter"


class Sink:
    """The server behind the gateways."""

    def __init__(self, place):
        self.file = f"{place}/arrived"
        self.process = subprocess.Popen([sys.executable, f"{HERE}/sink.py", self.file],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.port = int(self.process.stdout.readline())

    def arrived(self):
        with open(self.file, encoding="utf-8") as file:
            return collections.Counter(file.read().split("\n")[:-1])

    def close(self):
        self.process.stdin.close()
        self.process.wait()


class Fleet:
    """A fleet whose gateways begin with the policy "one", or with those files in its place."""

    def __init__(self):
        self.place = daemons.own_directory("fl-")
        os.chmod(self.place, 0o755)
        self.pki, self.sink, self.gateways = pki.Pki(self.place), Sink(self.place), []
        self.program = daemons.binary()
        self.over = threading.Event()
        self.scraping = threading.Thread(target=self._scrape)

    def start(self, count=4, previous=False, files=POLICIES["one"]):
        program = build_previous(self.place) if previous else self.program
        for number in range(1, count + 1):  # a service manager holds the filter's socket of every other one
            gateway = Gateway(number, self.place, program, held=number % 2 == 0, late=previous)
            self.gateways.append(gateway)
            gateway.put_policy(files)
            gateway.policies.append(["one", time.time(), None])
            gateway.start(self.sink.port, self.pki)
        self.scraping.start()
        return self

    def stop(self):
        self._end_scraping()
        for gateway in self.gateways:
            gateway.stop()
        self.sink.close()
        shutil.rmtree(self.place, ignore_errors=True)

    def _scrape(self):
        while not self.over.wait(1):
            for gateway in self.gateways:
                gateway.scrape()

    def _end_scraping(self):
        self.over.set()
        if self.scraping.is_alive():
            self.scraping.join()

    def record(self):
        """What the timer of forcetls-record does on every gateway."""
        for gateway in self.gateways:
            gateway.forcetls("record", "--gateway", gateway.name, gateway.log_file)

    def change(self, gateway, what, policy):
        if what == "upgrade":
            gateway.upgrade(self.program)
        elif what == "reload":
            said = gateway.reload(policy, POLICIES[policy])
            contains(said, "added joining" if policy == "two" else "removed joining")
        else:
            getattr(gateway, what)()

    def collect(self, sender):
        """What everybody says when all is quiet; then no filter and no Postfix runs any more."""
        self._end_scraping()
        eventually(lambda: not any(gateway.mta.queue() for gateway in self.gateways), "the queues are empty", 120)
        for gateway in self.gateways:
            gateway.scrape()
            gateway.mta.end()
            gateway.end_filter()
            gateway.journal.close()
        self.record()
        databases = [word for gateway in self.gateways for word in ("--database", f"{gateway.dir}/lib/evidence.db")]
        report = subprocess.run([FORCETLS, "report", "--format", "json", *databases], check=True, capture_output=True)
        return verify.Collected(self.gateways, sender.attempts, sender.troubles, self.sink.arrived(),
                                {gateway.name: events(gateway) for gateway in self.gateways}, json.loads(report.stdout))


def events(gateway):
    """A gateway's log, parsed."""
    with open(gateway.log_file, encoding="utf-8", errors="surrogateescape") as file:
        return [parse_logfmt(line) for line in file]
