# SPDX-License-Identifier: BSD-2-Clause
"""One daemon that a real Postfix and a real Sendmail ask: the same cases through either, and what came of them."""
import os
import re
import shutil
import tempfile
from typing import Callable, NamedTuple, Optional

from rig import PARTNERS, milter, policy, yaml_string
import milterclient
import pki
import postfix
import sendmail
import sendmail_rig
import smtp
from daemon import Daemon, parse_logfmt
from smtp import Reply, Tls

HOSTS = {"127.0.0.10": "mail.bound.test", "127.0.0.11": "mx.byname.test"}  # every other client has no name
OURS = re.compile(r"^(\d{3} \d\.\d\.\d) .* \[(\S+) (\w+)[\]:]")


class Case(NamedTuple):
    """`run` has a connect() and answers replies. Where the MTAs differ by design: what each gives, and why."""
    name: str
    run: Callable
    differs: Optional[tuple] = None  # (why, Postfix's, Sendmail's): results in brief, from the first that differs on


def brief(reply):
    """accepted, what the policy said, or that the MTA itself refused."""
    if not isinstance(reply, Reply):
        return str(reply)
    ours = OURS.match(str(reply))
    if ours:
        return f"{ours[1]} [{ours[2]} {ours[3]}]"
    return "accepted" if reply.code == 250 else "refused by the MTA" if reply.code >= 400 else str(reply.code)


def told(reply):
    """The whole of what the policy said: both MTAs have to pass it on to the letter."""
    return str(reply) if isinstance(reply, Reply) and OURS.match(str(reply)) else brief(reply)


class Mta:
    """One of the two, as the cases see it."""

    def __init__(self, rig, name):
        self.rig, self.name = rig, name

    def connect(self, tls=None, service="main", address=None, host="127.0.0.1", **options):
        """`address` is the client's: by XCLIENT behind Postfix, which needs the name told; its own behind Sendmail."""
        port = self.rig.mtas[self.name][service].port(service)
        if self.name == "sendmail":
            return smtp.connect(port, tls, host=host, **{"source": address, **options})
        client = dict(ADDR=address, NAME=HOSTS.get(address, "[UNAVAILABLE]")) if address else None
        return smtp.connect(port, tls, host=host, client=client, **options)

    def certificate(self, kind, version=None):
        """TLS with a certificate: one of pki's clients, or a tuple of subject lines."""
        authority = self.rig.pki
        if isinstance(kind, tuple):
            label = "subject " + "/".join(kind)[:60].replace(" ", "") + str(len("".join(kind)))
            return Tls(version, certificate=authority.made.get(label) or sendmail_rig.issue(authority, label, kind))
        return Tls(version, certificate=authority.client(kind))

    def held(self, reply):
        """Whether the message of this reply is held, or goes on; the reply, if there was a refusal."""
        if reply.code != 250:
            return reply
        mta = self.rig.mtas[self.name]["main"]
        if self.name == "sendmail":
            return mta.queued(sendmail.queue_id(reply))
        return "held" if mta.held(postfix.queue_id(reply)) else "queued"


class Watched:
    """A daemon and how far its log was read."""

    def __init__(self, daemon):
        self.daemon, self.place, self.marks = daemon, 0, 0

    def news(self):
        """The decisions since the last call, in brief. A mail of the partner `mark` shows where they end."""
        self.marks += 1
        with milterclient.Session(self.daemon.socket, milterclient.postfix()) as session:
            session.mail(f"<{self.marks}@mark.test>")
        log = self.daemon.wait_log(f'from="{self.marks}@mark.test"')
        lines, self.place = log[self.place:].splitlines(), len(log)
        found = [parse_logfmt(line) for line in lines if "event=decision" in line]
        return [f"{line['partner']} {line['mode']} {line['verdict']} {line['action']} {line['reasons']}"
                for line in found if line["partner"] != "mark"]


