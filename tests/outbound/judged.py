# SPDX-License-Identifier: BSD-2-Clause
"""The map "sendmail": a finished session with a server is judged for each recipient."""
import re

import tap
from common import KEY, PIN, partner, policy, require
from daemon import Daemon, free_port
from socketmap import Client, netstring

SEPARATOR = b"\x9b"
ORDER = ("qid", "sender", "recipient", "server", "address", "version", "cipher", "bits", "verify", "cn", "cn_issuer", "subject",
         "issuer", "fp", "alternative")
PLAIN = {"qid": "6ASQID", "sender": "a@here.test", "server": "mx.contoso.com.", "address": "192.0.2.1", "verify": "NONE"}
TLS = {**PLAIN, "version": "TLSv1.3", "cipher": "TLS_AES_256_GCM_SHA384", "bits": "256", "verify": "OK", "cn": "mx.contoso.com",
       "cn_issuer": "CA", "subject": "/CN=mx.contoso.com", "issuer": "/CN=CA", "fp": PIN}
OLD = {**TLS, "version": "TLSv1.2", "cipher": "ECDHE-RSA-AES128-GCM-SHA256", "bits": "128"}
PARTNERS = [
    partner("contoso", "contoso.com", ".contoso.com", next_hops=["hop.example"]),
    partner("hole", "old.contoso.com", mode="none"),
    partner("idn", "münchen.example"),
    partner("testing", "testing.example", mode="testing"),
    partner("excepted", "excepted.example", exceptions=[{"until": "2990-01-01", "reason": "ticket"}]),
    partner("none", "none.example", require=require("none")),
    partner("dane", "dane.example", require=require("dane")),
    partner("names", "names.example", require=require([{"name": "mx.names.example"}, {"name": ".cloud.example"}])),
    partner("pins", "pins.example", require=require([{"fingerprint": "sha256:" + PIN}])),
    partner("keys", "keys.example", require=require([{"key_fingerprint": "sha256:" + KEY}])),
    partner("past", "past.example", require=require([{"name": "mx.contoso.com", "until": "2020-01-01"}])),
    partner("dates", "dates.example", require=require([{"name": "mx.contoso.com", "until": "2020-01-01"}, {"name": "b.example"}])),
    partner("fs", "fs.example", require=require("none", forward_secrecy=True)),
    partner("bits", "bits.example", require=require("none", min_cipher_bits=256)),
    partner("suite", "suite.example", require=require("none", ciphers=["ECDHE-RSA-AES256-GCM-SHA384", "TLS_AES_256_GCM_SHA384"])),
    partner("v13", "v13.example", require=require("none", min_tls_version="TLSv1.3")),
]


def request(session, to, **changed):
    fields = {**session, "recipient": to, **changed}
    text = SEPARATOR.join(fields.get(name, "").encode("utf-8", "surrogateescape") for name in ORDER)
    return netstring(b"sendmail " + text)


def judge(client, session, to, **changed):
    client.stream.sendall(request(session, to, **changed))
    return client.reader.read()


def served(partners=PARTNERS):
    spec = f"inet:{free_port()}@127.0.0.1"
    daemon = Daemon(policy(partners, milter={"outbound": spec}))
    daemon.outbound = spec
    return daemon


