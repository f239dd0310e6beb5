# SPDX-License-Identifier: BSD-2-Clause
"""Behind Sendmail: who sends, what the session is, what becomes of the message."""
import re

from sendmail import queue_id
from sendmail_rig import RIG, Logged, accepted, certificate, connect, policy, refused
import smtp
from smtp import MESSAGE, Tls
from tap import contains, equal, test

MTA = "mta"  # Sendmail refuses it by itself


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


# Who sends

@test("S02 S03 s routes, quotes, blanks, brackets, comments hide no sender")
def spellings():
    judge([("<@relay.test:a@partner.test>", "strict"), ("<@x.test,@y.test:a@partner.test>", "strict"),
           ("<@partner.test:a@stranger.test>", None), ('<"a"@partner.test>', "strict"), ('<a@"partner.test">', "strict"),
           ("a@partner.test", "strict"), ("< a@partner.test >", "strict"), ("<a @ partner.test>", "strict"),
           ("<<a@partner.test>>", "strict"), ("<a@(x)partner.test>", "strict"), ("<a(b@stranger.test)@partner.test>", "strict"),
           ("<a@partner.test> SIZE=100", "strict"), ("   <a@partner.test>", "strict"), ('<""@partner.test>', "strict"),
           ("<a@partner.test> BODY=8BITMIME", "strict"), ("<a@[partner.test]>", "strict")])


@test("S04 S05 S06 s the domain behind the last @, at label boundaries, without case and final dot")
def domains():
    judge([('<"x@partner.test"@evil.test>', None), ("<a%partner.test@evil.test>", None), ("<partner.test!a@evil.test>", None),
           ('<"a@evil.test"@partner.test>', "strict"), ("<a@PARTNER.Test>", "strict"), ("<A@partner.test.>", "strict"),
           ("<a@sub.partner.test>", None), ("<a@evilpartner.test>", None), ("<a@partner.test.evil.test>", None),
           ("<a@a.b.c.suffix.test>", "below"), ("<a@suffix.test>", None), ("<a@x.suffix.test.evil.test>", None),
           ("<a@[192.0.2.1]>", None), ("<user>", None), ("<postmaster>", None)])


@test("S07 s A-labels, and letters that came without SMTPUTF8")
def international():
    judge([("<a@xn--mnchen-3ya.test>", "idn"), ("<a@XN--MNCHEN-3YA.Test>", "idn"), ("<a@x.xn--bcher-kva.test>", "idn"),
           ("<a@münchen.test>", "idn"), ("<a@strasse.test>", None), ("<a@x.bücher.test>", "idn"),
           ("<a@MÜNCHEN.test>", MTA), ("<a@straße.test>", MTA), ("<a@münchen.test> SMTPUTF8", MTA)])  # some octets it refuses


@test("S11 s the HELO name decides over the null sender, and is never enough to refuse a stranger's bounce")
def null_sender():
    for name, partner in (("partner.test", "strict"), ("PARTNER.TEST.", "strict"), ("mx1.partner.test", "strict"),
                          ("a.suffix.test", "below"), ("mail.stranger.test", None), ("evilpartner.test", None),
                          ("[192.0.2.1]", None)):
        judge([("<>", partner), ("< >", partner), ("<<>x>", partner), ("<a@stranger.test>", None), ("<a>", None)],
              name=name)


@test("S11 s the HELO name last given counts; over TLS the partner's bounce is accepted")
def null_sender_again():
    with connect(name="mail.stranger.test") as client:
        accepted(client.message(""))
        client.ehlo("mail.partner.test")
        refused(client.mail(""), "strict", "no_tls")
        client.ehlo("mail.stranger.test")
        accepted(client.message(""))
    with connect(tls=Tls(), name="mail.partner.test") as client:
        accepted(client.message(""))


@test("S17 s only mail to the judged recipients is judged, each RCPT by itself")
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
        for spelling in ('<"judged"@here.test>', "<@x.test:judged@here.test>", "judged@here.test", "<judged@here.test.>",
                         '<judged@"here.test">', "<judged @ here.test>"):
            refused(client.command("RCPT TO:" + spelling), "judged", "no_tls")
        equal(client.command("DATA").code, 503, "DATA without recipients")
        client.command("RSET")
        accepted(client.message("a@rcpt.test", ["other@here.test"], MESSAGE))
    with connect(tls=Tls()) as client:
        accepted(client.message("a@rcpt.test", ["other@here.test", "judged@here.test"]))


# What the session is

