# SPDX-License-Identifier: BSD-2-Clause
"""What the TLS macros mean: T01, T06 to T09; versions, suites, bits, profiles."""
from common import Daemon, NO_TLS, OURS, REJECTED, briefly, judge, partner, plain, policy, postfix, sendmail, strong, table
from milterclient import STRONG, Tls
from tap import contains, equal, test

ECDHE12 = Tls("TLSv1.2", "ECDHE-RSA-AES256-GCM-SHA384", 256)
UNREADABLE = f"{OURS} mta_macros"


def tls_cases(require, cases, mta=postfix):
    """Cases (wanted, version, cipher, bits) against a partner's `require`."""
    def ask(version, cipher, bits):
        return briefly(judge(daemon, mta(tls=Tls(version, cipher, bits))))
    with Daemon(policy(partner(require=require))) as daemon:
        table([(repr(tls), wanted, *tls) for wanted, *tls in cases], ask)


@test("T01 p plaintext")
def plaintext():
    with Daemon(policy(partner(), partner("soft", ["soft.test"], action="tempfail"))) as daemon:
        for mta in (postfix, sendmail):
            got = judge(daemon, plain(mta))
            equal((briefly(got), got.at), (f"{NO_TLS} no_tls", "mail"))
            contains(got.text, "Must issue a STARTTLS command first: mail from this domain must come over TLS", "reply")
            equal(got.lines[0]["tls"], "none", "tls=")
            equal(briefly(judge(daemon, plain(mta), "<a@soft.test>")), "451 4.7.0 no_tls")
            equal(briefly(judge(daemon, strong(mta))), "accept")


@test("T06 p versions: too low, known but never enough, and unreadable")
def versions():
    tls_cases({}, [
        ("accept", "TLSv1.2", ECDHE12.cipher, 256), ("accept", *STRONG),
        (f"{REJECTED} tls_version", "TLSv1.1", "ECDHE-RSA-AES256-SHA", 256), (f"{REJECTED} tls_version", "TLSv1", "AES256-SHA", 256),
        (f"{REJECTED} tls_version", "SSLv3", "AES256-SHA", 256),
        *[(UNREADABLE, version, ECDHE12.cipher, 256) for version in (
            "tlsv1.2", "TLSV1.2", " TLSv1.2", "TLSv1.2 ", "TLSv1.4", "TLSv1.20", "TLSv1.30", "TLSv2", "TLS", "TLSv1.2\n", "UNKNOWN",
            "1.3", "TLSv1.3.1", "TLSv1.2,TLSv1.3", "x" * 300, "TLSv1.\u0663", "none")]])
    tls_cases({"min_tls_version": "TLSv1"}, [
        ("accept", "TLSv1", "ECDHE-RSA-AES256-SHA", 256), ("accept", "TLSv1.1", "ECDHE-RSA-AES256-SHA", 256), ("accept", *STRONG)])
    tls_cases({"min_tls_version": "TLSv1.3"}, [(f"{REJECTED} tls_version", *ECDHE12), ("accept", *STRONG)])


@test("T06 p a version that we cannot read never satisfies, also where nothing else is asked")
def unreadable_version():
    with Daemon(policy(partner(require={"min_tls_version": "TLSv1"}), partner("tests", ["tests.test"], mode="testing"))) as daemon:
        for mta in (postfix, sendmail):
            odd = mta(tls=Tls("TLSv9", ECDHE12.cipher, 256))
            equal(briefly(judge(daemon, odd)), UNREADABLE)
            got = judge(daemon, odd, "<a@tests.test>")
            equal((got.brief, got.lines[0]["verdict"]), ("accept", "undecidable"))


ODD_BITS = (None, "", "abc", "-1", "-256", "99999999999999999999", "4294967552", "256 bits", "256x", " 256", "256 ", "+256",
            "0x100", "2e3", "256.0", "\u0662\u0665\u0666", "1" * 300)


@test("T07 p bits that are missing or unreadable, while a rule needs them")
def bits():
    tls_cases({"min_cipher_bits": 128}, [
        ("accept", *STRONG[:2], 256), ("accept", *STRONG[:2], 128), (f"{REJECTED} cipher_bits", *STRONG[:2], 112),
        (f"{REJECTED} cipher_bits", *STRONG[:2], 0), *[(UNREADABLE, *STRONG[:2], odd) for odd in ODD_BITS]])
    tls_cases({"min_cipher_bits": 256}, [(f"{REJECTED} cipher_bits", "TLSv1.3", "TLS_AES_128_GCM_SHA256", 128),
                                         (UNREADABLE, *STRONG[:2], "1024 256")], sendmail)


@test("T07 p bits that no rule needs harm nobody")
def bits_unneeded():
    tls_cases({}, [("accept", *STRONG[:2], odd) for odd in ODD_BITS])


