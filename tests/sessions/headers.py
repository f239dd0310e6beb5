# SPDX-License-Identifier: BSD-2-Clause
"""Header From: S01, S13 to S16, S19 to S21, S26."""
from common import (Daemon, NO_TLS, OURS, briefly, greeted, judge, partner, plain, policy, resident, sendmail, settle, strong, table,
                    watched)
from milterclient import message
from tap import equal, test

BY_HEADER = partner("header", ["partner.test"], identities=["header_from"])
NOBODY = "<a@nobody.test>"
UNDECIDED = f"{OURS} header_from"


def header_cases(cases, policy_text=None, profile=None):
    """Cases (what, wanted, *From values), from an envelope sender that is nobody's."""
    def ask(*fields):
        named = [field if isinstance(field, tuple) else ("From", field) for field in fields]
        return briefly(judge(daemon, profile or plain(), NOBODY, headers=[("To", "x@example.org"), *named, ("Subject", "s")]))
    with Daemon(policy_text or policy(BY_HEADER)) as daemon:
        table(cases, ask)


SELECTED = f"{NO_TLS} no_tls"


@test("S01 p exactly the identities that a partner names are compared")
def identities():
    text = policy(partner("envelope", ["envelope.test"]), partner("header", ["header.test"], identities=["header_from"]),
                  partner("both", ["both.test"], identities=["envelope_from", "header_from"]))

    def ask(envelope, header):
        got = judge(daemon, plain(), f"<a@{envelope}.test>", headers=[("From", f"a@{header}.test")])
        return f"{got.brief} {got.at} {' '.join(line['partner'] for line in got.lines)}".strip()
    with Daemon(text) as daemon:
        table([(f"envelope {envelope}, header {header}", wanted, envelope, header) for envelope, header, wanted in (
            ("envelope", "nobody", f"{NO_TLS} mail envelope"), ("nobody", "envelope", "accept None"),
            ("nobody", "header", f"{NO_TLS} eoh header"), ("header", "nobody", "accept None"),
            ("both", "nobody", f"{NO_TLS} mail both"), ("nobody", "both", f"{NO_TLS} eoh both"),
            ("nobody", "nobody", "accept None"), ("both", "both", f"{NO_TLS} mail both"))], ask)


@test("S13 p every address of every From field counts")
def every_address():
    header_cases([(value if isinstance(value, str) else "two fields", SELECTED, *([value] if isinstance(value, str) else value))
                  for value in (
        "a@partner.test", "A <a@partner.test>", "<a@partner.test>", "x@nobody.test, a@partner.test",
        "A <x@nobody.test>, B <a@partner.test>", "Friends: x@nobody.test, a@partner.test;", "Us: a@partner.test;",
        "a@partner.test (there)", "(here (nested (deep))) a@partner.test", "a@(here)partner.test", "a@partner(x).test",
        '"a\\"b"@partner.test', '"Last, First" <a@partner.test>', "A\r\n\t<a@partner.test>", "A\n <a@partner.test>",
        "x@nobody.test,\n a@partner.test", "<@x.test,@y.test:a@partner.test>", "a @ partner . test", "a@PARTNER.Test",
        "(c\\)omment) a@partner.test", "=?utf-8?Q?J=C3=BCrgen?= <a@partner.test>",
        '"a@nobody.test" <a@partner.test>', "  a@partner.test  ",
        ("x@nobody.test", "a@partner.test"), ("a@partner.test", "x@nobody.test"),
        ("x@nobody.test", ("from", "a@partner.test")))])
    header_cases([("FROM:", SELECTED, ("FROM", "a@partner.test")), ("from:", SELECTED, ("from", "a@partner.test")),
                  ("Sender: is no From", "accept", "x@nobody.test", ("Sender", "a@partner.test")),
                  ("Reply-To: is no From", "accept", "x@nobody.test", ("Reply-To", "a@partner.test")),
                  ("Resent-From: is no From", "accept", "x@nobody.test", ("Resent-From", "a@partner.test")),
                  ("From-X: is no From", "accept", "x@nobody.test", ("From-X", "a@partner.test")),
                  ("an empty group", "accept", "Undisclosed:;"), ("an empty group with a blank", "accept", "None: ;")])


