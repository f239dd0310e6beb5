# SPDX-License-Identifier: BSD-2-Clause
"""What Postfix is answered, by `forcetls explain --outbound`: keys, names, suites, dates, and the upstream's answer."""
import json
import re
import subprocess

import tap
from common import CONTOSO, FORCETLS, KEY, NAMES, P, PARTNERS, PIN, PLACE, WEAK, explain, forcetls, partner, policy, require, write

write("policy.yaml", policy(PARTNERS))


def asked(to, *options, file="policy.yaml", status=0):
    answer = explain(to, *options, file=file, status=status)
    return answer["partner"], answer["mode"], answer["answer"]


# ---- keys ----

for TO, OPTIONS, PARTNER, ANSWER in [
        ("u@contoso.com", [], "contoso", CONTOSO),
        ("u@CONTOSO.Com.", [], "contoso", CONTOSO),
        ("contoso.com", [], "contoso", CONTOSO),
        ("<u@contoso.com>", [], "contoso", CONTOSO),
        ("<u@contoso.com.>", [], "contoso", CONTOSO),
        ("u@a.B.contoso.com", [], "contoso", f"secure match=a.b.contoso.com:.a.b.contoso.com {NAMES}"),
        ("u@notcontoso.com", [], None, None),
        ("u@old.contoso.com", [], "hole", None),
        ("u@x.old.contoso.com", [], "contoso", f"secure match=x.old.contoso.com:.x.old.contoso.com {NAMES}"),
        ("u@in.contoso.com", [], None, None),
        ("u@münchen.example", [], "idn", f"secure match=xn--mnchen-3ya.example:.xn--mnchen-3ya.example {NAMES}"),
        ("u@MÜNCHEN.example", [], "idn", f"secure match=xn--mnchen-3ya.example:.xn--mnchen-3ya.example {NAMES}"),
        ("u@xn--mnchen-3ya.EXAMPLE", [], "idn", f"secure match=xn--mnchen-3ya.example:.xn--mnchen-3ya.example {NAMES}"),
        ("u@bücher.example", [], "idn", f"secure match=xn--bcher-kva.example:.xn--bcher-kva.example {NAMES}"),
        ("u@bücher。example", [], "idn", f"secure match=xn--bcher-kva.example:.xn--bcher-kva.example {NAMES}"),
        ("u@x.test", ["--next-hop", "contoso.com:25"], "contoso", CONTOSO),
        ("u@x.test", ["--next-hop", "contoso.com:587"], "contoso", CONTOSO),
        ("u@x.test", ["--next-hop", ".contoso.com"], None, None),
        ("u@x.test", ["--next-hop", "[mail.contoso.com]:25"], "contoso", CONTOSO),
        ("u@x.test", ["--next-hop", "[MAIL.contoso.com]"], "contoso", CONTOSO),
        ("u@x.test", ["--next-hop", "[mail.contoso.com]:smtp"], "contoso", CONTOSO),
        ("u@x.test", ["--next-hop", "[mail.contoso.com]:587"], None, None),
        ("u@x.test", ["--next-hop", "contoso.com:"], "contoso", CONTOSO),
        ("u@x.test", ["--next-hop", "contoso.com:0025"], "contoso", CONTOSO),
        ("u@x.test", ["--next-hop", "[mail.contoso.com]:"], "contoso", CONTOSO),
        ("u@x.test", ["--next-hop", "[mail.contoso.com]:0025"], "contoso", CONTOSO),
        ("u@x.test", ["--next-hop", "[mail.contoso.com]:0"], None, None),
        ("u@x.test", ["--next-hop", "[192.0.2.1]:submission"], "contoso", CONTOSO),
        ("u@x.test", ["--next-hop", "[192.0.2.1]:00587"], "contoso", CONTOSO),
        ("u@x.test", ["--next-hop", "[192.0.2.1]:"], None, None),
        ("u@x.test", ["--next-hop", "[192.0.2.1]:submissions"], None, None),
        ("u@x.test", ["--next-hop", "[contoso.com]"], None, None),
        ("u@x.test", ["--next-hop", "[192.0.2.1]:587"], "contoso", CONTOSO),
        ("u@x.test", ["--next-hop", "[192.0.2.1]"], None, None),
        ("u@x.test", ["--next-hop", "hop.example"], "contoso", CONTOSO),
        ("u@x.test", ["--next-hop", "a.hop.example"], None, None),
        ("u@contoso.com", ["--next-hop", "[relay.example]:25"], None, None),
        ("u@[192.0.2.1]", [], None, None),
        ("u@x.test", ["--next-hop", "["], None, None),
        ("u@x.test", ["--next-hop", ""], None, None),
        ("u@x.test", ["--next-hop", "a" * 3000 + ".contoso.com"], "contoso", "*"),
]:
    @tap.test(f"key {TO} {' '.join(OPTIONS)[:60]}: {PARTNER}")
    def _(to=TO, options=OPTIONS, wanted=PARTNER, answer=ANSWER):
        found, _, text = asked(to, *options)
        tap.equal(found, wanted, "partner")
        if answer != "*":
            tap.equal(text, answer, "answer")


