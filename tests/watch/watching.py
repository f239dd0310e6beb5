# SPDX-License-Identifier: BSD-2-Clause
"""A daemon that watches its policy, and scenarios that run beside each other, because each of them mostly waits."""
import concurrent.futures
import json
import os
import sys
import time

from asking import question
from daemon import Daemon, connect, patience
from tap import equal, test

QUIET, POLL = 2, 30  # seconds: milter/watch_times.h
SEEN = QUIET + 1.5   # what a wrong reload would have come within

_scenarios = {}
_futures = {}


def scenario(name):
    """As tap.test(), but all of them begin at once."""
    def register(function):
        _scenarios[name] = function
        test(name)(lambda: _futures[name].result())
        return function
    return register


def begin():
    """Starts those whose names contain any of the arguments, as tap.main() chooses them."""
    wanted = sys.argv[1:]
    chosen = {name: f for name, f in _scenarios.items() if not wanted or any(w in name for w in wanted)}
    pool = concurrent.futures.ThreadPoolExecutor(max(1, len(chosen)))
    for name, function in chosen.items():
        _futures[name] = pool.submit(function)


def partners(*names, **keys):
    """The text of a file with these partners."""
    return json.dumps({"partners": [{"name": name, "domains": [f"{name}.test"], **keys} for name in names]})


class Watched(Daemon):
    """Its policy holds `keys`, includes d/*.yaml, and has `watch: true`. `files` as Daemon's."""

    def __init__(self, keys=None, files=None, watch=True, **more):
        super().__init__(None, files=files if files is not None else {"d/a.yaml": partners("a", "b", "c")}, **more)
        self.keys = {"include": "d/*.yaml"} if keys is None else keys
        self.policy_text = self.text(watch=watch)

    def text(self, watch=True, **keys):
        return json.dumps({"version": 1, **self.keys, **keys,
                           "milter": {"socket": self.socket, "status": f"unix:{self.dir}/status.sock", "watch": watch}})

    def at(self, name):
        return os.path.join(self.dir, name)

    def put(self, name, text):
        """In place, as a shell's ">"."""
        with open(self.at(name), "w", encoding="utf-8") as file:
            file.write(text)

    def ask(self, request="status"):
        with connect(f"unix:{self.dir}/status.sock") as stream:
            return question(stream, request)

    def wait_reloads(self, count, timeout=20):
        """Waits for so many reloads since the start, and that no further one is there; answers the last one's line."""
        end = time.monotonic() + patience(timeout)
        while len(self.reloads()) < count:
            if time.monotonic() > end or self.process.poll() is not None:
                raise AssertionError(f"{len(self.reloads())} reloads, wanted {count}:\n{self.log()}")
            time.sleep(0.05)
        lines = self.reloads()
        equal(len(lines), count, f"reloads in\n{self.log()}")
        return lines[-1]

    def loads(self, count, added="", removed=""):
        """That the reload number `count` loads, and what it changes."""
        line = self.wait_reloads(count)
        equal((line["result"], line.get("added"), line.get("removed")), ("loaded", added, removed), self.log())
        return line

    def fails(self, count):
        line = self.wait_reloads(count)
        equal(line["result"], "failed", self.log())
        return line

    def errors(self):
        return [line["text"] for line in self.events("policy") if line["severity"] == "error"]

    def is_quiet(self, count, seconds=SEEN):
        """That there are so many reloads, and no further one comes."""
        time.sleep(seconds)
        equal(len(self.reloads()), count, f"reloads in\n{self.log()}")
