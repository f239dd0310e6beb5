# SPDX-License-Identifier: BSD-2-Clause
"""Rows T26 and T27 of the catalogue: a Postfix that does not show all that a filter may need."""
import contextlib

import postfix
import smtp
from daemon import Daemon
from rig import RIG, accepted, milter, policy, refused
from rows_pins import Sink, documented, partner, pin
from smtp import MESSAGE, Tls
from tap import contains, equal, test

BY_HEADER = "\n  - {name: header, domains: [header.test], identities: [header_from]}"
HELD = "\n  - {name: held, domains: [held.test], action: quarantine}"
TRIAL = "\n  - {name: trial, domains: [trial.test], mode: testing, identities: [envelope_from, header_from]}"
STRICT = "\n  - {name: strict, domains: [strict.test]}"
HIDING = ("proxy", "proxy-speed", "proxy-early", "proxy-old", "proxy-older")
ORDINARY = ("main", "early", "no-data-macros", "hold", "prepend", "redirect", "filter", "long", "verify")


class Hiding:
    """A Postfix with before-queue filters, made at the first need; gone when the program ends."""

    def __init__(self):
        self.mta = None

    def need(self):
        RIG.need()
        if self.mta is None:
            self.sink = Sink()
            main = milter(RIG.socket("content"))
            proxy = {**main, "smtpd_proxy_filter": f"127.0.0.1:{self.sink.port}"}
            every = "check_client_access static:"
            services = {
                "main": main, "early": {**main, "smtpd_delay_open_until_valid_rcpt": "no"},
                "no-data-macros": {**main, "milter_data_macros": "", "milter_rcpt_macros": "", "milter_mail_macros": ""},
                "hold": {**main, "smtpd_client_restrictions": every + "hold"},
                "prepend": {**main, "smtpd_data_restrictions": every + "{prepend X-A: b}"},
                "redirect": {**main, "smtpd_recipient_restrictions": every + "{redirect x@elsewhere.test}"},
                "filter": {**main, "content_filter": "discard:"}, "long": {**main, "enable_long_queue_ids": "yes"},
                "verify": {**main, "smtpd_end_of_data_restrictions": every + "dunno"},
                "old": {**main, "milter_protocol": "2"}, "unnamed": {**main, "smtpd_peername_lookup": "no"},
                "proxy": proxy, "proxy-speed": {**proxy, "smtpd_proxy_options": "speed_adjust"},
                "proxy-early": {**proxy, "smtpd_delay_open_until_valid_rcpt": "no"},
                "proxy-old": {**proxy, "milter_protocol": "2"}, "proxy-older": {**proxy, "milter_protocol": "3"},
                "proxy-pins": {**proxy, "milter_protocol": "3", "smtpd_data_restrictions": documented(f"unix:{RIG.dir}/facts.sock")}}
            self.mta = postfix.Postfix(services, [RIG.pki.server()], RIG.pki.ca_file,
                                       {"non_smtpd_milters": RIG.socket("content")}).start()
        return self


MTA = Hiding()


@contextlib.contextmanager
def behind(partners):
    """A daemon behind that Postfix."""
    MTA.need()
    with Daemon(policy(partners), socket=RIG.socket("content"), open_to_all=True) as daemon:
        yield daemon


def connect(service, tls=None, **options):
    return smtp.connect(MTA.need().mta.port(service), tls, **options)


def from_header(sender):
    return f"From: {sender}\r\nTo: user@here.test\r\nSubject: x\r\n\r\nHello.\r\n"


def lines_until_marker(daemon):
    """All decisions so far: a refusal of another service is the last line."""
    before = sum(line["partner"] == "marker" for line in daemon.decisions())
    with connect("main") as client:
        client.mail("a@marker.test")
    daemon.wait_log("partner=marker", count=before + 1)
    return [line for line in daemon.decisions() if line["partner"] != "marker"]


@test("T26 x behind smtpd_proxy_filter what needs the headers or the end of the message is undecidable, in TLS too")
def before_queue_filter():
    for service in HIDING:
        with behind(BY_HEADER + STRICT) as daemon:
            for tls in (None, Tls()):
                with connect(service, tls) as client:
                    refused(client.message("x@evil.test", message=from_header("boss@header.test")), "header", "mta_macros")
                    client.command("RSET")
                    refused(client.message("x@evil.test"), "header", "mta_macros")
            contains(daemon.wait_log("event=mta"), "milter_protocol" if "old" in service else "smtpd_proxy_filter", service)
        with behind(HELD) as daemon:
            with connect(service) as client:
                refused(client.message("a@held.test"), "held", "mta_macros")
                client.command("RSET")
                accepted(client.message("a@stranger.test"))


@test("T26 x behind smtpd_proxy_filter by BDAT, pipelined, and of several recipients")
def before_queue_commands():
    with behind(BY_HEADER), connect("proxy") as client:
        for _ in range(2):
            accepted(client.mail("x@evil.test"))
            accepted(client.rcpt())
            accepted(client.rcpt("b@here.test"))
            refused(client.bdat(MESSAGE, last=True), "header", "mta_macros")
            client.command("RSET")
        client.send(b"MAIL FROM:<x@evil.test>\r\nRCPT TO:<b@here.test>\r\nDATA\r\n")
        equal([client.reply().code for _ in range(3)], [250, 250, 451], "pipelined")