@tap.test("a key below a suffix that is no host name is TEMP: it would be more than a name in the answer")
def _():
    for label in ("a{", "a}b", "a,b", "a b", "a=b", "a|b", 'a"b', "a\\b", "a\x01b"):
        found, mode, text = asked("u@x.test", "--next-hop", f"{label}.contoso.com", status=10)
        tap.equal((found, mode, text), ("contoso", "enforce", "TEMP forcetls: partner contoso: the domain is not a host name"), repr(label))
    tap.equal(asked("u@x.test", "--next-hop", "_a-b.contoso.com")[2], f"secure match=_a-b.contoso.com:._a-b.contoso.com {NAMES}")


@tap.test("keys are those that Postfix asks by, until one is answered")
def _():
    for to, options, keys in [
            ("u@contoso.com", [], ["contoso.com"]),
            ("u@Deep.Sub.p.test", [], ["Deep.Sub.p.test", ".Sub.p.test", ".p.test", ".test"]),
            ("u@noaddr.test.", [], ["noaddr.test", ".test"]),
            ("<u@noaddr.test>", [], ["noaddr.test", ".test"]),
            ("<>", [], [""]),
            ("u@[127.0.1.1]", [], ["[127.0.1.1]"]),
            ("u@contoso.com", ["--next-hop", "[mx.p.test]:2525"], ["[mx.p.test]:2525"]),
            ("u@contoso.com", ["--next-hop", "p.test:25"], ["p.test:25"]),
            ("u@contoso.com", ["--next-hop", "mx.p.test"], ["mx.p.test", ".p.test", ".test"])]:
        tap.equal(explain(to, *options)["keys"], keys, to)


# ---- modes and dates ----

@tap.test("testing, none and an exception answer nothing; a rollout and dates count to the second")
def _():
    tap.equal(asked("u@testing.example"), ("testing", "testing", None))
    tap.equal(asked("u@excepted.example"), ("excepted", "enforce", None))
    tap.equal(asked("u@excepted.example", "--date", "2026-12-31T23:59:59Z")[2], None)
    tap.equal(asked("u@excepted.example", "--date", "2027-01-01")[2], f"secure match=excepted.example:.excepted.example {NAMES}")
    for date, mode in [("2026-12-31T23:59:59Z", "none"), ("2027-01-01", "testing"), ("2027-01-31T23:59:59Z", "testing"), ("2027-02-01", "enforce")]:
        _, found, answer = asked("u@rollout.example", "--date", date)
        tap.equal((found, answer is not None), (mode, mode == "enforce"), date)