@test("T01 s plaintext is refused at MAIL, and STARTTLS in the same session mends it")
def plaintext():
    with connect() as client, Logged() as log:
        refused(client.mail("a@partner.test"), "strict", "no_tls")
        equal(client.rcpt().code, 503, "RCPT behind it")
        refused(client.mail("a@later.test"), "later", "no_tls", "tempfail")
        accepted(client.mail("a@off.test"))
        client.command("RSET")
        equal(client.starttls().code, 220)
        client.ehlo()
        accepted(client.message("a@partner.test"))
        equal([(line["partner"], line["verdict"], line["tls"], line["verify"]) for line in log(3)],
              [("strict", "fail", "none", ""), ("later", "fail", "none", ""), ("strict", "pass", "TLSv1.3", "NO")])
    with smtp.Client(RIG.port()) as client:  # without any HELO
        refused(client.mail("a@partner.test"), "strict", "no_tls")
        accepted(client.message("a@stranger.test"))


@test("T02 s MAIL straight behind STARTTLS, and the wrapper mode")
def no_second_ehlo():
    with connect() as client:
        refused(client.mail("a@partner.test"), "strict", "no_tls")
        client.starttls(certificate("good"))
        accepted(client.message("a@cert.test"))
    with smtp.Client(RIG.port("smtps"), wrapper=certificate("good")) as client:
        accepted(client.message("a@cert.test"))  # without any EHLO
        client.ehlo()
        accepted(client.message("a@partner.test"))


@test("T04 s messages of a session, each by its own facts; RSET and EHLO between and inside")
def two_messages():
    with connect() as client:
        refused(client.mail("a@partner.test"), "strict", "no_tls")
        accepted(client.message("a@stranger.test"))
        accepted(client.mail("a@stranger.test"))
        client.command("RSET")
        refused(client.mail("a@partner.test"), "strict", "no_tls")
        accepted(client.mail("a@rcpt.test"))
        refused(client.rcpt("judged@here.test"), "judged", "no_tls")
        client.ehlo("mail.partner.test")  # ends the transaction, and names the partner for the next
        refused(client.mail(""), "strict", "no_tls")
        accepted(client.message("a@stranger.test", ["judged@here.test"]))  # not the recipients of the last one
        client.starttls()
        client.ehlo()
        for _ in range(2):
            accepted(client.message("a@partner.test"))
            refused(client.mail("a@cert.test"), "cert", "certificate_missing")


@test("T05 s macros that Sendmail sends empty are absent ones")
def empty_macros():
    with connect() as client:
        refused(client.mail("a@cert.test"), "cert", "no_tls")
    with connect(tls=Tls()) as client, Logged() as log:  # names and fingerprint are sent, and empty
        for partner in ("cert", "trusted", "starred", "fp", "dn"):
            refused(client.mail(f"a@{partner}.test"), partner, "certificate_missing")
        equal([(line["subject"], line["issuer"], line["verify"]) for line in log(5)], [("", "", "NO")] * 5)
    with connect(tls=certificate("good")) as client:
        refused(client.mail("a@unset.test"), "verify", "mta_macros", "tempfail")


@test("T08 T09 s version, suite and bits are what was negotiated, TLS 1.0 and 1.1 too")
def suites():
    cases = [("TLSv1.3", None, "fs", None), ("TLSv1.3", None, "listed", None), ("TLSv1.3", None, "only13", "cipher"),
             ("TLSv1.2", "ECDHE-RSA-AES128-GCM-SHA256", "fs", None), ("TLSv1.2", "DHE-RSA-AES256-SHA", "fs", None),
             ("TLSv1.2", "AES256-GCM-SHA384", "fs", "forward_secrecy"),
             ("TLSv1.2", "DHE-RSA-AES256-GCM-SHA384", "listed", "cipher"),
             ("TLSv1.2", "ECDHE-RSA-AES128-GCM-SHA256", "bits", "cipher_bits"),
             ("TLSv1.2", "ECDHE-RSA-AES256-GCM-SHA384", "new", "tls_version"),
             ("TLSv1.1", "ECDHE-RSA-AES256-SHA", "partner", "tls_version"), ("TLSv1", "AES128-SHA", "partner", "tls_version"),
             ("TLSv1.1", "ECDHE-RSA-AES256-SHA", "old", None), ("TLSv1", "AES128-SHA", "old", None),
             ("TLSv1.2", "NULL-SHA256", "partner", "cipher"), ("TLSv1.2", "ADH-AES256-GCM-SHA384", "partner", "cipher"),
             ("TLSv1.2", "AECDH-AES256-SHA", "partner", "cipher")]
    for version, suite, domain, reason in cases:
        with connect(tls=Tls(version, suite)) as client:
            equal((client.version, client.cipher), (version, suite or client.cipher))
            reply = client.message(f"a@{domain}.test")
        if reason:
            refused(reply, "strict" if domain == "partner" else domain, reason)
        else:
            accepted(reply)