@test("S13 p what can be parsed is decidable: over TLS it passes")
def parsed_passes():
    header_cases([(value, "accept", value) for value in (
        "a@partner.test", "x@nobody.test, a@partner.test", "Friends: x@nobody.test, a@partner.test;", "Undisclosed:;",
        "(here (nested (deep))) a@partner.test", '"a\\"b"@partner.test', '"Last, First" <a@partner.test>', "A\r\n\t<a@partner.test>",
        "<@x.test,@y.test:a@partner.test>", "a @ partner . test", "J. Doe <a@partner.test>", "=?utf-8?Q?J=C3=BCrgen?= <a@partner.test>",
        "J\u00fcrgen <a@partner.test>", "a@partner.test (there)", "Dr. A. B-C <a@partner.test>")],
        profile=strong())


@test("S13 p the header's domain is compared as the envelope's is")
def header_domains():
    text = policy(partner("header", ["b\u00fccher.test", ".sub.test"], identities=["header_from"]))
    header_cases([(value, wanted, value) for value, wanted in (
        ("a@xn--bcher-kva.test", SELECTED), ("a@B\u00dcCHER.test", SELECTED), ("a@x.sub.test", SELECTED),
        ("a@sub.test", "accept"), ("a@[192.0.2.1]", "accept"))], text)


@test("S14 p names and encoded words are no addresses")
def display_names():
    header_cases([(value, "accept", value) for value in (
        '"a@partner.test" <x@nobody.test>', "=?utf-8?Q?a=40partner.test?= <x@nobody.test>", "x@nobody.test (a@partner.test)",
        '"<a@partner.test>" <x@nobody.test>', "=?utf-8?B?YUBwYXJ0bmVyLnRlc3Q=?= <x@nobody.test>",
        '"a@partner.test"@nobody.test', "partner.test <x@nobody.test>", "(a@partner.test) x@nobody.test")])


@test("S15 p no From, no domain, and a From that cannot be parsed")
def undecidable_from():
    header_cases([
        ("no From", "accept"), ("an empty From", "accept", ""), ("a bare name", "accept", "root"),
        ("unquoted address as a name", UNDECIDED, "a@partner.test <x@nobody.test>"),
        ("unclosed quotes", UNDECIDED, '"x a@partner.test'), ("two addresses without a comma", UNDECIDED, "x@y.test a@partner.test"),
        ("nonsense with the domain", UNDECIDED, "<<>> @@ partner.test"),
        ("nonsense without it", "accept", "<<>> @@ nobody.test"), ("nonsense with a longer label", "accept", "<<>> @@ evilpartner.test"),
        ("a good field and a broken one", UNDECIDED, "x@nobody.test", "<<>> @@ partner.test"),
    ])
    header_cases([(f"over TLS: {value}", UNDECIDED, value) for value in (
        "<<>> @@ partner.test", "a@partner.test <x@nobody.test>", '"x a@partner.test', "x@y.test a@partner.test")], profile=strong())
    header_cases([("over TLS, nobody's", "accept", "<<>> @@ nobody.test"), ("over TLS, none", "accept")], profile=strong())


@test("S15 p an undecidable From blames nobody who tests, and no envelope partner")
def undecidable_elsewhere():
    header_cases([("testing", "accept", "<<>> @@ partner.test")], policy({**BY_HEADER, "mode": "testing"}))
    header_cases([("envelope only", "accept", "<<>> @@ partner.test")], policy(partner()))


