# SPDX-License-Identifier: BSD-2-Clause
"""Who connects: exemptions (T20), addresses (T23), names (T24), and which MTA speaks (T25)."""
from common import (Daemon, GOOD, NO_TLS, OURS, SENDER, briefly, greeted, judge, partner, partners, plain, policy, postfix, sendmail, strong,
                    table)
from milterclient import Session, message
from tap import contains, equal, test

SHORT = f"{NO_TLS} no_tls"
MACROS = f"{OURS} mta_macros"


def profile_cases(text, cases):
    """Cases (what, wanted, profile)."""
    with Daemon(text) as daemon:
        table(cases, lambda profile: briefly(judge(daemon, profile)))


@test("T20 p loopback clients and authenticated sessions are exempt, and nobody else")
def exempt():
    sasl = {"auth_type": "PLAIN", "auth_authen": "user"}
    cases = [(what, wanted, plain(mta, **more)) for mta in (postfix, sendmail) for what, wanted, more in (
        ("127.0.0.1", "accept", {"client": "127.0.0.1", "name": "localhost"}), ("127.8.9.10", "accept", {"client": "127.8.9.10"}),
        ("::1", "accept", {"client": "::1"}), ("mapped loopback", "accept", {"client": "::ffff:127.0.0.1"}),
        ("127.0.0.1 on port 0", "accept", {"client": "127.0.0.1", "port": 0}), ("::2", SHORT, {"client": "::2"}),
        ("128.0.0.1", SHORT, {"client": "128.0.0.1"}), ("the name localhost", SHORT, {"name": "localhost"}),
        ("SASL", "accept", sasl), ("SASL CRAM-MD5", "accept", {**sasl, "auth_type": "CRAM-MD5"}),
        ("XCLIENT", SHORT, {**sasl, "auth_type": "XCLIENT"}), ("xclient", SHORT, {**sasl, "auth_type": "xclient"}),
        ("ANONYMOUS", SHORT, {**sasl, "auth_type": "ANONYMOUS"}), ("anonymous", SHORT, {**sasl, "auth_type": "anonymous"}),
        ("a type without a user", SHORT, {"auth_type": "PLAIN"}),
        ("an empty user", SHORT, {"auth_type": "PLAIN", "auth_authen": ""}), ("AUTH= of MAIL", SHORT, {"auth_author": "user"}))]
    profile_cases(policy(partner()), cases)


@test("T20 p exempt mail of partners is logged as such, and says so in verdict=")
def exempt_log():
    with Daemon(policy(partner())) as daemon:
        got = judge(daemon, plain(client="127.0.0.1"))
        equal((got.brief, partners(got), got.lines[0]["action"]), ("accept", ["contoso exempt"], "accept"))
        equal(judge(daemon, plain(client="127.0.0.1"), "<a@nobody.test>").lines, [], "a stranger's")


@test("T20 p a list given replaces its default, [] exempts nobody")
def exempt_lists():
    sasl = {"auth_type": "PLAIN", "auth_authen": "user"}
    profile_cases(policy(partner(), exempt={"clients": [], "authenticated": False}), [
        ("127.0.0.1", SHORT, plain(client="127.0.0.1")), ("::1", SHORT, plain(client="::1")), ("SASL", SHORT, plain(**sasl))])
    profile_cases(policy(partner(), exempt={"clients": ["198.51.100.0/24", "2001:db8::/32"], "daemons": ["submission"]}), [
        ("listed", "accept", plain(client="198.51.100.9")), ("listed, v6", "accept", plain(client="2001:db8::9")),
        ("no longer the default", SHORT, plain(client="127.0.0.1")), ("daemon", "accept", plain(daemon_name="submission")),
        ("another daemon", SHORT, plain(daemon_name="smtpd")), ("SASL still", "accept", plain(**sasl))])


