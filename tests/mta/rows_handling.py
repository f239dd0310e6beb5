# SPDX-License-Identifier: BSD-2-Clause
"""What becomes of a message: held, only logged, let through untouched; and what the log says of it."""
import os
import re

from postfix import queue_id
from rig import RIG, Daemon, Logged, accepted, certificate, connect, documented, policy, refused
from smtp import MESSAGE, Tls
from tap import contains, equal, test

KEYS = ["event", "partner", "mode", "verdict", "action", "reasons", "reply", "qid", "client", "client_port",
        "client_name", "helo", "from", "tls", "cipher", "bits", "subject", "issuer", "verify"]


@test("Postfix: quarantine: accepted, and held by the MTA; over TLS it is delivered")
def quarantine():
    with connect() as client, Logged() as log:
        held = queue_id(accepted(client.message("a@held.test")))
        line = log(1)[0]
        equal((line["partner"], line["verdict"], line["action"], line["reasons"], line["qid"]),
              ("held", "fail", "quarantine", "no_tls", held))
        equal(RIG.mta.held(held), True, "in the hold queue")
        contains(RIG.mta.wait_log(f"{held}: milter-hold"), "milter-hold")
    with connect(tls=Tls()) as client:
        free = queue_id(accepted(client.message("a@held.test")))
        RIG.mta.wait_log(f"{free}: removed")


@test("Postfix: testing: accepted, and the log says what would have happened")
def testing():
    with connect() as client, Logged() as log:
        passed = queue_id(accepted(client.message("a@testing.test")))
        line = log(1)[0]
        equal((line["partner"], line["mode"], line["verdict"], line["action"], line["reasons"], line["qid"]),
              ("testing", "testing", "fail", "accept", "no_tls", passed))
        RIG.mta.wait_log(f"{passed}: removed")


@test("Postfix: the log line of a pass: every key in its order, with the queue id")
def log_line():
    with connect(tls=certificate("good", "TLSv1.3"), name="mail.partner.test") as client, Logged() as log:
        passed = queue_id(accepted(client.message("Some.One@cert.test")))
        line = log(1)[0]
        equal(list(line)[:len(KEYS)], KEYS)
        equal({key: line[key] for key in KEYS if key not in ("client_port", "reply", "reasons", "verify")},
              {"event": "decision", "partner": "cert", "mode": "enforce", "verdict": "pass", "action": "accept",
               "qid": passed, "client": "127.0.0.1", "client_name": "localhost", "helo": "mail.partner.test",
               "from": "some.one@cert.test", "tls": "TLSv1.3", "cipher": "TLS_AES_256_GCM_SHA384", "bits": "256",
               "subject": "mail.partner.test", "issuer": "Test Intermediate CA"})
        wanted = {"would": "accept", "exception": "", "mta": "postfix", "resolve": "OK", "exempt": "", "selected": "envelope_from", "cut": ""}
        equal({key: line[key] for key in wanted}, wanted)
        equal(list(line)[-5:], ["cut", "at", "msg", "run", "seq"], "the last keys")


@test("Postfix: the log line of a refusal, and none for a stranger")
def refusal_line():
    with connect() as client, Logged() as log:
        refused(client.mail("a@partner.test"), "strict", "no_tls")
        line = log(1)[0]
        equal((line["verdict"], line["action"], line["reasons"], line["from"]),
              ("fail", "reject", "no_tls", "a@partner.test"))
        contains(line["reply"], "530")
        accepted(client.message("a@stranger.test"))
        accepted(client.message("a@off.test"))
        refused(client.mail("b@partner.test"), "strict", "no_tls")
        equal([entry["partner"] for entry in log(2) if entry["partner"] != "off"], ["strict", "strict"])