@test("S16 p a From that arrives cut is undecidable for everyone; other long headers do not matter")
def long_headers():
    def long_from(size, tail):
        names = ", ".join(f"user{n}@nobody.test" for n in range(4000))
        return names[:size - len(tail)].rpartition(",")[0].ljust(size - len(tail)) + tail
    header_cases([
        ("59,000 octets of strangers", "accept", long_from(59000, ", x@nobody.test")),
        ("59,000 octets, the partner last", SELECTED, long_from(59000, ", a@partner.test")),
        ("60,500 octets of strangers", UNDECIDED, long_from(60500, ", x@nobody.test")),
        ("65,000 octets of strangers", UNDECIDED, long_from(65000, ", x@nobody.test")),
        ("65,000 octets of another header", "accept", "x@nobody.test", ("X-Long", "y" * 65000)),
        ("65,000 octets of another header, the partner's From", SELECTED, ("X-Long", "y" * 65000), "a@partner.test"),
        ("65,000 octets of nothing", UNDECIDED, " " * 65000),
    ])
    header_cases([("over TLS", UNDECIDED, long_from(60500, ", x@nobody.test")), ("not cut, over TLS", "accept", long_from(59000, ", a@partner.test"))],
                 profile=strong())
    header_cases([("nobody asks for headers", "accept", long_from(65000, ", x@nobody.test"))], policy(partner()))


@test("S16 p a thousand From fields")
def many_fields():
    header_cases([("strangers", "accept", *["x@nobody.test"] * 1000),
                  ("the partner last", SELECTED, *["x@nobody.test"] * 1000, "a@partner.test")])


@test("S19 p behind Sendmail, and behind an MTA that is not known, what Sendmail rewrites into an address is one")
def rewritten_by_sendmail():
    values = ("Boss <boss%partner.test>", "boss@partner test", "boss@partner(c)test", "boss@partner\n test", "partner.test!boss",
              "partner test!boss", "partner.test\\!boss", "<@x.test:boss%partner.test>", "G: boss%partner test;", "a b@partner.test",
              "Doe, John <boss%partner.test>", "boss@partner.test.UUCP", "partner.test.uucp!boss")
    nobodys = ("boss%partner.test@nobody.test", "partner.test!boss@nobody.test", '"boss%partner.test" <x@nobody.test>', "boss", "John Doe",
               "x@nobody.test (boss%partner.test)", "a!partner.test!boss", "boss%xpartner.test", "boss@partner tests")
    for profile in (plain(sendmail), plain(v=None), plain(v="Another MTA 1.0")):
        header_cases([(value, SELECTED, value) for value in values] + [(value, "accept", value) for value in nobodys], profile=profile)
    header_cases([(value, "accept", value) for value in ("Boss <boss%partner.test>", "partner.test!boss", "<partner.test!boss>",
                                                         "boss@partner.test.UUCP", "boss@partner test")])
    header_cases([("several fields", SELECTED, "x@nobody.test", "boss%partner.test")], profile=plain(sendmail))
    header_cases([(value, UNDECIDED, value) for value in ("boss@partner test <", "boss@partner.te)st", "x@y.test boss%partner.test <")],
                 profile=strong(sendmail))


@test("S19 p behind Sendmail, an address with a macro of its own may become anyone's; a display name with the same octets does not")
def macros_of_sendmail():
    values = (b"boss@\x81s", b"Boss <boss@\x81a>", b"\x81f", b"boss%\x81s", b"x@nobody.test, boss@par\x81ztner.test", b"boss@\xd1\x81s", b"boss@\x9as")
    nobodys = ("\u0441s <x@nobody.test>", "\u0441 \u0441\u0442 <x@nobody.test>", b"x@nobody.test (\x81s)", b"boss@\x81.nobody.test")
    for profile in (plain(sendmail), strong(sendmail), plain(v=None)):
        header_cases([(value, UNDECIDED, value) for value in values] + [(value, "accept", value) for value in nobodys], profile=profile)
    header_cases([(value, "accept", value) for value in (*values, *nobodys)])
    header_cases([(value, UNDECIDED, value) for value in (b"boss@par\x81\xd1tner.test", b"boss@par\xfftner.test")], profile=strong(sendmail))


