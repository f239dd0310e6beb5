# SPDX-License-Identifier: BSD-2-Clause
"""The request "metrics" and forcetls metrics: every family, what is counted for whom, and that both texts are well formed."""
import contextlib
import json
import os
import re
import shutil
import socket
import subprocess
import threading
import time

from asking import Status, question
from common import SENDER, date, greeted, judge, partner, plain, settle, strong
from daemon import own_directory, patience
from milterclient import Tls, message, postfix
from scraping import DAY, EVERY_KIND, Outbound, every_kind, judged, wait_for
from socketmap import Client
from tap import Skip, contains, equal, test
from tool_cases import UNAVAILABLE, USAGE, run

SERIES = re.compile(r'^([a-z_]+)(?:\{((?:[a-z]+="(?:[^"\\\n]|\\[\\"n])*",?)+)\})?$')
LABEL = re.compile(r'([a-z]+)="((?:[^"\\\n]|\\.)*)"')
FAMILIES = {  # as OpenMetrics names them
    "forcetls_build": "info", "forcetls_start_time_seconds": "gauge", "forcetls_draining": "gauge", "forcetls_policy": "info",
    "forcetls_policy_loaded_timestamp_seconds": "gauge", "forcetls_policy_reload_success": "gauge",
    "forcetls_last_reload_timestamp_seconds": "gauge", "forcetls_policies_alive": "gauge",
    "forcetls_partners": "gauge", "forcetls_identity_end_timestamp_seconds": "gauge", "forcetls_sessions": "gauge",
    "forcetls_log_lines_lost": "counter", "forcetls_decision_duration_seconds": "histogram",
    "forcetls_decisions": "counter", "forcetls_tls_sessions": "counter",
}
SUFFIXES = {"info": ["_info"], "gauge": [""], "counter": ["_total"], "histogram": ["_bucket", "_sum", "_count"]}



def split(series):
    """Name and labels of a series, which must be well formed."""
    match = SERIES.match(series)
    equal(bool(match), True, f"a series: {series!r}")
    return match.group(1), dict(LABEL.findall(match.group(2) or ""))


def found(answer, family, *labels):
    """The values of a family by the named labels, but those of the fence."""
    got = {}
    for series, value in answer.items():
        name, of = split(series)
        if name == family and of.get("partner") != "fence":
            equal(tuple(of) if labels else (), labels, series)
            got[tuple(of.values()) if len(of) != 1 else next(iter(of.values()))] = value
    return got


def decided(answer):
    return found(answer, "forcetls_decisions_total", "partner", "direction", "verdict", "action", "reason")


def text(daemon, form):
    code, out, err = run("metrics", "-c", daemon.policy_file, "--format", form)
    equal((code, err), (0, ""), form)
    return out


@test("metrics: one JSON object a line, whose keys are series; every family, and each series once")
def families():
    with Status(*EVERY_KIND) as daemon:
        every_kind(daemon)
        with daemon.connect() as stream:
            answer, status = question(stream, "metrics"), question(stream, "status")
        names = {split(series)[0] for series in answer}
        wanted = {family + suffix for family, kind in FAMILIES.items() for suffix in SUFFIXES[kind]}
        equal(sorted(names), sorted(wanted))
        equal(len({(name, tuple(sorted(labels.items()))) for name, labels in map(split, answer)}), len(answer))
        equal(found(answer, "forcetls_build_info", "version"), {status["version"]: 1})
        equal(found(answer, "forcetls_policy_info", "digest"), {status["policy"]["digest"]: 1})
        equal(found(answer, "forcetls_partners", "mode"), {"none": 0, "testing": 1, "enforce": 5})
        equal(answer["forcetls_policy_reload_success"], 1)
        equal(answer["forcetls_log_lines_lost_total"], 0)
        for name in ("forcetls_start_time_seconds", "forcetls_policy_loaded_timestamp_seconds"):
            equal(0 <= time.time() - answer[name] < patience(60), True, name)


