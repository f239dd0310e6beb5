# SPDX-License-Identifier: BSD-2-Clause
"""Pins behind Postfix: what check_policy_service reports (milter.postfix_facts), joined with the milter's session."""
import contextlib
import json
import os
import random
import socket as sockets
import stat
import subprocess
import tempfile
import threading
import time

from common import (Certificate, Daemon, GOOD, OURS, SENDER, briefly, decisions, greeted, judge, partner, policy, postfix, resident,
                    result, sendmail, settle, strong)
from daemon import Hung, binary, connect, free_port, own_directory, patience
from milterclient import STRONG, Tls
from tap import Skip, contains, equal, test

PIN, OTHER, KEY = "AB:" * 31 + "CD", "EF:" * 31 + "01", "12:" * 31 + "34"
MD5, SHA512 = "AB:" * 15 + "CD", "AB:" * 63 + "CD"
FINGERPRINT, MISSING, UNSEEN = "554 5.7.1 certificate_fingerprint", "554 5.7.5 certificate_missing", f"{OURS} mta_facts"
ANSWER = b"action=DUNNO\n\n"
# Postfix 3.7.11's, in its order.
ATTRIBUTES = ("request protocol_state protocol_name client_address client_name client_port reverse_client_name server_address "
              "server_port helo_name sender recipient recipient_count queue_id instance size etrn_domain stress sasl_method "
              "sasl_username sasl_sender ccert_subject ccert_issuer ccert_fingerprint ccert_pubkey_fingerprint "
              "encryption_protocol encryption_cipher encryption_keysize policy_context").split()


def pinned(*identities, **keys):
    return partner(require={"certificates": list(identities) or [{"fingerprint": f"sha256:{PIN}"}]}, **keys)


@contextlib.contextmanager
def listening(*partners, **options):
    """A daemon with postfix_facts, and where that listens in .facts."""
    place = own_directory()
    try:
        facts = options.pop("facts", f"unix:{place}/f")
        with Daemon(policy(*(partners or [pinned()]), milter={"postfix_facts": facts}), **options) as daemon:
            daemon.facts = facts
            yield daemon
    finally:
        for name in os.listdir(place):
            os.unlink(os.path.join(place, name))
        os.rmdir(place)


def request(session, pin=PIN, key=KEY, **changes):
    """What Postfix would say of the session at DATA; None in `changes` leaves an attribute out."""
    macros = session.macros
    values = {"request": "smtpd_access_policy", "protocol_state": "DATA", "protocol_name": "ESMTP",
              "client_address": macros["client_addr"].removeprefix("IPv6:"), "client_port": macros["client_port"],
              "server_address": macros["daemon_addr"], "server_port": macros["daemon_port"],
              "queue_id": f"4Qx{session.messages:07d}", "ccert_fingerprint": pin, "ccert_pubkey_fingerprint": key,
              "encryption_protocol": macros.get("tls_version") or "", "encryption_cipher": macros.get("cipher") or "",
              "encryption_keysize": macros.get("cipher_bits") or 0, "sender": "a@partner.test", **changes}
    names = ATTRIBUTES + [name for name in changes if name not in ATTRIBUTES]
    lines = [f"{name}={values.get(name, '')}\n" for name in names if values.get(name, "") is not None]
    return ("".join(lines) + "\n").encode()


def ask(stream, octets):
    """Sends a request and waits for its answer, as Postfix does."""
    stream.sendall(octets)
    got = b""
    while len(got) < len(ANSWER):
        part = stream.recv(len(ANSWER) - len(got))
        if not part:
            raise ConnectionError(f"no answer, only {got!r}")
        got += part
    equal(got, ANSWER, "answer")


def report(daemon, octets):
    with connect(daemon.facts, patience(10)) as stream:
        ask(stream, octets)


