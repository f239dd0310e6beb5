# SPDX-License-Identifier: BSD-2-Clause
"""Rows S02-S12, S17 of the catalogue: who is the sender, by the envelope."""
from rig import accepted, connect, refused
from smtp import MESSAGE, Tls
from tap import contains, equal, test

MTA = "mta"  # Postfix refuses it by itself


def judge(cases, **options):
    """Sends each argument of MAIL in plaintext on one connection; a partner's is refused for no_tls, others pass."""
    wrong = []
    with connect(**options) as client:
        for argument, partner in cases:
            reply = client.command(b"MAIL FROM:" + (argument if isinstance(argument, bytes) else argument.encode()))
            if reply.code == 250:
                seen = None
                client.command("RSET")
            elif "no_tls" in reply:
                seen = str(reply).split("[")[-1].split(" ")[0]
                refused(reply, seen, "no_tls")
            else:
                seen = MTA
            if seen != partner:
                wrong.append(f"{argument!r}: wanted {partner}, got {reply}")
    if wrong:
        raise AssertionError("\n".join(wrong))


@test("S02 x a source route hides no sender")
def source_route():
    judge([("<@relay.test:a@partner.test>", "strict"), ("<@x.test,@y.test:a@partner.test>", "strict"),
           ("<@partner.test:a@stranger.test>", None)])


@test("S03 x quotes, blanks, missing and doubled brackets, backslashes, comments hide no sender")
def spellings():
    judge([('<"a"@"partner.test">', "strict"), ('<a@"partner.test">', "strict"), ("a@partner.test", "strict"),
           ("< a@partner.test >", "strict"), ("<a @ partner.test>", "strict"), ("<a@ partner.test>", "strict"),
           ("<<a@partner.test>>", "strict"), ("<\\a@partner.test>", "strict"), ("<a@(x)partner.test>", "strict"),
           ("<a(b@stranger.test)@partner.test>", "strict"), ("<a@partner.test(@stranger.test)>", "strict"),
           ("<a@partner.test> SIZE=100", "strict"), ("   <a@partner.test>", "strict"), ("<@partner.test>", "strict"),
           ('<""@partner.test>', "strict"), ("<a@partner.test> BODY=8BITMIME", "strict"),
           ("<a@[partner.test]>", MTA), ('"Name" <a@partner.test>', MTA)])


@test("S04 x a partner's name left of the last @ is not the sender's domain")
def local_part():
    judge([('<"x@partner.test"@evil.test>', None), ("<a%partner.test@evil.test>", None),
           ("<partner.test!a@evil.test>", None), ("<a\\@partner.test@evil.test>", None),
           ("<a@partner.test@evil.test>", None), ('<"a@evil.test"@partner.test>', "strict"),
           ("<a\\@evil.test@partner.test>", "strict"), ("<a@evil.test@partner.test>", "strict")])


@test("S05 x case and a final dot do not matter")
def case_and_dot():
    judge([("<a@PARTNER.Test>", "strict"), ("<A@partner.test.>", "strict"), ("<a@PARTNER.TEST.>", "strict")])


@test("S06 x names are compared at label boundaries")
def labels():
    judge([("<a@sub.partner.test>", None), ("<a@evilpartner.test>", None), ("<a@partner.test.evil.test>", None),
           ("<a@sub.suffix.test>", "below"), ("<a@a.b.c.suffix.test>", "below"), ("<a@suffix.test>", None),
           ("<a@evilsuffix.test>", None), ("<a@x.suffix.test.evil.test>", None)])


@test("S07 x U-labels, A-labels and compatibility forms name one domain")
def international():
    judge([("<a@münchen.test> SMTPUTF8", "idn"), ("<a@xn--mnchen-3ya.test>", "idn"),
           ("<a@XN--MNCHEN-3YA.Test>", "idn"), ("<a@MÜNCHEN.test> SMTPUTF8", "idn"),
           ("<a@mu\u0308nchen.test> SMTPUTF8", "idn"), ("<a@ｍünchen.test> SMTPUTF8", "idn"),
           ("<a@münchen。test> SMTPUTF8", "idn"), ("<a@x.bücher.test> SMTPUTF8", "idn"),
           ("<a@x.xn--bcher-kva.test>", "idn"), ("<a@straße.test> SMTPUTF8", "idn"),
           ("<a@xn--strae-oqa.test>", "idn"), ("<a@strasse.test>", None),
           ("<a@ｐartner.test> SMTPUTF8", "strict"), ("<jürgen@partner.test> SMTPUTF8", "strict")])


@test("S09 x names that are no host names never slip past the entry they lie below")
def invalid_names():
    label = "y" * 60
    judge([(f"<a@{label}.{label}.{label}.{label}.suffix.test>", "below"), ("<a@under_score.suffix.test>", "below"),
           ("<a@xn--zzzzzz99999.suffix.test>", "below"), ("<a@xn--a.suffix.test>", "below"),
           (f"<a@{label}xxxx.suffix.test>", MTA), ("<a@xn--a-\u00e4.suffix.test> SMTPUTF8", MTA),
           ("<a@-x-.suffix.test>", MTA), ("<a@\u00ad.suffix.test> SMTPUTF8", MTA)])


