# SPDX-License-Identifier: BSD-2-Clause
"""The daemon's socketmap, spoken to as smtp(8) does, and the upstream map that it asks."""
import os
import pathlib
import signal
import socket
import threading
import time

import tap
from common import CONTOSO, NAMES, P, PARTNERS, partner, policy
from daemon import Daemon, free_port, patience
from milterclient import Session, postfix
from socketmap import Client, Map, netstring


def daemon_with(partners, upstream=None, **keys):
    spec = f"inet:{free_port()}@127.0.0.1"
    milter = {"outbound": spec, **({"outbound_upstream": upstream} if upstream else {})}
    daemon = Daemon(policy(partners, milter=milter), **keys)
    daemon.outbound, daemon.upstream = spec, upstream
    return daemon


def text_for(daemon, partners):
    """A policy with the same sockets and other partners."""
    milter = {"outbound": daemon.outbound, **({"outbound_upstream": daemon.upstream} if daemon.upstream else {})}
    return policy(partners, milter=milter)


@tap.test("listener: partners, strangers, dots, testing, other maps; one connection for all")
def _():
    with daemon_with(PARTNERS) as daemon, Client(daemon.outbound) as client:
        for key, answer in [("contoso.com", "OK " + CONTOSO), ("CONTOSO.com", "OK " + CONTOSO), (".contoso.com", "NOTFOUND "),
                            ("stranger.example", "NOTFOUND "), ("[mail.contoso.com]:25", "OK " + CONTOSO),
                            ("testing.example", "NOTFOUND "), ("old.contoso.com", "NOTFOUND "), ("münchen.example", None),
                            ("", "NOTFOUND "), ("a b c", "NOTFOUND "), ("x" * 9000, "NOTFOUND ")]:
            said = client.ask(key)
            tap.equal(said, answer or f"OK secure match=xn--mnchen-3ya.example:.xn--mnchen-3ya.example {NAMES}", key[:40])
        tap.equal(client.ask("contoso.com", "QUERY").split(" ")[0], "TEMP", "another map")
        tap.equal(client.ask("contoso.com"), "OK " + CONTOSO, "after another map")
        daemon.wait_log("event=outbound partner=contoso", count=4)
        lines = daemon.events("outbound")
        tap.equal([(line["partner"], line["mode"], line["key"], line["result"]) for line in lines][-2:],
                  [("idn", "enforce", "münchen.example", "ok"), ("contoso", "enforce", "contoso.com", "ok")])
        tap.equal([line["result"] for line in lines if line["partner"] == "testing"], ["notfound"])
        tap.equal([line for line in lines if line["partner"] == "hole"], [], "lines of mode none")


@tap.test("listener: requests in any parts and many at once; what is no request closes its connection only")
def _():
    with daemon_with(PARTNERS) as daemon, Client(daemon.outbound) as other:
        with Client(daemon.outbound) as client:
            for octet in netstring("postfix contoso.com"):
                client.stream.sendall(bytes([octet]))
            tap.equal(client.reader.read(), "OK " + CONTOSO, "octet by octet")
            client.stream.sendall(netstring("postfix contoso.com") * 200 + netstring("postfix x.example"))
            tap.equal([client.reader.read() for _ in range(200)], ["OK " + CONTOSO] * 200, "200 at once")
            tap.equal(client.reader.read(), "NOTFOUND ")
        for bad in (b"x", b"01:a,", b"5:postf;", b"99999999999:", b"20000:", b":", b"-1:,", b"GET / HTTP/1.0\r\n\r\n", b"\0" * 100):
            with Client(daemon.outbound) as client:
                client.stream.sendall(bad)
                try:
                    tap.equal(client.stream.recv(100), b"", repr(bad))
                except ConnectionResetError:
                    pass
        with Client(daemon.outbound) as client:
            client.stream.sendall(b"19:postfix cont")
        tap.equal(other.ask("contoso.com"), "OK " + CONTOSO, "another connection")


