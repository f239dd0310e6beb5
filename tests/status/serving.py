# SPDX-License-Identifier: BSD-2-Clause
"""forcetls metrics --listen: what HTTP clients get, good ones and others, and how little any of them can take."""
import contextlib
import json
import os
import shutil
import socket
import threading
import time

from asking import Status
from common import plain
from daemon import own_directory, patience
from scraping import EVERY_KIND, GET, Server, every_kind, judged, received, wait_for
from tap import contains, equal, test
from tool_cases import USAGE, run

CANTCREAT = 73
CLASSIC, OPENMETRICS = "text/plain; version=0.0.4; charset=utf-8", "application/openmetrics-text; version=1.0.0; charset=utf-8"
PROMETHEUS_2 = "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
PROMETHEUS_3 = ("application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,"
                "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2")


@contextlib.contextmanager
def serving(*partners):
    with Status(*partners) as daemon, Server(daemon.policy_file) as server:
        yield daemon, server


@test("--listen: the same text as forcetls metrics prints, in the form that Accept prefers")
def forms():
    with serving(*EVERY_KIND) as (daemon, server):
        every_kind(daemon)
        for accept, wanted in ((None, CLASSIC), (PROMETHEUS_2, OPENMETRICS), (PROMETHEUS_3, OPENMETRICS), ("*/*", CLASSIC),
                               ("text/html,application/xhtml+xml,*/*;q=0.8", CLASSIC), ("application/openmetrics-text", OPENMETRICS),
                               ("application/openmetrics-text; version=\"1.0.0\"", OPENMETRICS), ("application/openmetrics-text;version=2.0.0", CLASSIC),
                               ("application/openmetrics-text;q=0", CLASSIC), ("application/openmetrics-text;q=0.2, text/plain;q=0.3", CLASSIC),
                               ("application/openmetrics-text;q=0.3, text/plain;q=0.2", OPENMETRICS), ("Application/OpenMetrics-Text ; Q=1.0", OPENMETRICS),
                               ("application/openmetrics-text;q=x", CLASSIC), ("application/json", CLASSIC), (",;,=;q", CLASSIC),
                               ("text/plain\r\nACCEPT:application/openmetrics-text", OPENMETRICS)):
            status, fields, body = server.get(accept)
            equal((status, fields["Content-Type"]), (200, wanted), accept)
            code, out, _ = run("metrics", "-c", daemon.policy_file, "--format", "classic" if wanted == CLASSIC else "openmetrics")
            equal((code, numbers_out(body)), (0, numbers_out(out)), accept)
        status, fields, body = server.send(b"HEAD /metrics HTTP/1.1\r\n\r\n")
        equal((status, body, int(fields["Content-Length"]) > 1000), (200, "", True))


def numbers_out(text):
    """The text without the numbers that move."""
    return [line for line in text.splitlines() if not line.startswith("forcetls_sessions ")]