# session, changes, recipient, reason (None: sent), DSN
ROWS = [
    (TLS, {}, "u@contoso.com", None, None),
    (PLAIN, {}, "u@contoso.com", "no_tls", "4.7.0"),
    (PLAIN, {}, "u@stranger.example", None, None),
    (PLAIN, {}, "u@old.contoso.com", None, None),
    (PLAIN, {}, "u@a.old.contoso.com", "no_tls", "4.7.0"),
    (PLAIN, {}, "u@[contoso.com]", "no_tls", "4.7.0"),
    (PLAIN, {}, "<@relay.example:u@CONTOSO.com.>", "no_tls", "4.7.0"),
    (PLAIN, {}, "u%contoso.com", "no_tls", "4.7.0"),
    (PLAIN, {}, "u@hop.example", "no_tls", "4.7.0"),
    (TLS, {}, "u@hop.example", None, None),
    (PLAIN, {}, "u@MÜNCHEN.example", "no_tls", "4.7.0"),
    (PLAIN, {}, "u@xn--mnchen-3ya.example", "no_tls", "4.7.0"),
    (PLAIN, {}, "root", None, None),
    (PLAIN, {}, "", None, None),
    (PLAIN, {}, "u@[192.0.2.1]", None, None),
    # macros of another session that are left over do not count
    (TLS, {"verify": "NONE"}, "u@contoso.com", "no_tls", "4.7.0"),
    (TLS, {"verify": "CLEAR"}, "u@contoso.com", "no_tls", "4.7.0"),
    (TLS, {"version": ""}, "u@contoso.com", "mta_macros", "4.3.5"),
    # STARTTLS was refused or failed, and Sendmail goes on in plaintext: macros that are left over do not count
    *((TLS, {"verify": word}, "u@none.example", "verify_temporary", "4.3.5")
      for word in ("TEMP", "USAGE", "PROTOCOL", "SOFTWARE", "FAILURE", "CONFIG", "ok", "DANE_FAIL", "OK +")),
    (TLS, {"verify": ""}, "u@none.example", "mta_macros", "4.3.5"),
    *((PLAIN, {"verify": word}, "u@none.example", "no_tls", "4.7.0") for word in ("TEMP", "USAGE", "PROTOCOL", "FAIL", "OK")),
    *((TLS, {"verify": word}, "u@none.example", None, None) for word in ("OK", "TRUSTED", "FAIL", "NO", "NOT")),
    # versions and suites
    ({**OLD, "version": "TLSv1.1", "cipher": "ECDHE-RSA-AES128-SHA"}, {}, "u@contoso.com", "tls_version", "4.7.0"),
    (OLD, {}, "u@contoso.com", None, None),
    (OLD, {}, "u@v13.example", "tls_version", "4.7.0"),
    (OLD, {"cipher": "AES128-SHA"}, "u@fs.example", "forward_secrecy", "4.7.0"),
    (OLD, {}, "u@fs.example", None, None),
    (OLD, {}, "u@bits.example", "cipher_bits", "4.7.0"),
    (OLD, {"bits": ""}, "u@bits.example", "mta_macros", "4.3.5"),
    (TLS, {}, "u@bits.example", None, None),
    (OLD, {}, "u@suite.example", "cipher", "4.7.0"),
    (TLS, {"cipher": "TLS_AES_128_GCM_SHA256"}, "u@suite.example", "cipher", "4.7.0"),
    (TLS, {}, "u@suite.example", None, None),
    (OLD, {"cipher": "ADH-AES256-SHA256", "verify": "NO"}, "u@none.example", "cipher", "4.7.0"),
    # trust
    (TLS, {"verify": "FAIL"}, "u@contoso.com", "certificate_untrusted", "4.7.5"),
    (TLS, {"verify": "NO", "cn": "", "subject": ""}, "u@contoso.com", "certificate_missing", "4.7.5"),
    (TLS, {"verify": "TEMP"}, "u@contoso.com", "verify_temporary", "4.3.5"),
    (TLS, {"verify": "DANE_FAIL"}, "u@contoso.com", "verify_temporary", "4.3.5"),
    (TLS, {"verify": ""}, "u@contoso.com", "mta_macros", "4.3.5"),
    (TLS, {"verify": "FAIL"}, "u@none.example", None, None),
    (TLS, {"verify": "FAIL", "alternative": "mx.contoso.com"}, "u@contoso.com", "certificate_untrusted", "4.7.5"),
    # names
    (TLS, {"cn": "contoso.com"}, "u@contoso.com", None, None),
    (TLS, {"cn": "A.b.CONTOSO.com"}, "u@contoso.com", None, None),
    (TLS, {"cn": "*.contoso.com"}, "u@contoso.com", None, None),
    (TLS, {"cn": "notcontoso.com"}, "u@contoso.com", "certificate_subject", "4.7.1"),
    (TLS, {"cn": "contoso.com.evil.example"}, "u@contoso.com", "certificate_subject", "4.7.1"),
    (TLS, {"cn": "contoso.com"}, "u@a.contoso.com", "certificate_subject", "4.7.1"),
    (TLS, {"cn": "*.contoso.com"}, "u@a.contoso.com", None, None),
    (TLS, {"cn": "*.contoso.com"}, "u@a.b.contoso.com", "certificate_subject", "4.7.1"),
    (TLS, {"cn": "mx.contoso.com+00.evil.example"}, "u@contoso.com", "certificate_subject", "4.7.1"),
    (TLS, {"cn": "evil.example+20.contoso.com"}, "u@contoso.com", "certificate_subject", "4.7.1"),
    (TLS, {"cn": "BadCertificateUnknown"}, "u@contoso.com", "certificate_subject", "4.7.1"),
    (TLS, {"cn": "other.example", "alternative": "mx.contoso.com"}, "u@contoso.com", None, None),
    (TLS, {"cn": "other.example", "alternative": "mx.other.example"}, "u@contoso.com", "certificate_subject", "4.7.1"),
    (TLS, {"cn": "mx.names.example"}, "u@names.example", None, None),
    (TLS, {"cn": "*.names.example"}, "u@names.example", None, None),
    (TLS, {"cn": "*.example"}, "u@names.example", "certificate_subject", "4.7.1"),
    (TLS, {"cn": "a.mx.names.example"}, "u@names.example", "certificate_subject", "4.7.1"),
    (TLS, {"cn": "a.b.cloud.example"}, "u@names.example", None, None),
    (TLS, {"cn": "*.cloud.example"}, "u@names.example", None, None),
    (TLS, {"cn": "cloud.example"}, "u@names.example", "certificate_subject", "4.7.1"),
    (TLS, {}, "u@dates.example", "certificate_dates", "4.7.1"),
    (TLS, {}, "u@past.example", "policy_dates", "4.3.5"),
    # pins, DANE
    (TLS, {"verify": "FAIL", "cn": "x"}, "u@pins.example", None, None),
    (TLS, {"fp": KEY}, "u@pins.example", "certificate_fingerprint", "4.7.1"),
    (TLS, {"fp": ""}, "u@pins.example", "mta_macros", "4.3.5"),
    (TLS, {"fp": "00:11"}, "u@pins.example", "mta_macros", "4.3.5"),
    (TLS, {}, "u@keys.example", "mta_facts", "4.3.5"),
    (TLS, {}, "u@dane.example", "mta_facts", "4.3.5"),
    (TLS, {"verify": "TRUSTED"}, "u@dane.example", None, None),
    (TLS, {"verify": "TRUSTED", "cn": "x.example"}, "u@names.example", None, None),
    (TLS, {"verify": "TRUSTED", "fp": KEY}, "u@pins.example", "certificate_fingerprint", "4.7.1"),
    (PLAIN, {"verify": "TRUSTED"}, "u@dane.example", "no_tls", "4.7.0"),
    # what does not defer
    (PLAIN, {}, "u@testing.example", None, None),
    (PLAIN, {}, "u@excepted.example", None, None),
]


