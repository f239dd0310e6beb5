# SPDX-License-Identifier: BSD-2-Clause
"""Behind Sendmail: whose certificate. Rows T11 to T16; {verify}, whole names, fingerprints, the forced dialect."""
import re

from sendmail_rig import RIG, Instance, Logged, accepted, certificate, connect, fields, odd_name, policy, refused
import pki
from milterproxy import Proxy
from smtp import Tls
from tap import contains, equal, test

UNTRUSTED = ("server-only", "self-signed", "unknown-ca", "forged-issuer", "expired", "no-chain")
# Trusted certificates whose names are, or contain, something other than the partner's.
ODD = ("dn-inside", "punctuation", "plus-encoded", "quotes", "blanks", "utf8", "long", "two-names", "dot", "wildcard",
       "organisation")
ODD_PARTNERS = {kind: odd_name(pki.CLIENTS[kind]["names"][0]) for kind in ODD}
SENTINELS = {name: odd_name(name) for name in ("BadCertificateUnknown", "BadCertificateTooLong",
                                               "BadCertificateContainsNUL")}
NAMED = """
  - {name: cert, domains: [cert.test], require: {certificates: [{subject: mail.partner.test}]}}
  - {name: strict, domains: [partner.test]}
"""


def answers(tls, senders):
    """The answers to MAIL of each sender over TLS with that certificate (a kind of pki's, or a Tls)."""
    with connect(tls=certificate(tls) if isinstance(tls, str) else tls) as client:
        found = []
        for sender in senders:
            found.append(client.mail(sender))
            client.command("RSET")
        return found


def table(tls, cases):
    """cases: {partner: reason, or None where the mail is accepted}; a partner's domain bears its name."""
    for (partner, reason), reply in zip(cases.items(), answers(tls, [f"a@{partner}.test" for partner in cases])):
        if reason is None:
            accepted(reply)
        else:
            names = {"issued": "anyname"}
            action = "tempfail" if reason in ("mta_facts", "mta_macros") else "reject"
            refused(reply, names.get(partner, partner), reason, action)


# {verify}

@test("T11 s the right certificate passes; the log has whole names and {verify}")
def good():
    for version in ("TLSv1.2", "TLSv1.3"):
        for kind in ("good", "upper-case", "both-usages"):
            table(certificate(kind, version), dict.fromkeys(("cert", "trusted", "issued", "starred")))
    table("other-name", {"cert": "certificate_subject", "trusted": None})
    table("other-issuer", {"cert": "certificate_issuer", "issued": "certificate_issuer", "trusted": None})


@test("T11 s a certificate that did not verify is untrusted, whatever it says")
def untrusted():
    for kind in UNTRUSTED:
        for version in ("TLSv1.2", "TLSv1.3"):
            with Logged() as log:
                table(certificate(kind, version), {name: "certificate_untrusted" for name in (
                    "cert", "trusted", "issued", "starred", "dncn")})
                line = log(5)[0]
                equal((line["verify"], line["subject"]), ("FAIL", "/CN=mail.partner.test"), kind)
        accepted(answers(kind, ["a@partner.test"])[0])  # TLS is all that this one asks for
        accepted(answers(kind, ["a@stranger.test"])[0])


@test("T12 s without {verify} a certificate's names prove nothing")
def without_verify():
    for kind in ("good", "self-signed"):
        with connect(tls=certificate(kind)) as client, Logged() as log:
            refused(client.mail("a@unset.test"), "verify", "mta_macros", "tempfail")
            line = log(1)[0]
            equal((line["verify"], line["subject"]), ("", "/CN=mail.partner.test"))


@test("T12 s an MTA that cannot be asked for macros, and was not told to send them: nothing is known, and a line says so")
def not_asked():
    with RIG.need().spare(policy(NAMED)) as daemon, Proxy(RIG.socket("old"), daemon.socket, asks_macros=False) as proxy, \
            connect("old", tls=certificate("good")) as client:
        refused(client.mail("a@cert.test"), "cert", "mta_macros", "tempfail")
        refused(client.mail("a@partner.test"), "strict", "mta_macros", "tempfail")
        accepted(client.message("a@stranger.test"))
        equal("{verify}" in proxy.macros("M"), False)
        contains(daemon.wait_log("event=mta"), "does not send the macros that it was asked for")


@test("T13 s {verify}: OK is trust, FAIL and NO are the partner's, everything else is ours")
def verify():
    ours = {"NOT": "verify_not_requested", **dict.fromkeys(
        ("TEMP", "NONE", "CLEAR", "TRUSTED", "USAGE", "ok", "OKAY", "x"), "verify_temporary")}
    with connect(tls=certificate("good")) as client:
        for value, reason in {**ours, "FAIL": "certificate_untrusted", "NO": "certificate_missing"}.items():
            refused(client.mail(f"{value}@verify.test"), "verify", reason)
            client.command("RSET")
        for value in ("SOFTWARE", "PROTOCOL", "CONFIG", "DANE_FAIL"):  # Sendmail puts these off, 8.18 not the last
            reply = client.mail(f"{value}@verify.test")
            if value != "DANE_FAIL" or reply.code == 454:
                equal(reply.code, 454, value)
            else:
                refused(reply, "verify", "verify_temporary")
                client.command("RSET")
        accepted(client.mail("OK@verify.test"))