def deliver(session, tell, sender=SENDER, recipients=("<b@example.org>",), headers=(("From", "x@example.net"),)):
    """A message; tell() is called where Postfix calls its policy services: behind the recipients, before DATA."""
    replies = [session.mail(sender)]
    if not replies[-1].refused:
        replies += [session.rcpt(recipient) for recipient in recipients]
        if tell:
            tell(session)
        for step in (session.data, *(lambda h=h: session.header(*h) for h in headers), session.eoh, session.eom):
            replies.append(step())
            if replies[-1].refused:
                break
    return result(replies)


def reported(daemon, profile=None, pin=PIN, key=KEY, sender=SENDER, **changes):
    """One mail with its report in a session of its own: the client's view, with the reasons of the log."""
    start = len(decisions(daemon))
    with greeted(daemon, profile or strong(postfix)) as session:
        got = deliver(session, lambda s: report(daemon, request(s, pin, key, **changes)), sender)
    settle(daemon)
    return got._replace(lines=decisions(daemon)[start:])


# ---- what is reported counts ----

@test("pins f the certificate or key that Postfix reported, trusted or not")
def right_and_wrong():
    cases = [({"fingerprint": f"sha256:{PIN}"}, PIN, KEY, "accept"), ({"fingerprint": f"sha256:{PIN}"}, PIN.lower(), KEY, "accept"),
             ({"fingerprint": f"sha256:{PIN}"}, OTHER, KEY, FINGERPRINT), ({"fingerprint": f"sha256:{PIN}"}, KEY, PIN, FINGERPRINT),
             ({"key_fingerprint": f"sha256:{KEY}"}, PIN, KEY, "accept"), ({"key_fingerprint": f"sha256:{KEY}"}, KEY, PIN, FINGERPRINT),
             ({"fingerprint": f"sha256:{PIN}"}, "", "", MISSING), ({"key_fingerprint": f"sha256:{KEY}"}, "", "", MISSING)]
    with listening() as daemon:
        for identity, pin, key, wanted in cases:
            daemon.reload(policy(pinned(identity), milter={"postfix_facts": daemon.facts}))
            equal(briefly(reported(daemon, None, pin, key)), wanted, f"{identity} {pin[:8]}")
        daemon.reload(policy(pinned(), milter={"postfix_facts": daemon.facts}))
        equal(briefly(reported(daemon, strong(postfix, GOOD))), "accept", "a certificate that verified")
        equal(briefly(reported(daemon, postfix(tls=Tls("TLSv1.2", "ECDHE-RSA-AES128-GCM-SHA256", 128)))), "accept", "TLS 1.2")
        equal(briefly(reported(daemon, strong(postfix, client="2001:db8::7", daemon_addr="2001:db8::25"))), "accept", "IPv6")
        got = reported(daemon, None, OTHER)
        equal((got.at, got.lines[0]["qid"], got.lines[0]["identity"]), ("data", "4Qx0000001", ""), "the log")


@test("pins f a file: and identity= says which one matched")
def which_one():
    made = own_directory()
    pem, key = os.path.join(made, "c.pem"), os.path.join(made, "c.key")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=x",
                    "-days", "30", "-keyout", key, "-out", pem], check=True, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    shown = subprocess.run(["openssl", "x509", "-in", pem, "-noout", "-fingerprint", "-sha256"], check=True, capture_output=True, text=True)
    of_file = shown.stdout.strip().split("=")[1]
    identities = [{"subject": "mail.partner.test"}, {"fingerprint": f"sha256:{PIN}", "until": "2020-01-01"},
                  {"key_fingerprint": f"sha256:{KEY}"}, {"file": "c.pem"}]
    with open(pem, encoding="ascii") as file, listening(pinned(*identities), files={"c.pem": file.read()}) as daemon:
        for pin, key_pin, wanted in ((PIN, KEY, "3"), (of_file, OTHER, "4")):
            got = reported(daemon, None, pin, key_pin)
            equal((briefly(got), got.lines[0]["identity"]), ("accept", wanted))
        equal(briefly(reported(daemon, None, PIN, OTHER)), "554 5.7.1 certificate_dates", "the one that ended came nearest")
        got = judge(daemon, strong(postfix, GOOD))
        equal((briefly(got), got.lines[0]["identity"]), ("accept", "1"), "by name, without a report")
    for path in (pem, key):
        os.unlink(path)
    os.rmdir(made)


