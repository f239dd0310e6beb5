# SPDX-License-Identifier: BSD-2-Clause
"""Rows T11, T14-T16 of the catalogue: whose certificate."""
import pki
from rig import Logged, accepted, certificate, connect, odd_name, refused
from smtp import Tls
from tap import equal, test

UNTRUSTED = ("server-only", "self-signed", "unknown-ca", "forged-issuer", "expired", "no-chain")
# Trusted certificates whose names are, or contain, something other than the partner's.
ODD = ("dn-inside", "punctuation", "plus-encoded", "quotes", "blanks", "utf8", "long", "two-names", "dot", "wildcard",
       "organisation")
ODD_PARTNERS = {kind: odd_name(pki.CLIENTS[kind]["names"][0]) for kind in ODD}


def answers(kind, senders, version=None):
    """The answers to MAIL of each sender over TLS with that certificate."""
    with connect(tls=certificate(kind, version)) as client:
        found = []
        for sender in senders:
            found.append(client.mail(sender))
            client.command("RSET")
        return found


@test("T11 x the right certificate passes, with any version that carries it")
def good():
    for version in ("TLSv1.2", "TLSv1.3"):
        for kind in ("good", "upper-case", "both-usages"):
            for reply in answers(kind, ["a@cert.test", "a@trusted.test", "a@issued.test", "a@starred.test"], version):
                accepted(reply)
    with connect(tls=certificate("good")) as client, Logged() as log:
        accepted(client.message("a@cert.test"))
        line = log(1)[0]
        equal((line["verdict"], line["subject"], line["issuer"]), ("pass", pki.PARTNER, pki.INTERMEDIATE))


@test("T11 x no certificate")
def none():
    with connect(tls=Tls()) as client:
        refused(client.mail("a@cert.test"), "cert", "certificate_missing")
        refused(client.mail("a@trusted.test"), "trusted", "certificate_missing")


@test("T11 x a certificate that did not verify proves nothing, whatever it says")
def untrusted():
    for kind in UNTRUSTED:
        for version in ("TLSv1.2", "TLSv1.3"):
            by_name, by_trust, by_issuer = answers(kind, ["a@cert.test", "a@trusted.test", "a@issued.test"], version)
            refused(by_name, "cert", "certificate_missing")
            refused(by_trust, "trusted", "certificate_missing")
            refused(by_issuer, "anyname", "certificate_missing")
        accepted(answers(kind, ["a@partner.test"])[0])  # TLS is all that this one asks for
        accepted(answers(kind, ["a@stranger.test"])[0])


@test("T11 x a service that asks for no certificate")
def not_asked():
    with connect("weak", tls=certificate("good")) as client:
        refused(client.mail("a@cert.test"), "cert", "certificate_missing")


@test("T11 x another name, another issuer")
def other():
    by_name, by_trust = answers("other-name", ["a@cert.test", "a@trusted.test"])
    refused(by_name, "cert", "certificate_subject")
    accepted(by_trust)
    by_name, by_trust, by_issuer = answers("other-issuer", ["a@cert.test", "a@trusted.test", "a@issued.test"])
    refused(by_name, "cert", "certificate_issuer")
    accepted(by_trust)
    refused(by_issuer, "anyname", "certificate_issuer")


@test("T14 x a trusted certificate without a usable common name matches no name")
def no_name():
    for kind in ("no-name", "too-long", "control"):
        by_name, by_trust, starred, by_issuer = answers(
            kind, ["a@cert.test", "a@trusted.test", "a@starred.test", "a@issued.test"])
        refused(by_name, "cert", "certificate_subject")
        refused(starred, "starred", "certificate_subject")
        accepted(by_trust)
        accepted(by_issuer)


@test("T14 x the reply to a nameless certificate says that it has no common name")
def no_name_text():
    reply = answers("no-name", ["a@cert.test"])[0]
    equal("common name" in reply, True, str(reply))


@test("T15 x odd names are compared whole, and never found inside another")
def odd_names():
    for kind, partner in ODD_PARTNERS.items():
        exact, by_name, by_trust = answers(kind, [f"a@{partner}.test", "a@cert.test", "a@trusted.test"])
        accepted(exact)
        refused(by_name, "cert", "certificate_subject")
        accepted(by_trust)
        for other, other_partner in ODD_PARTNERS.items():
            same = pki.CLIENTS[other]["names"][0] == pki.CLIENTS[kind]["names"][0]
            if not same and other != "wildcard":  # "*.partner.test" in a policy is a pattern
                refused(answers(kind, [f"a@{other_partner}.test"])[0], other_partner, "certificate_subject")


@test("T15 x of several common names Postfix shows the first")
def first_name():
    refused(answers("two-names", ["a@cert.test"])[0], "cert", "certificate_subject")
    accepted(answers("two-names-turned", ["a@cert.test"])[0])


@test("T15 x an odd name is logged whole, and never gets into the reply")
def odd_name_logged():
    for kind in ("quotes", "utf8", "dn-inside", "punctuation"):
        with Logged() as log:
            reply = answers(kind, ["a@cert.test"])[0]
            refused(reply, "cert", "certificate_subject")
            name = pki.CLIENTS[kind]["names"][0]
            equal(log(1)[0]["subject"], name)
            equal(name in reply, False, "the client's text in the reply")


@test("T16 x a wildcard in a certificate never expands; one in the policy is one label more")
def wildcard():
    by_name, starred = answers("wildcard", ["a@cert.test", "a@starred.test"])
    refused(by_name, "cert", "certificate_subject")
    accepted(starred)  # a certificate of that very name
    accepted(answers("good", ["a@starred.test"])[0])
    refused(answers("other-name", ["a@starred.test"])[0], "starred", "certificate_subject")
    refused(answers("dot", ["a@starred.test"])[0], "starred", "certificate_subject")
    refused(answers("dn-inside", ["a@starred.test"])[0], "starred", "certificate_subject")
