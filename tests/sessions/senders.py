# SPDX-License-Identifier: BSD-2-Clause
"""Who is the sender: what the MTA resolves, read together with what the client wrote (S02 to S12)."""
from common import Daemon, NO_TLS, decisions, greeted, judge, partner, plain, policy, sendmail, settle, strong, table
from milterclient import message
from tap import contains, equal, test

PLAIN = policy(partner())
AS_ARGUMENT = object()


def spellings(policy_text, cases, mta=plain):
    """Cases (argument, {mail_addr} or None or AS_ARGUMENT, is it the partner's mail?), each sent in plaintext."""
    def ask(argument, resolved):
        macros = {} if resolved is AS_ARGUMENT else {"mail_addr": resolved}
        got = judge(daemon, mta(), argument, mail_macros=macros)
        equal(len(got.lines), 0 if got.brief == "accept" else 1, "log lines")
        return got.brief
    with Daemon(policy_text) as daemon:
        table([(f"{argument!r} {{mail_addr}}={resolved!r}" if resolved is not AS_ARGUMENT else repr(argument),
                NO_TLS if selected else "accept", argument, resolved)
               for argument, resolved, selected in cases], ask)


@test("S02 p source routes, resolved by the MTA or not")
def source_routes():
    spellings(PLAIN, [
        ("<@x.test,@y.test:a@partner.test>", "a@partner.test", True),
        ("<@x.test,@y.test:a@partner.test>", None, True),
        ("<@x.test:a@partner.test>", "a@other.test", True),        # the argument counts beside the macro
        ("@x.test:a@partner.test", None, True),
        ("<@partner.test:a@other.test>", "a@other.test", False),   # a station is no sender
        ("<@partner.test,@x.test:a@other.test>", None, False),
    ])


@test("S03 p quotes, blanks, missing and doubled brackets, escapes, comments")
def odd_spellings():
    written = ['<"a"@"partner.test">', "a@partner.test", "< a@partner.test >", "<a @ partner.test>", "<<a@partner.test>>",
               "<\\a@partner.test>", '<a@"partner.test">', '<"a b"@partner.test>', '<"a@other.test"@partner.test>',
               "<a\\@other.test@partner.test>", "<a@(here)partner.test>", "<(there)a@partner.test>", "<a@partner.test",
               "a@partner.test>", "<a@partner.test(there)>", "\t<a@partner.test>", "<@partner.test>", '<""@partner.test>',
               "<a@b@partner.test>", "<a@\tpartner.test>", "<a@partner.test >"]
    spellings(PLAIN, [(argument, None, True) for argument in written])
    spellings(PLAIN, [(argument, "a@partner.test", True) for argument in written])
    spellings(PLAIN, [("<a@partner.test> SIZE=1", "a@partner.test", True), ("", "a@partner.test", True)])


@test("S03 p the macro alone, or the argument alone, is enough")
def either_reading():
    spellings(PLAIN, [
        ("<a@other.test>", "a@partner.test", True), ("<a@partner.test>", "a@other.test", True),
        ("<a@partner.test>", "", True), ("<a>", "a@partner.test", True), ("<a@other.test>", "a@other.test", False),
    ])


@test("S03 p where the readings differ both partners are judged, and the log says so")
def readings_differ():
    with Daemon(policy(partner(), partner("second", ["second.test"]))) as daemon:
        got = judge(daemon, plain(), "<a@second.test>", mail_macros={"mail_addr": "a@partner.test"})
        equal(got.brief, NO_TLS)
        equal(len(got.lines), 1, "log lines")
        line = got.lines[0]
        equal(line["from"], "a@partner.test", "from=")
        contains(line["argument"], "second.test", "argument=")
        equal({line["partner"], line["also"].partition(":")[0]}, {"contoso", "second"}, "partners in the line")
        same = judge(daemon, plain(), "<A@Partner.Test>").lines[0]
        equal(same["from"], "a@partner.test")
        equal(same.get("argument", ""), "", "argument= of one domain")


