# SPDX-License-Identifier: BSD-2-Clause
"""Rows S01, S13-S16, S18, S20 of the catalogue: who is the sender, by the header and the client; several at once."""
import itertools

from rig import RIG, Logged, accepted, connect, policy, refused
from smtp import Tls
from tap import equal, test

POLICY = policy("""
  - {name: envelope, domains: [envelope.test]}
  - {name: header, domains: [header.test], identities: [header_from]}
  - {name: both, domains: [both.test, .both.test], identities: [envelope_from, header_from]}
  - {name: mild, domains: [mild.test], action: tempfail, identities: [envelope_from, header_from]}
  - {name: client, clients: [198.51.100.0/24], require: {min_tls_version: TLSv1.3}}
  - {name: trial, domains: [trial.test], mode: testing, identities: [envelope_from, header_from]}
""")


def message(*fields):
    return "\r\n".join((*fields, "To: user@here.test", "Subject: x", "", "Hello.", ""))


def send(client, sender, *fields):
    return client.message(sender, message=message(*fields))


def judge(cases):
    """Each case: From fields, and the partner that refuses them in plaintext, or None."""
    wrong = []
    with RIG.spare(POLICY), connect("spare") as client:
        for fields, partner in cases:
            fields = [fields] if isinstance(fields, str) else fields
            reply = send(client, "a@stranger.test", *fields)
            seen = None if reply.code == 250 else str(reply).split("[")[-1].split(" ")[0]
            if seen != partner or (partner and "no_tls" not in reply):
                wrong.append(f"{fields!r}: wanted {partner}, got {reply}")
    if wrong:
        raise AssertionError("\n".join(wrong))


@test("S01 x only the identities that the partner names are compared")
def identities():
    with RIG.spare(POLICY), connect("spare") as client:
        refused(client.mail("a@envelope.test"), "envelope", "no_tls")
        accepted(send(client, "a@stranger.test", "From: a@envelope.test"))
        accepted(send(client, "a@header.test", "From: a@stranger.test"))
        refused(send(client, "a@stranger.test", "From: a@header.test"), "header", "no_tls")
        refused(client.mail("a@both.test"), "both", "no_tls")
        refused(send(client, "a@stranger.test", "From: a@both.test"), "both", "no_tls")
        refused(send(client, "", "From: a@both.test"), "both", "no_tls")
        accepted(send(client, "a@stranger.test", "From: a@stranger.test", "Sender: a@header.test",
                      "Reply-To: a@header.test"))
    with RIG.spare(POLICY), connect("spare", Tls()) as client:
        accepted(send(client, "a@envelope.test", "From: a@header.test"))


@test("S13 x every address of every From field counts, however it is written")
def every_address():
    judge([("From: a@header.test", "header"), ("FROM: a@header.test", "header"), ("from:a@header.test", "header"),
           (["From: a@stranger.test", "From: b@header.test"], "header"),
           (["From: b@header.test", "From: a@stranger.test"], "header"),
           ("From: a@stranger.test, b@header.test", "header"), ("From: Group: a@x.test, b@header.test;", "header"),
           ("From: Nobody:;", None), ("From: A (b@x.test) <a@header.test>", "header"),
           ("From: (a (nested) comment) a@(x)header.test", "header"),
           ('From: "B, C" <"a@x.test"@header.test>', "header"), ('From: "q\\"p" <a@header.test>', "header"),
           ("From: Sender\r\n <a@header.test>", "header"), ("From:\r\n\ta@header.test", "header"),
           ("From: <@x.test:a@header.test>", "header"), ("From: a@HEADER.Test.", "header"),
           ("From: a@x.both.test", "both"), ("From: a@evilheader.test", None), ("From: a@header.test.evil.test", None),
           ("From: a @ header . test", "header"), (["X-A: b", "From : a@header.test"], "header"),
           ("From\t: a@header.test", "header"), ("X-A: b\nFrom: a@header.test", "header"),
           ("From : a@header.test", None),  # the first line: a mailbox's separator to Postfix, delivered as such
           ("From: =?utf-8?q?a?= <a@header.test>", "header")])


@test("S14 x an address in a display name or an encoded word is no sender")
def display_names():
    judge([('From: "boss@header.test" <a@stranger.test>', None), ("From: a@stranger.test (boss@header.test)", None),
           ("From: =?utf-8?q?boss=40header=2Etest?= <a@stranger.test>", None),
           ('From: "<boss@header.test>" <a@stranger.test>', None), ('From: "a@header.test"@stranger.test', None)])


@test("S15 x no From, or one without a domain, is nobody's")
def without_domain():
    judge([([], None), ("From: ", None), ("From: user@[192.0.2.1]", None), ("From: (only a comment)", None)])


@test("S15 x a From that cannot be parsed is undecidable for the partners named in it, and for them alone")
def unparsed():
    with RIG.spare(POLICY), connect("spare") as plain, connect("spare", Tls()) as secure:
        for field in ("From: <a@header.test> <b@stranger.test>", "From: a@header.test b@stranger.test",
                      "From: a@[header.test", "From: (a@header.test", "From: a@stranger.test (header.test"):
            refused(send(secure, "a@stranger.test", field), "header", "header_from")
            refused(send(plain, "a@stranger.test", field), "header", "header_from")
        for field in ("From: <<a@header.test", "From: a@header.test>>> <"):  # Postfix rewrites it into one or the other
            equal(send(plain, "a@stranger.test", field).code == 250, False, field)
        for field in ("From: <<a@stranger.test", "From: <a@stranger.test> <b@notheader.test>", "From: (a@header.tests"):
            accepted(send(plain, "a@stranger.test", field))


