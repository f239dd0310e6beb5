# SPDX-License-Identifier: BSD-2-Clause
"""Rows T01-T10, T21 of the catalogue: what is known of the session."""
import ssl

from rig import RIG, Logged, accepted, certificate, connect, refused
import smtp
from smtp import Tls
from tap import Skip, equal, test


def over(tls, sender, service="main"):
    """A whole message over such TLS: what was negotiated, and the answer."""
    with connect(service, tls) as client:
        return client.version, client.cipher, client.message(sender)


@test("T01 x plaintext is refused at MAIL, and STARTTLS in the same session mends it")
def plaintext():
    with connect() as client, Logged() as log:
        refused(client.mail("a@partner.test"), "strict", "no_tls")
        equal(client.rcpt().code, 503, "RCPT behind it")
        refused(client.mail("a@later.test"), "later", "no_tls", "tempfail")
        accepted(client.mail("a@off.test"))
        equal(client.starttls().code, 220)
        client.ehlo()
        accepted(client.message("a@partner.test"))
        equal([(line["partner"], line["verdict"], line["tls"]) for line in log(3) if line["partner"] != "off"][:2],
              [("strict", "fail", "none"), ("later", "fail", "none")])


@test("T01 x plaintext without any HELO")
def no_helo():
    with smtp.Client(RIG.port()) as client:
        refused(client.mail("a@partner.test"), "strict", "no_tls")
        accepted(client.message("a@stranger.test"))
        accepted(client.message(""))


@test("T02 x MAIL straight behind STARTTLS, without a second EHLO")
def no_second_ehlo():
    with connect() as client:
        refused(client.mail("a@partner.test"), "strict", "no_tls")
        client.starttls()
        accepted(client.message("a@partner.test"))
        refused(client.mail("a@cert.test"), "cert", "certificate_missing")
    with connect() as client:
        client.starttls(certificate("good"))
        accepted(client.message("a@cert.test"))


@test("T02 x the wrapper mode of the smtps port")
def wrapper():
    with smtp.Client(RIG.port("smtps"), wrapper=certificate("good")) as client:
        accepted(client.message("a@cert.test"))  # without any EHLO
        client.ehlo()
        accepted(client.message("a@partner.test"))


@test("T04 x two messages of a session, each by its own facts; RSET and EHLO between and inside")
def two_messages():
    with connect() as client:
        for _ in range(2):
            refused(client.mail("a@partner.test"), "strict", "no_tls")
            accepted(client.message("a@stranger.test"))
            accepted(client.mail("a@stranger.test"))
            client.command("RSET")
            refused(client.mail("a@partner.test"), "strict", "no_tls")
            accepted(client.mail("a@stranger.test"))
            client.ehlo("mail.partner.test")  # ends the transaction, and names the partner for the next
            refused(client.mail(""), "strict", "no_tls")
            client.ehlo("mail.stranger.test")
            accepted(client.message(""))
        client.starttls()
        client.ehlo()
        accepted(client.message("a@partner.test"))
        refused(client.mail("a@cert.test"), "cert", "certificate_missing")
        accepted(client.mail("a@partner.test"))
        client.ehlo()
        accepted(client.message("a@partner.test"))
        refused(client.mail("a@cert.test"), "cert", "certificate_missing")


@test("T04 x the recipients of one message are not those of the next")
def recipients_of_the_next():
    with connect() as client:
        accepted(client.mail("a@rcpt.test"))
        refused(client.rcpt("judged@here.test"), "judged", "no_tls")
        client.command("RSET")
        accepted(client.message("a@rcpt.test", ["other@here.test"]))
        accepted(client.message("a@stranger.test", ["judged@here.test"]))


@test("T08 x TLS 1.3 is always ephemeral, and in a list that names none of its suites")
def tls13():
    for sender in ("a@fs.test", "a@listed.test", "a@bits.test", "a@new.test", "a@old.test", "a@partner.test"):
        version, _, reply = over(Tls("TLSv1.3"), sender)
        equal(version, "TLSv1.3")
        accepted(reply)
    _, suite, reply = over(Tls("TLSv1.3"), "a@only13.test")
    equal(suite, "TLS_AES_256_GCM_SHA384")
    refused(reply, "only13", "cipher")