@test("T20 p local submission without an address, as Sendmail's -bs")
def no_address():
    local = sendmail(client_addr=None, client_port=None, client_name="localhost", client_resolve=None)
    with Daemon(policy(partner(), partner("net", None, clients=["192.0.2.0/24"]))) as daemon:
        for family in ("U", "L"):
            with Session(daemon.socket, local) as session:
                session.connect("localhost", family, "/var/run/x", 0)
                session.helo("localhost")
                equal(message(session, "<a@nobody.test>")[0].kind, "accept", f"family {family}: a stranger's")
                equal(message(session, SENDER)[0].refused, True, f"family {family}: the partner's")


@test("T23 p one address in all its spellings")
def addresses():
    v6 = policy(partner(domains=None, clients=["2001:db8:1::/48", "192.0.2.0/24"]))
    profile_cases(v6, [(f"{mta.__name__} {client}", wanted, plain(mta, client=client)) for mta in (postfix, sendmail)
                       for client, wanted in (
        ("2001:db8:1::5", SHORT), ("2001:DB8:1:0:0:0:0:5", SHORT), ("2001:db8:2::5", "accept"), ("::ffff:192.0.2.77", SHORT),
        ("192.0.2.77", SHORT), ("::ffff:c000:24d", SHORT), ("::ffff:198.51.100.1", "accept"), ("::192.0.2.77", "accept"))])
    profile_cases(v6, [(repr(macro), wanted, plain(client_addr=macro)) for macro, wanted in (
        ("IPv6:2001:db8:1::5", SHORT), ("2001:db8:1::5", SHORT), ("ipv6:2001:db8:1::5", SHORT), ("IPv6:::ffff:192.0.2.77", SHORT),
        ("::ffff:192.0.2.77", SHORT), ("192.0.2.77", SHORT))])
    profile_cases(policy(partner(domains=None, clients=["::ffff:192.0.2.0/120"])), [
        ("a mapped entry", SHORT, plain(client="192.0.2.5")), ("mapped both", SHORT, plain(client="::ffff:192.0.2.5")),
        ("outside", "accept", plain(client="192.0.3.5"))])


@test("T23 p without {client_addr} the CONNECT argument counts")
def connect_argument():
    with Daemon(policy(partner(domains=None, clients=["2001:db8::/32", "192.0.2.0/24"]))) as daemon:
        for family, address in (("6", "2001:db8::5"), ("6", "IPv6:2001:db8::5"), ("4", "192.0.2.9"), ("6", "::ffff:192.0.2.9")):
            with Session(daemon.socket, plain(client_addr=None)) as session:
                session.connect("x.test", family, address, 1234)
                equal(session.mail("<a@nobody.test>").brief, NO_TLS, address)


def bound(clients, **keys):
    return policy(partner(require={"clients": clients}, **keys))


@test("T23 p the domain only from these hosts")
def required_clients():
    foreign = "554 5.7.1 client_not_allowed"
    profile_cases(bound(["192.0.2.0/24", "2001:db8::/32", "mx.named.test", ".pool.test"]), [
        (f"{client} {name} {resolve}", wanted, strong(client=client, name=name, resolve=resolve)) for client, name, resolve, wanted in (
            ("192.0.2.10", "x.test", "OK", "accept"), ("2001:db8::1", "x.test", "OK", "accept"), ("::ffff:192.0.2.1", "x.test", "OK", "accept"),
            ("198.51.100.1", "x.test", "OK", foreign), ("198.51.100.1", "mx.named.test", "OK", "accept"),
            ("198.51.100.1", "MX.NAMED.test", "OK", "accept"), ("198.51.100.1", "a.pool.test", "OK", "accept"),
            ("198.51.100.1", "pool.test", "OK", foreign), ("198.51.100.1", "evilpool.test", "OK", foreign),
            ("198.51.100.1", "mx.named.test", "FORGED", foreign), ("198.51.100.1", "mx.named.test", "FAIL", foreign),
            ("2001:db9::1", "x.test", "OK", foreign), ("198.51.100.1", "unknown", "FAIL", foreign))])


