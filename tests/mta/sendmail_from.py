# SPDX-License-Identifier: BSD-2-Clause
"""Rows S19 to S21 behind Sendmail, which rewrites From fields and senders after the filter has seen them.

A sink takes what Sendmail delivers. What counts is that the filter saw the address that comes out there.
"""
import re

import from_fields
from sendmail_rig import Instance, Logged, RIG, accepted, connect, policy, refused
from sink import Sink
from tap import equal, test

FIELDS, MESSAGES, SEED = 6, 500, 20261128

HEADER = policy("""
  - {name: header, domains: [partner.test], identities: [header_from]}
  - {name: envelope, domains: [envelope.test]}
""")


class Delivering:
    """A Sendmail that sends everything to a sink, and a daemon behind it."""

    def __init__(self, text):
        RIG.need()
        self.sink = Sink()
        self.instance = Instance(lambda lines: lines + "define(`SMART_HOST', `esmtp:[127.0.0.1]')dnl\n"
                                 f"define(`ESMTP_MAILER_ARGS', `TCP $h {self.sink.port}')dnl\n", blocks=("filter",))
        self.text, self.running = text, None

    def __enter__(self):
        self.instance.__enter__()
        try:
            self.running = self.instance.daemon(self.text).__enter__()
        except BaseException:
            self.instance.__exit__()
            raise
        return self

    def __exit__(self, *error):
        try:
            self.running.__exit__(*error)
        finally:
            self.instance.__exit__(*error)
            self.sink.close()

    def connect(self):
        return self.instance.connect()

    def run_queue(self):
        self.instance.mta.command("-q")


def numbered(number, fields):
    lines = [f"X-Number: {number}", "To: user@there.test", *fields, "", "Hello.", ""]
    return "\r\n".join(lines).encode("latin-1")


def send(client, sender, number, fields):
    """Any spelling of the sender; the first reply that is a refusal, or the last."""
    for command in (f"MAIL FROM:<{sender}>", "RCPT TO:<user@there.test>"):
        reply = client.command(command.encode("latin-1"))
        if reply.code != 250:
            client.command("RSET")
            return reply
    return client.data(numbered(number, fields))


def selected(decisions):
    """{sender: {partner: what became of it}} of the log's lines."""
    found = {}
    for line in decisions:
        of_sender = found.setdefault(line["from"], {})
        of_sender[line["partner"]] = line["verdict"]
        of_sender.update(other.split(":") for other in line["also"].split(",") if other)
    return found


@test("S19 s every partner whose address Sendmail makes of a From field was selected, over some thousand fields")
def generated():
    """Field n of a message may be partner pn's; of p6 and p7 no field ever is, and of the others not every one."""
    generator = from_fields.Generator(SEED)
    partners = "".join(f"\n  - {{name: p{n}, domains: [p{n}.test], mode: testing, identities: [header_from]}}" for n in range(8))
    wrong, made, certain = [], 0, 0
    messages = []
    for _ in range(MESSAGES):
        names = [f"p{n}" if generator.random.randrange(5) else None for n in range(FIELDS)]
        messages.append([(name, generator.field(name and name + ".test")) for name in names])
    with Delivering(policy(partners)) as mail:
        with mail.connect() as client:
            for number, fields in enumerate(messages):
                accepted(send(client, f"m{number}@evil.test", number, [f"From: {field}" for _, field in fields]))
        mail.run_queue()
        delivered = [mail.sink.message(number) for number in range(MESSAGES)]
        with Logged(mail.running, mail.connect):
            found = selected(mail.running.decisions())
    for number, fields in enumerate(messages):
        of_message, (_, lines) = found.get(f"m{number}@evil.test", {}), delivered[number]
        shown = [(line, from_fields.domains(line.split(":", 1)[1])) for line in lines if line.startswith("From:")]
        for name, field in fields:
            made += any(name and name + ".test" in names for _, names in shown)
            wrong += [f"{field!r} is delivered as {line!r} and nobody's" for line, names in shown
                      if name and name not in of_message and name + ".test" in names]
        certain += list(of_message.values()).count("fail")
        wrong += [f"{name} is selected by {fields!r}" for name in of_message if name not in [name for name, _ in fields]]
    print(f"# {MESSAGES * FIELDS} fields, {made} addresses of partners delivered, {certain} selections certain")
    equal(made > MESSAGES and certain > MESSAGES / 2, True, "the generator makes addresses")
    if wrong:
        raise AssertionError("\n".join(wrong[:20]))