@test("S04 p another's domain stays another's, whatever stands before the last @")
def not_the_partner():
    written = ['<"x@partner.test"@evil.test>', "<a%partner.test@evil.test>", "<partner.test!a@evil.test>",
               "<a\\@partner.test@evil.test>", "<a@partner.test@evil.test>", "<partner.test@evil.test>",
               '<"<a@partner.test>"@evil.test>', '<"a@partner.test\\""@evil.test>', "<a+partner.test@evil.test>",
               '<"@partner.test:a"@evil.test>', "<partner.test>"]
    spellings(PLAIN, [(argument, None, False) for argument in written])
    spellings(PLAIN, [('<"x@partner.test"@evil.test>', '"x@partner.test"@evil.test', False),
                      ("<a@partner.test@evil.test>", '"a@partner.test"@evil.test', False)])


@test("S05 p case and trailing dots")
def case_and_dots():
    spellings(PLAIN, [
        ("<A@PARTNER.Test>", AS_ARGUMENT, True), ("<a@PARTNER.TEST>", None, True), ("<a@partner.test.>", None, True),
        ("<a@Partner.Test.>", "a@partner.test.", True), ("<a@partner.test..>", None, True),
    ])
    spellings(PLAIN, [("<A@PARTNER.Test>", "A@PARTNER.Test", True), ("<a@partner.test.>", None, True)],
              lambda: plain(sendmail))
    spellings(policy(partner(domains=["PARTNER.Test"])), [("<a@partner.test>", AS_ARGUMENT, True)])


@test("S06 p labels are whole: exact entries, dotted entries, nesting")
def label_boundaries():
    spellings(PLAIN, [
        ("<a@sub.partner.test>", AS_ARGUMENT, False), ("<a@evilpartner.test>", AS_ARGUMENT, False),
        ("<a@partner.test.evil.test>", AS_ARGUMENT, False), ("<a@partner.tes>", AS_ARGUMENT, False),
        ("<a@test>", AS_ARGUMENT, False), ("<a@partner.testx>", AS_ARGUMENT, False),
        ("<a@partner-test>", AS_ARGUMENT, False), ("<a@.partner.test>", None, False),
    ])
    nested = policy(partner(domains=[".partner.test"]), partner("hole", ["carved.partner.test"], mode="none"),
                    partner("deep", [".carved.partner.test"]))
    spellings(nested, [
        ("<a@sub.partner.test>", AS_ARGUMENT, True), ("<a@a.b.c.partner.test>", AS_ARGUMENT, True),
        ("<a@partner.test>", AS_ARGUMENT, False), ("<a@evilpartner.test>", AS_ARGUMENT, False),
        ("<a@x.carved.partner.test>", AS_ARGUMENT, True),
    ])
    with Daemon(nested) as daemon:
        equal(judge(daemon, plain(), "<a@carved.partner.test>").brief, "accept", "the carved hole")
        equal(judge(daemon, plain(), "<a@x.carved.partner.test>").lines[0]["partner"], "deep", "the longest suffix")


@test("S07 p U-labels, A-labels, compatibility forms are one domain, without transition")
def international():
    umlaut = [("<a@xn--bcher-kva.test>", None, True), ("<a@b\u00fccher.test>", None, True),
              ("<a@B\u00dcCHER.test>", None, True), ("<a@bu\u0308cher.test>", None, True),
              ("<a@\uff42\u00fccher.test>", None, True), ("<a@b\u00fccher\u3002test>", None, True),
              ("<a@XN--BCHER-KVA.test>", None, True), ("<a@b\u00fccher.test>", AS_ARGUMENT, True),
              ("<a@bucher.test>", None, False), ("<a@buecher.test>", None, False), ("<a@sub.b\u00fccher.test>", None, False)]
    spellings(policy(partner(domains=["b\u00fccher.test"])), umlaut)
    spellings(policy(partner(domains=["xn--bcher-kva.test"])), umlaut)
    spellings(policy(partner(domains=[".b\u00fccher.test"])), [("<a@mx.xn--bcher-kva.test>", None, True),
                                                               ("<a@m\u00fc.B\u00fccher.test>", None, True)])
    spellings(policy(partner(domains=["stra\u00dfe.test"])), [
        ("<a@xn--strae-oqa.test>", None, True), ("<a@stra\u00dfe.test>", None, True), ("<a@strasse.test>", None, False)])