@test("T08 p forward secrecy: every TLS 1.3 suite, ECDHE, DHE, and no other")
def forward_secrecy():
    short = f"{REJECTED} forward_secrecy"
    tls_cases({"forward_secrecy": True}, [
        *[("accept", "TLSv1.3", suite, 128) for suite in (
            "TLS_AES_256_GCM_SHA384", "TLS_AES_128_GCM_SHA256", "TLS_CHACHA20_POLY1305_SHA256", "TLS_AES_128_CCM_SHA256")],
        *[("accept", "TLSv1.2", suite, 128) for suite in (
            "ECDHE-RSA-AES256-GCM-SHA384", "ECDHE-ECDSA-CHACHA20-POLY1305", "DHE-RSA-AES128-GCM-SHA256",
            "ECDHE-RSA-AES128-SHA", "DHE-RSA-AES256-SHA")],
        *[(short, "TLSv1.2", suite, 128) for suite in ("AES256-GCM-SHA384", "AES128-SHA", "AES256-SHA256", "CAMELLIA256-SHA")],
    ])


@test("T08 p a list of suites leaves TLS 1.3 alone unless it names some")
def listed_suites():
    unmet = f"{REJECTED} cipher"
    tls_cases({"ciphers": ["ECDHE-RSA-AES256-GCM-SHA384"]}, [
        ("accept", *ECDHE12), ("accept", *STRONG), ("accept", "TLSv1.3", "TLS_CHACHA20_POLY1305_SHA256", 256),
        (unmet, "TLSv1.2", "ECDHE-RSA-AES128-GCM-SHA256", 128), (unmet, "TLSv1.2", "DHE-RSA-AES256-GCM-SHA384", 256)])
    tls_cases({"ciphers": ["TLS_AES_256_GCM_SHA384", "ECDHE-RSA-AES256-GCM-SHA384"]}, [
        ("accept", *STRONG), ("accept", *ECDHE12), (unmet, "TLSv1.3", "TLS_CHACHA20_POLY1305_SHA256", 256)])
    tls_cases({"ciphers": ["TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"]}, [("accept", *ECDHE12), ("accept", *STRONG)])
    tls_cases({"ciphers": ["ECDHE+AESGCM"]}, [
        ("accept", *ECDHE12), ("accept", "TLSv1.2", "ECDHE-ECDSA-AES128-GCM-SHA256", 128), ("accept", *STRONG),
        (unmet, "TLSv1.2", "ECDHE-RSA-AES256-SHA384", 256), (unmet, "TLSv1.2", "DHE-RSA-AES256-GCM-SHA384", 256)])


@test("T09 p suites without encryption or authentication, or broken, satisfy nobody")
def broken_suites():
    broken = ("ADH-AES256-GCM-SHA384", "ADH-AES128-SHA256", "AECDH-AES256-SHA", "AECDH-NULL-SHA", "NULL-SHA256", "NULL-MD5",
              "ECDHE-RSA-NULL-SHA", "EXP-RC4-MD5", "EXP-DES-CBC-SHA", "EXP1024-RC4-SHA", "RC4-SHA", "RC4-MD5", "ECDHE-RSA-RC4-SHA",
              "ADH-RC4-MD5", "DES-CBC3-SHA", "ECDHE-RSA-DES-CBC3-SHA", "DES-CBC-SHA", "EDH-RSA-DES-CBC3-SHA", "DES-CBC3-MD5", "RC2-CBC-MD5")
    for mta in (postfix, sendmail):
        tls_cases({}, [(f"{REJECTED} cipher", "TLSv1.2", suite, 256) for suite in broken], mta)
    tls_cases({"min_tls_version": "TLSv1"}, [(f"{REJECTED} cipher", "TLSv1", suite, 256) for suite in broken])
    tls_cases({}, [("accept", "TLSv1.2", "ECDHE-RSA-AES128-SHA", 128), ("accept", "TLSv1.2", "AES128-SHA", 128)])


@test("T09 p unless the list names one literally; a cipher string does not")
def broken_but_named():
    unmet = f"{REJECTED} cipher"
    tls_cases({"ciphers": ["DES-CBC3-SHA"]}, [("accept", "TLSv1.2", "DES-CBC3-SHA", 112), (unmet, "TLSv1.2", "RC4-SHA", 128)])
    tls_cases({"ciphers": ["ALL:COMPLEMENTOFALL"]}, [(unmet, "TLSv1.2", "DES-CBC3-SHA", 112), (unmet, "TLSv1.2", "NULL-SHA256", 0),
                                                     (unmet, "TLSv1.2", "ADH-AES256-GCM-SHA384", 256), ("accept", *ECDHE12)])


