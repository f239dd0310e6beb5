# SPDX-License-Identifier: BSD-2-Clause
"""Rows S24 and S25 behind a Sendmail with mailboxes of its own: spellings that it delivers to the mailbox that a
partner's mail is judged for, and exceptions for mailboxes, whose {rcpt_addr} is the user alone."""
import json
import os
import subprocess

import sendmail
import smtp
from daemon import Daemon
from sendmail_rig import RIG, SOCKET, TOP, accepted, files, manual, policy, refused
from smtp import Tls
from tap import equal, test

# A local mailer that appends to /run/box/user.
LOCAL = """\
define(`ALIAS_FILE', `/etc/mail/aliases')dnl
define(`confDELIVERY_MODE', `i')dnl
define(`LOCAL_MAILER_PATH', `/usr/bin/tee')dnl
define(`LOCAL_MAILER_ARGS', `tee -a /run/box/$u')dnl
define(`LOCAL_MAILER_FLAGS', `SPn9')dnl
LOCAL_DOMAIN(`here.test')dnl
"""
USERS = "".join(f"{name}:x:{number}:{number}::/:/bin/sh\n"
                for number, name in ((0, "root"), (8, "mail"), (2000, "user"), (2001, "other"), (2002, "cron")))
PARTNERS = """
  - {name: scoped, domains: [rcpt.test], recipients: [user@here.test]}
  - {name: excepting, domains: [exc.test], exceptions: [{recipients: [root@mx.here.test], until: 2999-01-01, reason: r}]}
  - {name: sending, domains: [mx.here.test], exceptions: [{senders: [cron@mx.here.test], until: 2999-01-01, reason: r}]}
"""
H = sendmail.HOST
SPELLINGS = ["<user@here.test>", f"<user@{H}>", "<user>", "user", "<USER>", "<User@HERE.Test>", "<user+x@here.test>", "<user+x>",
             "<user+x+y@here.test>", "<user@[127.0.0.1]>", "<user+x@[127.0.0.1]>", '<"user"@here.test>', '<"user">',
             '<"user+x"@here.test>', "<user@here.test.>", "<user@here.test..>", "<\\user@here.test>", "<\\user>",
             "<user(x)@here.test>", "<user @ here.test>", "< user >", "<<user@here.test>>", "<user@here.test> NOTIFY=NEVER",
             "<@here.test:user@here.test>", "<@x.test:user>", "<user%here.test>", "<user%here.test@here.test>",
             "<user%here.test@[127.0.0.1]>", f"<user%here.test@{H}>", f"<user+x%here.test@{H}>", f"<user%here.test%{H}@{H}>",
             f"<user%HERE.TEST@{H}>", f"<user%here.test.@{H}>", "<user%[127.0.0.1]@here.test>", "<user%localhost@here.test>",
             "<user@localhost>", "<here.test!user>", f"<here.test!user@{H}>", f"<here.test!user+x@{H}>",
             "<here.test!user@[127.0.0.1]>", f"<{H}!here.test!user@{H}>", f'<"user@here.test"@{H}>', '<"user@here.test">',
             f'<"user%here.test"@{H}>', '<"here.test!user">']