@tap.test("identities count by their dates; where none is in force the answer is TEMP, for that partner only")
def _():
    tap.equal(asked("u@dates.example", "--date", "2026-12-31T23:59:59Z")[2], f"secure match=a.example {NAMES}")
    for date in ("2027-01-01", "2027-01-31T23:59:59Z"):
        answer = asked("u@dates.example", "--date", date, status=10)[2]
        tap.equal(answer, "TEMP forcetls: partner dates: no certificate identity is in force")
        tap.equal(asked("u@contoso.com", "--date", date)[2], CONTOSO)
    tap.equal(asked("u@dates.example", "--date", "2027-02-01")[2], f"secure match=b.example {NAMES}")


@tap.test("a listed next hop: each name once, in whatever lines the domains stand; a pin for certificate and key once")
def _():
    for lines in ("[a.example, .a.example, .b.example]", "\n      - .a.example\n      - .b.example\n      - a.example\n"):
        write("lines.yaml", f'version: 1\npartners:\n  - name: a\n    domains: {lines}\n    outbound: {{next_hops: ["[h.example]"]}}\n')
        match = re.search("match=([^ ]*) ", asked("u@a.example", "--next-hop", "[h.example]", file="lines.yaml")[2])[1]
        tap.equal(sorted(match.split(":")), [".a.example", ".b.example", "a.example"], lines)
    write("lines.yaml", policy([partner("both", "a.example", require=require([{"fingerprint": "sha256:" + PIN}, {"key_fingerprint": "sha256:" + PIN}]))]))
    tap.equal(asked("u@a.example", file="lines.yaml")[2], f"fingerprint match={PIN} {NAMES}")


# ---- levels and suites ----

@tap.test("certificates: domain, names, pins, dane, none")
def _():
    tap.equal(asked("u@none.example")[2], f"encrypt {P}")
    tap.equal(asked("u@dane.example")[2], f"dane-only {P}")
    tap.equal(asked("u@names.example")[2], f"secure match=mx.names.example:.cloud.example {NAMES}")
    tap.equal(asked("u@pins.example")[2], f"fingerprint match={PIN} match={KEY} {NAMES}")


def suites_of(answer):
    return next(word for word in answer.split() if word.startswith("exclude="))[len("exclude="):].split(":")


@tap.test("versions, forward secrecy, suites and bits; what Postfix cannot leave out is a warning")
def _():
    write("suites.yaml", policy([
        partner("v13", "v13.example", require=require("none", min_tls_version="TLSv1.3")),
        partner("v10", "v10.example", require=require("none", min_tls_version="TLSv1")),
        partner("fs", "fs.example", require=require("none", forward_secrecy=True)),
        partner("one", "one.example", require=require("none", ciphers=["ECDHE-RSA-AES256-GCM-SHA384"])),
        partner("bits", "bits.example", require=require("none", min_cipher_bits=256)),
        partner("new", "new.example", require=require("none", ciphers=["TLS_AES_256_GCM_SHA384"])),
        partner("weak", "weak.example", require=require("none", ciphers=["ADH-AES256-SHA256", "ECDHE-RSA-AES256-GCM-SHA384"])),
        partner("profile", "profile.example", require=require("none", profile=["mozilla-modern"])),
        partner("nothing", "nothing.example", require=require("none", ciphers=["TLS_AES_256_GCM_SHA384"], profile="x")),
    ], profiles={"x": {"ciphers": ["TLS_CHACHA20_POLY1305_SHA256"]}}))

    def answer(name, status=0):
        return asked(f"u@{name}.example", file="suites.yaml", status=status)[2]
    tap.equal(answer("v13"), "encrypt protocols=>=TLSv1.3")
    tap.equal(answer("v10"), f"encrypt protocols=>=TLSv1 exclude={WEAK}")
    tap.equal(answer("fs"), f"encrypt {P}:kRSA")
    tap.equal(answer("new"), "encrypt protocols=>=TLSv1.3")
    tap.equal(answer("profile"), "encrypt protocols=>=TLSv1.3")
    tap.equal(answer("nothing", 10), "TEMP forcetls: partner nothing: no cipher suite satisfies the rule")
    listed = subprocess.run(["openssl", "ciphers", "-s", "-tls1_2", "ALL:@SECLEVEL=0"], capture_output=True, text=True, check=True).stdout.strip().split(":")
    left = [name for name in listed if name not in suites_of(answer("one"))]
    tap.equal([name for name in left if not name.startswith(("ADH", "AECDH")) and "NULL" not in name and "PSK" not in name],
              ["ECDHE-RSA-AES256-GCM-SHA384"], "what is left to one suite")
    tap.equal([name for name in listed if "AES128" in name and name not in suites_of(answer("bits")) and not name.startswith(("ADH", "AECDH"))], [], "128 bits")
    weak = suites_of(answer("weak"))
    tap.equal(("ADH-AES256-SHA256" in weak, "aNULL" in weak, "ADH-AES128-SHA256" in weak), (False, False, True), "a weak suite that is named")
    said = forcetls("check", "-c", "suites.yaml")
    for name in ("new", "bits", "profile"):
        tap.equal(f"partner {name}: Postfix cannot leave out suites of TLS 1.3" in said, name != "profile", said)