@test("pins f a rollover passes on both sides of its second")
def rollover():
    turn = time.time() + 3
    moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(turn))
    old, new = {"fingerprint": f"sha256:{PIN}", "until": moment}, {"fingerprint": f"sha256:{OTHER}", "from": moment}
    with listening(pinned(old, new)) as daemon:
        before = reported(daemon, None, PIN)
        if time.time() < int(turn):
            equal((briefly(before), before.lines[0]["identity"]), ("accept", "1"), "the old one, before")
        while time.time() < int(turn):
            time.sleep(0.05)
        equal(briefly(reported(daemon, None, PIN)), "554 5.7.1 certificate_dates", "the old one, after")
        after = reported(daemon, None, OTHER)
        equal((briefly(after), after.lines[0]["identity"]), ("accept", "2"), "the new one, after")


@test("pins f what contradicts the macros, or names another message, counts for nothing")
def contradictions():
    cases = [{"client_address": "192.0.2.11"}, {"client_port": 40124}, {"server_address": "198.51.100.26"}, {"server_port": 587},
             {"queue_id": "4Qx0000002"}, {"queue_id": ""}, {"queue_id": None}, {"encryption_protocol": "TLSv1.2"},
             {"encryption_protocol": ""}, {"encryption_cipher": "TLS_AES_128_GCM_SHA256"}, {"encryption_cipher": ""}, {"request": "x"},
             {"request": None}, {"key": ""}, {"ccert_fingerprint": None}, {"ccert_fingerprint": ""}, {"pin": MD5, "key": MD5},
             {"pin": SHA512, "key": SHA512}, {"pin": PIN.replace(":", "") + "0"}, {"client_port": f"40123\nclient_port=40123"},
             {"queue_id": "4Qx0000001\0"}, {"queue_id": "4Qx0000001" * 30}]
    with listening() as daemon:
        for case in cases:
            equal(briefly(reported(daemon, None, **case)), UNSEEN, f"{case}")
        equal(briefly(reported(daemon, strong(postfix, GOOD), "", "")), UNSEEN, "none, where the macros show one")
        equal(briefly(reported(daemon, strong(postfix, daemon_addr=None), server_address="198.51.100.25")), UNSEEN, "no {daemon_addr}")
        equal(briefly(reported(daemon, None, compatibility_level="3.10", mail_version="3.12.1", tls_sni="mx.here.test")), "accept",
              "later versions' attributes")
        equal(briefly(reported(daemon)), "accept", "and nothing is left of all that")


# ---- whose it is ----

@test("pins f only a report behind this message's MAIL counts")
def fresh():
    with listening() as daemon, greeted(daemon, strong(postfix)) as session:
        with connect(daemon.facts) as stream:
            session.messages += 1  # its queue id, ahead of MAIL
            early = request(session)
            session.messages -= 1
            ask(stream, early)
            equal(deliver(session, None).brief, OURS, "before MAIL")
            equal(deliver(session, lambda s: ask(stream, request(s))).brief, "accept", "behind MAIL")
            session.messages -= 1  # the same queue id once more
            equal(deliver(session, None).brief, OURS, "the message before had that queue id")
            session.messages -= 1
            equal(deliver(session, lambda s: ask(stream, request(s, OTHER))).brief, "554 5.7.1", "its own report counts")
            session.mail(SENDER)
            session.rcpt("<b@example.org>")
            ask(stream, request(session))
            session.abort()
            session.messages -= 1
            equal(deliver(session, None).brief, OURS, "of the transaction before RSET")
        with greeted(daemon, strong(postfix)) as next_one:
            next_one.messages = session.messages - 1
            equal(deliver(next_one, None).brief, OURS, "of another session on the same port with the same queue id")


