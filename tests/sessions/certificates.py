# SPDX-License-Identifier: BSD-2-Clause
"""Certificates in both dialects: T05, T12 to T16, T22; pins."""
import time

from common import (Certificate, Daemon, GOOD, OURS, SENDER, briefly, date, judge, partner, policy, postfix, sendmail, strong,
                    table)
from daemon import free_port
from milterclient import STRONG, xtext
from tap import contains, equal, test

MACROS, SUBJECT, ISSUER = f"{OURS} mta_macros", "554 5.7.1 certificate_subject", "554 5.7.1 certificate_issuer"
UNSHOWN = f"{OURS} mta_facts"            # what this MTA can never show
MISSING, UNTRUSTED = "554 5.7.5 certificate_missing", "554 5.7.5 certificate_untrusted"
NAMED = [{"subject": "mail.partner.test", "issuer": "Partner CA 1"}]


def certified(certificates, **keys):
    return policy(partner(require={"certificates": certificates}), **keys)


def certificate_cases(certificates, cases, **keys):
    """Cases (what, wanted, profile) against a partner's `certificates`."""
    with Daemon(certified(certificates, **keys)) as daemon:
        table(cases, lambda profile: briefly(judge(daemon, profile)))


def shown(mta, cn, issuer="Partner CA 1", **more):
    return strong(mta, Certificate(cn, issuer, **more))


@test("T14 T15 p names are compared whole and without case, behind both MTAs")
def names():
    odd = ("mail.partner.test.evil.test", "xmail.partner.test", "mail.partner.test ", " mail.partner.test", "mail.partner.tes",
           "mail/CN=mail.partner.test", "CN=mail.partner.test", "/CN=mail.partner.test", "mail.partner.test.", "m\u00e4il.partner.test",
           "mail.partner.test/O=x", "mail.partner.test,evil", '"mail.partner.test"', "mail+partner.test", "x" * 200,
           "mail+2Epartner.test", "partner.test")
    for mta in (postfix, sendmail):
        certificate_cases(NAMED, [
            ("the name", "accept", shown(mta, "mail.partner.test")), ("in capitals", "accept", shown(mta, "MAIL.Partner.Test")),
            ("issuer in capitals", "accept", shown(mta, "mail.partner.test", "PARTNER ca 1")),
            ("another issuer", ISSUER, shown(mta, "mail.partner.test", "Partner CA 2")),
            ("an issuer that begins alike", ISSUER, shown(mta, "mail.partner.test", "Partner CA 11")),
            ("both wrong: the subject is told", SUBJECT, shown(mta, "x.test", "Partner CA 2")),
            ("none", MISSING, strong(mta)), *[(f"{mta.__name__} {cn!r}", SUBJECT, shown(mta, cn)) for cn in odd]])


@test("T15 p odd names that the policy does ask for")
def odd_names_asked():
    for cn in ("a+b/c=d,e;f<g>h#i", "M\u00e4il (Haupt) 'x'", "a+20b", "x" * 120, "back\\slash", 'with "quotes"', "+"):
        for mta in (postfix, sendmail):
            certificate_cases([{"subject": cn}], [
                (f"{mta.__name__} {cn!r}", "accept", shown(mta, cn)), ("a part of it", SUBJECT, shown(mta, cn[:-1] + "_")),
                ("encoded once more", SUBJECT, shown(mta, xtext(cn) + "+2E"))])


