# SPDX-License-Identifier: BSD-2-Clause
"""The log line: its keys, one for each result, and octets from outside (F11)."""
import re

from common import (Daemon, GOOD, KEYS, NO_TLS, SENDER, decisions, greeted, judge, partner, plain, policy, postfix, sendmail,
                    settle, strong)
from milterclient import message
from tap import contains, equal, test

CERTIFIED = policy(partner(require={"certificates": [{"subject": GOOD.cn, "issuer": GOOD.issuer}]}))
OURS_BARE = ("event", "partner", "mode", "verdict", "action", "reasons", "identity", "would", "policy", "exception", "mta", "exempt", "selected",
             "cut", "at", "msg", "run", "seq")
OUTSIDE = ("client_name", "helo", "from", "cipher", "subject", "issuer", "resolve", "daemon", "header_from")


def raw_line(daemon):
    """The last decision as it stands in the log, from event= on."""
    line = [line for line in daemon.log().split("\n") if "event=decision" in line and "partner=fence" not in line][-1]
    return line[line.index("event="):]


@test("log: every key, always, in its order; our words bare, outside values in quotes")
def keys():
    with Daemon(CERTIFIED) as daemon:
        for profile in (plain(), strong(), strong(postfix, GOOD), plain(sendmail), strong(sendmail, GOOD), plain(client="127.0.0.1")):
            got = judge(daemon, profile)
            equal(list(got.lines[0]), KEYS, "keys")
            line = raw_line(daemon)
            for key in OURS_BARE:
                equal(re.search(rf'\b{key}="', line), None, f"quotes around {key}")
            for key in OUTSIDE:
                equal(bool(got.lines[0][key]) <= bool(re.search(rf' {key}="', line)), True, f"no quotes around {key}: {line}")


@test("log: a refused and a passed transaction, value for value")
def values():
    with Daemon(CERTIFIED) as daemon:
        refused = judge(daemon, strong(postfix, GOOD._replace(cn="x.test")), helo="helo.test").lines[0]
        wanted = {"event": "decision", "partner": "contoso", "mode": "enforce", "verdict": "fail", "action": "reject",
                  "reasons": "certificate_subject", "qid": "", "client": "192.0.2.10", "client_port": "40123",
                  "client_name": "mail.partner.test", "helo": "helo.test", "from": "a@partner.test", "tls": "TLSv1.3",
                  "cipher": "TLS_AES_256_GCM_SHA384", "bits": "256", "subject": "x.test", "issuer": "Partner CA 1", "verify": ""}
        equal({key: refused[key] for key in wanted}, wanted)
        contains(refused["reply"], "554", "reply=")
        passed = judge(daemon, strong(sendmail, GOOD)).lines[0]
        wanted |= {"verdict": "pass", "action": "accept", "reasons": "", "reply": "", "helo": "mx.client.test", "verify": "OK",
                   "qid": "4Qx0000001"}
        for key in ("subject", "issuer"):
            contains(passed[key], {"subject": GOOD.cn, "issuer": "Partner"}[key], key)
            wanted.pop(key)
        equal({key: passed[key] for key in wanted}, wanted)


@test("log: the queue id, from MAIL on behind Sendmail, at the end of the message behind Postfix")
def queue_id():
    with Daemon(CERTIFIED) as daemon:
        equal(judge(daemon, plain(postfix)).lines[0]["qid"], "", "Postfix has none at MAIL")
        equal(judge(daemon, plain(sendmail)).lines[0]["qid"], "4Qx0000001", "Sendmail has")
        equal(judge(daemon, strong(postfix, GOOD)).lines[0]["qid"], "4Qx0000001", "at the end")


@test("log: what passes is logged at the end of the message, once")
def once():
    with Daemon(CERTIFIED) as daemon, greeted(daemon, strong(postfix, GOOD)) as session:
        session.mail(SENDER)
        session.rcpt("<b@example.org>")
        session.data()
        settle(daemon)
        equal(decisions(daemon), [], "before the end")
        session.eoh()
        session.eom()
        settle(daemon)
        equal([line["verdict"] for line in decisions(daemon)], ["pass"])


@test("log: one line for each distinct result of a transaction")
def distinct():
    scoped = policy(partner(recipients=["scope.test"]), partner("second", recipients=["third.test"], domains=["second.test"]))
    with Daemon(scoped) as daemon:
        recipients = ["<a@scope.test>", "<b@scope.test>", "<c@scope.test>", "<d@other.test>"]
        equal([line["verdict"] for line in judge(daemon, plain(), recipients=recipients).lines], ["fail"], "three refused alike")
        passed = judge(daemon, strong(), recipients=recipients)
        equal([line["verdict"] for line in passed.lines], ["pass"], "three passed alike")
        equal(judge(daemon, plain(), recipients=["<d@other.test>"]).lines, [], "none in scope")