@test("metrics: decisions by partner, verdict, action and the first reason, as the log has them")
def decisions():
    with Status(*EVERY_KIND) as daemon:
        every_kind(daemon)
        answer, status = daemon.ask("metrics"), daemon.ask()
        logged, fence = {}, 0
        for line in daemon.decisions():
            fence += line["partner"] == "fence"
            key = (line["partner"], "inbound", line["verdict"], line["action"], line["reasons"].split(",")[0].replace("-", "") or "none")
            if line["partner"] != "fence":
                logged[key] = logged.get(key, 0) + 1
        equal(decided(answer), logged)
        equal({key[2] for key in logged} >= {"pass", "fail", "excepted", "exempt"}, True, logged)
        equal(sum(logged.values()) + fence, sum(status["decisions"].values()))
        equal(found(answer, "forcetls_tls_sessions_total", "partner", "version"),
              {("contoso", "TLSv1.3"): 1, ("contoso", "TLSv1.2"): 1, **{(name, "TLSv1.3"): 1 for name in "tqde"}})
        buckets = list(found(answer, "forcetls_decision_duration_seconds_bucket", "le").items())
        equal(len(buckets), 13)
        equal(buckets[-1], ("+Inf", answer["forcetls_decision_duration_seconds_count"]))
        equal([count for _, count in buckets], sorted(count for _, count in buckets))
        equal(buckets[-1][1], sum(logged.values()) + fence)
        equal(0 < answer["forcetls_decision_duration_seconds_sum"] < patience(60), True)


@test("metrics: answers about mail to partners are decisions of direction outbound, as the log has them")
def outbound():
    def to(name, **keys):
        return {"name": name, "domains": [f"{name}.test"], "outbound": keys}
    partners = (partner(outbound={}), to("testing", mode="testing"), to("off", mode="none"),
                to("excepted", exceptions=[{"until": date(DAY), "reason": "x"}]),
                to("dates", require={"certificates": [{"name": "a.test", "until": date(-DAY)}]}))
    with Outbound(*partners) as daemon, Client(daemon.outbound) as client:
        equal(decided(daemon.ask("metrics")), {})
        for key in ("partner.test", "partner.test", "testing.test", "off.test", "excepted.test", "dates.test", "stranger.test"):
            client.ask(key)
        wanted = {("contoso", "outbound", "ok", "accept", "none"): 2, ("testing", "outbound", "notfound", "accept", "none"): 1,
                  ("excepted", "outbound", "notfound", "accept", "none"): 1, ("dates", "outbound", "temp", "tempfail", "none"): 1}
        equal(decided(daemon.ask("metrics")), wanted)
        daemon.wait_log("event=outbound", count=5)
        logged = [(line["partner"], line["result"]) for line in daemon.events("outbound")]
        equal({key[:1] + key[2:3]: count for key, count in wanted.items()}, {key: logged.count(key) for key in logged})
        judge(daemon, plain())
        equal(decided(daemon.ask("metrics")), {**wanted, ("contoso", "inbound", "fail", "reject", "no_tls"): 1}, "with mail from the partner")


@test("metrics: the time of the last reload, good or bad, and how many policies are in memory")
def reloads():
    def of(name):
        return daemon.ask("metrics")[name]
    with Status(*EVERY_KIND) as daemon:
        equal(of("forcetls_last_reload_timestamp_seconds"), of("forcetls_policy_loaded_timestamp_seconds"), "at the start")
        equal(of("forcetls_policies_alive"), 1)
        with greeted(daemon, strong()) as session:
            session.mail(SENDER)
            daemon.reload_by_socket(partner(), partner("t", ["t.test"]))
            equal(of("forcetls_policies_alive"), 2, "a message under way needs the old one")
            # time(2) may be a few milliseconds behind the clock that Python reads.
            wait_for(lambda: time.time() > of("forcetls_policy_loaded_timestamp_seconds") + 1.1, "the next second")
            equal(daemon.reload_by_socket(partner("t", []))["result"], "failed")
            equal(of("forcetls_last_reload_timestamp_seconds") > of("forcetls_policy_loaded_timestamp_seconds"), True)
            equal(of("forcetls_policies_alive"), 2, "a policy with mistakes is gone")
        wait_for(lambda: of("forcetls_policies_alive") == 1, "the old policy is freed")