# ---- the upstream map ----

STS = "secure match=mx.sts.example:.sts.example servername=hostname"
for TO, ROW in {
        "u@none.example": [f"encrypt {P}", f"dane-only {P}", f"{STS} {P}", f"encrypt {P}", None],
        "u@names.example": [f"secure match=mx.names.example:.cloud.example {NAMES}", f"dane-only {P}"]
        + [f"secure match=mx.names.example:.cloud.example {NAMES}"] * 2 + [None],
        "u@contoso.com": [CONTOSO, f"dane-only {P}", CONTOSO, CONTOSO, None],
        "u@pins.example": [f"fingerprint match={PIN} match={KEY} {NAMES}"] * 5,
        "u@dane.example": [f"dane-only {P}"] * 5}.items():
    @tap.test(f"{TO}: the rule merges with every answer of the upstream map")
    def _(to=TO, row=ROW):
        columns = ["NOTFOUND", "dane-only", STS, "dane", "TEMP no answer"]
        for upstream, wanted in zip(columns, row):
            status = 0 if wanted else 10
            name = to[2:].split(".")[0]
            wanted = wanted or f"TEMP forcetls: partner {name}: the upstream map does not answer"
            for spelling in {upstream, upstream if upstream[0].isupper() else "OK " + upstream}:
                tap.equal(asked(to, "--upstream", spelling, status=status)[2], wanted, spelling)


@tap.test("answers of the upstream map that nobody can read are failures; ours are kept out of it")
def _():
    for bad in ("OK", "OK ", "", "PERM x", "TIMEOUT", "garbage", "OK secure\tx", "securely match=x", "OK dane-only\x7f"):
        asked("u@none.example", "--upstream", bad, status=10)
    for weaker in ("may", "none", "encrypt", "dane policy_type=tlsa"):
        tap.equal(asked("u@none.example", "--upstream", weaker)[2], f"encrypt {P}", weaker)
    tap.equal(asked("u@none.example", "--upstream", "dane-only policy_type=tlsa { policy_string = a b } protocols=TLSv1 { exclude = x } ciphers=low ttl=3")[2],
              f"dane-only policy_type=tlsa {{ policy_string = a b }} ttl=3 {P}")
    for more in ("PROTOCOLS=SSLv3 Exclude=x", "{ Protocols = SSLv3 }", "protocols=SSLv3,ciphers=low", ",ciphers=low,  exclude=x"):
        for level in ("dane-only", "secure match=a", "SECURE match=a", "secure,match=a"):
            tap.equal(asked("u@none.example", "--upstream", f"{level} {more}")[2], f"{level.replace(',', ' ')} {P}", more)
    tap.equal(asked("u@none.example", "--upstream", "secure match=a{b c}d protocols=x}")[2], f"secure match=a{{b c}}d {P}")