@test("pins f several messages and recipients in a session, each by its own report")
def several():
    with listening() as daemon, greeted(daemon, strong(postfix)) as session, connect(daemon.facts) as stream:
        for number in range(20):
            pin, wanted = ((PIN, "accept"), (OTHER, "554 5.7.1"), ("", "554 5.7.5"))[number % 3]
            got = deliver(session, lambda s, p=pin: ask(stream, request(s, p, KEY if p else "")),
                          recipients=[f"<{n}@example.org>" for n in range(1 + number % 4)])
            equal(got.brief, wanted, f"message {number}")
        def twice(session):
            ask(stream, request(session, OTHER, recipient="one@example.org", protocol_state="RCPT"))
            ask(stream, request(session, PIN))
        equal(deliver(session, twice).brief, "accept", "of two reports the later")


@test("pins f recipients, headers: the report is there for whoever needs it later")
def later_needs():
    by_header = pinned(name="header", domains=["header.test"], identities=["header_from"])
    by_recipient = pinned(name="recipient", domains=["rcpt.test"], recipients=["b@example.org"])
    with listening(by_header, by_recipient) as daemon, connect(daemon.facts) as stream:
        for pin, wanted in ((PIN, "accept"), (OTHER, "554 5.7.1")):
            def tell(session, p=pin):
                ask(stream, request(session, p))
            with greeted(daemon, strong(postfix)) as session:
                equal(deliver(session, tell, "<a@x.test>", headers=[("From", "a@header.test")]).brief, wanted, "header")
                equal(deliver(session, tell, "<a@rcpt.test>").brief, wanted, "recipient")
                equal(deliver(session, tell, "<a@rcpt.test>", ["<c@example.org>"]).brief, "accept", "another recipient")
        with greeted(daemon, strong(postfix)) as session:
            equal(deliver(session, None, "<a@x.test>", headers=[("From", "a@header.test")]).brief, OURS, "header, no report")
            equal(deliver(session, None, "<a@x.test>").brief, "accept", "nobody's, no report")


@test("pins f nobody else is asked, kept waiting or refused")
def others():
    named = partner("named", ["named.test"], require={"certificates": [{"subject": GOOD.cn}]})
    both = partner("both", ["both.test"], require={"certificates": [{"subject": GOOD.cn}, {"fingerprint": f"sha256:{PIN}"}]})
    with listening(pinned(), named, both) as daemon:
        with greeted(daemon, strong(postfix, GOOD)) as session:
            equal(session.mail("<a@nobody.test>").kind, "accept", "a stranger's mail ends at MAIL")
            equal(deliver(session, None, "<a@named.test>").brief, "accept", "a partner with names")
            equal(deliver(session, None, "<a@both.test>").brief, "accept", "names or a pin, by name")
        equal(briefly(judge(daemon, postfix())), "530 5.7.0 no_tls", "plaintext, at MAIL")
        with greeted(daemon, strong(postfix)) as session:
            equal(deliver(session, None, "<a@both.test>").brief, OURS, "names or a pin, by neither")
            equal(deliver(session, None).brief, OURS, "a pin")
        equal(briefly(judge(daemon, strong(sendmail, Certificate("x", "y", "FAIL", PIN)))), "accept", "Sendmail needs no report")


