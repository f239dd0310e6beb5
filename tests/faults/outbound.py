# SPDX-License-Identifier: BSD-2-Clause
"""Memory fails while Postfix asks how to send to a partner, and while Sendmail asks whether to."""
import contextlib
import json
import os

from daemon import Daemon, free_port, own_directory
from memory import ALWAYS, Allocator, wait_for_threads
from socketmap import Client, netstring
from tap import equal, test

PARTNERS = [
    {"name": "named", "domains": ["named.test", ".named.test"], "outbound": {}},
    {"name": "idn", "domains": ["m\u00fcnchen.test"], "outbound": {}},
    {"name": "pinned", "domains": ["pinned.test"], "outbound": {"require": {"certificates": [{"fingerprint": "sha256:" + ":".join(["AB"] * 32)}]}}},
]
TLS = ["TLSv1.3", "TLS_AES_256_GCM_SHA384", "256", "OK", "mx.named.test", "CA", "/CN=mx.named.test", "/CN=CA", ":".join(["AB"] * 32), ""]
PLAIN = ["", "", "", "NONE", "", "", "", "", "", ""]


def ask(daemon, request):
    try:
        with Client(daemon.outbound) as client:
            client.stream.sendall(netstring(request))
            return client.reader.read() or "closed"
    except ConnectionError:
        return "closed"


def next_answer(daemon, request):
    """As Postfix does it: asks once more where the connection was closed."""
    got = ask(daemon, request)
    return ask(daemon, request) if got == "closed" else got


def session(recipient, shown):
    return b"sendmail " + b"\x9b".join(text.encode() for text in ["6ASQID", "a@h\u00e4re.test", recipient, "mx.named.test.", "192.0.2.1", *shown])


# request, how the answer begins, how answers begin that also keep the mail here or send it as agreed
SCENARIO = [
    (b"postfix named.test", "OK secure match=named.test:.named.test ", ("OK secure match=named.test:.named.test ",)),
    (b"postfix a.b.named.test", "OK secure match=a.b.named.test:", ("OK secure match=a.b.named.test:",)),
    ("postfix M\u00dcNCHEN.test".encode(), "OK secure match=xn--mnchen-3ya.test:", ("OK secure match=xn--mnchen-3ya.test:",)),
    (b"postfix pinned.test", "OK fingerprint match=AB:", ("OK fingerprint match=AB:",)),
    (session("u@named.test", PLAIN), "OK 451 4.7.0 ", ("OK 451 4.",)),
    (session("u@M\u00dcNCHEN.test", PLAIN), "OK 451 4.7.0 ", ("OK 451 4.",)),
    (session("u@named.test", TLS), "OK OK", ("OK OK", "OK 451 4.")),
    (session("u@pinned.test", [*TLS[:8], "CD" * 32, ""]), "OK 451 4.7.1 ", ("OK 451 4.",)),
]


@contextlib.contextmanager
def failing():
    """A daemon with both maps, and its allocator."""
    place = own_directory()
    spec = f"inet:{free_port()}@127.0.0.1"
    allocator = Allocator(place)
    text = json.dumps({"version": 1, "milter": {"outbound": spec}, "partners": PARTNERS}, ensure_ascii=False)
    try:
        with Daemon(text, env=allocator.environment) as daemon:
            daemon.outbound = spec
            wait_for_threads(daemon)
            yield daemon, allocator
    finally:
        for name in os.listdir(place):
            os.unlink(os.path.join(place, name))
        os.rmdir(place)


@test("F08 f an answer about mail to a partner in which allocations fail: nothing that lets the mail out, and the next one is right")
def answers():
    with failing() as (daemon, allocator):
        for request, wanted, good in SCENARIO:
            equal(ask(daemon, request)[:len(wanted)], wanted, str(request))
            for times in (1, ALWAYS):
                first, failed, told = 0, 1, 0
                while failed:
                    first += 1
                    allocator.arm(first, times)
                    got = ask(daemon, request)
                    failed = allocator.disarm()
                    equal(daemon.process.poll(), None, f"{request}, allocation {first}: the daemon's exit status")
                    equal(got == "closed" or got.startswith(("TEMP ", *good)), True, f"{request}, allocation {first}, {times} times: {got}")
                    told += not got.startswith(wanted)
                    if times == 1 and failed:
                        equal(next_answer(daemon, request)[:len(wanted)], wanted, f"{request}, behind allocation {first}")
                equal(first > 1, True, str(request))
                print(f"# {request[:30]}: {first - 1} allocations, {told} told, {times} times")