@test("T24 p a name that is unknown for the time being, where a rule needs it")
def resolver_down():
    temporary, foreign = f"{OURS} client_name_temporary", "554 5.7.1 client_not_allowed"
    for mta, name in ((postfix, "unknown"), (sendmail, "[198.51.100.1]")):
        down = strong(mta, client="198.51.100.1", name=name, resolve="TEMP")
        profile_cases(bound(["mx.named.test"]), [("a name is needed", temporary, down)])
        profile_cases(bound(["192.0.2.0/24", ".named.test"]), [("name or network", temporary, down)])
        profile_cases(bound(["198.51.100.0/24", ".named.test"]), [("the network is enough", "accept", down)])
        profile_cases(bound(["192.0.2.0/24"]), [("no name is needed", foreign, down)])
        profile_cases(policy(partner()), [("no rule at all", "accept", down)])


@test("T25 p forced and contradicted, or not recognised: certificates are unknown, the others count")
def which_mta():
    rule, odd = partner(require={"certificates": "trusted"}), {"v": "Exim 4.96", "verify": None}
    for what, wanted, mta, profile in (
            ("postfix as told", "accept", "postfix", strong(postfix, GOOD)), ("sendmail as told", "accept", "sendmail", strong(sendmail, GOOD)),
            ("postfix, told sendmail", MACROS, "sendmail", strong(postfix, GOOD)),
            ("sendmail, told postfix", MACROS, "postfix", strong(sendmail, GOOD)),
            ("neither", MACROS, "auto", strong(postfix, GOOD, **odd)), ("no v", MACROS, "auto", strong(postfix, GOOD, v=None)),
            ("no v, but a {verify}", "accept", "auto", strong(sendmail, GOOD, v=None))):
        profile_cases(policy(rule, milter={"mta": mta}), [
            (what, wanted, profile), (what + ": plaintext is plaintext", SHORT, plain(v=profile.macros.get("v")))])
        profile_cases(policy(partner(), milter={"mta": mta}), [(what + ": no certificate rule", "accept", profile)])


@test("T25 p no Postfix name is taken from a Sendmail that shows it unverified")
def mixed_up():
    with Daemon(policy(partner(require={"certificates": [{"subject": GOOD.cn}]}))) as daemon:
        for verify in ("FAIL", "NO", "NOT", "x"):
            equal(judge(daemon, strong(postfix, GOOD, verify=verify)).brief == "accept", False, verify)


@test("T20 p partners' mail from an exempt client: a warning at once, and with the number of the rest at the stop")
def exempt_warning():
    rule = policy(partner(), partner("second", ["second.test"]), partner("off", ["off.test"], mode="none"))
    with Daemon(rule) as daemon:
        with greeted(daemon, plain(postfix, client="127.0.0.1", name="localhost")) as session:
            for sender in ("<a@nobody.test>", "<a@off.test>"):
                equal(session.mail(sender).kind, "accept", sender)
            equal(daemon.events("exempt"), [], "nobody's mail, and a partner's who is switched off")
            equal(session.mail("<a@partner.test>").kind, "accept")
            first = daemon.wait_log("event=exempt")
            for _ in range(3):
                equal(session.mail("<a@second.test>").kind, "accept")
            equal(session.mail("<a@partner.test>").kind, "accept")
        with greeted(daemon, plain(postfix, client="127.0.0.1", auth_type="PLAIN", auth_authen="user")) as session:
            equal(session.mail("<a@partner.test>").kind, "accept", "a login is no client")
        contains(first, 'count=1 partners="contoso" client="127.0.0.1" since="20')
        contains(first, "exempt: {clients: []}")
        equal(len(daemon.events("exempt")), 1, "before the hour is over")
        daemon.stop()
        equal([(line["count"], line["partners"]) for line in daemon.events("exempt")], [("1", "contoso"), ("4", "second,contoso")])