@tap.test("listener: 1024 idle connections stay, and each is answered; one more too")
def _():
    with daemon_with(PARTNERS) as daemon:
        clients = [Client(daemon.outbound) for _ in range(1024)]
        for client in clients:
            tap.equal(client.ask("x.example"), "NOTFOUND ")
        time.sleep(0.2)
        for client in [clients[0], clients[-1], clients[512]]:
            tap.equal(client.ask("contoso.com"), "OK " + CONTOSO)
        for client in clients:
            client.close()
        with Client(daemon.outbound) as client:
            tap.equal(client.ask("contoso.com"), "OK " + CONTOSO)


FEW = ("prlimit", "--nofile=4096:4096")  # a fourth of them: 1024 connections
MANY = 1100


def connections(spec, count, octets=b"", answers=False):
    """Connections that send that and then nothing, and read an answer if they are to."""
    held = []
    for _ in range(count):
        held.append(Client(spec))
        if octets:
            held[-1].stream.sendall(octets)
        if answers:
            tap.equal(held[-1].reader.read(), "NOTFOUND ")
    return held


def ask_as_postfix(spec, key):
    """A look-up on a new connection, which is repeated once where it was closed, as Postfix does it."""
    for last in (False, True):
        with Client(spec, patience(5)) as client:
            try:
                answer = client.ask(key)
                if answer or last:
                    return answer
            except ConnectionError:
                if last:
                    raise
    return None


