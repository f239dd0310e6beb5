# SPDX-License-Identifier: BSD-2-Clause
"""The corpus: what is sent through both MTAs, and where they differ by design.

A case answers its replies in order. Where it says nothing, both MTAs must come to the same, reply texts and log included.
"""
import pki
import smtp
from parity_rig import Case
from smtp import MESSAGE, Tls

HIDDEN = "Postfix shows no certificate that did not verify"
NAMES = "Postfix shows common names only"
PINS = "Postfix shows a milter no fingerprint (postfix_facts does)"
ASKED = "Postfix does not tell that it asked for no certificate"
SYNTAX = "the MTAs accept different spellings of addresses"
UTF8 = "Sendmail 8.17 has no SMTPUTF8"
MENDED = "Postfix mends the headers of clients on its own addresses"
MTA, ACCEPTED = "refused by the MTA", "accepted"
REFUSED = "530 5.7.0 [{} no_tls]"
UNKNOWN = "451 4.3.5 [{} mta_facts]"

ODD = ("dn-inside", "punctuation", "plus-encoded", "quotes", "blanks", "utf8", "long", "dot", "organisation")
ODD_NAMES = [pki.CLIENTS[kind]["names"][0] for kind in ODD]
UNTRUSTED = ("server-only", "self-signed", "unknown-ca", "forged-issuer", "expired", "no-chain")


def plain(argument, differs=None, **options):
    """MAIL with that argument, in plaintext."""
    def run(mta):
        with mta.connect(**options) as client:
            return [client.command(b"MAIL FROM:" + argument.encode())]
    return Case(f"MAIL FROM:{argument}" + (f" {options}" if options else ""), run, differs)


def message(title, senders, tls=lambda mta: None, differs=None, **options):
    """Whole messages, one behind the other, in one session."""
    def run(mta):
        with mta.connect(tls(mta), **options) as client:
            found = []
            for sender in senders:
                found.append(client.message(sender))
                client.command("RSET")
            return found
    return Case(title, run, differs)


def session(title, differs=None):
    """Marks a function as a case: it is given the MTA, and answers replies."""
    def register(run):
        CASES.append(Case(title, run, differs))
        return run
    return register


def refuses(partner):
    return REFUSED.format(partner)


# ---- addresses ----

def addresses():
    for argument in ("<a@partner.test>", "<A@PARTNER.Test>", "<a@partner.test.>", "a@partner.test", "< a@partner.test >",
                     "<a @ partner.test>", "<a@ partner.test>", "<<a@partner.test>>", '<"a"@partner.test>', '<a@"partner.test">',
                     "<\\a@partner.test>", "<@relay.test:a@partner.test>", "<@x.test,@y.test:a@partner.test>",
                     "<@partner.test:a@stranger.test>", "<a@(x)partner.test>", "<a(b@stranger.test)@partner.test>",
                     "<a@partner.test> SIZE=100", "   <a@partner.test>", "<a@partner.test> BODY=8BITMIME",
                     '<"x@partner.test"@evil.test>', "<a%partner.test@evil.test>", '<"a@evil.test"@partner.test>',
                     "<a%evil.test@partner.test>", "<a@sub.partner.test>", "<a@evilpartner.test>",
                     "<a@partner.test.evil.test>", "<a@x.suffix.test>", "<a@a.b.c.suffix.test>", "<a@suffix.test>",
                     "<a@evilsuffix.test>", "<a@x.suffix.test.evil.test>", "<a@under_score.suffix.test>",
                     "<a@xn--zzzzzz99999.suffix.test>", "<a@xn--mnchen-3ya.test>", "<a@XN--MNCHEN-3YA.Test>",
                     "<a@x.xn--bcher-kva.test>", "<a@xn--strae-oqa.test>", "<a@strasse.test>", "<a@[192.0.2.1]>",
                     "<a@[IPv6:2001:db8::1]>", "<user+tag@partner.test>", "<prvs=0123456789=user@partner.test>",
                     "<SRS0=HHHH=TT=partner.test=user@forwarder.test>", "<list-bounces+user=partner.test@lists.test>",
                     "<a@off.test>", "<a@testing.test>", "<a@later.test>", "<a@worded.test>", "<a@percent.test>",
                     "<a@held.test>", "<''@partner.test>", "<a@partner.test> FOO=BAR", "<a@x..suffix.test>"):
        yield plain(argument)
    for argument, given, other in (
            ("<a@[partner.test]>", MTA, refuses("strict")), ("<a@evil.test@partner.test>", refuses("strict"), MTA),
            ("<a@partner.test@evil.test>", ACCEPTED, MTA), ("<@partner.test>", refuses("strict"), MTA)):
        yield plain(argument, (SYNTAX, given, other))
    for argument, partner in (("<a@münchen.test> SMTPUTF8", "idn"), ("<a@MÜNCHEN.test> SMTPUTF8", "idn"),
                              ("<jürgen@partner.test> SMTPUTF8", "strict")):
        yield plain(argument, (UTF8, refuses(partner), MTA))
    for name in ("partner.test", "PARTNER.TEST.", "mx1.partner.test", "a.suffix.test", "mail.stranger.test",
                 "evilpartner.test", "[192.0.2.1]", "off.test"):
        yield plain("<>", name=name)
    yield plain("< >", name="partner.test")
    yield plain("<a@stranger.test>", name="partner.test")