@test("T10 T21 s a resumed session has its certificate; commands behind STARTTLS are not obeyed inside TLS")
def resumed():
    with connect(tls=certificate("good", "TLSv1.2")) as first:
        accepted(first.message("a@cert.test"))
        with connect() as second:
            equal(second.starttls(resume=first).code, 220)
            second.ehlo()
            accepted(second.message("a@cert.test"))
    with connect() as client:
        injected = "EHLO injected.test\r\nMAIL FROM:<a@partner.test>\r\nRCPT TO:<user@here.test>\r\n"
        equal(client.starttls(behind=injected).code, 220)
        equal(client.command("NOOP").text, "250 2.0.0 OK", "the first answer inside TLS")
        equal(client.rcpt().code, 503, "no transaction was begun")


@test("T23 s IPv6 clients, and IPv4 ones on an IPv6 listener, are one address however it is written")
def ipv6():
    with connect("six", host="::1") as client, Logged() as log:
        refused(client.mail("a@stranger.test"), "six", "no_tls")
        equal(log(1)[0]["client"] in ("::1", "0:0:0:0:0:0:0:1"), True, log(1)[0]["client"])
    with connect("six", host="::1", tls=Tls()) as client:
        refused(client.mail("a@bound.test"), "bound", "client_not_allowed")
        accepted(client.message("a@partner.test"))
    with connect("mapped", host="::ffff:127.0.0.1") as client, Logged() as log:
        accepted(client.message("a@stranger.test"))
        refused(client.mail("a@partner.test"), "strict", "no_tls")
        equal(log(1)[0]["client"], "127.0.0.1")
    with connect("mapped", host="::ffff:127.0.0.1", source="::ffff:127.0.0.13") as client:
        refused(client.mail("a@stranger.test"), "byaddress", "no_tls")


@test("S10 S18 s clients select by address and by verified name, and mail of several partners satisfies all")
def clients():
    with connect(source="127.0.0.13") as client:
        refused(client.mail("a@[192.0.2.1]"), "byaddress", "no_tls")
    with connect(source="127.0.0.11") as client:
        refused(client.mail("a@stranger.test"), "hostname", "no_tls")
        equal("hostname" in client.mail("a@off.test"), True, "the domain's partner is off, the client's is not")
    for source, reason in (("127.0.0.10", None), ("127.0.0.12", None), ("127.0.0.11", "client_not_allowed"),
                           ("127.0.0.14", "client_not_allowed")):
        with connect(source=source, tls=Tls()) as client:
            reply = client.message("a@lo.test")
            accepted(reply) if reason is None else refused(reply, "lo", reason)


@test("T24 s the client's name is not known for the time being")
def resolver():
    with RIG.spare(policy("\n  - {name: bound, domains: [resolve.test], require: {clients: [.bound.test]}}")) as daemon, \
            connect("spare", tls=Tls(), source="127.0.0.14") as client:
        refused(client.mail("TEMP@resolve.test"), "bound", "client_name_temporary")
        for state in ("FAIL", "FORGED"):
            refused(client.mail(f"{state}@resolve.test"), "bound", "client_not_allowed")
        equal([line["client"] for line in daemon.wait_decisions(3)], ["127.0.0.14"] * 3)


@test("T20 s loopback and the daemons named are exempt by default; logged, where it would have been a partner's")
def exempt():
    partners = "\n  - {name: strict, domains: [partner.test]}"
    with RIG.spare(policy(partners, exempt="")) as daemon, connect("spare") as client:
        accepted(client.message("a@partner.test"))
        equal(daemon.wait_decisions(1)[0]["verdict"], "exempt")
    for name, answer in (("spare", 250), ("other", 530)):
        with RIG.spare(policy(partners, exempt=f"exempt: {{clients: [], daemons: [{name}]}}")), connect("spare") as client:
            equal(client.message("a@partner.test").code, answer, name)