@test("T15 p the name inside a distinguished name is never found by searching")
def distinguished_names():
    def with_dn(subject, first, **more):
        return sendmail(tls=STRONG, certificate=GOOD, cert_subject=subject, cn_subject=first, **more)
    certificate_cases(NAMED, [
        ("the attacker's first", SUBJECT, with_dn("/CN=attacker.test/CN=mail.partner.test", "attacker.test")),
        ("a slash in the name", SUBJECT, with_dn("/CN=mail+5C/CN=mail.partner.test", "mail/CN=mail.partner.test")),
        ("in the organisation", SUBJECT, with_dn("/O=x+5C/CN=mail.partner.test/CN=attacker.test", "attacker.test")),
        ("unescaped, as old OpenSSL writes it", SUBJECT, with_dn("/O=x/CN=mail.partner.test/CN=attacker.test", "attacker.test")),
        ("a line feed in the name", SUBJECT, with_dn("/CN=mail.partner.test+0A", "mail.partner.test+0A")),
        ("a NUL in the name", SUBJECT, with_dn("/CN=mail.partner.test+00x", "mail.partner.test+00x")),
    ])
    with Daemon(certified(NAMED)) as daemon:
        for subject, first in (("/CN=mail.partner.test+4", "mail.partner.test+4"), ("/CN=mail.partner.test+ZZ", "mail.partner.test+ZZ"),
                               ("/CN=attacker.test/CN=mail.partner.test", None), ("/CN=a/O=/CN=mail.partner.test", ""),
                               ("mail.partner.test", None), ("/CN=mail.partner.test/CN=mail.partner.test", None)):
            equal(judge(daemon, with_dn(subject, first)).brief == "accept", False, f"{subject} {first}")


@test("T15 p Sendmail's BadCertificate strings are no names")
def bad_certificate_strings():
    bad = ("BadCertificateUnknown", "BadCertificateTooLong", "BadCertificateContainsNUL")
    for name in bad:
        with Daemon(certified([{"subject": name}])) as daemon:
            got = judge(daemon, sendmail(tls=STRONG, certificate=GOOD, cert_subject="/O=Partner+20GmbH", cn_subject=name))
            equal(briefly(got), SUBJECT, name)


@test("T15 p a distinguished name's attributes, for MTAs that pass them")
def attributes():
    wanted = [{"subject": {"CN": "mail.partner.test", "O": "Partner GmbH", "C": "DE"}, "issuer": {"O": "Partner CA"}}]

    def dn(subject, issuer="/C=DE/O=Partner+20CA/CN=Partner+20CA+201"):
        return sendmail(tls=STRONG, certificate=GOOD, cert_subject=subject, cert_issuer=issuer, cn_issuer="Partner+20CA+201")
    certificate_cases(wanted, [
        ("all", "accept", dn("/C=DE/O=Partner+20GmbH/CN=mail.partner.test")),
        ("another order, further attributes", "accept", dn("/CN=mail.partner.test/OU=IT/O=PARTNER+20gmbh/C=de")),
        ("another organisation", SUBJECT, dn("/C=DE/O=Evil+20GmbH/CN=mail.partner.test")),
        ("one attribute missing", SUBJECT, dn("/O=Partner+20GmbH/CN=mail.partner.test")),
        ("another issuer", ISSUER, dn("/C=DE/O=Partner+20GmbH/CN=mail.partner.test", "/O=Other+20CA/CN=Partner+20CA+201")),
        ("inside another attribute", SUBJECT, dn("/C=DE/O=x+5C/O=Partner+20GmbH/CN=mail.partner.test")),
        ("behind Postfix", UNSHOWN, shown(postfix, "mail.partner.test")),
    ])


@test("T14 p a trusted certificate without a common name")
def nameless():
    certificate_cases(NAMED, [
        ("postfix", SUBJECT, shown(postfix, "")), ("sendmail", SUBJECT, sendmail(
            tls=STRONG, certificate=GOOD, cert_subject="/O=Partner+20GmbH", cn_subject="BadCertificateUnknown")),
        ("sendmail, an empty subject", SUBJECT, sendmail(
            tls=STRONG, certificate=GOOD, cert_subject="", cn_subject="BadCertificateUnknown"))])
    certificate_cases("trusted", [("trust alone", "accept", shown(postfix, ""))])
    with Daemon(certified(NAMED)) as daemon:
        text = judge(daemon, shown(postfix, "")).text
        contains(text, "[contoso certificate_subject", "reply")
        contains(text, "without a common name", "reply")


@test("T16 p a wildcard in a certificate never expands; one in the policy takes one label")
def wildcards():
    for mta in (postfix, sendmail):
        certificate_cases([{"subject": "mail.partner.test"}], [
            (cn, SUBJECT, shown(mta, cn)) for cn in ("*.partner.test", "*", "*.test", "mail.*", "m*.partner.test", "*.*.test")])
        certificate_cases([{"subject": "*.partner.test"}], [
            ("one label", "accept", shown(mta, "mail.partner.test")), ("capitals", "accept", shown(mta, "MAIL.PARTNER.test")),
            ("the wildcard itself", "accept", shown(mta, "*.partner.test")),
            *[(cn, SUBJECT, shown(mta, cn)) for cn in (
                "partner.test", ".partner.test", "a.b.partner.test", "evilpartner.test", "*.b.partner.test", "mail.partner.test.evil.test")]])