# ---- sessions ----

def suites():
    cases = [("TLSv1.3", None, ("partner", "fs", "listed", "only13", "bits", "new", "old")),
             ("TLSv1.2", "ECDHE-RSA-AES128-GCM-SHA256", ("partner", "fs", "listed", "only13", "bits", "new")),
             ("TLSv1.2", "ECDHE-RSA-AES256-GCM-SHA384", ("bits", "listed")),
             ("TLSv1.2", "DHE-RSA-AES256-SHA", ("fs", "listed")), ("TLSv1.2", "AES256-GCM-SHA384", ("partner", "fs")),
             ("TLSv1.2", "ECDHE-RSA-CHACHA20-POLY1305", ("partner", "listed")),
             ("TLSv1.1", "ECDHE-RSA-AES256-SHA", ("partner", "old", "stranger", "fs")),
             ("TLSv1", "AES128-SHA", ("partner", "old", "stranger")),
             ("TLSv1.2", "NULL-SHA256", ("partner", "stranger")), ("TLSv1.2", "AES128-SHA", ("old",))]
    for version, suite, partners in cases:
        for partner in partners:
            yield message(f"{version} {suite or ''}, {partner}", [f"a@{partner}.test"],
                          lambda mta, v=version, s=suite: Tls(v, s))
    for suite in ("ADH-AES256-GCM-SHA384", "AECDH-AES256-SHA"):  # Postfix leaves them out where it asks for certificates
        yield message(f"{suite}, partner", ["a@partner.test"], lambda mta, s=suite: Tls("TLSv1.2", s), differs=(
            "Postfix negotiates no anonymous suite where it asks for certificates", "no handshake",
            "554 5.7.0 [strict cipher]"))
    for partner in ("partner", "stranger", "later", "testing", "off", "cert", "fs", "held"):
        yield message(f"plaintext, {partner}", [f"a@{partner}.test"])


# ---- certificates ----

def certificates():
    def shown(kind, version=None):
        return lambda mta: mta.certificate(kind, version)

    rules = ("cert", "trusted", "issued", "starred", "partner", "stranger")
    partners = {"issued": "anyname"}
    for kind in ("good", "upper-case", "both-usages", "other-name", "other-issuer", "wildcard", "no-name", "too-long",
                 "control", "two-names", "two-names-turned"):
        for version in ("TLSv1.2", "TLSv1.3"):
            yield message(f"certificate {kind}, {version}", [f"a@{rule}.test" for rule in rules],
                          shown(kind, version))
    for kind in ODD:
        yield message(f"certificate {kind}, every odd name", [f"a@odd{number}.test" for number in range(len(ODD))],
                      shown(kind))
    yield message("no certificate", [f"a@{rule}.test" for rule in rules], lambda mta: Tls())
    for kind in UNTRUSTED:
        for rule in rules[:4]:
            name = partners.get(rule, rule)
            yield message(f"certificate {kind}, {rule}", [f"a@{rule}.test"], shown(kind), differs=(
                HIDDEN, f"554 5.7.5 [{name} certificate_missing]", f"554 5.7.5 [{name} certificate_untrusted]"))
        yield message(f"certificate {kind}, no rule", ["a@partner.test", "a@stranger.test"], shown(kind))
    full, wrong = ("C = DE", "O = Partner GmbH", "OU = IT", "CN = mail.partner.test"), "554 5.7.1 [dn certificate_subject]"
    for rule, title, subject, answer in (
            ("dn", "the organisation", full, ACCEPTED), ("dnfull", "everything", full, ACCEPTED),
            ("dnou", "the unit", full, ACCEPTED), ("dn", "another", ("O = Evil", "CN = mail.partner.test"), wrong),
            ("dn", "two", ("0.O = Partner GmbH", "1.O = Evil", "CN = mail.partner.test"), wrong),
            ("dn", "one inside another", ("OU = x/O=Partner GmbH", "CN = y"), wrong),
            ("dn", "one cut off", ("0.O = Partner GmbH", "OU = " + "x" * 240, "1.O = Evil", "CN = y"), wrong)):
        yield message(f"attributes: {title}, {rule}", [f"a@{rule}.test"], shown(subject), differs=(
            NAMES, UNKNOWN.format(rule), answer))
    yield message("attributes: the common name alone", ["a@dncn.test"], shown(full))
    for kind, rule, answer in (("good", "fp", ACCEPTED), ("good", "fpself", "554 5.7.1 [fpself certificate_fingerprint]"),
                               ("self-signed", "fpself", ACCEPTED), ("self-signed", "fp", "554 5.7.1 [fp certificate_fingerprint]")):
        yield message(f"fingerprint: {kind}, {rule}", [f"a@{rule}.test"], shown(kind), differs=(
            PINS, UNKNOWN.format(rule), answer))
    yield message("fingerprint: no certificate", ["a@fp.test"], lambda mta: Tls(), differs=(
        PINS, UNKNOWN.format("fp"), "554 5.7.5 [fp certificate_missing]"))
    yield message("fingerprint of the key", ["a@keyed.test"], shown("good"))
    yield message("fingerprint, in plaintext", ["a@fp.test"])
    yield message("a certificate that was not asked for", ["a@cert.test"], shown("good"), service="unasked", differs=(
        ASKED, "554 5.7.5 [cert certificate_missing]", "451 4.3.5 [cert verify_not_requested]"))
    yield message("no certificate was asked for, and no rule", ["a@partner.test"], shown("good"), service="unasked")