class Mailboxes:
    def __init__(self):
        own = {"mail/aliases": "#\n", "passwd": USERS, **files(RIG.need().pki)}
        lines = LOCAL + manual("tls", "filter") + "MAILER(`local')dnl\n"
        self.mta = sendmail.Sendmail({"main": {}, "open": {}}, lines, own)
        self.daemon = Daemon(policy(PARTNERS, exempt="exempt: {clients: [], daemons: [open]}"),
                             socket=f"unix:{self.mta.dir}{SOCKET.format('forcetls')}")

    def __enter__(self):
        self.mta.start()
        self.daemon.__enter__()
        os.mkdir(self.mta.path("run/box"))
        os.chmod(self.mta.path("run/box"), 0o777)
        self.mta.command("-bi")
        return self

    def __exit__(self, *_):
        self.mta.stop()
        self.daemon.__exit__(None, None, None)

    def session(self, service="main", tls=None):
        return smtp.connect(self.mta.port(service), tls)

    def box(self, user="user"):
        try:
            with open(self.mta.path("run/box", user), encoding="utf-8", errors="replace") as file:
                return file.read()
        except FileNotFoundError:
            return ""

    def explain(self, sender, recipient, *macros):
        """The outcome of the first partner, and the reply."""
        program = os.environ.get("FORCETLS") or os.path.join(TOP, "forcetls")
        done = subprocess.run([program, "explain", "-c", self.daemon.policy_file, "--json", "--mta", "sendmail", "--from", sender,
                               "--to", recipient, "--client", "127.0.0.1", *(a for m in macros for a in ("--macro", m))],
                              capture_output=True, check=False)
        answer = json.loads(done.stdout)
        return answer["partners"][0]["outcome"], answer["reply"]


@test("S24 s whatever Sendmail delivers to the judged mailbox is judged")
def spellings():
    wrong = []
    with Mailboxes() as box, box.session("open") as delivery, box.session() as client:
        for spelling in SPELLINGS:
            before = box.box()
            accepted(delivery.mail("a@rcpt.test"))
            accepted(delivery.command("RCPT TO:" + spelling))
            queued = sendmail.queue_id(delivery.data())
            line = box.mta.wait_log(f"{queued}: to=")
            if "mailer=local" not in line or "stat=Sent" not in line or box.box() == before:
                wrong.append(f"{spelling} is no spelling of it: {line}")
            accepted(client.mail("a@rcpt.test"))
            try:
                refused(client.command("RCPT TO:" + spelling), "scoped", "no_tls")
            except AssertionError as error:
                wrong.append(f"{spelling}: {error}")
            client.command("RSET")
        accepted(client.mail("a@rcpt.test"))
        for other in ("<other@here.test>", f"<other@{H}>", "<other>", "<user@there.test>", "<user%there.test@here.test>"):
            accepted(client.command("RCPT TO:" + other))
        with box.session(tls=Tls()) as secure:
            accepted(secure.message("a@rcpt.test", ["user@here.test", "other@here.test"]))
        equal(wrong, [])


@test("S25 s an exception for a mailbox of Sendmail's own host holds, and explain says so; none for other spellings")
def local_mailboxes():
    with Mailboxes() as box, box.session() as client:
        for recipient, holds in ((f"root@{H}", True), (f"Root@{H.upper()}", True), ("root@here.test", False), ("root", False),
                                 (f"root+x@{H}", False), (f"other@{H}", False), ("root@[127.0.0.1]", False)):
            accepted(client.mail("a@exc.test"))
            reply = client.rcpt(recipient)
            outcome, said = box.explain("a@exc.test", recipient, f"{{rcpt_addr}}={recipient.partition('@')[0].lower()}")
            if holds:
                accepted(reply)
                accepted(client.data())
                equal((outcome, said), ("excepted", None), recipient)
                equal(box.explain("a@exc.test", recipient)[0], "excepted", f"{recipient} as its own {{rcpt_addr}}")
            else:
                refused(reply, "excepting", "no_tls")
                equal((outcome, said), ("fail", str(reply)), recipient)
                client.command("RSET")
        equal([line["verdict"] for line in box.daemon.wait_decisions(7)].count("excepted"), 2)


@test("S25 s an exception for a sender of Sendmail's own host likewise")
def local_senders():
    with Mailboxes() as box, box.session() as client:
        accepted(client.message(f"cron@{H}", [f"other@{H}"]))
        equal(box.explain(f"cron@{H}", f"other@{H}")[0], "excepted")
        equal(box.explain(f"cron@{H}", f"other@{H}", "{mail_addr}=cron")[0], "excepted")
        refused(client.mail(f"other@{H}"), "sending", "no_tls")
        equal(box.explain(f"other@{H}", f"other@{H}", "{mail_addr}=other")[0], "fail")