@test("S16 x a From that Postfix cut is undecidable while a partner asks for header_from")
def cut_from():
    # 60,000 octets of "From: " and value is what comes of it, so a value of 59,994 may be a cut one. Folded and
    # rewritten, a whole line more may come, and still be less than what is delivered.
    fields = [f"<a@stranger.test>, {'x' * 59_990} <a@header.test>", f"{'x' * 60_000} <a@header.test>",
              f"{'x' * 110_000} <a@header.test>", f"({'x' * 59_984}) <a@header.test>",
              "a" + "\r\n xxxxxxx" * 9000 + " <a@header.test>"]
    wrong = []
    with RIG.spare(POLICY):
        with connect("spare", Tls()) as secure, connect("spare") as plain:
            for field, client in itertools.product(fields, (secure, plain)):
                reply = send(client, "a@stranger.test", f"From: {field}")
                if not str(reply).startswith("451 4.3.5 ") or " header_from" not in reply:
                    wrong.append(f"{field[:20]!r}... of {len(field)} octets, {client.version}: {reply}")
            refused(send(plain, "a@stranger.test", f"From: {'x' * 59_000} <a@header.test>"), "header", "no_tls")
            accepted(send(plain, "a@stranger.test", f"From: {'x' * 59_000} <a@stranger.test>"))
    if wrong:
        raise AssertionError("\n".join(wrong))


@test("S16 x other long headers do not matter, and a long From only while header_from is asked for")
def long_headers():
    with RIG.spare(POLICY), connect("spare") as client:
        for length in (60_001, 65_536, 110_000):
            accepted(send(client, "a@stranger.test", "From: a@stranger.test", "Subject: " + "x" * length))
            refused(send(client, "a@stranger.test", "Subject: " + "x" * length, "From: a@header.test"), "header",
                    "no_tls")
    with connect() as client:  # no partner of this daemon's asks for header_from
        accepted(send(client, "a@stranger.test", f"From: {'x' * 65_600} <a@stranger.test>"))


@test("S20 x a domain that mail programs show, and that is none, is undecidable for the partners it names")
def shown_domains():
    wrong = []
    values = ("Boss <boss@=?utf-8?q?header.test?=>", "boss@=?utf-8?b?aGVhZGVyLnRlc3Q=?=", "boss@=?utf-8?q?head?=\r\n =?utf-8?q?er.test?=",
              "boss@header.test.\u200b", "boss@header.test.\u00a0", "boss@head\u200ber.test.\u2060", "=?utf-8?q?boss=40header.test?=",
              '"boss@header.test"', "boss\uff20header.test", "boss@header..test", "boss@header.test\x01",
              "boss@hea\"\"der.test <", '"Boss <boss@header.(c)test>', "boss\\@header.test <x@evil.test>", "boss@head\u200ber.test x <",
              "boss@=??q?header.test?=", "boss@=?ibm037?q?header.test?=", "boss@=?utf-8?q?header.test?= =?utf-8?q?Boss?=",
              "boss@=?utf-8?q?header?=(=?utf-8?q?=29?=).test")
    with RIG.spare(POLICY), connect("remote") as plain, connect("remote", Tls()) as secure:
        for field, client in itertools.product(values, (plain, secure)):
            reply = send(client, "a@stranger.test", f"From: {field}")
            if not str(reply).startswith("451 4.3.5 ") or "[header header_from" not in reply:
                wrong.append(f"{field!r}: {reply}")
        for field in [value.replace("header", "stranger").replace("aGVhZGVy", "c3RyYW5n") for value in values
                      if "header" in value]:
            accepted(send(plain, "a@stranger.test", f"From: {field}"))
        accepted(send(plain, "a@stranger.test", "From: =?utf-8?q?boss=40header.test?= <a@stranger.test>"))
    if wrong:
        raise AssertionError("\n".join(wrong))


@test("S18 x of several partners each must be satisfied, and the most severe answer counts")
def several():
    client_network = dict(ADDR="198.51.100.9", NAME="[UNAVAILABLE]")
    with RIG.spare(POLICY) as daemon:
        with connect("spare", Tls("TLSv1.2")) as client:
            accepted(send(client, "a@envelope.test", "From: a@header.test"))
        with connect("spare", Tls("TLSv1.2"), client=client_network) as client:
            refused(client.mail("a@envelope.test"), "client", "tls_version")
        with connect("spare", Tls("TLSv1.3"), client=client_network) as client:
            accepted(send(client, "a@envelope.test", "From: a@header.test"))
        with connect("spare") as client:
            refused(send(client, "a@trial.test", "From: a@header.test"), "header", "no_tls")
            refused(send(client, "a@stranger.test", "From: a@mild.test, a@header.test"), "header", "no_tls")
            refused(client.mail("a@mild.test"), "mild", "no_tls", "tempfail")
            with Logged(daemon) as log:
                accepted(send(client, "a@trial.test", "From: a@stranger.test"))
                equal([line["partner"] for line in log(1)], ["trial"])