@test("S19 s what Sendmail rewrites into the partner's address is refused as that")
def rewritten():
    wrong = []
    with RIG.spare(HEADER), connect("spare") as client:
        for number, (field, partner) in enumerate((
                ("Boss <boss%partner.test>", "header"), ("boss@partner test", "header"), ("boss@partner(c)test", "header"),
                ("partner.test!boss", "header"), ("partner test!boss", "header"), ("partner.test\\!boss", "header"),
                ("<@x.test,@y.test:boss%partner.test>", "header"), ("G: boss%partner test;", "header"),
                ("boss@partner\r\n\ttest", "header"), ("boss@partner.test.UUCP", "header"), ("a b%partner.test", "header"),
                ("boss%partner.test@evil.test", None), ("partner.test!boss@evil.test", None), ("boss", None),
                ('"boss%partner.test" <x@evil.test>', None), ("x@evil.test (boss%partner.test)", None), ("John Doe", None))):
            reply = send(client, "x@evil.test", number, [f"From: {field}"])
            if reply.code == 250 if partner else reply.code != 250:
                wrong.append(f"{field!r}: {reply}")
            elif partner:
                refused(reply, partner, "no_tls")
    if wrong:
        raise AssertionError("\n".join(wrong))


@test("S19 s what Sendmail puts into an address in place of its macros makes the From undecidable, whatever it is")
def macros():
    values = ("boss@\x81s", "Boss <boss@\x81s>", "boss%\x81s", "\x81s!boss", "boss@\x81a", "boss@par\x81ztner.test", "boss@par\x81\xd1tner.test",
              "boss@partner.\xfftest", '"\x81s"@evil.test', "x@evil.test, boss@\xd1\x81s")
    others = ("\xd1\x81s <x@evil.test>", '"\x81s" <x@evil.test>', "x@evil.test (\x81s)", "\xd1\x81 \x81 <x@evil.test>")
    text = policy("\n  - {name: header, domains: [partner.test], mode: testing, identities: [header_from]}")
    with Delivering(text) as mail:
        with mail.connect() as client:
            client.ehlo("partner.test")
            for number, field in enumerate((*values, *others)):
                accepted(send(client, f"m{number}@evil.test", number, [f"From: {field}", "Date: partner.test"]))
        mail.run_queue()
        with Logged(mail.running, mail.connect):
            found = selected(mail.running.decisions())
        for number, field in enumerate((*values, *others)):
            shown = next(line for line in mail.sink.message(number)[1] if line.startswith("From:"))
            equal("partner.test" in re.sub("[\x7f-\xff]", "", shown), field in values, f"{field!r} is delivered as {shown!r}")
            equal(found.get(f"m{number}@evil.test", {}).get("header"), "undecidable" if field in values else None, repr(field))


@test("S20 s a domain that mail programs show, and that Sendmail leaves as it is, is undecidable")
def shown():
    wrong = []
    with RIG.spare(HEADER), connect("spare") as client:
        for number, field in enumerate((
                "Boss <boss@=?utf-8?q?partner.test?=>", "boss@partner.test.\xe2\x80\x8b", "boss@partner..test", "boss@partner.te)st",
                '"boss@partner.test"', "boss\xef\xbc\xa0partner.test", "=?utf-8?q?boss=40partner.test?=", "boss@partner.test (",
                '"Boss <boss@partner.(c)test>', "boss@par\"\"tner.test x", "boss@=??q?partner.test?=", "boss@=?ibm037?q?partner.test?=",
                "boss@=?utf-8?q?partner.test?= =?utf-8?q?Boss?=", "boss@=?utf-8?q?partner?=(=?utf-8?q?=29?=).test")):
            reply = send(client, "x@evil.test", number, [f"From: {field}"])
            if not str(reply).startswith("451 4.3.5 ") or "[header header_from" not in reply:
                wrong.append(f"{field!r}: {reply}")
        for number, field in enumerate(("Boss <boss@=?utf-8?q?stranger.test?=>", '"boss@stranger.test"', "=?utf-8?q?boss=40partner.test?= <x@evil.test>")):
            accepted(send(client, "x@evil.test", number, [f"From: {field}"]))
    if wrong:
        raise AssertionError("\n".join(wrong))