@test("pins f many sessions from one address with different certificates are never mixed")
def interleaved():
    wrong, done = [], [0] * 12
    pins = {number: ":".join(f"{(number * 37 + i) % 256:02X}" for i in range(32)) for number in range(len(done))}
    partners = [pinned({"fingerprint": f"sha256:{pins[number]}"}, name=f"p{number}", domains=[f"p{number}.test"]) for number in range(4)]

    def work(number):
        chance = random.Random(number)
        try:
            with connect(daemon.facts, patience(20)) as stream:
                for round_ in range(25):
                    # Ports are taken up again at once, and every session's queue ids are the same.
                    with greeted(daemon, strong(postfix, port=50000 + number)) as session:
                        for _ in range(4):
                            shown, owner = chance.choice([number, chance.randrange(len(pins)), None]), chance.randrange(4)
                            tell = None if shown is None else (lambda s, p=pins[shown]: ask(stream, request(s, p)))
                            got = deliver(session, tell, f"<a@p{owner}.test>").brief
                            wanted = OURS if shown is None else "accept" if shown == owner else "554 5.7.1"
                            done[number] += 1
                            if got != wanted:
                                wrong.append(f"session {number}.{round_}: {shown} for {owner}: {got}")
        except Exception as error:  # shown by the test, not lost in the thread
            wrong.append(f"{type(error).__name__}: {error}")
    with listening(*partners) as daemon:
        threads = [threading.Thread(target=work, args=(number,)) for number in range(len(done))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        equal(wrong[:5], [], "wrong verdicts")
        equal(set(done), {100}, "messages")


# ---- hostile and unlucky ----

def pour(stream, octets, megabytes=8):
    """Sends until the other side has enough of it."""
    try:
        for _ in range(megabytes * 1024 * 1024 // len(octets)):
            stream.sendall(octets)
    except OSError:
        pass


@test("pins f any input is answered with DUNNO, and real reports go on meanwhile")
def any_input():
    with listening() as daemon:
        equal(briefly(reported(daemon)), "accept")
        for what, octets in (("nothing", b"\n"), ("garbage", b"\0\xff\x01=x\n\n"), ("no equals sign", b"abc\n\n"), ("many lines", b"a=b\n" * 9000 + b"\n"),
                             ("a long line", b"sender=" + b"x" * 60000 + b"\n\n"), ("an empty name", b"=\n\n"), ("binary", bytes(range(1, 10)) * 1000 + b"\n\n")):
            report(daemon, octets)
            equal(briefly(reported(daemon)), "accept", f"behind {what}")
        with connect(daemon.facts, patience(10)) as stream:
            stream.sendall(b"x=y\n\n" * 100)
            got = b""
            while len(got) < 100 * len(ANSWER):
                got += stream.recv(4096)
            equal(got, ANSWER * 100, "a hundred at once")
        size = resident(daemon)
        endless = [(b"x" * 65536), (b"sender=" + b"y" * 1000 + b"\n") * 60, b"\n" * 65536, b"queue_id="]
        streams = [connect(daemon.facts, 0.5) for _ in range(40)]
        threads = [threading.Thread(target=pour, args=(stream, endless[n % 4])) for n, stream in enumerate(streams)]
        for thread in threads:
            thread.start()
        for number in range(10):
            equal(briefly(reported(daemon)), "accept", f"beside endless input, {number}")
        for stream in streams:
            with contextlib.suppress(OSError):
                stream.shutdown(sockets.SHUT_RDWR)
        for thread in threads:
            thread.join()
        for stream in streams:
            stream.close()
        equal(briefly(reported(daemon)), "accept", "behind endless input")
        if not os.environ.get("FORCETLS_SLOW") and not os.environ.get("FORCETLS_WRAPPER"):
            equal(resident(daemon) - size < 32 * 1024, True, f"memory {size} -> {resident(daemon)} KiB")


@test("pins f a request that never ends is ended: DUNNO and goodbye")
def too_long():
    with listening() as daemon, connect(daemon.facts, patience(10)) as stream:
        with contextlib.suppress(OSError):
            for _ in range(100):
                stream.sendall(b"x" * 4096)
        got = b""
        with contextlib.suppress(ConnectionResetError):
            while part := stream.recv(4096):
                got += part
        equal(got in (ANSWER, b""), True, f"{got!r}")  # a reset may take the answer away
        equal(briefly(reported(daemon)), "accept")


@test("pins f thousands of idle connections and half requests keep no real one out")
def idle():
    import resource
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    wanted = 5000
    if hard != resource.RLIM_INFINITY and hard < wanted + 200:
        raise Skip("too few file descriptors")
    soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted + 200), hard))
    streams = []
    with listening() as daemon, connect(daemon.facts, patience(10)) as real:
        report_of = lambda s: ask(real, request(s))  # noqa: E731
        try:
            with greeted(daemon, strong(postfix)) as session:
                equal(deliver(session, report_of).brief, "accept", "before")
            for number in range(wanted):
                streams.append(insist(daemon))
                if number % 2:
                    streams[-1].sendall(b"request=smtpd_access_policy\nqueue_id=")
            with greeted(daemon, strong(postfix)) as session:
                equal(deliver(session, report_of).brief, "accept", "one that was there before them")
            equal(briefly(reported(daemon)), "accept", "a new one")
            equal(len(os.listdir(f"/proc/{daemon.pid}/fd")) < 4300, True, "descriptors")
        finally:
            for stream in streams:
                stream.close()
        equal(briefly(reported(daemon)), "accept", "afterwards")