@test("S09 x an empty label is refused by someone, and never accepted for a partner")
def empty_label():
    with connect() as client:
        for argument in ("<a@x..suffix.test>", "<a@..suffix.test>", "<a@partner.test..>"):
            reply = client.command("MAIL FROM:" + argument)
            equal(reply.code in (501, 530), True, f"{argument}: {reply}")


@test("S10 x an address literal belongs to no domain; the client still selects")
def literals():
    cases = ["<a@[192.0.2.1]>", "<a@[IPv6:2001:db8::1]>", "<a@[198.51.100.7]>"]
    judge([(case, None) for case in cases])
    judge([(case, "network") for case in cases], client=dict(ADDR="198.51.100.7", NAME="[UNAVAILABLE]"))


@test("S11 x the HELO name decides over the null sender")
def null_sender():
    judge([("<>", "strict"), ("< >", "strict"), ("<a@stranger.test>", None), ("<a>", None)], name="partner.test")
    judge([("<,>", "strict"), ("< ;>", "strict"), ("<(.!!;>", "strict"), ("<@stranger.test:>", "strict"), ("<@a.test,@b.test:>", "strict"),
           ("<(a@stranger.test>", "strict"), ('<("a"o@!"stranger"(c)TEST;>', "strict"), ("(c)(<@[192.0.2.1]:a@stranger.test>", "strict")],
          name="partner.test")  # empty to Postfix
    judge([("<>", "strict")], name="PARTNER.TEST.")
    judge([("<>", "strict")], name="mx1.partner.test")  # the longest exact entry it lies below
    judge([("<>", "below")], name="a.suffix.test")
    judge([("<>", None)], name="mail.stranger.test")
    judge([("<>", None)], name="evilpartner.test")
    judge([("<>", None)], name="[192.0.2.1]")


@test("S11 x the HELO name last given counts, and a bounce of the partner over TLS is accepted")
def null_sender_again():
    with connect(name="mail.stranger.test") as client:
        accepted(client.message(""))
        client.ehlo("mail.partner.test")
        refused(client.mail(""), "strict", "no_tls")
        client.ehlo("mail.stranger.test")
        accepted(client.message(""))
    with connect(tls=Tls(), name="mail.partner.test") as client:
        accepted(client.message(""))


@test("S12 x SRS, VERP and mailing lists rewrite the envelope, and that counts")
def rewritten():
    judge([("<SRS0=HHHH=TT=partner.test=user@forwarder.test>", None),
           ("<SRS1=HHHH=forwarder.test==HHHH=TT=partner.test=user@other.test>", None),
           ("<list-bounces+user=partner.test@lists.test>", None), ("<user+tag@partner.test>", "strict"),
           ("<prvs=0123456789=user@partner.test>", "strict")])


@test("S12 x a forwarder that keeps the envelope gets a reply that its administrator understands")
def forwarder():
    with connect(client=dict(ADDR="203.0.113.5", NAME="mail.forwarder.test")) as client:
        reply = client.mail("a@partner.test")
        refused(reply, "strict", "no_tls")
        contains(str(reply), "mail from this domain must come over TLS")
        reply = client.mail("a@worded.test")
        refused(reply, "worded", "no_tls")
        equal(str(reply).endswith("] Questions: postmaster@here.test"), True, str(reply))


@test("S17 x only mail to the judged recipients is judged, each RCPT by itself")
def recipients():
    with connect() as client:
        accepted(client.mail("a@rcpt.test"))
        accepted(client.rcpt("other@here.test"))
        refused(client.rcpt("judged@here.test"), "judged", "no_tls")
        refused(client.rcpt("JUDGED@Here.TEST"), "judged", "no_tls")
        refused(client.rcpt("x@sub.judged.test"), "judged", "no_tls")
        accepted(client.rcpt("third@here.test"))
        accepted(client.data())  # the recipients that are left are nobody's
    with connect() as client:
        accepted(client.mail("a@rcpt.test"))
        for spelling in ('<"judged"@here.test>', "<@x.test:judged@here.test>", "judged@here.test",
                         "<judged@here.test.>", '<judged@"here.test">'):
            refused(client.command("RCPT TO:" + spelling), "judged", "no_tls")
        equal(client.command("DATA").code, 554, "DATA without recipients")
        client.command("RSET")
        accepted(client.message("a@rcpt.test", ["other@here.test"], MESSAGE))


@test("S17 x over TLS every recipient is taken")
def recipients_tls():
    with connect(tls=Tls()) as client:
        accepted(client.message("a@rcpt.test", ["other@here.test", "judged@here.test"]))