@test("T20 T25 s AUTH EXTERNAL, open to everyone whose certificate verifies, exempts nobody")
def external():
    with connect(tls=certificate("other-name")) as client, Logged() as log:
        equal(client.command("AUTH EXTERNAL =").code, 235, "Sendmail lets the certificate log in")
        refused(client.mail("a@cert.test"), "cert", "certificate_subject")
        accepted(client.message("a@partner.test"))
        equal([line["verdict"] for line in log(2)], ["fail", "pass"])


# What becomes of the message

@test("A01 s quarantine: accepted and held, with the reason in the queue; over TLS it goes on")
def quarantine():
    with connect() as client, Logged() as log:
        held = queue_id(accepted(client.message("a@held.test")))
        line = log(1)[0]
        equal((line["partner"], line["verdict"], line["action"], line["reasons"], line["qid"]),
              ("held", "fail", "quarantine", "no_tls", held))
        equal(RIG.mta.queued(held), "held")
        contains(RIG.mta.queue_file(held), "forcetls: held no_tls")
        RIG.mta.command("-qQ", "-Q", "-qI" + held)  # as the manual says
        equal(RIG.mta.queued(held), "queued", "let go")
    with connect(tls=Tls()) as client:
        equal(RIG.mta.queued(queue_id(accepted(client.message("a@held.test")))), "queued")


@test("A02 A03 s testing: accepted; the log line has every key, and the queue id from MAIL on")
def log_lines():
    with connect(tls=certificate("good", "TLSv1.3"), name="mail.partner.test") as client, Logged() as log:
        queued = queue_id(accepted(client.message("Some.One@cert.test")))
        line = log(1)[0]
        wanted = {"partner": "cert", "verdict": "pass", "action": "accept", "qid": queued, "client": "127.0.0.1",
                  "client_name": "mx.here.test", "helo": "mail.partner.test", "from": "Some.One@cert.test",
                  "tls": "TLSv1.3", "bits": "256", "subject": "/CN=mail.partner.test",
                  "issuer": "/CN=Test+20Intermediate+20CA", "verify": "OK", "would": "accept", "exception": "", "mta": "sendmail",
                  "resolve": "OK", "exempt": "", "key_fingerprint": "unshown", "selected": "envelope_from", "cut": ""}
        equal({key: line[key] for key in wanted}, wanted)
    with connect() as client, Logged() as log:
        queued = queue_id(accepted(client.message("a@testing.test")))
        line = log(1)[0]
        equal((line["mode"], line["verdict"], line["action"], line["qid"]), ("testing", "fail", "accept", queued))
        equal((line["would"], line["tls"], line["fingerprint"]), ("reject", "none", "none"), "in plaintext")
        refused(client.mail("a@partner.test"), "strict", "no_tls")
        equal(bool(re.fullmatch(r"\w{14}", log(2)[1]["qid"])), True, "the id that Sendmail gave at MAIL")


@test("F11 s replies arrive to the letter: no address before them, no octet of the client's, every per cent sign")
def replies():
    with connect() as client:
        equal(str(client.mail("a@partner.test")), "530 5.7.0 Must issue a STARTTLS command first: mail from this domain must "
              "come over TLS [strict no_tls]")
        equal(str(client.mail("a@percent.test")).partition("] ")[2], "100% of mail, 50%d %s %n: postmaster@here.test")
    for kind in ("utf8", "quotes", "punctuation"):
        with connect(tls=certificate(kind)) as client:
            reply = client.mail("a@cert.test")
            refused(reply, "cert", "certificate_subject")
            equal(str(reply).isascii() and "%" not in reply and "ail.partner" not in reply, True, str(reply))
    with connect(name="p\xe4rtner%s.test") as client:
        reply = client.mail("j\xfcrgen%n@partner.test")
        equal("%" in reply, False, str(reply))


@test("S01 S13 s the From fields count where the partner says so")
def header_from():
    partners = "\n  - {name: headed, domains: [partner.test], identities: [header_from]}"
    with RIG.spare(policy(partners)), connect("spare") as client:
        for value, found in (("<a@partner.test>", True), ("x <a@stranger.test>", False), ("B <b@x.test>, a@partner.test", True),
                             ('"a@partner.test" <b@x.test>', False), ("a@(c)partner.test", True)):
            message = f"From: {value}\r\nTo: user@here.test\r\nSubject: test\r\n\r\nHello.\r\n"
            reply = client.message("a@stranger.test", message=message)
            refused(reply, "headed", "no_tls") if found else accepted(reply)
        accepted(client.message("a@partner.test", message=MESSAGE))