EMPTY = ([], ["From:"], ["From:  "], ["From:\t"], ["From: \r\n  \r\n\t"], ["Resent-From: x@evil.test"], ["Full-Name: x"])


@test("S21 s without From, or with an empty one, the sender that Sendmail puts there is the From")
def missing():
    for sender in ("boss@partner.test", "boss%partner.test", "boss@partner test"):
        with RIG.spare(HEADER), connect("spare") as client:
            for number, fields in enumerate(EMPTY):
                refused(send(client, sender, number, fields), "header", "no_tls")
            for number, fields in enumerate((["From: x@evil.test"], ["From: <>"], ["From: ", "From: x@evil.test"], ["From: (c)"])):
                accepted(send(client, sender, number, fields))
            for other in ("", "x@evil.test", "boss", "boss@[192.0.2.1]"):
                accepted(send(client, other, 0, []))


@test("S21 s and that is what Sendmail delivers")
def missing_delivered():
    text = policy("\n  - {name: header, domains: [partner.test], mode: testing, identities: [header_from]}")
    others = (["From: <>"], ["From: ,"], ["From: (c)"])
    with Delivering(text) as mail:
        with mail.connect() as client:
            for number, fields in enumerate((*EMPTY, *others)):
                accepted(send(client, "boss@partner.test", number, fields))
        mail.run_queue()
        with Logged(mail.running, mail.connect):
            lines = mail.running.decisions()
        for number in range(len(EMPTY) + len(others)):
            shown = [line for line in mail.sink.message(number)[1] if line.startswith("From:") and "boss@partner.test" in line]
            equal(len(shown), 1 if number < len(EMPTY) else 0, f"delivered: {mail.sink.message(number)[1]}")
        equal([line["partner"] for line in lines if line["partner"] == "header"], ["header"] * len(EMPTY))


@test("S19 s senders that Sendmail rewrites are the partner's, and UUCP's count as the domain they name")
def senders():
    rewritten_to = {"boss@envelope test": "boss@envelope.test", "boss@envelope(c)test": "boss@envelope.test",
                    "envelope.test!boss": "boss@envelope.test", "envelope.test\\!boss": "boss@envelope.test",
                    "boss%envelope test": "boss@envelope.test", "@x.test:boss%envelope.test": "boss@envelope.test"}
    of_uucp = ("envelope test!boss", "boss@envelope.test.UUCP", "envelope.test.uucp!boss")
    with RIG.spare(HEADER), connect("spare") as client:
        for sender in (*rewritten_to, *of_uucp):
            refused(send(client, sender, 0, []), "envelope", "no_tls")
        for sender in ("boss%envelope.test@evil.test", "a!envelope.test!boss", "boss@uucp", "boss@evil.test.UUCP"):
            accepted(send(client, sender, 0, ["From: x@evil.test"]))
    with Delivering(policy("\n  - {name: envelope, domains: [envelope.test], mode: testing}")) as mail:
        senders_sent = [*rewritten_to, *of_uucp]
        with mail.connect() as client:
            for number, sender in enumerate(senders_sent):
                accepted(send(client, sender, number, ["From: x@evil.test"]))
        mail.run_queue()
        for number, sender in enumerate(senders_sent):  # without canonification, as the manual wants it, UUCP's go local
            equal(mail.sink.message(number)[0], rewritten_to.get(sender, "envelope.test!boss@mx.here.test"), sender)