@test("T06 p a suite that is missing or unreadable cannot be judged, an unknown one never satisfies")
def unreadable_cipher():
    tls_cases({}, [(UNREADABLE, "TLSv1.2", suite, 256) for suite in (None, "", "x" * 300, "AES 256", "AES256-SHA\n", "\u00fc")])
    tls_cases({"ciphers": ["ALL"], "forward_secrecy": True}, [(UNREADABLE, "TLSv1.3", None, 256)])
    with Daemon(policy(partner())) as daemon:
        for suite in ("FOO-BAR", "ecdhe", "ALL", "HIGH", "ECDHE+AESGCM", "ecdhe-rsa-aes256-gcm-sha384"):
            equal(judge(daemon, postfix(tls=Tls("TLSv1.2", suite, 256))).brief in (OURS, REJECTED), True, suite)


@test("T06 p a suite without a version is no TLS that we could trust")
def no_version():
    tls_cases({}, [(UNREADABLE, None, "ECDHE-RSA-AES256-GCM-SHA384", 256), (UNREADABLE, "", "ECDHE-RSA-AES256-GCM-SHA384", 256)])


@test("profiles: the stricter of profile and own keys wins")
def profiles():
    tls_cases({"profile": "mozilla-modern"}, [("accept", *STRONG), (f"{REJECTED} tls_version", "TLSv1.2", "AES128-SHA", 128)][:1])
    with Daemon(policy(partner(require={"profile": "mozilla-intermediate", "min_tls_version": "TLSv1.3"}))) as daemon:
        equal(briefly(judge(daemon, postfix(tls=ECDHE12))), f"{REJECTED} tls_version")
        equal(briefly(judge(daemon, strong())), "accept")
    with Daemon(policy(partner(require={"profile": "mozilla-modern"}))) as daemon:
        contains(briefly(judge(daemon, postfix(tls=ECDHE12))), f"{REJECTED} tls_version")
    with Daemon(policy(partner(require={"profile": ["exchange-online", "house"]}),
                       profiles={"house": {"min_cipher_bits": 256}})) as daemon:
        equal(briefly(judge(daemon, postfix(tls=Tls("TLSv1.2", "ECDHE-RSA-AES128-GCM-SHA256", 128)))), f"{REJECTED} cipher_bits")
        equal(briefly(judge(daemon, postfix(tls=ECDHE12))), "accept")


@test("all unmet and unknown requirements are listed, the first unmet decides")
def all_reasons():
    require = {"min_tls_version": "TLSv1.3", "min_cipher_bits": 256, "forward_secrecy": True, "certificates": "trusted"}
    with Daemon(policy(partner(require=require))) as daemon:
        got = judge(daemon, postfix(tls=Tls("TLSv1.2", "AES128-SHA", 128)))
        equal(got.brief, REJECTED)
        equal(got.lines[0]["reasons"].split(","), ["tls_version", "cipher_bits", "forward_secrecy", "certificate_missing"])
        got = judge(daemon, postfix(tls=Tls("TLSv1.3", "TLS_AES_256_GCM_SHA384", "x")))
        equal((got.brief, got.lines[0]["verdict"]), ("554 5.7.5", "fail"), "an unmet one beside an unknown one")
        equal(sorted(got.lines[0]["reasons"].split(",")), ["certificate_missing", "mta_macros"])


@test("T28 p a suite that is in no table is not known, and a name that shows a weak one is unmet")
def unknown_suites():
    unknown = ("TLS_SM4_GCM_SM3", "TLS_FUTURE_SUITE", "ECDHE-RSA-NEW256-GCM", "NEW", "TLS_DESIGN_OF_TOMORROW", "_", "x" * 64)
    weak = ("NEW-RC4-SHA", "TLS_NEW_WITH_NULL_SHA512", "TLS_DH_anon_WITH_NEW_GCM", "EXP2048-NEW", "ADH-NEW-GCM", "new-des-cbc",
            "NEW-DES-CBC3-SHA", "NEW-MD5", "TLS_SHA256_SHA256")
    for require in ({}, {"ciphers": ["ECDHE+AESGCM"]}, {"ciphers": ["TLS_AES_256_GCM_SHA384"]}, {"profile": "mozilla-intermediate"},
                    {"forward_secrecy": True}, {"min_cipher_bits": 128}):
        for mta in (postfix, sendmail):
            tls_cases(require, [(UNREADABLE, version, suite, 256) for suite in unknown for version in ("TLSv1.2", "TLSv1.3")], mta)
        tls_cases({key: value for key, value in require.items() if key != "forward_secrecy"},
                  [(f"{REJECTED} cipher", "TLSv1.3", suite, 256) for suite in weak])


@test("T28 p the log says that the suite is not known")
def unknown_suite_in_log():
    with Daemon(policy(partner())) as daemon:
        got = judge(daemon, postfix(tls=Tls("TLSv1.3", "TLS_SM4_GCM_SM3", 128)))
        contains(got.text, "mta_macros: unknown suite seen]", "reply")
        equal(got.lines[0]["cipher"], "TLS_SM4_GCM_SM3")
        contains(daemon.wait_log("event=mta"), "cipher suite")