@test("S23 p domains are what Postfix makes of them, in every spelling")
def conversions():
    heart = [(f"<a@{name}>", None, True) for name in
             ("i\u2764.example", "I\u2764.EXAMPLE", "xn--i-7iq.example", "XN--I-7iq.Example", "i\u2764\ufe0f.example",
              "i\u2764.exam\u00adple", "\uff49\u2764\uff0eexample", "i\u2764.example.\u200b", "i\u2764.example\u3002\u2060\u3002")]
    others = [(f"<a@{name}>", None, False) for name in
              ("i\u2764\u200d.example", "i\u2765.example", "i.example", "i.\u2764.example", "\u2764.example", "xn--i-7iq", "i\u2764\ue000.example")]
    for written in ("i\u2764.example", "xn--i-7iq.example", "I\u2764\ufe0f.Example."):
        spellings(policy(partner(domains=[written])), heart + others)
    spellings(policy(partner(domains=[".partner.test"])), [
        (f"<a@{name}.partner.test>", given, True) for given in (None, AS_ARGUMENT) for name in
        ("\u2764", "\U0001e922", "\u05d0a", "ab--\u00fc", "\u00fc-", "\ue000", "\u2488", "\u00ad", "\u0301a", "xn--a.\u00fc",
         "\u00fc" * 60, "\u0316\u0301" * 200, "\u200b" * 500)])


@test("S08 p a look-alike is another domain")
def look_alike():
    spellings(PLAIN, [("<a@p\u0430rtner.test>", None, False), ("<a@p\u0430rtner.test>", AS_ARGUMENT, False),
                      ("<a@xn--prtner-4nf.test>", None, False), ("<a@partner\u0307.test>", None, False)])


@test("S09 p invalid names match in their plain form, and nothing else")
def invalid_names():
    long_label, long_name = "x" * 64, ".".join(["y" * 60] * 5)
    below = [f"<a@{name}.partner.test>" for name in
             ("x.", "-bad-", "under_score", long_label, long_name, "xn--zzzzzzz", "a b", "1..2", "xn--a", "\u200d")]
    dotted = policy(partner(domains=[".partner.test"]))
    spellings(dotted, [(argument, None, True) for argument in below])
    spellings(dotted, [(argument, AS_ARGUMENT, True) for argument in below])
    raw = b"<a@m\xe4x.partner.test>"
    spellings(dotted, [(raw, None, True), (raw, AS_ARGUMENT, True), (b"<a@\xff\xfe.other.test>", None, False),
                       (b"<a@x\x01y.partner.test>", None, True)])
    spellings(PLAIN, [("<a@partner..test>", None, False), (f"<a@{long_label}.test>", None, False),
                      (f"<a@{long_name}.test>", None, False), ("<a@->", None, False), ("<a@>", None, False),
                      ("<@>", None, False), ("<a@..>", None, False)])


@test("S09 p a default partner has the senders without a usable domain too")
def default_partner():
    spellings(policy(partner(domains=["*"])), [
        ("<a@partner..test>", None, True), ("<a>", None, True), ("<a@[192.0.2.1]>", None, True), ("<>", "", True),
        ("<a@>", None, True), ("<a@" + "z" * 300 + ".test>", None, True), (b"<a@\xe4>", None, True), ("", None, True),
    ])


@test("S10 p an address literal is no domain; the client still selects")
def literals():
    written = ["<a@[192.0.2.1]>", "<a@[IPv6:2001:db8::1]>", "<a@[ipv6:2001:DB8::1]>", "<a@[partner.test]>"]
    spellings(PLAIN, [(argument, given, False) for argument in written[:3] for given in (None, AS_ARGUMENT)])
    spellings(policy(partner(domains=None, clients=["192.0.2.0/24"])), [(argument, None, True) for argument in written])


