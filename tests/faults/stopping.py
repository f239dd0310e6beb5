# SPDX-License-Identifier: BSD-2-Clause
"""SIGTERM at the earliest moment: behind READY=1, and before it."""
import os
import signal
import socket as sockets
import subprocess
import time

from common import partner, policy
from daemon import command, patience
from process import directory
from tap import equal, test

ROUNDS = 40


def begin(place, path, number):
    """A daemon, and the socket on which it tells the service manager."""
    notify = sockets.socket(sockets.AF_UNIX, sockets.SOCK_DGRAM)
    notify.bind(f"{place}/n{number}")
    notify.settimeout(patience(20))
    process = subprocess.Popen(command("-e", "-c", path, "-s", f"unix:{place}/s{number}"), stderr=subprocess.DEVNULL,
                               env={**os.environ, "NOTIFY_SOCKET": f"{place}/n{number}"})
    return process, notify


def statuses(delays, ready):
    with directory(policy(partner())) as (place, path):
        running = []
        for number in range(ROUNDS):
            process, notify = begin(place, path, number)
            if ready:
                equal(notify.recv(100), b"READY=1")
            time.sleep(delays[number % len(delays)])
            process.send_signal(signal.SIGTERM)
            running.append((process, notify))
        found = [process.wait(patience(15)) for process, _ in running]
        for _, notify in running:
            notify.close()
        return {status: found.count(status) for status in sorted(set(found))}


@test("SIGTERM right behind READY=1: exit 0, every time")
def behind_ready():
    equal(statuses((0, 0, 0.0001, 0.0003, 0.001), True), {0: ROUNDS})


@test("SIGTERM before the daemon listens: exit 0, or ended by the signal while it had not blocked it yet")
def before_ready():
    found = statuses((0, 0.002, 0.005, 0.01, 0.02), False)
    print(f"# {found}")
    equal(set(found) <= {0, -signal.SIGTERM}, True, f"{found}")