@test("metrics: a drain, while a session is under way")
def draining():
    with Status() as daemon:
        with greeted(daemon, strong()) as session:
            session.mail(SENDER)
            equal(daemon.ask("metrics")["forcetls_draining"], 0)
            daemon.ask("drain", control=True)
            equal(daemon.ask("metrics")["forcetls_draining"], 1)
        equal(daemon.wait_exit(), 0)


@test("metrics: no series before a partner's first event, and nothing of what a client sends")
def quiet():
    with Status(*EVERY_KIND) as daemon:
        before = daemon.ask("metrics")
        equal((decided(before), found(before, "forcetls_tls_sessions_total")), ({}, {}))
        odd = postfix(tls=Tls("TLSv9\"evil", "EVIL", 256), name="evil.test")
        judged(daemon, odd, "<a@stranger.test>")
        equal(decided(daemon.ask("metrics")), {}, "a stranger's")
        judge(daemon, odd, "<evil@partner.test>", helo="evil.test")
        answer = daemon.ask("metrics")
        equal(len(decided(answer)), 1)
        equal([series for series in answer if "evil" in series.lower() or "partner.test" in series], [])
        equal(set(found(answer, "forcetls_tls_sessions_total", "partner", "version")) <= {("contoso", "unknown")}, True)


@test("metrics: the longest name of a partner")
def longest():
    name = "n" * 61 + ".-_"
    with Status(partner(name)) as daemon:
        judge(daemon, plain())
        equal(decided(daemon.ask("metrics")), {(name, "inbound", "fail", "reject", "no_tls"): 1})
    with Status(partner(name + "n"), expect_ready=False) as daemon:
        equal(daemon.wait_exit(), 78, "a longer one is no name")


@test("metrics: one TLS session with several mails counts once")
def tls_sessions():
    with Status(*EVERY_KIND) as daemon:
        with greeted(daemon, strong()) as session:
            for _ in range(3):
                message(session, SENDER)
            for _ in range(2):
                message(session, "<a@t.test>")
        settle(daemon)
        equal(found(daemon.ask("metrics"), "forcetls_tls_sessions_total", "partner", "version"),
              {("contoso", "TLSv1.3"): 1, ("t", "TLSv1.3"): 1})


@test("metrics: the counts of a partner that a reload removes stay, and go on when another reload adds it")
def survive():
    key = ("contoso", "inbound", "fail", "reject", "no_tls")
    with Status(partner(), partner("t", ["t.test"])) as daemon:
        judge(daemon, plain())
        digest = daemon.ask()["policy"]["digest"]
        daemon.reload_by_socket(partner("t", ["t.test"]))
        judge(daemon, plain())
        equal(decided(daemon.ask("metrics")), {key: 1}, "nobody's mail")
        equal(daemon.ask("metrics").get(f'forcetls_policy_info{{digest="{digest}"}}'), None)
        bad = daemon.reload_by_socket(partner("t", []))
        equal((bad["result"], daemon.ask("metrics")["forcetls_policy_reload_success"]), ("failed", 0))
        daemon.reload_by_socket(partner())
        equal(daemon.ask("metrics")["forcetls_policy_reload_success"], 1)
        judge(daemon, plain())
        equal(decided(daemon.ask("metrics")), {key: 2})


@test("metrics: when identities end: the partner's, its profile's; gaps, the past; nothing beyond 90 days")
def identity_ends():
    now = int(time.time())

    def identity(until=None, begin=None):
        made = {"subject": "x", "issuer": "y", "until": until and date(until), "from": begin and date(begin)}
        return {key: value for key, value in made.items() if value}

    def of(name, *identities, **more):
        return partner(name, [f"{name}.test"], require={"certificates": list(identities), **more})
    partners = (of("soon", identity(10 * DAY)), of("far", identity(91 * DAY)), of("never", identity(5 * DAY), identity()),
                of("renewed", identity(10 * DAY), identity(40 * DAY, 9 * DAY)), of("gap", identity(10 * DAY), identity(40 * DAY, 11 * DAY)),
                of("over", identity(-5 * DAY), identity(-7 * DAY)), of("not-yet", identity(40 * DAY, 3 * DAY)), of("profiled", identity(50 * DAY), profile=["short"]), partner())
    with Status(*partners, keys={"profiles": {"short": {"certificates": [identity(20 * DAY)]}}}) as daemon:
        ends = found(daemon.ask("metrics"), "forcetls_identity_end_timestamp_seconds", "partner")
        equal(sorted(ends), ["gap", "not-yet", "over", "profiled", "renewed", "soon"])
        for name, days in (("soon", 10), ("renewed", 40), ("gap", 10), ("profiled", 20), ("over", -5), ("not-yet", 0)):
            equal(abs(ends[name] - now - days * DAY) < patience(60), True, f"{name}: {ends[name] - now}")