# ---- clients, exemptions ----

def clients():
    for address in ("127.0.0.10", "127.0.0.11", "127.0.0.12", "127.0.0.13", "127.0.0.14"):
        yield message(f"client {address}", ["a@lo.test", "a@stranger.test", "a@bound.test", "a@partner.test"],
                      lambda mta: Tls(), address=address)
        yield message(f"client {address}, plaintext", ["a@stranger.test", "a@off.test", ""], address=address)
    yield message("client ::1", ["a@stranger.test"], host="::1", service="six")
    yield message("client ::1, TLS", ["a@stranger.test", "a@partner.test", "a@bound.test"], lambda mta: Tls(), host="::1",
                  service="six")
    yield message("exempt by default: loopback", ["a@partner.test", "a@cert.test"], service="default")
    yield message("exempt by default: a bounce", [""], service="default", name="partner.test")


# ---- From ----

def header(value, tls, differs=None, **options):
    def run(mta):
        text = f"From: {value}\r\nTo: user@here.test\r\nSubject: x\r\nMessage-ID: <1@x.test>\r\n" \
               "Date: Thu, 1 Jan 2026 00:00:00 +0000\r\n\r\nHello.\r\n"
        with mta.connect(tls, **options) as client:
            return [client.message("a@stranger.test", message=text)]
    return Case(f"From: {value}{', TLS' if tls else ''}{' (local)' if differs else ''}", run, differs)


def headers():
    for value in ("<a@headed.test>", "<a@stranger.test>", "B <b@x.test>, a@headed.test", '"a@headed.test" <b@x.test>',
                  "a@(c)headed.test", "x: a@x.test, b@headed.test;", "<a@x.below.test>", "<a@below.test>",
                  "=?utf-8?q?a=40headed.test?= <b@x.test>", "<a@HEADED.Test>", "a@headed.test (b@x.test)",
                  '"quoted\\" a" <a@headed.test>', "broken <a@headed.test", "undisclosed:;"):
        for tls in (None, Tls()):
            yield header(value, tls, source="127.0.0.14")
    yield header("broken <a@headed.test", None, (MENDED, refuses("headed"), "451 4.3.5 [headed header_from]"))


# ---- whole sessions ----

CASES = []


@session("STARTTLS mends a refusal")
def _(mta):
    with mta.connect() as client:
        first = client.mail("a@partner.test")
        client.starttls()
        client.ehlo()
        return [first, client.message("a@partner.test"), client.message("a@cert.test")]


@session("no HELO at all")
def _(mta):
    with smtp.Client(mta.rig.mtas[mta.name]["main"].port("main")) as client:
        return [client.mail("a@partner.test"), client.message("a@stranger.test"), client.message("")]


@session("no second EHLO")
def _(mta):
    with mta.connect() as client:
        client.starttls(mta.certificate("good"))
        return [client.message("a@partner.test"), client.message("a@cert.test")]


@session("the wrapper mode")
def _(mta):
    with smtp.Client(mta.rig.mtas[mta.name]["smtps"].port("smtps"), wrapper=mta.certificate("good")) as client:
        found = [client.message("a@cert.test")]
        client.ehlo()
        return found + [client.message("a@partner.test"), client.message("a@only13.test")]