@test("T13 s a client that was not asked for a certificate")
def not_requested():
    with Instance(lambda lines: lines.replace("TLS_SRV_OPTIONS', `'", "TLS_SRV_OPTIONS', `V'")) as instance, \
            instance.daemon(policy(NAMED)) as daemon, instance.connect(certificate("good")) as client:
        refused(client.mail("a@cert.test"), "cert", "verify_not_requested", "tempfail")
        accepted(client.mail("a@partner.test"))
        equal(daemon.wait_decisions(1)[0]["verify"], "NOT")


@test("T25 s a forced mta: that is contradicted: certificates are unknown, the rest counts, and a line says so")
def forced():
    for mta, reason in (("postfix", "mta_macros"), ("sendmail", None), ("auto", None)):
        text = policy(NAMED).replace("version: 1\n", f"version: 1\nmilter: {{mta: {mta}}}\n")
        with RIG.spare(text) as daemon:
            with connect("spare", certificate("good")) as client:
                reply = client.mail("a@cert.test")
                refused(reply, "cert", reason, "tempfail") if reason else accepted(reply)
                client.command("RSET")
                accepted(client.message("a@partner.test"))
            with connect("spare") as client:
                refused(client.mail("a@partner.test"), "strict", "no_tls")
            if reason:
                line = [line for line in daemon.wait_log("event=mta").splitlines() if "event=mta" in line]
                equal(len(line), 1, "lines about the MTA")
                equal(re.search(r'v="8[.0-9]+" verify="OK"', line[0]) is not None, True, line[0])
            else:
                equal("event=mta" in daemon.log(), False)


# Names

@test("T14 s a trusted certificate without a usable common name matches no name, and the reply says so")
def no_name():
    for kind in ("no-name", "too-long", "control"):
        table(kind, {"cert": "certificate_subject", "starred": "certificate_subject", "trusted": None, "issued": None})
    contains(str(answers("no-name", ["a@cert.test"])[0]), "common name")


@test("T15 s odd names are decoded once, compared whole, and never found inside another")
def odd_names():
    for kind, partner in ODD_PARTNERS.items():
        table(kind, {partner: None, "trusted": None, "cert": "certificate_subject", **{
            other: "certificate_subject" for other_kind, other in ODD_PARTNERS.items()
            if pki.CLIENTS[other_kind]["names"][0] != pki.CLIENTS[kind]["names"][0] and other_kind != "wildcard"}})


@test("T15 s the BadCertificate texts are no names, not even in a certificate that bears one")
def sentinels():
    for kind in ("no-name", "too-long", "control"):
        table(kind, {partner: "certificate_subject" for partner in SENTINELS.values()})
    for name, partner in SENTINELS.items():
        table(fields(name, f"CN = {name}"), {partner: "certificate_subject", "trusted": None})


@test("T15 s of several common names the first counts")
def first_name():
    table("two-names", {"cert": "certificate_subject"})
    table("two-names-turned", {"cert": None})


@test("T16 s a wildcard in a certificate never expands; one in the policy is one label more")
def wildcard():
    table("wildcard", {"cert": "certificate_subject", "starred": None})
    table("good", {"starred": None})
    for kind in ("other-name", "dot", "dn-inside"):
        table(kind, {"starred": "certificate_subject"})


# Whole names

@test("T15 s attributes: all of a rule, wherever they stand, with escapes undone")
def attributes():
    table(fields("full", "C = DE", "L = Bonn", "O = Partner GmbH", "OU = IT", "CN = mail.partner.test"),
          {"dn": None, "dnfull": None, "dnou": None, "dncn": None, "cert": None})
    table(fields("turned", "CN = mail.partner.test", "OU = it", "O = PARTNER gmbh", "C = de"),
          {"dn": None, "dnfull": None, "dnou": None, "dncn": None})
    table(fields("less", "O = Partner GmbH", "CN = mail.partner.test"),
          {"dn": None, "dnfull": "certificate_subject", "dnou": "certificate_subject"})
    table("good", {"dn": "certificate_subject", "dncn": None})
    with RIG.spare(policy("""
  - {name: odd, domains: [odd.test], require: {certificates: [{subject: {O: "P\\u00e4rtner <A+B/C> \\"x\\", Inc."}}]}}
""")):
        for label, organisation, reason in (("odd1", 'Pärtner <A+B/C> \\"x\\", Inc.', None),
                                            ("odd2", "Pärtner", "certificate_subject")):
            with connect("spare", fields(label, f"O = {organisation}", "CN = x")) as client:
                reply = client.mail("a@odd.test")
                accepted(reply) if reason is None else refused(reply, "odd", reason)