@test("S19 p a sender whose blanks Sendmail turns into dots is the partner's; a UUCP name counts as the domain it names")
def rewritten_senders():
    with Daemon(policy(partner())) as daemon:
        for sender, brief in (("<boss@partner test>", NO_TLS), ("<boss@partner(c)test>", NO_TLS), ("<partner test!boss>", NO_TLS),
                              ("<boss%partner test>", NO_TLS), ("<partner.test\\!boss>", NO_TLS), ("<boss@partner.test.UUCP>", NO_TLS),
                              ("<partner.test.uucp!boss>", NO_TLS), ("<boss@nobody.test.UUCP>", "accept"), ("<boss@uucp>", "accept"),
                              ("<boss@partner tests>", "accept"), ("<x partner test!boss>", "accept")):
            equal(judge(daemon, plain(sendmail, mail_addr=sender[1:-1]), sender).brief, brief, sender)


DECODED = (
    "Boss <boss@=?utf-8?q?partner.test?=>", "boss@=?utf-8?b?cGFydG5lci50ZXN0?=", "boss@=?utf-8?q?part?= =?utf-8?q?ner.test?=",
    "boss@partner.=?utf-8?q?test?=", "boss@=?utf-7?q?partner+AC4-test?=", "boss@=?utf-16be?b?AHAAYQByAHQAbgBlAHIALgB0AGUAcwB0?=",
    "boss@=?ibm037?q?=97=81=99=A3=95=85=99=4B=A3=85=A2=A3?=", "boss@=?utf-8?q?partner.test", "=?utf-8?q?boss=40partner.test?=",
    '"=?utf-8?q?boss=40partner.test?="', "<=?utf-8?q?boss=40partner.test?=>", "=?utf-8?q?boss=40partner.test?= <>",
    "boss@partner.test.\u200b", "boss@partner.test.\u00a0", "boss@part\u200bner.test.\u200b", "boss@partner.\u2060test.\u3000",
    "boss@partner\u00a0.test", "boss@partner..test", "boss@-.partner.test", "boss@partner.test/x", '"boss@partner.test"',
    "boss\uff20partner.test", "boss\ufe6bpartner.test", "(boss@partner.test)", '"boss@partner.test":;', "root (boss@partner.test)")


@test("S20 p a domain that mail programs show, and that is none, is undecidable for the partners it names")
def shown_domains():
    text = policy(partner("header", ["partner.test", ".partner.test"], identities=["header_from"]))
    for profile in (plain(), strong(), strong(sendmail)):
        header_cases([(value, UNDECIDED, value) for value in DECODED], text, profile)
        header_cases([(value, "accept", value) for value in (
            *(value.replace("partner", "nobody").replace("cGFydG5lci50ZXN0", "bm9ib2R5LnRlc3Q=") for value in DECODED if "part" in value
              and "utf-16" not in value and "?part?" not in value and "part\u200b" not in value),
            "=?utf-8?q?boss=40partner.test?= <x@nobody.test>", '"boss@partner.test" <x@nobody.test>', "boss\uff20partner.test <x@nobody.test>",
            "boss@xpartner.tests.\u200b", '"boss@partner.test" <x@[192.0.2.1]>', "x@under_score.test", "x@[192.0.2.1]", "boss")],
            text, profile)


