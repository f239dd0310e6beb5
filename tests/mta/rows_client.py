# SPDX-License-Identifier: BSD-2-Clause
"""Rows T19, T20, T23, T24 of the catalogue: who connects, and who is never judged."""
import base64

from rig import PASSWORD, RIG, USER, Logged, accepted, certificate, connect, policy, refused
import smtp
from smtp import MESSAGE, Tls
from tap import equal, test

TOKEN = base64.b64encode(f"\0{USER}\0{PASSWORD}".encode()).decode()
NETWORKS = policy("""
  - {name: six, clients: ["::1"]}
  - {name: mapped, clients: ["::ffff:192.0.2.0/120"]}
  - {name: block, clients: ["2001:db8:1::/48"]}
  - {name: closer, clients: ["2001:db8:1:2::/64"], mode: none}
  - {name: four, clients: [203.0.113.0/24]}
""")


def mail_from(sender, service="main", tls=None, **attributes):
    """The answer to MAIL of a client that XCLIENT makes another one."""
    with connect(service, tls, client=attributes) as client:
        return client.mail(sender)


@test("T19 x behind a TLS proxy with XCLIENT the proxy's TLS is what Postfix shows")
def xclient_proxy():
    with connect(tls=certificate("good")) as client, Logged() as log:
        equal(client.xclient(ADDR="203.0.113.9", NAME="somebody.test").code, 220)
        client.ehlo("somebody.test")
        accepted(client.message("a@cert.test"))  # not visible to a milter: the manual warns, `doctor` reports it
        line = log(1)[0]
        equal((line["client"], line["client_name"], line["subject"], line["verdict"]),
              ("203.0.113.9", "somebody.test", "mail.partner.test", "pass"))


@test("T19 x TLS that a PROXY protocol balancer ended is no TLS to Postfix")
def proxy_protocol():
    for line, address in ((b"PROXY TCP4 203.0.113.9 127.0.0.1 4711 25\r\n", "203.0.113.9"),
                          (b"PROXY TCP6 2001:db8::9 ::1 4711 25\r\n", "2001:db8::9")):
        with smtp.Client(RIG.port("proxy"), before=line) as client, Logged() as log:
            client.ehlo()
            refused(client.mail("a@partner.test"), "strict", "no_tls")
            client.starttls()  # passed through to Postfix, it is the client's own
            client.ehlo()
            accepted(client.message("a@partner.test"))
            equal([(entry["client"].removeprefix("IPv6:"), entry["client_port"]) for entry in log(2)],
                  [(address, "4711")] * 2)


@test("T20 x a session with SASL is exempt, and logged")
def authenticated():
    with connect("sasl") as client, Logged() as log:
        refused(client.mail("a@partner.test"), "strict", "no_tls")
        equal(client.command("AUTH PLAIN " + TOKEN).code, 235)
        accepted(client.message("a@partner.test"))
        lines = log(2)
        equal([line["verdict"] for line in lines], ["fail", "exempt"])
        equal(lines[1]["partner"], "strict")


@test("T20 x a login that XCLIENT claims exempts nobody")
def claimed_login():
    refused(mail_from("a@partner.test", "sasl", LOGIN="alice", ADDR="203.0.113.9"), "strict", "no_tls")


@test("T20 x failed authentication exempts nobody")
def failed_authentication():
    with connect("sasl") as client:
        equal(client.command("AUTH PLAIN " + base64.b64encode(b"\0alice\0wrong").decode()).code, 535)
        refused(client.mail("a@partner.test"), "strict", "no_tls")


@test("T20 x authenticated: false judges those that logged in, too")
def authenticated_judged():
    text = policy("\n  - {name: strict, domains: [partner.test]}\n",
                  exempt="exempt: {clients: [], authenticated: false}")
    with RIG.spare(text), connect("spare-sasl") as client:
        equal(client.command("AUTH PLAIN " + TOKEN).code, 235)
        refused(client.mail("a@partner.test"), "strict", "no_tls")


@test("T20 x by default loopback clients are exempt: re-injection by a content filter")
def reinjection():
    text = policy("\n  - {name: strict, domains: [partner.test]}\n", exempt="")
    with RIG.spare(text) as daemon:
        for options in ({}, {"host": "::1"}, {"source": "127.0.0.9"}):
            with connect("spare", **options) as client, Logged(daemon) as log:
                accepted(client.message("a@stranger.test"))  # leaves no line
                accepted(client.message("a@partner.test"))
                equal([(line["verdict"], line["partner"], line["action"]) for line in log(1)],
                      [("exempt", "strict", "accept")])
        warned = daemon.events("exempt")
        equal([(line["count"], line["partners"], line["client"]) for line in warned], [("1", "marker", "127.0.0.1")], "warned once")  # Logged() sent it
        refused(mail_from("a@partner.test", "spare", ADDR="203.0.113.9"), "strict", "no_tls")