def insist(daemon):
    """A connection, also where others wait to be accepted."""
    for _ in range(1000):
        try:
            return connect(daemon.facts, patience(10))
        except BlockingIOError:
            time.sleep(0.01)
    raise AssertionError("nobody accepts")


@test("pins f few descriptors: the listener neither spins nor takes them from the milter")
def few_descriptors():
    with listening() as daemon:
        equal(briefly(reported(daemon)), "accept", "before")  # libmilter has what it needs to begin
        subprocess.run(["prlimit", f"--pid={daemon.pid}", "--nofile=64:64"], check=True)
        streams = []
        try:
            for _ in range(100):
                streams.append(connect(daemon.facts, 2))
            time.sleep(0.3)
            before = cpu_ticks(daemon)
            time.sleep(1)
            equal(cpu_ticks(daemon) - before < 50, True, "it spins")
        finally:
            for stream in streams:
                stream.close()
        time.sleep(0.3)
        equal(briefly(reported(daemon)), "accept", "afterwards")


def cpu_ticks(daemon):
    with open(f"/proc/{daemon.pid}/stat", encoding="ascii") as file:
        fields = file.read().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


@test("pins f who has hung up before the answer was not waiting for it")
def hung_up():
    with listening() as daemon, greeted(daemon, strong(postfix)) as session:
        def tell(session):
            with Hung(daemon.pid), connect(daemon.facts) as stream:
                stream.sendall(request(session))
            report(daemon, b"\n")  # by now it has read the one before
        equal(deliver(session, tell).brief, OURS)
        equal(deliver(session, lambda s: report(daemon, request(s))).brief, "accept", "the next message")


@test("pins f a process that stood still answers what waited for it, and believes none of it")
def stopped():
    with listening() as daemon:
        idle_one, asker, half = (connect(daemon.facts, patience(10)) for _ in range(3))
        ask(idle_one, b"\n")
        ask(asker, b"\n")
        half.sendall(b"request=")
        with greeted(daemon, strong(postfix)) as session:
            session.mail(SENDER)
            session.rcpt("<b@example.org>")
            with Hung(daemon.pid):
                asker.sendall(request(session))
                late = connect(daemon.facts, patience(10))
                late.sendall(request(session))
                time.sleep(4)
            for stream in (asker, late):
                equal(stream.recv(100), ANSWER)
            with contextlib.suppress(ConnectionResetError):
                equal(half.recv(100), b"", "half a request")
            equal(session.data().brief, OURS, "nothing was recorded")
            for stream in (idle_one, asker, late):
                equal(deliver(session, lambda s, on=stream: ask(on, request(s))).brief, "accept", "the next message's report")
        for stream in (idle_one, asker, late, half):
            stream.close()
        equal(briefly(reported(daemon)), "accept", "afterwards")