@tap.test("sendmail map: versions, suites, names, wildcards, pins, DANE, dates, recipients in every spelling")
def _():
    with served() as daemon, Client(daemon.outbound) as client:
        for session, changed, to, reason, status in ROWS:
            answer = judge(client, session, to, **changed)
            what = f"{changed} {to}: {answer}"
            if reason is None:
                tap.equal(answer, "OK OK", what)
            else:
                tap.equal(answer.startswith(f"OK 451 {status} "), True, what)
                tap.equal(bool(re.search(rf" - \w+ {reason}(:|$)", answer)), True, what)
                tap.equal(set(answer) & set('()[]<>"$`\''), set(), what)


@tap.test("sendmail map: one line for each recipient of a partner, with the keys of a decision and four more")
def _():
    with served() as daemon, Client(daemon.outbound) as client:
        judge(client, OLD, "u@contoso.com", verify="FAIL")
        judge(client, PLAIN, "u@testing.example")
        judge(client, PLAIN, "u@excepted.example", qid="6ANEXT")
        judge(client, PLAIN, "u@stranger.example")
        judge(client, PLAIN, "u@old.contoso.com")
        judge(client, TLS, "u@contoso.com", sender="<>", qid="6ALAST")
        judge(client, PLAIN, 'q"x\\\r\n\xff@contoso.com')
        lines = daemon.wait_decisions(5)
        tap.equal(len(lines), 5)
        tap.equal([(one["partner"], one["mode"], one["verdict"], one["action"], one["would"], one["reasons"]) for one in lines],
                  [("contoso", "enforce", "fail", "tempfail", "tempfail", "certificate_untrusted"),
                   ("testing", "testing", "fail", "accept", "tempfail", "no_tls"),
                   ("excepted", "enforce", "excepted", "accept", "accept", "no_tls"),
                   ("contoso", "enforce", "pass", "accept", "accept", ""),
                   ("contoso", "enforce", "fail", "tempfail", "tempfail", "no_tls")])
        for line in lines:
            tap.equal(list(line)[-6:], ["direction", "to", "server", "server_addr", "run", "seq"])
            tap.equal((line["direction"], line["mta"], line["server"], line["server_addr"]),
                      ("outbound", "sendmail", "mx.contoso.com.", "192.0.2.1"))
        first = lines[0]
        tap.equal((first["qid"], first["from"], first["to"], first["tls"], first["cipher"], first["bits"], first["subject"], first["verify"]),
                  ("6ASQID", "a@here.test", "u@contoso.com", "TLSv1.2", "ECDHE-RSA-AES128-GCM-SHA256", "128", "/CN=mx.contoso.com", "FAIL"))
        tap.equal(lines[2]["exception"], "2990-01-01")
        tap.equal([one["msg"] for one in lines[:4]], ["1", "1", "2", "3"], "recipients of one message have one number")