for WHAT, OCTETS, ANSWERS in [("that send nothing", b"", False), ("with half a request", b"19:postfix cont", False),
                              ("that asked once", netstring("postfix x.example"), True),
                              ("with half a request behind a whole one", netstring("postfix x.example") + b"19:postfix cont", True)]:
    @tap.test(f"O20 p listener: more connections {WHAT} than there may be: a look-up is answered at once, and who asked last stays")
    def _(octets=OCTETS, answers=ANSWERS):
        with daemon_with(PARTNERS, wrapper=FEW) as daemon:
            held = connections(daemon.outbound, MANY // 2, octets, answers)
            with Client(daemon.outbound, patience(5)) as mine:
                tap.equal(mine.ask("contoso.com"), "OK " + CONTOSO)
                held += connections(daemon.outbound, MANY // 2, octets, answers)
                for _ in range(20):
                    tap.equal(ask_as_postfix(daemon.outbound, "contoso.com"), "OK " + CONTOSO, "a new connection")
                tap.equal(mine.ask("contoso.com"), "OK " + CONTOSO, "the connection that was there")
            tap.equal(len([line for line in daemon.events("warning") if "too many connections" in line["text"]]), 1)
            for client in held:
                client.close()


@tap.test("O20 p listener: while others connect all the time, a look-up is answered")
def _():
    with daemon_with(PARTNERS, wrapper=FEW) as daemon:
        ended = threading.Event()

        def storm(octets):
            held = []
            while not ended.is_set():
                try:
                    held.append(Client(daemon.outbound))
                    held[-1].stream.sendall(octets)
                except OSError:
                    pass
                if len(held) > MANY // 2:
                    held.pop(0).close()
            for client in held:
                client.close()
        threads = [threading.Thread(target=storm, args=(octets,)) for octets in (b"", b"19:postfix cont", netstring("postfix x.example"))]
        for thread in threads:
            thread.start()
        try:
            end = time.monotonic() + 3
            while time.monotonic() < end:
                tap.equal(ask_as_postfix(daemon.outbound, "contoso.com"), "OK " + CONTOSO)
        finally:
            ended.set()
            for thread in threads:
                thread.join()


@tap.test("O20 p listener: many requests at once have their turn, and then the others theirs")
def _():
    with daemon_with(PARTNERS) as daemon, Client(daemon.outbound) as many, Client(daemon.outbound) as one:
        for client in (many, one):
            tap.equal(client.ask("x.example"), "NOTFOUND ")
        os.kill(daemon.pid, signal.SIGSTOP)  # what both send is there when it goes on
        tasks = pathlib.Path(f"/proc/{daemon.pid}/task")
        while {task.read_text(encoding="ascii").rsplit(")", 1)[1].split()[0] for task in tasks.glob("*/stat")} != {"T"}:
            time.sleep(0.01)
        many.stream.sendall(netstring("postfix contoso.com") * 400 + b"19:postfix cont")
        one.stream.sendall(netstring("postfix pins.example"))
        os.kill(daemon.pid, signal.SIGCONT)
        tap.equal(one.reader.read()[:14], "OK fingerprint")
        tap.equal([many.reader.read() for _ in range(400)], ["OK " + CONTOSO] * 400)
        many.stream.sendall(b"oso.com,")
        tap.equal(many.reader.read(), "OK " + CONTOSO, "the request that came in two parts")
        daemon.wait_log("event=outbound partner=contoso", count=401)
        keys = [line["key"] for line in daemon.events("outbound")]
        if keys.index("pins.example") > 20:
            raise AssertionError(f"{keys.index('pins.example')} requests came first")


@tap.test("O20 p listener: with no descriptor left, a look-up is answered")
def _():
    with daemon_with(PARTNERS, wrapper=("prlimit", "--nofile=128:128")) as daemon:
        Session(daemon.socket, postfix()).quit()  # libmilter has what it needs to begin
        held = connections(daemon.outbound, 200)
        for _ in range(3):
            tap.equal(ask_as_postfix(daemon.outbound, "contoso.com"), "OK " + CONTOSO)
        for client in held:
            client.close()


@tap.test("listener: whoever reads no answers holds up nobody and is bounded")
def _():
    with daemon_with(PARTNERS) as daemon, Client(daemon.outbound) as client:
        with Client(daemon.outbound) as deaf:
            deaf.stream.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            deaf.stream.settimeout(0.5)
            try:
                for _ in range(2000):
                    deaf.stream.sendall(netstring("postfix contoso.com") * 100)
            except TimeoutError:
                pass
            else:
                raise AssertionError("it takes requests without end")
            begun = time.monotonic()
            tap.equal(client.ask("contoso.com"), "OK " + CONTOSO)
            if time.monotonic() - begun > patience(3):
                raise AssertionError("the other connection waited")


@tap.test("listener: a reload counts on connections that are open; changed sockets are a warning")
def _():
    with daemon_with(PARTNERS) as daemon, Client(daemon.outbound) as client:
        tap.equal(client.ask("new.example"), "NOTFOUND ")
        daemon.reload(text_for(daemon, [partner("new", "new.example")]))
        tap.equal(client.ask("new.example"), f"OK secure match=new.example:.new.example {NAMES}")
        tap.equal(client.ask("contoso.com"), "NOTFOUND ")
        daemon.reload(policy([partner("new", "new.example")]))
        daemon.wait_log("a changed outbound needs a restart")
        tap.equal(client.ask("new.example"), f"OK secure match=new.example:.new.example {NAMES}")


@tap.test("listener: a unix socket is removed at the end; a bad upstream or a socket in use stops the start")
def _():
    with Daemon(None, expect_ready=False) as place:
        path = os.path.join(place.dir, "o.sock")
        place.wait_exit()
        with Daemon(policy(PARTNERS, milter={"outbound": "unix:" + path})) as daemon:
            with Client("unix:" + path) as client:
                tap.equal(client.ask("contoso.com"), "OK " + CONTOSO)
            with Daemon(policy(PARTNERS, milter={"outbound": "unix:" + path}), expect_ready=False) as second:
                tap.equal(second.wait_exit(), 73)
                tap.contains(second.log(), "already in use")
            daemon.stop()
        tap.equal(os.path.exists(path), False, "the socket is there")
    bad = {"outbound": f"inet:{free_port()}@127.0.0.1", "outbound_upstream": "inet:1@nowhere.invalid"}
    with Daemon(policy(PARTNERS, milter=bad), expect_ready=False) as daemon:
        tap.equal(daemon.wait_exit(), 73)
        tap.contains(daemon.log(), "outbound_upstream")


# ---- the upstream map ----

@tap.test("upstream: asked for partners whose rule can be merged, over kept connections, and merged")
def _():
    with Map({"none.example": "OK dane-only ttl=5", "contoso.com": "OK dane-only"}) as upstream, \
            daemon_with(PARTNERS, upstream.spec) as daemon, Client(daemon.outbound) as client:
        for _ in range(3):
            tap.equal(client.ask("none.example"), f"OK dane-only ttl=5 {P}")
        tap.equal(client.ask("contoso.com"), f"OK dane-only {P}")
        tap.equal(client.ask("names.example"), f"OK secure match=mx.names.example:.cloud.example {NAMES}")
        asked = list(upstream.asked)
        for key in ("stranger.example", "testing.example", "pins.example", "dane.example"):
            client.ask(key)
        tap.equal(upstream.asked, asked, "asked without need")
        tap.equal(asked, ["QUERY none.example"] * 3 + ["QUERY contoso.com", "QUERY names.example"])
        tap.equal(upstream.connections, 1)
        client.stream.sendall(netstring("postfix none.example") * 50)
        tap.equal([client.reader.read() for _ in range(50)], [f"OK dane-only ttl=5 {P}"] * 50, "50 at once")


@tap.test("O22 p upstream: asked by the domain as name servers have it, however Postfix spells it: postfix-tlspol knows no other")
def _():
    dane = {name: "OK dane-only" for name in ("contoso.com", "a.contoso.com", "hop.example", "xn--mnchen-3ya.example")}
    with Map(dane) as upstream, daemon_with(PARTNERS, upstream.spec) as daemon, Client(daemon.outbound) as client:
        for key, wanted in (("Contoso.COM", "contoso.com"), ("contoso.com.", "contoso.com"), ("contoso.com:25", "contoso.com"), ("A.Contoso.com:smtp", "a.contoso.com"),
                            ("Hop.example", "hop.example"), ("münchen.example", "xn--mnchen-3ya.example"), ("MÜNCHEN.example", "xn--mnchen-3ya.example"),
                            ("xn--mnchen-3ya.example", "xn--mnchen-3ya.example")):
            tap.equal(client.ask(key), f"OK dane-only {P}", key)
            tap.equal(upstream.asked[-1], f"QUERY {wanted}", key)
        for key in ("contoso.com:587", "[mail.contoso.com]", "[192.0.2.1]:587"):
            tap.equal(client.ask(key).split("=")[0], "OK secure match", key)
            tap.equal(upstream.asked[-1], f"QUERY {key}", "another port, or a host: nothing is published for the domain")


@tap.test("upstream: one that closes its connections is asked again; one that is dead, hangs or babbles is TEMP")
def _():
    with Map({}, close=True) as upstream, daemon_with(PARTNERS, upstream.spec) as daemon, Client(daemon.outbound) as client:
        for _ in range(5):
            tap.equal(client.ask("none.example"), f"OK encrypt {P}")
    failed = "TEMP forcetls: partner none: the upstream map does not answer"
    for raw in (b"garbage", b"2:OK,", b"999999999:", b"7:OK a\nb ,"):
        with Map({}, raw=raw) as upstream, daemon_with(PARTNERS, upstream.spec) as daemon, Client(daemon.outbound) as client:
            tap.equal(client.ask("none.example"), failed, repr(raw))
    with daemon_with(PARTNERS, f"inet:{free_port()}@127.0.0.1") as daemon, Client(daemon.outbound) as client:
        tap.equal(client.ask("none.example"), failed, "dead")
        tap.equal(client.ask("pins.example")[:14], "OK fingerprint", "a rule that needs no upstream")
        client.stream.sendall(netstring("postfix none.example") * 500)
        tap.equal([client.reader.read() for _ in range(500)], [failed] * 500, "500 at once")


@tap.test("upstream: while it hangs, other connections are answered at once; its own within 5 s")
def _():
    with Map({"none.example": None}) as upstream, daemon_with(PARTNERS, upstream.spec) as daemon:
        with Client(daemon.outbound) as waiting, Client(daemon.outbound) as other, Client(daemon.outbound) as gone:
            begun, took = time.monotonic(), []
            waiting.stream.sendall(netstring("postfix none.example"))
            gone.stream.sendall(netstring("postfix none.example"))
            gone.close()
            answers = []
            thread = threading.Thread(target=lambda: (answers.append(waiting.reader.read()), took.append(time.monotonic() - begun)))
            thread.start()
            for _ in range(50):
                tap.equal(other.ask("stranger.example"), "NOTFOUND ")
            strangers = time.monotonic() - begun
            thread.join(patience(10))
            tap.equal(answers, ["TEMP forcetls: partner none: the upstream map does not answer"])
            if not took[0] <= patience(5) or strangers > took[0]:
                raise AssertionError(f"{took[0]} s, strangers {strangers} s")
            tap.equal(other.ask("pins.example")[:14], "OK fingerprint")