@tap.test("O21 f an answer of the upstream map that opens a brace and does not close it is a failure")
def _():
    tap.equal(asked("u@none.example", "--upstream", "secure match=a{b c}d { ttl = 5 }")[2], f"secure match=a{{b c}}d {{ ttl = 5 }} {P}")
    for opened in ("secure match=a { x", "secure match=a{", "dane-only servername={a {b} c", "dane-only {a}{", "secure{"):
        tap.equal(asked("u@none.example", "--upstream", opened, status=10)[2].split(" ")[0], "TEMP", f"{opened}: it would swallow our words")


@tap.test("mistakes in the arguments are 64, and a policy that does not load is 78")
def _():
    for arguments in (["--outbound"], ["--outbound", "--to", ""], ["--outbound", "--mta", "sendmail", "--to", ""], ["--outbound", "--to", "a@" + "b" * 4096],
                      ["--outbound", "--to", "a@b.c", "--to", "d@e.f"], ["--outbound", "--to", "a@b.c", "--from", "x@y.z"],
                      ["--outbound", "--to", "a@b.c", "--client", "192.0.2.1"], ["--from", "a@b.c", "--next-hop", "x"],
                      ["--from", "a@b.c", "--upstream", "x"], ["--outbound", "--to", "a@b.c", "--mta", "sendmail", "--next-hop", "x"],
                      ["--outbound", "--to", "a@b.c", "--mta", "sendmail", "--client", "192.0.2.1"], ["--outbound", "--to", "a@b.c", "--alt-name", "x"],
                      ["--from", "a@b.c", "--alt-name", "x"], ["--outbound", "--to", "a@b.c", "--verify", "OK"]):
        forcetls("explain", "-c", "policy.yaml", *arguments, status=64)
    write("bad.yaml", "version: 1\n")
    forcetls("explain", "-c", "bad.yaml", "--outbound", "--to", "a@b.c", status=78)


@tap.test("more than 1000 dotted entries with outbound are a warning")
def _():
    many = [partner(f"p{number:04}", f".p{number}.example", mode="testing") for number in range(1001)]
    write("many.yaml", policy(many))
    tap.contains(forcetls("check", "-c", "many.yaml"), "[outbound_suffixes]")
    write("many.yaml", policy(many[:1000]))
    tap.equal("[outbound_suffixes]" in forcetls("check", "-c", "many.yaml"), False)


@tap.test("show and list have what outbound says")
def _():
    shown = forcetls("show", "dates", "-c", "policy.yaml")
    for line in ("outbound.mode", "outbound.certificates", "name a.example, until 2027-01-01", "name b.example, from 2027-02-01"):
        tap.contains(shown, line)
    tap.contains(forcetls("show", "pins", "-c", "policy.yaml"), f"key_fingerprint sha256:{KEY}")
    tap.contains(forcetls("list", "-c", "policy.yaml"), "OUTBOUND")
    changed = PARTNERS[:-1] + [partner("rollout", "rollout.example", mode="none")]
    write("changed.yaml", policy(changed))
    said = subprocess.run([FORCETLS, "diff", "policy.yaml", "changed.yaml"], cwd=PLACE, capture_output=True, text=True, check=False).stdout
    tap.contains(said, "outbound.rollout")


# ---- Sendmail ----

TLS = ["--tls-version", "TLSv1.3", "--cipher", "TLS_AES_256_GCM_SHA384", "--cipher-bits", "256"]