@test("Postfix: BDAT: the same answers as with DATA")
def bdat():
    with connect() as client:
        refused(client.mail("a@partner.test"), "strict", "no_tls")
        client.starttls()
        contains(str(client.ehlo()), "CHUNKING")
        with Logged() as log:
            accepted(client.mail("a@partner.test"))
            accepted(client.rcpt())
            half = len(MESSAGE) // 2
            accepted(client.bdat(MESSAGE[:half]))
            passed = queue_id(accepted(client.bdat(MESSAGE[half:], last=True)))
            equal([(line["verdict"], line["qid"]) for line in log(1)], [("pass", passed)])
    text = policy("\n  - {name: header, domains: [header.test], identities: [header_from]}\n")
    with RIG.spare(text), connect("spare") as client:
        for sender, refusal in (("a@header.test", True), ("a@stranger.test", False)):
            accepted(client.mail("a@stranger.test"))
            accepted(client.rcpt())
            content = f"From: {sender}\r\n\r\nHello.\r\n".encode()
            reply = client.bdat(content, last=True)
            refused(reply, "header", "no_tls") if refusal else accepted(reply)


def without_trace(text, queued):
    """A queue file's text without what differs between any two messages: ids, times, ports, sizes."""
    text = text.replace(queued, "ID")
    text = re.sub(r"(?m)^(message_size|message_arrival_time|create_time|named_attribute: (log_)?client_port|"
                  r"named_attribute: server_port|\*\*\*).*\n", "", text)
    return re.sub(r"; \w{3}, +\d+ \w{3} \d{4} [\d:]+ [+-]\d{4} \(\w+\)", "; DATE", text)


@test("Postfix: a stranger's mail is untouched, in plaintext and over TLS")
def untouched():
    for tls in (None, Tls("TLSv1.3")):
        found = []
        for service in ("hold", "untouched"):
            with connect(service, tls, name="mail.stranger.test") as client:
                reply = accepted(client.message("Stranger@stranger.test"))
                queued = queue_id(reply)
                text = RIG.mta.queue_file(queued)
                contains(text, "Subject: test")
                found.append(without_trace(text, queued))
        equal(found[0], found[1], "queue file")


@test("Postfix: a partner's mail that passes is untouched too")
def untouched_partner():
    found = []
    for service in ("hold", "untouched"):
        with connect(service, Tls("TLSv1.3"), name="mail.partner.test") as client:
            reply = accepted(client.message("a@partner.test"))
            found.append(without_trace(RIG.mta.queue_file(queue_id(reply)), queue_id(reply)))
    equal(found[0], found[1], "queue file")


@test("Postfix: the policy is reloaded while sessions are open: the next MAIL is judged by the new one")
def reload_in_session():
    before = policy("\n  - {name: strict, domains: [partner.test]}\n")
    after = policy("\n  - {name: other, domains: [other.test]}\n")
    with RIG.spare(before) as daemon, connect("spare") as client:
        refused(client.mail("a@partner.test"), "strict", "no_tls")
        accepted(client.message("a@other.test"))
        daemon.reload(after)
        refused(client.mail("a@other.test"), "other", "no_tls")
        accepted(client.message("a@partner.test"))


@test("Postfix: the smtpd_milters lines of forcetls-postfix(7), to the letter")
def documented_lines():
    RIG.need()
    equal(len(documented()) >= 2, True, "lines in the manual")
    directory = os.path.join(RIG.mta.spool, "forcetls")
    os.makedirs(directory, exist_ok=True)
    for number in range(len(documented())):
        service = f"documented{number}"
        with Daemon(policy("\n  - {name: strict, domains: [partner.test]}\n"), open_to_all=True,
                    socket=f"unix:{directory}/forcetls.sock"):
            with connect(service) as client:
                refused(client.mail("a@partner.test"), "strict", "no_tls")
            with connect(service, Tls()) as client:
                accepted(client.message("a@partner.test"))
        with connect(service) as client:  # whatever milter_default_action is
            equal(client.message("a@partner.test").code, 451, "without the daemon")