@test("log: several messages of a session, a line each")
def line_each():
    with Daemon(policy(partner())) as daemon:
        with greeted(daemon, strong()) as session:
            for _ in range(5):
                message(session, SENDER)
        settle(daemon)
        equal([(line["verdict"], line["qid"]) for line in decisions(daemon)], [("pass", f"4Qx{n:07d}") for n in range(1, 6)])


NASTY = ('x\r\nevent=decision partner=evil verdict=pass', 'quote" partner="evil', 'back\\slash\\" end', "%s%n%x%%", "tab\tbell\x07esc\x1b[31m",
         "utf-8 \u00fc\u4e2d", "raw \udc80\udcff", "\x01\x7f", "=", 'a="b" c', "\\x41", " ", "\u2028\u202e")


@test("F11 p odd octets in every outside value: one line, escaped, and back again")
def odd_octets():
    with Daemon(policy(partner(require={"certificates": [{"subject": GOOD.cn}]}))) as daemon:
        for nasty in NASTY:
            wire = nasty.encode("utf-8", "surrogateescape")
            profile = strong(client_name=wire, v=b"Postfix " + wire, daemon_name=wire)
            sender = b'<"' + wire + b'"@partner.test>'
            resolved = b'"' + wire + b'"@partner.test'
            got = judge(daemon, profile, sender, wire, mail_macros={"mail_addr": resolved, "cert_subject": wire, "cert_issuer": wire,
                                                                  "i": wire, "verify": None})
            equal(got.brief, "554 5.7.1", repr(nasty))
            equal(len(got.lines), 1, f"lines for {nasty!r}")
            line = raw_line(daemon)
            equal(all(" " <= c <= "~" for c in line), True, f"printable: {line!r}")
            for key in ("client_name", "helo", "subject", "issuer", "qid"):
                equal(got.lines[0][key], nasty, f"{key} of {nasty!r}")
            equal(got.lines[0]["from"], f'"{nasty}"@partner.test', "from=")
            equal(got.lines[0]["partner"], "contoso")


@test("F11 p odd octets in TLS macros are unreadable, and logged as they came")
def odd_tls():
    with Daemon(policy(partner())) as daemon:
        for nasty in NASTY:
            wire = nasty.encode("utf-8", "surrogateescape")
            got = judge(daemon, plain(tls_version=wire, cipher=wire, cipher_bits=wire))
            equal((got.brief, len(got.lines)), ("451 4.3.5", 1), repr(nasty))
            for key in ("tls", "cipher", "bits"):
                equal(got.lines[0][key], nasty, f"{key} of {nasty!r}")


@test("F11 p nothing that the client chose gets into the reply")
def reply_is_ours():
    with Daemon(policy(partner(require={"certificates": [{"subject": "mail.partner.test"}], "min_cipher_bits": 256}))) as daemon:
        for nasty in NASTY + ("CHOSEN",):
            mark = (nasty + "CHOSEN").encode("utf-8", "surrogateescape")
            for profile in (plain(client_name=mark), strong(cert_subject=mark, cert_issuer=mark), strong(cipher=mark), strong(cipher_bits=mark),
                            strong(tls_version=mark), strong(sendmail, verify=mark), strong(sendmail, verify="FAIL", cn_subject=mark)):
                got = judge(daemon, profile, b'<"' + mark + b'"@partner.test>', mark)
                equal("CHOSEN" in got.text, False, f"reply {got.text!r}")
                equal(all(" " <= c <= "~" for c in got.text) and len(got.text) < 900, True, f"reply {got.text!r}")
                equal(got.brief == "accept", False)


@test("F11 p a value is logged with at most 256 octets, and the line stays one")
def long_values():
    with Daemon(policy(partner())) as daemon:
        for filling in ("x", "\x01", '"', "\\", "\u00fc"):
            long = filling * 5000
            got = judge(daemon, plain(client_name=long, cert_subject=long), f"<a@partner.test {long}>", long,
                        mail_macros={"mail_addr": f"{long}@partner.test"})
            equal((got.brief, len(got.lines)), (NO_TLS, 1), repr(filling))
            for key in ("client_name", "helo", "from", "subject"):
                size = len(got.lines[0][key].encode("utf-8", "surrogateescape"))
                equal(0 < size <= 256, True, f"{key}: {size} octets of {filling!r}")
            equal(len(raw_line(daemon)) < 16384, True, "the whole line")


@test("F11 p a percent sign in the policy's message reaches the client as it is")
def percent():
    with Daemon(policy(partner(message="100% TLS, see https://example.org/a%20b"))) as daemon:
        contains(judge(daemon, plain()).text, "100% TLS, see https://example.org/a%20b", "reply")