@test("pins f a short stop delays a report, and it counts")
def stopped_shortly():
    with listening() as daemon, greeted(daemon, strong(postfix)) as session, connect(daemon.facts, patience(10)) as stream:
        def tell(session):
            with Hung(daemon.pid):
                stream.sendall(request(session))
                time.sleep(0.4)
            equal(stream.recv(100), ANSWER)
        equal(deliver(session, tell).brief, "accept")


# ---- the log says why ----

@test("pins f another digest, no report, a contradiction: each told once until the next reload")
def told_once():
    with listening() as daemon:
        def texts():
            settle(daemon)
            return [line["text"] for line in daemon.events("facts")]
        for _ in range(3):
            equal(briefly(reported(daemon, None, MD5, MD5)), UNSEEN)
        contains(texts()[0], "smtpd_tls_fingerprint_digest")
        equal(len(texts()), 1, "once")
        for _ in range(3):
            equal(briefly(judge(daemon, strong(postfix))), UNSEEN)
            equal(briefly(reported(daemon, None, encryption_protocol="TLSv1.2")), UNSEEN)
        equal(len(texts()), 3, "each reason once")
        contains(texts()[1], "smtpd_data_restrictions")
        contains(texts()[2], "contradicts")
        daemon.reload()
        equal(briefly(reported(daemon, None, MD5, MD5)), UNSEEN)
        equal(len(texts()), 4, "once more after a reload")
        equal(daemon.events("facts")[0]["qid"], "4Qx0000001")


# ---- beginning, reload, end ----

@test("pins f every form of socket; a unix socket's mode follows from the umask, and it goes with the daemon")
def sockets_of_all_kinds():
    for facts in (None, f"inet:{free_port()}@127.0.0.1", f"inet:{free_port()}@localhost", f"inet6:{free_port('::1')}@[::1]", f"inet6:{free_port('::1')}@::1"):
        with listening(**({"facts": facts} if facts else {})) as daemon:
            spec = daemon.facts.replace("localhost", "127.0.0.1")
            with connect(spec, patience(10)) as stream, greeted(daemon, strong(postfix)) as session:
                equal(deliver(session, lambda s: ask(stream, request(s))).brief, "accept", spec)
            daemon.wait_log(f'event=listening postfix_facts="{daemon.facts}"')
            if facts is None:
                path, before = spec[5:], os.umask(0)
                os.umask(before)
                equal(stat.S_IMODE(os.stat(path).st_mode), 0o777 & ~before, "mode")
                equal(daemon.stop(), 0)
                equal(os.path.exists(path), False, "gone")


@test("pins f a socket that cannot be had: no start, and why")
def no_start():
    place = own_directory()
    try:
        open(f"{place}/file", "w", encoding="ascii").close()
        os.mkdir(f"{place}/open")
        os.chmod(f"{place}/open", 0o777)
        os.symlink(f"{place}/elsewhere", f"{place}/link")
        taken = free_port()
        with connect_listener(f"{place}/used"), sockets.create_server(("127.0.0.1", taken)):
            for facts, status in ((f"unix:{place}/file", 78), (f"unix:{place}/link", 78), (f"unix:{place}/open/f", 78),
                                  (f"unix:{place}/none/f", 78), (f"unix:{place}/used", 73), (f"inet:{taken}@127.0.0.1", 73),
                                  ("inet:8896@192.0.2.1", 73)):
                with Daemon(policy(pinned(), milter={"postfix_facts": facts}), expect_ready=False) as daemon:
                    equal(daemon.wait_exit(), status, facts)
                    contains(daemon.log(), "event=error")
                    contains(daemon.log(), "postfix_facts")
                    equal(os.path.exists(daemon.socket[5:]), False, "the milter's socket")
        equal(os.path.exists(f"{place}/file"), True, "what stood there stays")
    finally:
        subprocess.run(["rm", "-rf", place], check=True)


