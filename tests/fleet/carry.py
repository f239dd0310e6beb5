# SPDX-License-Identifier: BSD-2-Clause
"""What a mail costs a gateway: processor time of Postfix and of the filter, with and without it, in turn."""
import os
import statistics
import time

import smtp
from sender import Tls

TICK = os.sysconf("SC_CLK_TCK")
# What is sent: the sender's domain, whether over TLS, mails in a session.
KINDS = {"anyone's, in plaintext": ("stranger.test", False, 1), "anyone's, over TLS": ("stranger.test", True, 1),
         "a partner's, over TLS": ("cert.test", True, 1),
         "a partner's, over TLS, 20 in a session": ("cert.test", True, 20)}
WITH, WITHOUT = 25, 26  # ports: gateway.Mta


def seconds(process, *fields):
    """Fields of /proc/PID/stat, in seconds: 14 and 15 its own time, 16 and 17 that of the children it waited for."""
    with open(f"/proc/{process}/stat", encoding="ascii") as file:
        words = file.read().rpartition(")")[2].split()
    return sum(int(words[field - 3]) for field in fields) / TICK


def spent(gateway):
    """Of Postfix, with all processes that it had, and of the filter."""
    with open(gateway.mta.path("spool/pid/master.pid"), encoding="ascii") as file:
        master = int(file.read())
    with open(f"/proc/{master}/task/{master}/children", encoding="ascii") as file:
        children = file.read().split()
    postfix = seconds(master, 14, 15, 16, 17) + sum(seconds(child, 14, 15) for child in children)
    return postfix, seconds(gateway.filter.pid, 14, 15)


def send(gateway, port, context, kind, sessions):
    """That many sessions, one after the other; then all mail has left."""
    domain, secure, mails = KINDS[kind]
    for _ in range(sessions // mails or 1):
        with smtp.connect(port, context if secure else None, host=gateway.address) as client:
            for _ in range(mails):
                reply = client.message(f"a@{domain}")
                if reply.code != 250:
                    raise AssertionError(f"{kind}, port {port}: {reply}\n{gateway.mta.log()[-3000:]}")
            client.quit()
    while gateway.mta.queue():
        time.sleep(0.01)


def measure(fleet, rounds, mails):
    """Kind to its rows: milliseconds a mail of Postfix without the filter, with it, and of the filter; one a round."""
    gateway, context = fleet.gateways[0], Tls(fleet.pki.client("good"))
    found = {kind: [] for kind in KINDS}
    for number in range(-1, rounds):  # the first one warms up
        for kind in KINDS:
            row = {}
            for port in (WITHOUT, WITH) if number % 2 else (WITH, WITHOUT):
                before = spent(gateway)
                send(gateway, port, context, kind, mails)
                row[port] = [1000 * (after - earlier) / mails for earlier, after in zip(before, spent(gateway))]
            if number >= 0:
                found[kind].append((row[WITHOUT][0], *row[WITH]))
    return found


def show(found):
    print("# ms of processor time a mail, median (least to most): "
          "Postfix alone, Postfix that asks, the filter, both against alone")
    for kind, rows in found.items():
        columns = [*zip(*rows), [(asks + own) / alone if alone else 0.0 for alone, asks, own in rows]]
        texts = [f"{statistics.median(column):.2f} ({min(column):.2f} to {max(column):.2f})" for column in columns]
        print(f"# {kind}: {', '.join(texts)}", flush=True)