class Rig:
    """Started once; `default` is the service of the policy's default exemptions."""

    def __init__(self, odd_names):
        self.odd_names, self.daemons, self.started = odd_names, [], []
        self.dir = self.pki = None
        self.mtas = {"postfix": {}, "sendmail": {}}

    def start(self):
        self.dir = tempfile.mkdtemp(prefix="fp", dir="/tmp")
        os.chmod(self.dir, 0o755)
        self.pki = pki.Pki(self.dir)
        mta = sendmail.Sendmail(
            {"main": {}, "smtps": {"M": "s"}, "six": {"Family": "inet6", "Addr": "::1"},
             "default": {"InputMailFilters": "spare"}},
            sendmail_rig.manual("tls", "filter") + sendmail_rig.WEAK + sendmail_rig.other_filter("spare"),
            sendmail_rig.files(self.pki), HOSTS)
        unasked = sendmail.Sendmail({"unasked": {}}, sendmail_rig.manual("tls", "filter").replace(
            "TLS_SRV_OPTIONS', `'", "TLS_SRV_OPTIONS', `V'"), sendmail_rig.files(self.pki))
        for one in (mta, unasked):
            self.started.append(one.start())
            os.chmod(one.dir, 0o755)  # Postfix goes through it
        self.mtas["sendmail"] = {**dict.fromkeys(("main", "smtps", "six", "default"), mta), "unasked": unasked}
        main, default = (f"unix:{mta.dir}{sendmail_rig.SOCKET.format(name)}" for name in ("forcetls", "spare"))
        self._start_postfix(main, default)
        self._daemon(main, self.policy())
        self._daemon(default, self.policy(exempt=""))
        self._daemon(f"unix:{unasked.dir}{sendmail_rig.SOCKET.format('forcetls')}", self.policy())
        return self

    def _start_postfix(self, main, default):
        services = {"main": milter(main), "smtps": {**milter(main), "smtpd_tls_wrappermode": "yes"}, "six": milter(main),
                    "default": milter(default), "unasked": {**milter(main), "smtpd_tls_ask_ccert": "no"}}
        mta = postfix.Postfix(services, [self.pki.server("rsa")], self.pki.ca_file)
        self.started.append(mta.start())
        self.mtas["postfix"] = dict.fromkeys(services, mta)

    def _daemon(self, socket, text):
        self.daemons.append(Watched(Daemon(text, socket=socket, open_to_all=True).__enter__()))

    def policy(self, exempt="exempt: {clients: []}"):
        odd = "".join(f"  - name: odd{number}\n    domains: [odd{number}.test]\n    require:\n      certificates:\n"
                      f"        - {{subject: {yaml_string(name)}}}\n" for number, name in enumerate(self.odd_names))
        own = sendmail_rig.OWN_PARTNERS % {"good": self.pki.client("good").fingerprint(),
                                           "self": self.pki.client("self-signed").fingerprint()}
        headed = "  - {name: mark, domains: [mark.test]}\n" \
                 "  - {name: headed, domains: [headed.test, .below.test], identities: [header_from]}\n" \
                 "  - {name: both, domains: [both.test], identities: [envelope_from, header_from], action: tempfail}\n" \
                 "  - name: late\n    domains: [late.test]\n    recipients: [judged@here.test]\n" \
                 "    require: {min_tls_version: TLSv1.3}\n"
        return policy(PARTNERS + own + headed + odd, exempt)

    def stop(self):
        for mta in self.started:
            mta.stop()
        for watched in self.daemons:
            watched.daemon.__exit__(None, None, None)
        if self.dir:
            shutil.rmtree(self.dir, ignore_errors=True)

    def results(self, name, case):
        """What a case comes to behind that MTA: its replies, and the decisions that were logged of it."""
        replies = case.run(Mta(self, name))
        return [brief(reply) for reply in replies], [told(reply) for reply in replies], self.news()

    def news(self):
        return [line for watched in self.daemons for line in watched.news()]