@test("T05 p an empty macro is an absent one")
def empty_macros():
    empty = {"tls_version": "", "cipher": "", "cipher_bits": "", "cert_subject": "", "cert_issuer": "", "verify": ""}
    with Daemon(certified("trusted")) as daemon:
        for mta in (postfix, sendmail):
            equal(judge(daemon, mta(**empty)).brief, "530 5.7.0", f"{mta.__name__} plaintext")
            equal(briefly(judge(daemon, strong(mta, cert_subject="", cert_issuer=""))), MISSING, f"{mta.__name__} no certificate")
        equal(briefly(judge(daemon, strong(sendmail, GOOD, verify=""))), MACROS, "an empty {verify}")
        equal(judge(daemon, postfix(), SENDER, mail_macros={"mail_addr": "", "auth_authen": "", "auth_type": ""}).brief, "530 5.7.0")


@test("T12 p Sendmail without {verify} shows names that prove nothing")
def without_verify():
    certificate_cases(NAMED, [("none", MACROS, strong(sendmail, GOOD, verify=None)),
                              ("none, old version", MACROS, strong(sendmail, GOOD, verify=None, v="8.14.7"))])
    certificate_cases("trusted", [("none", MACROS, strong(sendmail, GOOD, verify=None))])
    certificate_cases(NAMED, [("neither v nor {verify}", MACROS, strong(sendmail, GOOD, verify=None, v=None))])


@test("T13 p {verify}: OK is trust, FAIL and NO are the partner's, everything else is ours")
def verify_values():
    ours = {"NOT": "verify_not_requested", **{value: "verify_temporary" for value in (
        "TEMP", "PROTOCOL", "SOFTWARE", "CONFIG", "NONE", "CLEAR", "TRUSTED", "DANE_FAIL", "USAGE", "ok", "Ok", "OK ", "OKAY", "x", "FAILED")}}
    for certificates in (NAMED, "trusted"):
        certificate_cases(certificates, [
            ("OK", "accept", strong(sendmail, GOOD)), ("FAIL", UNTRUSTED, strong(sendmail, GOOD._replace(verify="FAIL"))),
            ("NO", MISSING, strong(sendmail)),
            *[(value, f"{OURS} {reason}", strong(sendmail, GOOD._replace(verify=value))) for value, reason in ours.items()],
            ("NOT without names", f"{OURS} verify_not_requested", strong(sendmail, verify="NOT"))])
    with Daemon(policy(partner())) as daemon:
        for value in ("FAIL", "NO", "NOT", "TEMP", "x"):
            equal(briefly(judge(daemon, strong(sendmail, verify=value))), "accept", f"no certificate asked: {value}")


@test("T11 p an untrusted certificate is untrusted whatever it says; Postfix shows none")
def untrusted():
    certificate_cases(NAMED, [("sendmail", UNTRUSTED, shown(sendmail, "mail.partner.test", verify="FAIL")),
                              ("sendmail, another name", UNTRUSTED, shown(sendmail, "x.test", verify="FAIL")),
                              ("postfix", MISSING, shown(postfix, "mail.partner.test", verify="FAIL"))])


@test("any one of several identities is enough, and the nearest miss is told")
def several():
    two = [{"subject": "mx1.partner.test", "issuer": "CA A"}, {"subject": ["mx2.partner.test", "mx3.partner.test"], "issuer": ["CA B", "CA C"]}]
    certificate_cases(two, [
        ("first", "accept", shown(postfix, "mx1.partner.test", "CA A")), ("second", "accept", shown(postfix, "mx3.partner.test", "CA C")),
        ("crossed", ISSUER, shown(postfix, "mx1.partner.test", "CA C")), ("neither", SUBJECT, shown(postfix, "mx4.partner.test", "CA A"))])