@session("messages, refused and accepted, with RSET and EHLO between and inside")
def _(mta):
    with mta.connect() as client:
        found = [client.mail("a@partner.test"), client.message("a@stranger.test"), client.mail("a@stranger.test")]
        client.command("RSET")
        found += [client.mail("a@partner.test"), client.mail("a@stranger.test")]
        client.ehlo("mail.partner.test")
        found += [client.mail(""), client.message("a@stranger.test")]
        client.ehlo("mail.stranger.test")
        return found + [client.message("")]


@session("ten messages in a session over TLS")
def _(mta):
    with mta.connect(mta.certificate("other-name")) as client:
        found = []
        for number in range(10):
            found.append(client.message("a@" + ("partner", "cert", "trusted", "stranger", "bits")[number % 5] + ".test"))
            client.command("RSET")
        return found


@session("a bounce of the partner over TLS")
def _(mta):
    with mta.connect(Tls(), name="mail.partner.test") as client:
        return [client.message(""), client.message("a@partner.test")]


@session("a resumed session")
def _(mta):
    with mta.connect(mta.certificate("good", "TLSv1.2")) as first:
        found = [first.message("a@cert.test")]
        with mta.connect() as second:
            second.starttls(resume=first)
            second.ehlo()
            return found + [second.message("a@cert.test"), second.message("a@new.test")]


@session("commands behind STARTTLS in one segment")
def _(mta):
    with mta.connect() as client:
        client.starttls(behind="EHLO x.test\r\nMAIL FROM:<a@partner.test>\r\nRCPT TO:<user@here.test>\r\n")
        return [client.command("NOOP"), client.rcpt(), client.message("a@partner.test")]


@session("pipelined commands of a partner in plaintext")
def _(mta):
    with mta.connect() as client:
        client.send("MAIL FROM:<a@partner.test>\r\nRCPT TO:<user@here.test>\r\nNOOP\r\n")
        return [client.reply(), client.reply(), client.reply()]


def judged(*recipients):
    def run(mta):
        with mta.connect() as client:
            asked = [client.mail("a@rcpt.test"), *(client.command("RCPT TO:" + recipient) for recipient in recipients)]
            return [*asked, client.data()]
    return run


@session("recipients: judged and others, each by itself")
def _(mta):
    return judged("<other@here.test>", "<judged@here.test>", "<JUDGED@Here.TEST>", "<x@sub.judged.test>", "<third@here.test>")(mta)


@session("recipients: judged ones alone")
def _(mta):
    return judged("<judged@here.test>", "<x@judged.test>", "<y@a.judged.test>")(mta)[:-1]


@session("recipients: spellings of a judged one")
def _(mta):
    return judged('<"judged"@here.test>', "<@x.test:judged@here.test>", "judged@here.test", "<judged@here.test.>",
                  '<judged@"here.test">')(mta)[:-1]


@session("recipients: another message, other recipients")
def _(mta):
    with mta.connect() as client:
        found = [client.message("a@rcpt.test", ["judged@here.test"])]
        client.command("RSET")
        return found + [client.message("a@rcpt.test", ["other@here.test"]),
                        client.message("a@stranger.test", ["judged@here.test"])]


@session("recipients: over TLS that is not enough for the judged one")
def _(mta):
    with mta.connect(Tls("TLSv1.2")) as client:
        found = [client.message("a@late.test", [name + "@here.test"]) for name in ("other", "judged")]
        client.command("RSET")
        return found + [client.message("a@rcpt.test", ["other@here.test", "judged@here.test"])]


@session("envelope and From of partners, each with its own action")
def _(mta):
    with mta.connect() as client:
        text = MESSAGE.replace(b"sender@stranger.test", b"a@both.test")
        found = [client.message("a@stranger.test", message=text), client.message("a@both.test")]
        client.command("RSET")
        return found + [client.message("a@partner.test", message=text), client.message("a@held.test", message=text)]


@session("quarantine")
def _(mta):
    with mta.connect() as client:
        found = [mta.held(client.message("a@held.test"))]
    with mta.connect(Tls()) as client:
        return found + [mta.held(client.message("a@held.test")).replace("queued", "not held")]


@session("a message that is refused at its end, and the next")
def _(mta):
    text = MESSAGE.replace(b"sender@stranger.test", b"a@headed.test")
    with mta.connect() as client:
        return [client.message("a@stranger.test", message=text), client.message("a@stranger.test"),
                client.message("a@partner.test")]


@session("a client that goes away inside a message, and the next one")
def _(mta):
    with mta.connect() as client:
        found = [client.mail("a@stranger.test"), client.rcpt()]
        client.command("DATA")
        client.send(b"From: a@x.test\r\n")
    with mta.connect() as client:
        return found + [client.message("a@partner.test"), client.message("a@stranger.test")]


def corpus():
    return [*addresses(), *suites(), *certificates(), *clients(), *headers(), *CASES]