@test("S21 p behind Sendmail, and behind an MTA that is not known, a message without From or with an empty one is its sender's")
def missing_from():
    for profile, wanted in ((plain(sendmail), SELECTED), (plain(v=None), SELECTED), (plain(), "accept")):
        with Daemon(policy(BY_HEADER)) as daemon:
            def ask(sender, *values, to=daemon, by=profile):
                return briefly(judge(to, by, sender, headers=[("To", "x@example.org"), *(("From", value) for value in values)]))
            table([("none", wanted, "<a@partner.test>"), ("empty", wanted, "<a@partner.test>", ""), ("blanks", wanted, "<a@partner.test>", " \t"),
                   ("folded blanks", wanted, "<a@partner.test>", "\n \n\t"), ("two empty ones", wanted, "<a@partner.test>", "", " "),
                   ("an empty address", "accept", "<a@partner.test>", "<>"), ("a comment", "accept", "<a@partner.test>", "(c)"),
                   ("an empty one and another", "accept", "<a@partner.test>", "", "x@nobody.test"),
                   ("a stranger's", "accept", "<a@nobody.test>"), ("no domain", "accept", "<a>"), ("the null sender", "accept", "<>")], ask)
    with Daemon(policy(BY_HEADER)) as daemon:
        got = judge(daemon, strong(sendmail), "<a@partner.test>", headers=[("To", "x@example.org")])
        equal([line["verdict"] for line in got.lines], ["pass"], "over TLS")


@test("S26 p a From of thousands of addresses, and thousands of fields, cost little memory and no more than their octets")
def much_from():
    fields = [", ".join(f"a@m{field}-{n}.nobody.test" for n in range(2000)) for field in range(40)]
    kinds = {"addresses": fields, "one address": ["a@b.c, " * 8000 + "a@b.c"] * 40, "labels": ["a." * 29_000 + "<"] * 40,
             "small fields": ["x@nobody.test"] * 30_000, "encoded words": ["=?utf-8?q?=40?= " * 3000] * 40,
             "eight-bit labels": ["a@\u00fc\u00f6.\u00e4, " * 4000] * 40, "parentheses": ["(" * 59_000] * 40, "nothing": ["," * 59_000] * 40}
    partners = [partner(f"p{n}", [f"p{n}.test", f"{'a.' * 120}p{n}.test"], identities=["header_from"]) for n in range(2000)]
    with Daemon(policy(*partners)) as daemon:
        for kind, values in kinds.items():
            equal(briefly(judge(daemon, strong(), NOBODY, headers=[("From", value) for value in values])), UNDECIDED, kind)
        warm = resident(daemon)
        sessions = []
        try:
            for number in range(20):
                session = greeted(daemon, strong())
                sessions.append(session)
                session.mail(NOBODY)
                session.rcpt("<b@example.org>")
                session.data()
                for value in list(kinds.values())[number % len(kinds)]:
                    session.header("From", value)
            settle(daemon)
            equal(watched(daemon) or resident(daemon) - warm < 20 * 512, True, f"{resident(daemon) - warm} KiB more for 20 sessions")
        finally:
            for session in sessions:
                session.__exit__()
        equal(briefly(judge(daemon, plain(), NOBODY, headers=[("From", ", ".join(f"a@p{n}.test" for n in range(60)))])), SELECTED, "60 partners")
        equal(briefly(judge(daemon, plain(), NOBODY, headers=[("From", ", ".join(f"a@p{n}.test" for n in range(70)))])), SELECTED, "70 partners")
        equal(briefly(judge(daemon, strong(), NOBODY, headers=[("From", ", ".join(f"a@p{n}.test" for n in range(64)))])), "accept", "64 partners")
        equal(briefly(judge(daemon, strong(), NOBODY, headers=[("From", ", ".join(f"a@p{n}.test" for n in range(65)))])), UNDECIDED, "65 partners")


@test("T04 p a From of one message says nothing of the next")
def from_of_the_last_message():
    with Daemon(policy(BY_HEADER)) as daemon, greeted(daemon, plain()) as session:
        equal(message(session, NOBODY, headers=[("From", "a@partner.test")])[-1].brief, NO_TLS, "the first")
        equal(message(session, NOBODY, headers=[("From", "x@nobody.test")])[-1].refused, False, "the second")
        session.mail(NOBODY)
        session.rcpt("<b@example.org>")
        session.data()
        session.header("From", "a@partner.test")
        session.abort()
        equal(message(session, NOBODY, headers=[("From", "x@nobody.test")])[-1].refused, False, "behind a RSET")
