# SPDX-License-Identifier: BSD-2-Clause
"""Row S24 of the catalogue: spellings that a Postfix with mailboxes of its own delivers to the one that a partner's
mail is judged for. Each is delivered through a service without the filter, and refused through one with it."""
import os

import postfix
from daemon import Daemon
from rig import RIG, accepted, milter, policy, refused
import smtp
from smtp import Tls
from tap import equal, test

SPELLINGS = ["<user@here.test>", "<user>", "user", "<USER>", "<User@HERE.Test>", "<user+x@here.test>", "<user+x>", "<user+x+y@here.test>",
             "<user@[127.0.0.1]>", "<user+x@[127.0.0.1]>", "<user@[IPv6:::1]>", '<"user"@here.test>', '<"user+x"@here.test>',
             '<"user">', "<user@here.test.>", '<user@"here.test">', "<\\user@here.test>", "<us\\er@here.test>", "<user(x)@here.test>",
             "<user @ here.test>", "<<user@here.test>>", "<user@here.test> NOTIFY=NEVER", "<@here.test:user@here.test>",
             "<@x.test:user>", "<user%here.test>", "<user%here.test@here.test>", "<user%here.test@[127.0.0.1]>",
             "<user%here.test@$H>", "<user+x%here.test@$H>", "<user%here.test%$H@$H>", "<user%HERE.TEST@$H>", "<user%here.test.@$H>",
             "<user%[127.0.0.1]@here.test>", "<user%localhost@here.test>", "<user@localhost>", "<here.test!user>",
             "<here.test!user@$H>", "<here.test!user+x@$H>", "<here.test!user@[127.0.0.1]>", "<$H!here.test!user@$H>",
             '<"user@here.test"@$H>', '<"user@here.test">', "<user@here.test@$H>", "<user\\@here.test@$H>", '<"user%here.test"@$H>',
             '<"here.test!user">', "<,user>", "<;user+x>", '<"user",>', "<(x),us\\er>", "<user(x>", "<us\\er(x@evil.test>", "<@x.t(est:user>",
             "<,@x.test:user>", "<@x@y.test:;user>", "user,"]
LETTERS = ["<jürgen@here.test> SMTPUTF8", "<JÜRGEN@here.test> SMTPUTF8", "<Jürgen> SMTPUTF8", "<JÜRGEN+x@[127.0.0.1]> SMTPUTF8"]
DELIMITED = {"-": ["<user-x@here.test>", "<user-x>", "<user-x%here.test@$H>"],
             "+-": ["<user-x+y@here.test>", "<user+x-y@here.test>", "<user-x@[127.0.0.1]>"]}


class Mailboxes:
    """A Postfix that is here.test, with the user's mailbox in a file."""

    def __init__(self, delimiter="+"):
        RIG.need()
        socket = f"unix:{RIG.dir}/mailboxes.sock"
        self.daemon = Daemon(policy(f"""
  - {{name: scoped, domains: [rcpt.test], recipients: [user@here.test, Jürgen@here.test]}}
""") + f"milter: {{recipient_delimiter: '{delimiter}'}}\n", socket=socket, open_to_all=True)
        self.mta = postfix.Postfix({"open": {"smtpd_milters": ""}, "main": milter(socket)}, [RIG.pki.server("rsa")], RIG.pki.ca_file,
                                   {"mydestination": "here.test, $myhostname, localhost", "local_transport": "local",
                                    "recipient_delimiter": delimiter, "local_recipient_maps": "$alias_maps"})
        self.file = os.path.join(self.mta.dir, "mail", "user")
        self.mta.parameters["alias_maps"] = f"inline:{{ {{ user = {self.file} }}, {{ jürgen = {self.file} }} }}"

    def __enter__(self):
        os.mkdir(os.path.dirname(self.file))
        os.chmod(os.path.dirname(self.file), 0o777)
        self.mta.start()
        self.daemon.__enter__()
        return self

    def __exit__(self, *_):
        self.mta.stop()
        self.daemon.__exit__(None, None, None)

    def session(self, service, tls=None):
        return smtp.connect(self.mta.port(service), tls)

    def deliver(self, spelling):
        """Sends through the service without the filter; the log's line of what became of it."""
        with self.session("open") as client:
            spelling, utf8, _ = spelling.partition(" SMTPUTF8")
            accepted(client.command("MAIL FROM:<a@rcpt.test>" + utf8))
            accepted(client.command(b"RCPT TO:" + spelling.encode()))
            queued = postfix.queue_id(client.data())
        return self.mta.wait_log(f"{queued}: to=", 20)

    def check(self, spellings):
        wrong = []
        spellings = [spelling.replace("$H", self.mta.parameters["myhostname"]) for spelling in spellings]
        with self.session("main") as client:
            for spelling in spellings:
                line = self.deliver(spelling)
                if f"delivered to file: {self.file}" not in line:
                    wrong.append(f"{spelling} is no spelling of it: {line}")
                spelling, utf8, _ = spelling.partition(" SMTPUTF8")
                accepted(client.command("MAIL FROM:<a@rcpt.test>" + utf8))
                try:
                    refused(client.command(b"RCPT TO:" + spelling.encode()), "scoped", "no_tls")
                except AssertionError as error:
                    wrong.append(f"{spelling}: {error}")
                client.command("RSET")
        equal(wrong, [])


@test("S24 x whatever Postfix delivers to the judged mailbox is judged")
def spellings():
    with Mailboxes() as box:
        box.check(SPELLINGS + LETTERS)
        with box.session("main", Tls()) as client:
            accepted(client.message("a@rcpt.test", ["user@here.test"]))
        with box.session("main") as client:
            accepted(client.mail("a@rcpt.test"))
            for other in ("<postmaster>", "<postmaster@here.test>", "<user@there.test>", "<user%there.test@here.test>", "<userx@there.test>"):
                accepted(client.command("RCPT TO:" + other))


@test("S24 x delimiters of several characters divide as in Postfix")
def delimiters():
    for delimiter, cases in DELIMITED.items():
        with Mailboxes(delimiter) as box:
            box.check(cases)