@test("T15 s several attributes in one part of a name; one attribute several times")
def several():
    table(fields("multi", "O = Partner GmbH", "0.OU = IT", "+UID = 7", "CN = mail.partner.test"),
          {"dn": None, "dnou": None, "dncn": None})
    table(fields("ou-twice", "O = Partner GmbH", "0.OU = IT", "1.+OU = Mail", "CN = mail.partner.test"),
          {"dn": None, "dnou": "certificate_subject", "dncn": None})
    table(fields("o-twice", "0.O = Partner GmbH", "1.O = Evil", "CN = mail.partner.test"),
          {"dn": "certificate_subject", "dncn": None})
    table("two-names-turned", {"dncn": None})  # of common names the first counts
    table("two-names", {"dncn": "certificate_subject"})
    table(fields("cn-twice", "O = Partner GmbH", "0.CN = mail.partner.test", "1.CN = x"),
          {"cert": None, "dn": "certificate_subject"})


@test("T15 s an attribute inside another's value is never found")
def inside():
    for label, value in (("in-slash", "x/O=Partner GmbH"), ("in-plus", "x+O=Partner GmbH"),
                         ("in-back", "x\\\\/O=Partner GmbH")):
        table(fields(label, f"OU = {value}", "CN = mail.partner.test"), {"dn": "certificate_subject", "cert": None})
    table("dn-inside", {"dncn": "certificate_subject"})
    table("organisation", {"dncn": "certificate_subject"})


@test("T15 s a name without marks on its separators, as old OpenSSL writes it, is doubted")
def old_openssl():
    for kind in ("good", "no-name"):  # what is set there does not bear this certificate's common name, or not alone
        with connect(tls=certificate(kind)) as client, Logged() as log:
            refused(client.mail("a@unmarked.test"), "dn", "certificate_subject")
            contains(log(1)[0]["subject"], "/O=Partner+20GmbH/CN=x/CN=mail.partner.test")
    with connect(tls=certificate("other-name")) as client:
        refused(client.mail("a@invented.test"), "dn", "certificate_subject")
    with connect(tls=certificate("good")) as client:  # the same where it does
        accepted(client.mail("a@invented.test"))


@test("T15 s a name that Sendmail's buffer cut matches nothing: it stops at the first part that does not fit")
def cut():
    long = "x" * 240
    cases = {"whole": (["O = Partner GmbH", "OU = " + "x" * 64, "CN = mail.partner.test"], None, None),
             "cut": (["0.O = Partner GmbH", f"OU = {long}", "1.O = Evil", "CN = mail.partner.test"],
                     "certificate_subject", "/O=Partner+20GmbH"),
             "nothing": ([f"OU = {long}xxxxxxxxxxxxx", "O = Partner GmbH", "CN = mail.partner.test"],
                         "certificate_subject", "")}
    for label, (lines, reason, shown) in cases.items():
        with Logged() as log:
            table(fields("cut-" + label, *lines), {"cert": None, "dn": reason, "later": None})
            if reason:
                equal(log(1)[0]["subject"], shown, label)
    # The last octet that fits, and the first that does not; the shortest part that could be missing makes doubt.
    for size, reason in ((255 - 5, "certificate_subject"), (250 - 5 - 4, None)):
        table(fields(f"size-{size}", "O = Partner GmbH", "OU = " + "x" * (size - 17 - 4), "CN = y"),
              {"dn": reason, "trusted": None})


# Fingerprints

@test("fingerprints: {cert_fp} needs no chain; another certificate, none, and what cannot be shown")
def fingerprints():
    table("good", {"fp": None, "fpself": "certificate_fingerprint", "keyed": "mta_facts"})
    table("self-signed", {"fpself": None, "fp": "certificate_fingerprint"})
    table(Tls(), {"fp": "certificate_missing", "fpself": "certificate_missing", "keyed": "mta_facts"})
    for kind in ("upper-case", "forged-issuer", "expired"):
        table(kind, {"fp": "certificate_fingerprint"})


@test("fingerprints: without CertFingerprintAlgorithm Sendmail sends an MD5 sum, and nothing is known")
def md5():
    text = policy("\n  - {name: fp, domains: [fp.test], require: {certificates: [{fingerprint: \"sha256:"
                  + RIG.need().pki.client("good").fingerprint() + "\"}]}}")
    without = "dnl define(`confCERT_FINGERPRINT"
    with Instance(lambda lines: lines.replace("define(`confCERT_FINGERPRINT", without)) as instance, \
            instance.daemon(text), instance.connect(certificate("good")) as client:
        refused(client.mail("a@fp.test"), "fp", "mta_macros", "tempfail")