def connect_listener(path):
    listener = sockets.socket(sockets.AF_UNIX)
    listener.bind(path)
    listener.listen()
    return listener


@test("pins f the milter's own socket is not used twice, a stale one is taken over, -t touches nothing")
def same_socket():
    place = own_directory()
    try:
        facts = f"unix:{place}/s"
        with Daemon(policy(pinned(), milter={"postfix_facts": facts}), socket=facts, expect_ready=False) as daemon:
            equal(daemon.wait_exit(), 73)
        with sockets.socket(sockets.AF_UNIX) as stale:
            stale.bind(f"{place}/s")
        with tempfile.NamedTemporaryFile("w", suffix=".yaml", dir=place) as file:
            file.write(policy(pinned(), milter={"postfix_facts": facts}))
            file.flush()
            before = os.stat(f"{place}/s").st_ino
            subprocess.run([binary(), "-t", "-c", file.name], check=True, stderr=subprocess.DEVNULL)
            equal(os.stat(f"{place}/s").st_ino, before, "-t")
        with Daemon(policy(pinned(), milter={"postfix_facts": facts})) as daemon:
            daemon.facts = facts
            equal(briefly(reported(daemon)), "accept")
    finally:
        subprocess.run(["rm", "-rf", place], check=True)


@test("pins f a reload that changes postfix_facts needs a restart; pins without a listener are undecidable")
def reloads():
    with Daemon(policy(partner())) as daemon:
        new = f"unix:{daemon.dir}/f"
        daemon.reload(policy(pinned(), milter={"postfix_facts": new}))
        contains(daemon.log(), "a changed postfix_facts needs a restart")
        equal(os.path.exists(new[5:]), False)
        equal(briefly(judge(daemon, strong(postfix))), UNSEEN, "no listener")
        contains(daemon.log(), "takes effect only after a restart")
    with listening() as daemon:
        daemon.reload(policy(pinned(), milter={"postfix_facts": daemon.facts}))
        equal(daemon.log().count("needs a restart"), 0, "not changed")
        daemon.reload(policy(pinned()))
        contains(daemon.log(), "a changed postfix_facts needs a restart")
        equal(briefly(judge(daemon, strong(postfix))), UNSEEN, "taken out")
        daemon.reload(policy(pinned(), milter={"postfix_facts": daemon.facts}))
        equal(briefly(reported(daemon)), "accept", "put back")


@test("pins f a session that began without partners is outdated for pins; one that began with any partner has DATA")
def outdated():
    pins = policy(pinned(), milter={"postfix_facts": "FACTS"})
    with listening(partner()) as daemon, greeted(daemon, strong(postfix)) as early:
        empty = json.dumps({"version": 1, "allow_empty": True, "milter": {"postfix_facts": daemon.facts}, "partners": []})
        daemon.reload(empty)
        with greeted(daemon, strong(postfix)) as session:
            daemon.reload(pins.replace("FACTS", daemon.facts))
            got = deliver(session, lambda s: report(daemon, request(s)))
            equal(got.brief, OURS)
            contains(got.text, "session_outdated")
        equal(deliver(early, lambda s: report(daemon, request(s))).brief, "accept", "began with a partner")
        equal(briefly(reported(daemon)), "accept", "a new session")


@test("pins f a report is for the policy of MAIL, whatever is loaded meanwhile")
def reload_within():
    with listening() as daemon, greeted(daemon, strong(postfix)) as session:
        def tell(session):
            report(daemon, request(session))
            daemon.reload(policy(pinned({"fingerprint": f"sha256:{OTHER}"}), milter={"postfix_facts": daemon.facts}))
        equal(deliver(session, tell).brief, "accept")
        equal(deliver(session, lambda s: report(daemon, request(s))).brief, "554 5.7.1", "the next message")