@test("T26 x behind smtpd_proxy_filter what passes or is only tested is accepted and logged once")
def before_queue_log():
    for service in HIDING:
        with behind(TRIAL + STRICT + HELD) as daemon:
            with connect(service) as client:
                for sender in ("a@trial.test", "a@stranger.test"):
                    accepted(client.message(sender, ["b@here.test", "c@here.test"], from_header("a@trial.test")))
            with connect(service, Tls()) as client:
                for sender in ("a@strict.test", "a@held.test"):
                    accepted(client.message(sender))
            got = [(line["partner"], line["verdict"], line["action"], line["qid"]) for line in lines_until_marker(daemon)]
            # The headers are not shown: testing says so of everybody's mail, and of each line the deciding partner.
            equal([entry for entry in got if entry[1] == "fail"], [("trial", "fail", "accept", "")], service)
            equal([entry[1:] for entry in got if entry[1] != "fail"], [("undecidable", "accept", "")] * 3, service)
        with behind(STRICT + HELD) as daemon:
            with connect(service, Tls()) as client:
                for sender in ("a@strict.test", "a@held.test", "a@stranger.test", "a@strict.test"):
                    accepted(client.message(sender, ["b@here.test", "c@here.test"]))
            equal([(line["partner"], line["verdict"], line["qid"]) for line in lines_until_marker(daemon)],
                  [("strict", "pass", ""), ("held", "pass", ""), ("strict", "pass", "")], service)


@test("T26 x pins behind smtpd_proxy_filter, also where the filter is shown no DATA")
def before_queue_pins():
    text = "version: 1\nexempt: {clients: []}\nmilter: {postfix_facts: \"unix:" + RIG.need().dir + "/facts.sock\"}\n" \
           "partners:\n" + partner("pinned", pin("self-signed"))
    MTA.need()
    with Daemon(text, socket=RIG.socket("content"), open_to_all=True):
        with connect("proxy-pins", Tls(certificate=RIG.pki.client("self-signed"))) as client:
            refused(client.message("a@pinned.test"), "pinned", "mta_facts")
            client.command("RSET")
            accepted(client.message("a@stranger.test"))


@test("T26 x every ordinary Postfix has a queue id at DATA: headers, holds and logs are as ever")
def ordinary():
    with behind(BY_HEADER + HELD + TRIAL + STRICT) as daemon:
        for service in ORDINARY:
            with connect(service) as client:
                refused(client.message("x@evil.test", message=from_header("boss@header.test")), "header", "no_tls")
                client.command("RSET")
                accepted(client.message("x@stranger.test"))
                held = postfix.queue_id(accepted(client.message("a@held.test")))
                tested = postfix.queue_id(accepted(client.message("a@trial.test", ["b@here.test", "c@here.test"])))
                accepted(client.mail("x@evil.test"))
                accepted(client.rcpt())
                accepted(client.bdat(MESSAGE[:40]))
                accepted(client.bdat(MESSAGE[40:], last=True))
                client.send(b"MAIL FROM:<x@evil.test>\r\nRCPT TO:<b@here.test>\r\nDATA\r\n")
                equal([client.reply().code for _ in range(3)], [250, 250, 354], f"{service}: pipelined")
                client.send(MESSAGE + b".\r\n")
                accepted(client.reply())
            lines = lines_until_marker(daemon)[-3:]
            equal([(line["partner"], line["action"]) for line in lines],
                  [("header", "reject"), ("held", "quarantine"), ("trial", "accept")], service)
            equal([line["qid"] for line in lines[1:]], [held, tested], service)
        with connect("main", client={"ADDR": "192.0.2.7", "NAME": "x.test"}) as client:
            accepted(client.message("x@stranger.test"))
            refused(client.message("x@evil.test", message=from_header("boss@header.test")), "header", "no_tls")


@test("T26 x mail of the local sendmail command has a queue id from MAIL on")
def local_submission():
    with behind(STRICT + TRIAL) as daemon:
        MTA.mta.sendmail("local@trial.test", "user@here.test", MESSAGE)
        MTA.mta.wait_log("from=<local@trial.test>, size=")
        line = daemon.wait_decisions(1)[0]
        equal((line["partner"], line["verdict"], bool(line["qid"])), ("trial", "fail", True))


@test("T26 x milter_protocol without DATA: it cannot be told whether the rest will come, and what needs it waits")
def old_protocol():
    with behind(BY_HEADER + STRICT) as daemon, connect("old") as client:
        refused(client.mail("x@evil.test"), "header", "mta_macros")
        contains(daemon.wait_log("event=mta"), "milter_protocol")
    with behind(STRICT + HELD), connect("old", Tls()) as client:
        for sender in ("a@strict.test", "a@held.test", "a@stranger.test"):
            accepted(client.message(sender))


@test("T27 x without smtpd_peername_lookup a client looks like one without a name: doctor finds it, not the filter")
def no_names():
    partners = "\n  - {name: named, clients: [localhost]}" \
               "\n  - {name: bound, domains: [bound.test], require: {clients: [localhost]}}"
    with behind(partners) as daemon:
        with connect("main") as client:
            refused(client.mail("a@stranger.test"), "named", "no_tls")
        with connect("unnamed") as client:
            accepted(client.mail("a@stranger.test"))  # nothing tells that it is the partner's client
        with connect("unnamed", Tls()) as client:
            refused(client.mail("a@bound.test"), "bound", "client_not_allowed")  # the same of a client without a PTR record
        with connect("main", Tls(), source="127.0.0.9") as client:
            refused(client.mail("a@bound.test"), "bound", "client_not_allowed")
        equal([line["client_name"] for line in lines_until_marker(daemon)], ["localhost", "unknown", "unknown"])