@test("forcetls metrics: the classic text")
def classic():
    with Status(*EVERY_KIND) as daemon:
        every_kind(daemon)
        out = text(daemon, "classic")
        wanted = {name + (SUFFIXES[kind][0] if kind in ("info", "counter") else ""): "gauge" if kind == "info" else kind
                  for name, kind in FAMILIES.items()}
        equal(dict(re.findall(r"^# TYPE (\S+) (\S+)$", out, re.M)), wanted)
        equal(sorted(re.findall(r"^# HELP (\S+) \S", out, re.M)), sorted(wanted))
        contains(out, 'forcetls_decisions_total{partner="contoso",direction="inbound",verdict="fail",action="reject",reason="no_tls"} 1\n')
        same(daemon, out)
        equal(run("metrics", "-c", daemon.policy_file)[0], 0, "the default")


@test("forcetls metrics: OpenMetrics")
def openmetrics():
    with Status(*EVERY_KIND) as daemon:
        every_kind(daemon)
        out = text(daemon, "openmetrics")
        equal(out.endswith("\n# EOF\n") and out.count("# EOF"), 1)
        equal(dict(re.findall(r"^# TYPE (\S+) (\S+)$", out, re.M)), FAMILIES)
        equal("\n\n" in out, False)
        same(daemon, out)


@test("the classic text by promtool, without and with decisions")
def promtool():
    if not shutil.which("promtool"):
        raise Skip("no promtool")
    with Status(*EVERY_KIND) as daemon:
        for _ in range(2):
            done = subprocess.run(["promtool", "check", "metrics"], input=text(daemon, "classic"), capture_output=True, text=True,
                                  timeout=patience(60), check=False)
            equal((done.returncode, done.stdout, done.stderr), (0, "", ""), "promtool")
            every_kind(daemon)


@test("OpenMetrics by a strict reader")
def strict():
    try:
        from prometheus_client.openmetrics import parser
    except ImportError as error:
        raise Skip("no python3-prometheus-client") from error
    with Status(*EVERY_KIND) as daemon:
        for _ in range(2):  # without and with decisions
            read = list(parser.text_string_to_metric_families(text(daemon, "openmetrics")))
            got = {family.name: family.type for family in read}
            equal(got.items() <= FAMILIES.items(), True, got)
            every_kind(daemon)
        equal(got, FAMILIES)


def same(daemon, out):
    """The text has the series of the socket, in the same order; numbers that move apart."""
    lines = [line.rsplit(" ", 1) for line in out.splitlines() if not line.startswith("#")]
    answer = daemon.ask("metrics")
    equal([series for series, _ in lines], list(answer))
    equal([(series, float(value)) for series, value in lines if series != "forcetls_sessions"],
          [(series, float(value)) for series, value in answer.items() if series != "forcetls_sessions"])


@test("metrics: an answer of many pieces; at most 10,000 partners; who does not read is closed")
def many():
    end = date(30 * DAY)
    bulk = [{"name": f"p{n}", "domains": [f"p{n}.test"], "require": {"certificates": [{"subject": "x", "issuer": "y", "until": end}]}}
            for n in range(10050)]
    with Status(*bulk, partner()) as daemon:
        ends = found(daemon.ask("metrics"), "forcetls_identity_end_timestamp_seconds", "partner")
        equal(len(ends), 10000)
        equal(text(daemon, "classic").count("\nforcetls_identity_end_timestamp_seconds{"), 10000)
        with contextlib.ExitStack() as open_ones:
            begin = time.monotonic()
            deaf = [open_ones.enter_context(daemon.connect()) for _ in range(8)]
            for stream in deaf:
                stream.sendall(b"metrics\n")
            answers = []
            threads = [threading.Thread(target=lambda: answers.append(daemon.ask("metrics"))) for _ in range(4)]
            for thread in threads:
                thread.start()
            equal(daemon.reload_by_socket(*bulk[:9000], partner())["result"], "loaded")
            equal(judged(daemon, plain()).refused, True)
            for thread in threads:
                thread.join()
            equal([len(found(answer, "forcetls_identity_end_timestamp_seconds", "partner")) in (9000, 10000) for answer in answers], [True] * 4)
            for stream in deaf:
                wait_closed(stream, begin)
        equal(len(found(daemon.ask("metrics"), "forcetls_identity_end_timestamp_seconds", "partner")), 9000)