@test("S11 p the null sender is the HELO name last given")
def null_sender():
    cases = [("the partner's name", NO_TLS, "partner.test"), ("in capitals, with a dot", NO_TLS, "PARTNER.Test."),
             ("below the exact entry", NO_TLS, "mx7.mail.partner.test"), ("another's", "accept", "mx.other.test"),
             ("a name that ends alike", "accept", "evilpartner.test"), ("none", "accept", None),
             ("a literal", "accept", "[192.0.2.10]"), ("one label", "accept", "localhost"),
             ("the name in front", "accept", "partner.test.evil.test")]
    with Daemon(PLAIN) as daemon:
        for argument, resolved in (("<>", ""), ("<>", None), ("< >", ""), ("", ""), ("<,>", ""), ("< ;>", ""), ("<<>x>", ""), ("<@other.test:>", ""),
                                   ("<(a@other.test>", ""), ('<("a"o@!"other"(c)TEST;>', ""), ("(<x@a.test y@b.test>", ""),
                                   ("<@other.test,@x.test:>", ""), ("<@other.test>", None)):
            table([(f"{argument!r}: {what}", wanted, helo) for what, wanted, helo in cases],
                  lambda helo: judge(daemon, plain(), argument, helo, mail_macros={"mail_addr": resolved}).brief)
        table([("TLS, " + what, "accept", helo) for what, _, helo in cases],
              lambda helo: judge(daemon, strong(), "<>", helo, mail_macros={"mail_addr": ""}).brief)
        equal(judge(daemon, plain(sendmail), "<>", "partner.test", mail_macros={"mail_addr": ""}).brief, NO_TLS, "sendmail")


@test("S11 p what is the null sender to the MTA is not excepted by the address that its argument shows")
def null_sender_excepted():
    excepted = policy(partner(exceptions=[{"senders": ["a@other.test"], "until": "2099-01-01", "reason": "x"}]))
    with Daemon(excepted) as daemon:
        equal(judge(daemon, plain(), "<(a@other.test>", "partner.test", mail_macros={"mail_addr": ""}).brief, NO_TLS)
        equal(judge(daemon, plain(), "<a@other.test>", "partner.test").brief, "accept", "the sender itself")


@test("S11 p of two HELOs the last counts, and the HELO of a named sender selects nobody")
def last_helo():
    with Daemon(PLAIN) as daemon:
        with greeted(daemon, plain(), "mx.other.test") as session:
            session.helo("mx.partner.test")
            equal(message(session, "<>")[0].brief, NO_TLS, "another's first")
            session.helo("mx.other.test")
            equal(session.mail("<>").brief, "accept", "the partner's first")
        for argument, resolved in (("<a@other.test>", "a@other.test"), ("<a@other.test>", None), ("<a>", "a@mx.example.org"), ("<a>", "a")):
            equal(judge(daemon, plain(), argument, "mx.partner.test", mail_macros={"mail_addr": resolved}).brief, "accept", argument)


@test("S11 p the null sender below several entries is the longest one's")
def null_sender_nesting():
    both = policy(partner("short", ["partner.test"]), partner("long", ["mail.partner.test"]),
                  partner("dotted", [".dotted.test"]))
    with Daemon(both) as daemon:
        table([(helo, name, helo) for helo, name in (
            ("mx.mail.partner.test", "long"), ("mx.partner.test", "short"), ("a.dotted.test", "dotted"))],
            lambda helo: judge(daemon, plain(), "<>", helo).lines[0]["partner"])


@test("S12 p forwarders and lists: the envelope's domain counts, and the reply names the partner")
def forwarded():
    spellings(PLAIN, [
        ("<SRS0=Hk3f=2A=partner.test=a@forwarder.test>", AS_ARGUMENT, False),
        ("<SRS1=Xx=partner.test==Hk=2A=partner.test=a@second.test>", AS_ARGUMENT, False),
        ("<list-bounces+a=partner.test@lists.test>", AS_ARGUMENT, False),
        ("<prvs=123456=a@partner.test>", AS_ARGUMENT, True), ("<owner-list+x=other.test@partner.test>", AS_ARGUMENT, True),
    ])
    with Daemon(policy(partner(message="Ask postmaster@example.org, https://example.org/tls"))) as daemon:
        got = judge(daemon, plain(name="forwarder.test"), "<a@partner.test>", "forwarder.test")
        equal(got.brief, NO_TLS)
        for part in ("mail from this domain must come over TLS", "[contoso no_tls", "https://example.org/tls"):
            contains(got.text, part, "reply")


@test("mail of nobody is accepted at MAIL, and writes nothing")
def nobody():
    with Daemon(PLAIN) as daemon:
        for profile in (plain(), strong(), plain(sendmail), strong(sendmail)):
            with greeted(daemon, profile) as session:
                equal(session.mail("<a@nobody.test>").kind, "accept", "at MAIL")
        settle(daemon)
        equal(decisions(daemon), [])