@test("--listen: requests that are odd, wrong, too long, in parts, two at once, with a body, from a client that stops sending")
def requests():
    with serving() as (_, server):
        for octets, wanted in ((b"GET /metrics HTTP/1.0\r\n\r\n", 200), (b"GET /metrics HTTP/1.1\n\n", 200), (b"\r\n\r\n" + GET, 200), (GET + GET, 200),
                               (b"GET /metrics?a=b HTTP/1.1\r\n\r\n", 200), (b"GET http://localhost:1/metrics HTTP/1.1\r\n\r\n", 200),
                               (b"GET /metrics HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello", 200), (GET + b"x" * 100000, 200),
                               (b"GET / HTTP/1.1\r\n\r\n", 404), (b"GET /metrics/ HTTP/1.1\r\n\r\n", 404), (b"GET http://x HTTP/1.1\r\n\r\n", 404),
                               (b"GET /" + b"m" * 2000 + b" HTTP/1.1\r\n\r\n", 404), (b"POST /metrics HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc", 405),
                               (b"OPTIONS * HTTP/1.1\r\n\r\n", 405), (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505), (b"GET /metrics\r\n\r\n", 400),
                               (b"x\n\n", 400), (b"GET /metrics FTP/1.1\r\n\r\n", 400), (b"GET /met\0rics HTTP/1.1\r\n\r\n", 400),
                               (b"  HTTP/1.1\r\n\r\n", 400), (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\n\n", 400),
                               (b"GET /metrics HTTP/1.1\r\n" + b"X: y\r\n" * 2000, 431), (b"x" * (1 << 20), 431), (b"\r\n" * 5000, 431)):
            answer = server.send(octets)
            equal(answer[0], wanted, octets[:60])
            equal(answer[1].get("Allow"), "GET, HEAD" if wanted == 405 else None, octets[:60])
            contains(answer[1]["Content-Type"], "text/plain; ")
        with server.connect() as stream:
            for octet in GET:
                stream.sendall(bytes([octet]))
            equal(received(stream)[0], 200, "octet by octet")
        for octets, wanted in ((GET, 200), (GET[:10], None), (b"", None)):
            with server.connect() as stream:
                stream.sendall(octets)
                stream.shutdown(socket.SHUT_WR)
                equal((received(stream) or [None])[0], wanted, f"half closed behind {octets}")


@test("--listen: 100 clients that say nothing or too little keep nobody out, and are closed")
def idle():
    with serving() as (_, server), contextlib.ExitStack() as open_ones:
        quiet = [open_ones.enter_context(server.connect()) for _ in range(100)]
        for number, stream in enumerate(quiet):
            with contextlib.suppress(OSError):
                stream.sendall(GET[:number % 30])
        begin = time.monotonic()
        equal(server.get()[0], 200)
        for stream in quiet:
            equal(received(stream), None)
        equal(time.monotonic() - begin < patience(20), True, "closed in time")
        wait_for(lambda: not server.children(), "no process is left")
        equal(len(os.listdir(f"/proc/{server.process.pid}/fd")) <= 6, True, "descriptors")


@test("--listen: at most eight answers at a time while the daemon hangs; then the others get theirs")
def hung():
    directory, release = own_directory(), threading.Event()
    try:
        with socket.socket(socket.AF_UNIX) as listener, open(f"{directory}/forcetls.yaml", "w", encoding="utf-8") as file:
            json.dump({"version": 1, "milter": {"status": f"unix:{directory}/s"}}, file)
            file.flush()
            listener.bind(f"{directory}/s")
            listener.listen(32)
            listener.settimeout(patience(60))

            def pretend():
                for _ in range(12):
                    with listener.accept()[0] as stream:
                        stream.recv(100)
                        release.wait(patience(60))
                        stream.sendall(b'{"forcetls_sessions": 1}\n')
            threading.Thread(target=pretend, daemon=True).start()
            with Server(file.name) as server, contextlib.ExitStack() as open_ones:
                asking = [open_ones.enter_context(server.connect()) for _ in range(12)]
                for stream in asking:
                    stream.sendall(GET)
                wait_for(lambda: len(server.children()) == 8, "eight processes")
                release.set()
                equal([received(stream)[0] for stream in asking], [200] * 12)
    finally:
        shutil.rmtree(directory)


@test("--listen: a daemon that is not there is 503, logged once; when it is back so are the metrics")
def absent():
    with serving() as (daemon, server):
        equal(server.get()[0], 200)
        daemon.stop()
        for _ in range(3):
            status, _, body = server.get(OPENMETRICS)
            equal(status, 503)
            contains(body, "the status socket does not answer")
            wait_for(lambda: not server.children(), "the answer ends")
        equal(server.log().count("does not answer"), 1)
        daemon.start()
        judged(daemon, plain())
        contains(server.get()[2], 'reason="no_tls"} 1\n')
        daemon.stop()
        wait_for(lambda: not server.children(), "the answer ends")
        equal(server.get()[0], 503)
        equal(server.log().count("does not answer"), 2, "the next time it is told again")
        daemon.start()


@test("--listen: what comes to the journal is logfmt, like the lines of the filter")
def in_journal():
    with Status() as daemon, Server(daemon.policy_file, in_journal=True) as server:
        equal(server.get()[0], 200)
        daemon.stop()
        equal(server.get()[0], 503)
        wait_for(lambda: not server.children(), "the answer ends")
        equal(server.get()[0], 503)
        listening, failing = server.log().splitlines()
        equal(listening, f'event=listening metrics="http://127.0.0.1:{server.address[1]}/metrics"')
        equal(failing.startswith('event=error text="forcetls metrics: the status socket does not answer: ') and failing.endswith('"'), True, failing)
        daemon.start()


@test("--listen: addresses good and bad, a port in use, a socket of the service manager")
def addresses():
    with Status() as daemon, socket.socket() as listener, socket.socket() as other:
        listener.bind(("127.0.0.1", 0))
        used = listener.getsockname()[1]
        for where in ("", "x", "127.0.0.1:", "127.0.0.1:99999", "127.0.0.1:-1", "::1:8896", "[::1:8896", "127.0.0.1:http", "fd:", "fd:x",
                      "a" * 300 + ":1"):
            code, out, err = run("metrics", "-c", daemon.policy_file, "--listen", where)
            equal((code, out), (USAGE, ""), where)
            contains(err, f"forcetls metrics: not HOST:PORT (an IPv6 address has brackets: [::1]:8896): {where}\n")
        for where in ("fd:99", "fd:0", f"fd:{other.fileno()}", "nobody.invalid:8896", f"127.0.0.1:{used}", "192.0.2.1:8896"):
            code, out, err = run("metrics", "-c", daemon.policy_file, "--listen", where)
            equal((code, out), (CANTCREAT, ""), where)
            contains(err, f"forcetls metrics: {where}: ")
        equal(run("metrics", "--listen", "0", "--format", "classic")[0], USAGE)
        listener.listen()
        with Server(daemon.policy_file, listener) as server:
            equal(server.address[1], used)
            equal(server.get()[0], 200)