@test("T08 x TLS 1.2 and below: version, suite, bits and forward secrecy are what was negotiated")
def tls12():
    cases = [("TLSv1.2", "ECDHE-RSA-AES128-GCM-SHA256", "fs", None), ("TLSv1.2", "DHE-RSA-AES256-SHA", "fs", None),
             ("TLSv1.2", "AES256-GCM-SHA384", "fs", "forward_secrecy"),
             ("TLSv1.2", "ECDHE-RSA-AES128-GCM-SHA256", "listed", None),
             ("TLSv1.2", "DHE-RSA-AES256-GCM-SHA384", "listed", "cipher"),
             ("TLSv1.2", "ECDHE-RSA-AES256-SHA384", "listed", "cipher"),
             ("TLSv1.2", "ECDHE-RSA-AES128-GCM-SHA256", "bits", "cipher_bits"),
             ("TLSv1.2", "ECDHE-RSA-AES256-GCM-SHA384", "bits", None),
             ("TLSv1.2", "ECDHE-RSA-AES256-GCM-SHA384", "new", "tls_version"),
             ("TLSv1.2", "ECDHE-RSA-AES256-GCM-SHA384", "only13", "cipher"),
             ("TLSv1.1", "ECDHE-RSA-AES256-SHA", "strict", "tls_version"),
             ("TLSv1", "AES128-SHA", "strict", "tls_version"),
             ("TLSv1.1", "ECDHE-RSA-AES256-SHA", "old", None), ("TLSv1", "AES128-SHA", "old", None)]
    for version, suite, partner, reason in cases:
        domain = "partner" if partner == "strict" else partner
        seen_version, seen_suite, reply = over(Tls(version, suite), f"a@{domain}.test")
        equal((seen_version, seen_suite), (version, suite))
        accepted(reply) if reason is None else refused(reply, partner, reason)


@test("T08 x what falls short is named in the reply, with what was seen and what is needed")
def reply_names_both():
    _, _, reply = over(Tls("TLSv1.1"), "a@partner.test")
    refused(reply, "strict", "tls_version")
    equal("TLSv1.1" in reply and "TLSv1.2" in reply, True, str(reply))


@test("T09 x suites without authentication or encryption satisfy nobody, though nothing is written of suites")
def weak_suites():
    seen = 0
    for suite in ("ADH-AES256-GCM-SHA384", "AECDH-AES256-SHA", "NULL-SHA256", "ECDHE-RSA-NULL-SHA", "NULL-MD5",
                  "RC4-SHA", "DES-CBC3-SHA", "EXP-RC4-MD5"):
        try:
            _, negotiated, reply = over(Tls("TLSv1.2", suite), "a@partner.test", "weak")
        except ssl.SSLError:
            continue  # this OpenSSL knows it no longer, or does not do it
        equal(negotiated, suite)
        refused(reply, "strict", "cipher")
        accepted(over(Tls("TLSv1.2", suite), "a@stranger.test", "weak")[2])
        seen += 1
    if not seen:
        raise Skip("this OpenSSL has no weak suite left")
    equal(seen >= 3, True, f"only {seen} suites could be tried")


@test("T10 x a resumed session still has its certificate")
def resumption():
    for version in ("TLSv1.2", "TLSv1.3"):
        first = connect(tls=certificate("good", version))
        accepted(first.message("a@cert.test"))
        with connect() as second:
            equal(second.starttls(resume=first).code, 220)
            second.ehlo()
            equal(second.resumed, True, f"{version}: resumed")
            equal(second.version, version)
            with Logged() as log:
                accepted(second.message("a@cert.test"))
                equal(log(1)[0]["subject"], "mail.partner.test")
        first.close()


@test("T10 x a resumed session without a certificate has none")
def resumption_without():
    first = connect(tls=Tls("TLSv1.2"))
    accepted(first.message("a@partner.test"))
    with connect() as second:
        second.starttls(resume=first)
        second.ehlo()
        equal(second.resumed, True)
        refused(second.mail("a@cert.test"), "cert", "certificate_missing")
        accepted(second.message("a@partner.test"))
    first.close()


@test("T21 x commands pipelined behind STARTTLS are not obeyed inside TLS")
def injected():
    with connect() as client, Logged() as log:
        injected_commands = "EHLO injected.test\r\nMAIL FROM:<a@partner.test>\r\nRCPT TO:<user@here.test>\r\n"
        equal(client.starttls(behind=injected_commands).code, 220)
        reply = client.command("NOOP")
        equal(str(reply), "250 2.0.0 Ok", "the first answer inside TLS")
        equal(client.rcpt().code, 503, "no transaction was begun")
        accepted(client.message("a@partner.test"))
        equal(len(log(1)), 1, "decisions")