@tap.test("sendmail map: what is no request of the ruleset is TEMP, and the connection goes on")
def _():
    with served() as daemon, Client(daemon.outbound) as client:
        for text in (b"", b"x", SEPARATOR * 13, SEPARATOR * 15, b"u@stranger.example", SEPARATOR * 14 + b"\0"):
            client.stream.sendall(netstring(b"sendmail " + text))
            tap.equal(client.reader.read()[:5], "TEMP ", repr(text))
        tap.equal(judge(client, TLS, "u@contoso.com"), "OK OK")
        client.stream.sendall(netstring(b"sendmail " + SEPARATOR * 14))
        tap.equal(client.reader.read(), "OK OK")
        client.stream.sendall(request(PLAIN, "u@contoso.com") * 100)
        tap.equal({client.reader.read()[:7] for _ in range(100)}, {"OK 451 "})
        client.stream.sendall(netstring(b"sendmail") + netstring(b"Sendmail x"))
        tap.equal([client.reader.read()[:5] for _ in range(2)], ["TEMP "] * 2, "another map")


@tap.test("sendmail map: a reload counts on connections that are open")
def _():
    with served() as daemon, Client(daemon.outbound) as client:
        tap.equal(judge(client, PLAIN, "u@new.example"), "OK OK")
        daemon.reload(policy([partner("new", "new.example")], milter={"outbound": daemon.outbound}))
        tap.contains(judge(client, PLAIN, "u@new.example"), "OK 451 4.7.0 ")
        tap.equal(judge(client, PLAIN, "u@contoso.com"), "OK OK")