def wait_closed(stream, begin):
    """The daemon closes the connection, and not before its five seconds; what came until then is no whole line."""
    watched = b""
    end = time.monotonic() + patience(30)
    while not stream_ended(stream):
        equal(time.monotonic() < end, True, "it is closed")
        time.sleep(0.05)
    equal(time.monotonic() - begin > 4, True, "not before")
    with contextlib.suppress(ConnectionError):
        while octets := stream.recv(1 << 16):
            watched += octets
    equal(watched.endswith(b"\n"), False)


def stream_ended(stream):
    """Whether the other side has closed, without reading."""
    try:
        stream.send(b"", socket.MSG_DONTWAIT | socket.MSG_NOSIGNAL)
        stream.send(b"\n", socket.MSG_DONTWAIT | socket.MSG_NOSIGNAL)
    except BlockingIOError:
        return False
    except OSError:
        return True
    return False


@contextlib.contextmanager
def pretended(answer):
    """A status socket that answers anything with those octets; the policy that names it."""
    directory = own_directory()
    try:
        with socket.socket(socket.AF_UNIX) as listener, open(f"{directory}/forcetls.yaml", "w", encoding="utf-8") as file:
            json.dump({"version": 1, "milter": {"status": f"unix:{directory}/s"}}, file)
            file.flush()
            listener.bind(f"{directory}/s")
            listener.listen()
            listener.settimeout(patience(20))

            def serve():
                with listener.accept()[0] as stream:
                    stream.recv(100)
                    stream.sendall(answer)
            thread = threading.Thread(target=serve)
            thread.start()
            yield file.name
            thread.join()
    finally:
        shutil.rmtree(directory)


@test("forcetls metrics: labels are escaped, a newer daemon's families are shown, and a bad answer is none")
def answers_of_others():
    good = {'forcetls_partners{mode="a\\\\b\\"c\\nd"}': 1, "forcetls_new_total": 2 ** 53 + 1, "forcetls_sessions": 0}
    with pretended(json.dumps(good).encode() + b"\n") as policy:
        code, out, err = run("metrics", "-c", policy)
        equal((code, err), (0, ""))
        contains(out, 'forcetls_partners{mode="a\\\\b\\"c\\nd"} 1\nforcetls_new_total 9007199254740993\n# HELP forcetls_sessions ')
    for bad in (b"", b"\n", b"[]\n", b'{"forcetls_sessions": 1', b'{"forcetls_sessions": "x"}\n', b'{"forcetls_sessions": {"a": 1}}\n',
                b'{"evil": 1}\n', b'{"forcetls_a\\u001b[31m": 1}\n', b'{"forcetls_a 1\\nb": 1}\n', b'{"error": "not now"}\n'):
        with pretended(bad) as policy:
            code, out, err = run("metrics", "-c", policy, "--format", "openmetrics")
            equal((code, out), (UNAVAILABLE, ""), bad)
            contains(err, "forcetls metrics: the status socket does not answer: ")


@test("forcetls metrics: usage, and a daemon that is not there")
def usage():
    for arguments in (("--format", "json"), ("x",), ("--nonsense",)):
        equal(run("metrics", *arguments)[0], USAGE, arguments)
    with Status() as daemon:
        daemon.stop()
        code, out, err = run("metrics", "-c", daemon.policy_file)
        equal((code, out), (UNAVAILABLE, ""))
        contains(err, os.path.basename(daemon.path))