@test("T20 x a listener's daemon name can be exempt")
def daemon_name():
    text = policy("\n  - {name: strict, domains: [partner.test]}\n",
                  exempt=f"exempt: {{clients: [], daemons: [{RIG.need().mta.parameters['myhostname']}]}}")
    with RIG.spare(text), connect("spare") as client:
        accepted(client.message("a@partner.test"))


@test("T20 x mail of the local sendmail command is exempt")
def local_submission():
    text = policy("\n  - {name: strict, domains: [partner.test]}\n", exempt="")
    with RIG.spare(text) as daemon, Logged(daemon) as log:
        RIG.mta.sendmail("local@partner.test", "user@here.test", MESSAGE)
        RIG.mta.wait_log("from=<local@partner.test>, size=")
        equal([line["verdict"] for line in log(1)], ["exempt"])


@test("T23 x IPv6 clients, mapped IPv4 and CIDR blocks select as one address")
def addresses():
    with RIG.spare(NETWORKS):
        with connect("spare", host="::1") as client:
            refused(client.mail("a@stranger.test"), "six", "no_tls")
        cases = [("IPV6:2001:db8:1::5", "block"), ("IPV6:2001:DB8:1:0:0:0:0:5", "block"), ("IPV6:2001:db8:2::5", None),
                 ("IPV6:2001:db8:1:2::5", None), ("192.0.2.77", "mapped"), ("IPV6:::ffff:192.0.2.77", "mapped"),
                 ("IPV6:::ffff:203.0.113.7", "four"), ("203.0.113.7", "four"), ("192.0.3.77", None)]
        for address, partner in cases:
            reply = mail_from("a@stranger.test", "spare", ADDR=address, NAME="[UNAVAILABLE]")
            accepted(reply) if partner is None else refused(reply, partner, "no_tls")


@test("T23 x the log shows the address without a prefix")
def address_in_log():
    with connect(client=dict(ADDR="IPV6:2001:db8:1::5", NAME="[UNAVAILABLE]")) as client, Logged() as log:
        refused(client.mail("a@partner.test"), "strict", "no_tls")
        equal({line["client"] for line in log(1)}, {"2001:db8:1::5"})


@test("T23 x a rule of clients holds addresses of both kinds against the client")
def bound_addresses():
    for address, allowed in (("192.0.2.1", True), ("IPV6:::ffff:192.0.2.1", True), ("IPV6:2001:db8:2::1", True),
                             ("192.0.3.1", False), ("IPV6:2001:db8:3::1", False)):
        reply = mail_from("a@bound.test", tls=Tls(), ADDR=address, NAME="[UNAVAILABLE]")
        accepted(reply) if allowed else refused(reply, "bound", "client_not_allowed")


@test("T24 x a client's name that cannot be had for the time being is nobody's fault")
def temporary_name():
    reply = mail_from("a@bound.test", tls=Tls(), ADDR="203.0.113.9", NAME="[TEMPUNAVAIL]")
    refused(reply, "bound", "client_name_temporary")
    accepted(mail_from("a@bound.test", tls=Tls(), ADDR="192.0.2.9", NAME="[TEMPUNAVAIL]"))  # the address is enough
    accepted(mail_from("a@bound.test", tls=Tls(), ADDR="203.0.113.9", NAME="mail.bound.test"))
    refused(mail_from("a@bound.test", tls=Tls(), ADDR="203.0.113.9", NAME="[UNAVAILABLE]"), "bound",
            "client_not_allowed")
    refused(mail_from("a@bound.test", tls=Tls(), ADDR="203.0.113.9", NAME="[UNAVAILABLE]",
                      REVERSE_NAME="mail.bound.test"), "bound", "client_not_allowed")
    accepted(mail_from("a@stranger.test", ADDR="203.0.113.9", NAME="[TEMPUNAVAIL]"))


@test("T24 x plaintext is unmet whatever the resolver does")
def temporary_name_in_plaintext():
    refused(mail_from("a@bound.test", ADDR="203.0.113.9", NAME="[TEMPUNAVAIL]"), "bound", "no_tls")


@test("T24 x only a verified name selects")
def verified_name():
    refused(mail_from("a@stranger.test", ADDR="203.0.113.9", NAME="mx.byname.test"), "hostname", "no_tls")
    refused(mail_from("a@stranger.test", ADDR="203.0.113.9", NAME="MX.ByName.Test"), "hostname", "no_tls")
    accepted(mail_from("a@stranger.test", ADDR="203.0.113.9", NAME="[UNAVAILABLE]", REVERSE_NAME="mx.byname.test"))
    accepted(mail_from("a@stranger.test", ADDR="203.0.113.9", NAME="byname.test"))
    with connect(name="mx.byname.test") as client:
        accepted(client.mail("a@stranger.test"))
