# SPDX-License-Identifier: BSD-2-Clause
"""
Macro packets that no MTA sends (F12). libmilter trusts their form: behind a packet with an odd number of strings, or
whose last one does not end, smfi_getsymval() reads past an array. Such a death is libmilter's and is told in a
comment; it may let nobody's mail through, and one with a frame of ours where it happened is a failure.
"""
import re
import subprocess

from daemon import Daemon
from tap import equal, test
from wire import (ABORT, CONNECT, HELO, MAIL, OFFER, QUIT, QUIT_NC, RCPT, STAR, Bystander, accepted, none_accepted, packet, refuse,
                  split, throw)

STAGES = b"CHMRTENL"
START = OFFER + CONNECT + HELO
TLS = b"{tls_version}\0TLSv1.3\0{cipher}\0TLS_AES_256_GCM_SHA384\0{cipher_bits}\0" + b"256\0"


def sound(data):
    """Whether libmilter survives a macro packet: no string at all, or pairs of ended ones, or a stage unknown to it."""
    return len(data) < 2 or b"\0" not in data[1:] or (data.endswith(b"\0") and data.count(b"\0", 1) % 2 == 0)


@test("F12 p macro packets of sound form and strange content")
def strange():
    contents = [b"", b"\0" * 2, b"\0" * 60000, b"\0x\0" * 2, b"i\0" + b"x" * 60000 + b"\0", b"x" * 60000 + b"\0\0", b"{}\0x\0", b"{\0x\0",
                b"".join(b"{m%d}\0%d\0" % (n, n) for n in range(4500)), b"{mail_addr}\0" + b"\xff" * 50000 + b"\0", b"v\0%s%n%d\0",
                b"{client_port}\0" + b"9" * 3000 + b"\0", b"i\0x\0" * 16000,
                b"{client_addr}\0" b"127.0.0.1\0{auth_type}\0PLAIN\0{auth_authen}\0me\0"]
    equal([content for content in contents if not sound(b"M" + content)], [], "of sound form")
    with Daemon(STAR) as daemon:
        with Bystander(daemon):
            for content in contents:
                for stage in STAGES:
                    refuse(daemon, START + packet(b"D", bytes([stage]) + content) + MAIL + RCPT + QUIT)
                refuse(daemon, START + packet(b"D", b"M" + content) * 20 + MAIL + QUIT)
        none_accepted(daemon)


@test("F12 p macro packets for every stage there is not, empty, and without a string")
def stages():
    with Daemon(STAR) as daemon:
        with Bystander(daemon):
            for stage in range(256):
                for content in (b"i\0x\0", b"", b"i", b"i" * 5000):
                    refuse(daemon, START + packet(b"D", bytes([stage]) + content) + MAIL + QUIT)
            for packets in (packet(b"D"), packet(b"D") * 100, packet(b"D", b"M"), packet(b"D", b"M{tls_version}")):
                refuse(daemon, START + packets + MAIL + QUIT)
                refuse(daemon, packets + MAIL + QUIT)
        none_accepted(daemon)


@test("F12 p macros by the thousand packets in one session")
def many():
    with Daemon(STAR) as daemon:
        with Bystander(daemon):
            refuse(daemon, START + packet(b"D", b"M" + b"i\0x\0" * 3000) * 1000 + MAIL + QUIT)
            refuse(daemon, START + (packet(b"D", b"Mi\0x\0") + MAIL) * 3000 + QUIT)
        none_accepted(daemon)


@test("F12 p TLS macros of CONNECT, HELO and RCPT are not MAIL's")
def early():
    mail = packet(b"D", b"Mv\0Postfix 3.7.11\0{client_port}\0" + b"40123\0") + MAIL
    with Daemon(STAR) as daemon:
        late = packet(b"D", b"M" + TLS + b"{client_port}\0" + b"9\0")
        kinds = [command for command, _ in split(throw(daemon.socket, START + late + MAIL))]
        equal(kinds, [b"O", b"c", b"c", b"c"], "those of MAIL count")
        with Bystander(daemon):
            for stage in b"CHRTEN":
                macros = packet(b"D", bytes([stage]) + TLS)
                behind = START if stage in b"RTEN" else OFFER + CONNECT  # as MTAs do: ahead of the stage's own command
                for octets in (OFFER + macros + CONNECT + HELO, OFFER + CONNECT + macros + HELO, behind + macros + HELO):
                    refuse(daemon, octets + mail + QUIT)
                    refuse(daemon, octets + mail + ABORT + mail + QUIT_NC + CONNECT + HELO + mail + QUIT)


# ---- what libmilter does not survive ----

BROKEN = {
    "an odd number of strings": b"Mi\0x\0v\0",
    "a name alone": b"Mi\0",
    "a last string without NUL": b"Mi\0x",
    "many, and a last name alone": b"M" + b"{m}\0x\0" * 100 + b"i\0",
    "60,000 octets, and no NUL at the end": b"Mi\0" + b"x" * 60000,
    "odd for HELO": b"H{x}\0", "odd for CONNECT": b"C{x}\0", "odd for RCPT": b"R{x}\0", "odd for DATA": b"T{x}\0",
}


def innermost(log):
    """The frame in which the first report's fault happened, below those of the sanitizer's own strcmp() and the like."""
    own = re.compile(r"interceptor|sanitizer|compiler-rt|/sysdeps/|libc\.so| in (?:str|mem)\w+ \(")
    frames = re.findall(r"^ +#\d+ 0x[0-9a-f]+ .*", log, re.M)
    return next((frame.strip() for frame in frames if not own.search(frame)), None)


def death(daemon):
    """Where it died: a frame, or else the signal. None: it lives."""
    try:
        status = daemon.process.wait(0.3)
    except subprocess.TimeoutExpired:
        return None
    return innermost(daemon.log()) or f"signal {-status}"


@test("F12 p macro packets that libmilter does not survive let nobody's mail through, and the fault is libmilter's alone")
def broken():
    for name, data in BROKEN.items():
        for copies in (1, 30):
            sent = START + packet(b"D", data) * copies + MAIL + MAIL + RCPT + QUIT
            equal(sound(data), False, name)
            daemon = Daemon(STAR)
            try:
                daemon.start()
                equal(accepted(sent, throw(daemon.socket, sent)), None, name)
                where = death(daemon)
                none_accepted(daemon)
            finally:
                daemon._discard()
            if where:
                print(f"# libmilter: {name}, {copies} times: {where}", flush=True)
                equal("libmilter" in where or where.startswith("signal "), True, f"{where}: a frame of libmilter's")
