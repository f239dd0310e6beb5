# SPDX-License-Identifier: BSD-2-Clause
"""What the session tests share: policies as values, one mail from greeting to verdict, tables of cases."""
import datetime
import json
import os
from collections import namedtuple

from daemon import Daemon
from milterclient import STRONG, Certificate, Session, message, postfix, sendmail
from tap import equal

SENDER = "<a@partner.test>"
GOOD = Certificate("mail.partner.test", "Partner CA 1")
NO_TLS, REJECTED = "530 5.7.0", "554 5.7.0"
OURS = "451 4.3.5"                       # undecidable: our mistake, whatever the reason
KEYS = ("event partner mode verdict action reasons reply qid client client_port client_name helo from tls cipher "
        "bits subject issuer verify also argument identity fingerprint key_fingerprint would policy exception mta resolve exempt daemon "
        "selected header_from cut at msg run seq").split()
HELO = "mx.client.test"                  # nobody's
FENCE = {"name": "fence", "domains": ["fence.test"], "action": "reject", "mode": "enforce"}

# brief: what the client saw: accept, or code and status. at: the stage of the refusal. lines: of the log, parsed
Result = namedtuple("Result", "brief at text lines replies quarantine")


def partner(name="contoso", domains=("partner.test",), action="reject", **keys):
    """A partner that rejects, so that a test sees the reason's own code."""
    made = {"name": name, "action": action, **keys}
    return {**made, "domains": list(domains)} if domains else made


def policy(*partners, **keys):
    """A policy's text (JSON is YAML). The fence is a partner that settle() uses."""
    whole = {"version": 1, **keys, "partners": [*partners, FENCE]}
    return json.dumps(whole, ensure_ascii=False, indent=1)


def date(seconds):
    """So many seconds from now, as the policy writes it."""
    moment = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def plain(mta=postfix, **more):
    return mta(**more)


def strong(mta=postfix, certificate=None, **more):
    return mta(tls=STRONG, certificate=certificate, **more)


def settle(daemon):
    """Waits until the log is written as far as now: a mail of the fence's partner leaves the last line."""
    before = sum(line["partner"] == "fence" for line in daemon.decisions())
    with Session(daemon.socket, postfix(client="203.0.113.250", name="fence.invalid", daemon_name="fence")) as session:
        session.connect()
        session.helo("fence.invalid")
        equal(session.mail("<a@fence.test>").brief, NO_TLS, "the fence's reply")
    daemon.wait_log("partner=fence", count=before + 1)


def decisions(daemon):
    return [line for line in daemon.decisions() if line["partner"] != "fence"]


def result(replies, lines=()):
    """What the client saw in the end: the first refusal that is not a single recipient's, else accept."""
    refusals = [r for r in replies if r.refused and r.stage != "rcpt"]
    recipients = [r for r in replies if r.stage == "rcpt"]
    if not refusals and recipients and all(r.refused for r in recipients):
        refusals = recipients
    last = refusals[0] if refusals else replies[-1]
    return Result(last.brief if refusals else "accept", last.stage if refusals else None, last.text or "",
                  list(lines), replies, replies[-1].quarantine)


def greeted(daemon, profile, helo=HELO, **options):
    """A session behind CONNECT and HELO."""
    session = Session(daemon.socket, profile, **options)
    session.connect()
    if helo is not None:
        session.helo(helo)
    return session


def judge(daemon, profile, sender=SENDER, helo=HELO, options=None, **of_message):
    """One mail in a session of its own: what the client saw, and the lines that it left in the log."""
    settle(daemon)  # lines of mail before this one may still be on their way
    start = len(decisions(daemon))
    with greeted(daemon, profile, helo, **(options or {})) as session:
        replies = message(session, sender, **of_message)
    settle(daemon)
    return result(replies, decisions(daemon)[start:])


def table(cases, ask):
    """Asks for each (what, wanted, *arguments); fails once, with every case that went wrong."""
    wrong = []
    for what, wanted, *arguments in cases:
        try:
            got = ask(*arguments)
        except (AssertionError, OSError) as error:
            got = f"{type(error).__name__}: {error}"
        if got != wanted:
            wrong.append(f"{what}: got {got!r}, wanted {wanted!r}")
    if wrong:
        raise AssertionError("\n".join(wrong))


def briefly(got):
    """'554 5.7.1 certificate_subject', or accept: the client's view and the log's reasons together."""
    reasons = got.lines[0]["reasons"] if got.lines and got.brief != "accept" else ""
    return f"{got.brief} {reasons}".strip()


def partners(got):
    """The partner of each line, the verdict with it: 'contoso fail'."""
    return [f"{line['partner']} {line['verdict']}" for line in got.lines]


def resident(daemon):
    """Its memory, in KiB."""
    with open(f"/proc/{daemon.pid}/status", encoding="ascii") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmRSS"))


def watched(daemon):
    """Whether a sanitizer or a wrapper keeps memory for its own purposes."""
    with open(f"/proc/{daemon.pid}/exe", "rb") as file:
        program = file.read()
    return b"__asan_init" in program or b"__tsan_init" in program or bool(os.environ.get("FORCETLS_WRAPPER"))


__all__ = [name for name in dir() if not name.startswith("_")] + ["Daemon", "sendmail"]