PIN = "AB:" * 31 + "CD"


@test("pins: Sendmail's {cert_fp} needs no chain; what an MTA cannot show is our mistake")
def pins():
    pinned, wrong = [{"fingerprint": f"sha256:{PIN}"}], "554 5.7.1 certificate_fingerprint"
    certificate_cases(pinned, [
        ("trusted", "accept", shown(sendmail, "x", fingerprint=PIN)), ("self-signed", "accept", shown(sendmail, "x", verify="FAIL", fingerprint=PIN)),
        ("lower case", "accept", shown(sendmail, "x", verify="FAIL", fingerprint=PIN.lower())),
        ("another", wrong, shown(sendmail, "x", fingerprint="CD:" * 31 + "AB")), ("none", MISSING, strong(sendmail)),
        ("an MD5", MACROS, shown(sendmail, "x", fingerprint="AB:" * 15 + "CD")), ("not sent", MACROS, shown(sendmail, "x")),
        ("behind Postfix, without postfix_facts", UNSHOWN, shown(postfix, "x"))])
    certificate_cases([{"key_fingerprint": f"sha256:{PIN}"}], [("a key pin", UNSHOWN, shown(sendmail, "x", fingerprint=PIN))])
    certificate_cases([{"fingerprint": f"sha256:{PIN}"}, {"subject": "mail.partner.test"}], [
        ("by name instead", "accept", shown(postfix, "mail.partner.test")), ("unknown beside unmet", UNSHOWN, shown(postfix, "x.test"))])


@test("pins behind postfix_facts: no record of this message, no mail")
def pins_without_record():
    text = policy(partner(require={"certificates": [{"fingerprint": f"sha256:{PIN}"}]}),
                  milter={"postfix_facts": f"inet:{free_port()}@127.0.0.1"})
    with Daemon(text) as daemon:
        got = judge(daemon, strong(postfix))
        equal((briefly(got), got.at), (UNSHOWN, "data"))
        equal(briefly(judge(daemon, postfix())), "530 5.7.0 no_tls", "what MAIL shows is refused there")
        equal(judge(daemon, strong(), "<a@nobody.test>").brief, "accept", "a stranger's")


@test("T22 p identities before from, at and after until; none in force is our mistake")
def dates():
    subject, hour = {"subject": "mail.partner.test"}, 3600
    good, dated = shown(postfix, "mail.partner.test"), "554 5.7.1 certificate_dates"
    for what, wanted, identities in (
            ("in force", "accept", [{**subject, "from": date(-hour), "until": date(hour)}]),
            ("not yet", f"{OURS} policy_dates", [{**subject, "from": date(hour)}]),
            ("no longer", f"{OURS} policy_dates", [{**subject, "until": date(-hour)}]),
            ("none of two", f"{OURS} policy_dates", [{**subject, "until": date(-hour)}, {**subject, "from": date(hour)}]),
            ("until now", f"{OURS} policy_dates", [{**subject, "until": date(0)}]),
            ("from now", "accept", [{**subject, "from": date(0)}]),
            ("the old one", dated, [{**subject, "until": date(-hour)}, {"subject": "new.partner.test", "from": date(-hour)}]),
            ("the next one", dated, [{"subject": "new.partner.test"}, {**subject, "from": date(hour)}]),
            ("both of an overlap", "accept", [{**subject, "until": date(hour)}, {**subject, "from": date(-hour)}])):
        certificate_cases(identities, [(what, wanted, good)])


@test("T22 p an identity ends and another begins while the daemon runs")
def dates_pass():
    turn = date(2)
    old, new = shown(postfix, "old.partner.test"), shown(postfix, "new.partner.test")
    with Daemon(certified([{"subject": "old.partner.test", "until": turn}, {"subject": "new.partner.test", "from": turn}])) as daemon:
        if date(0) < turn:
            first = briefly(judge(daemon, old))
            equal(first == "accept" or date(0) >= turn, True, f"before: {first}")
        while date(0) < turn:
            time.sleep(0.05)
        equal(briefly(judge(daemon, old)), "554 5.7.1 certificate_dates", "the old one, after")
        equal(briefly(judge(daemon, new)), "accept", "the new one, after")