@tap.test("explain --outbound --mta sendmail judges a session with the daemon's code")
def _():
    for to, options, partner_of, mode, status, answer, outcome in [
            ("u@contoso.com", [], "contoso", "enforce", 10, "451 4.7.0 Mail to this domain needs TLS and the server offers none - contoso no_tls", "fail"),
            ("u@contoso.com", [*TLS, "--cert-subject", "/C=DE/CN=mx.contoso.com", "--verify", "OK"], "contoso", "enforce", 0, "OK", "pass"),
            ("u@contoso.com", [*TLS, "--cert-subject", "other.example", "--verify", "OK", "--alt-name", "mx.contoso.com"], "contoso", "enforce", 0, "OK", "pass"),
            ("u@contoso.com", [*TLS, "--cert-subject", "mx.contoso.com", "--verify", "FAIL"], "contoso", "enforce", 10,
             "451 4.7.5 TLS certificate of the server not trusted for mail to this domain - contoso certificate_untrusted", "fail"),
            ("u@pins.example", [*TLS, "--fingerprint", "sha256:" + PIN, "--verify", "FAIL"], "pins", "enforce", 0, "OK", "pass"),
            ("u@testing.example", [], "testing", "testing", 0, "OK", "fail"), ("u@excepted.example", [], "excepted", "enforce", 0, "OK", "excepted"),
            ("u@old.contoso.com", [], "hole", "none", 0, "OK", "off"), ("u@stranger.example", [], None, None, 0, None, "no_partner")]:
        arguments = ["explain", "-c", "policy.yaml", "--outbound", "--mta", "sendmail", "--to", to, "--date", "2026-12-01", *options]
        said = forcetls(*arguments, status=status)
        tap.contains(said, f"answer:    {answer or 'none'}")
        found = json.loads(forcetls(*arguments, "--json", status=status))
        tap.equal(list(found), ["direction", "partner", "mode", "keys", "answer", "outcome", "requirements"])
        tap.equal((found["direction"], found["partner"], found["mode"], found["answer"], found["outcome"]), ("outbound", partner_of, mode, answer, outcome), to)
        tap.equal({one["met"] for one in found["requirements"]}, {"pass": {True}, "no_partner": set()}.get(outcome, {False} if not options else {True, False}))
    for to, keys in {"u@a.b.contoso.com": ["a.b.contoso.com", "b.contoso.com", "contoso.com"], "u@x.example": ["x.example", "example"], "root": []}.items():
        tap.equal(json.loads(forcetls("explain", "-c", "policy.yaml", "--outbound", "--mta", "sendmail", "--to", to, "--json",
                                      status=10 if "contoso" in to else 0))["keys"], keys)


@tap.test("explain --outbound takes a domain alone, and an address with a name in front, for both MTAs")
def _():
    for mta in ("postfix", "sendmail"):
        for to in ("u@contoso.com", "contoso.com", "CONTOSO.COM.", "@contoso.com", "<u@contoso.com>", "Us, Inc. <u@contoso.com>", "A <u@contoso.com.>",
                   "u@ contoso.com", "u@contoso (us) .com", "contoso.com!u", "u%contoso.com", '"u@x.example"@contoso.com', "@x.example:u@contoso.com"):
            said = json.loads(forcetls("explain", "-c", "policy.yaml", "--outbound", "--mta", mta, "--to", to, "--json",
                                       "--date", "2026-12-01", status=10 if mta == "sendmail" else 0))
            tap.equal((said["partner"], [key.lower() for key in said["keys"]]), ("contoso", ["contoso.com"]), f"{mta}: {to}")


@tap.test("behind Sendmail a key pin and DANE are warnings, and suites of TLS 1.3 are none")
def _():
    rules = [partner("keys", "keys.example", require=require([{"key_fingerprint": "sha256:" + KEY}])), partner("dane", "dane.example", require=require("dane")),
             partner("new", "new.example", require=require("none", ciphers=["TLS_AES_256_GCM_SHA384"]))]
    for mta, wanted in (("sendmail", {"keys", "dane"}), ("postfix", {"new"})):
        write("mta.yaml", policy(rules, milter={"mta": mta, "outbound": "unix:/run/forcetls/outbound.sock"}))
        said = forcetls("check", "-c", "mta.yaml")
        tap.equal({name for name in ("keys", "dane", "new") if re.search(rf"partner {name}: .*\[outbound_not_asked\]", said)}, wanted, said)
