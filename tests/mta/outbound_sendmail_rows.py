# SPDX-License-Identifier: BSD-2-Clause
"""Mail that a real Sendmail sends: to whom, over what, and what it says where it does not."""
import contextlib
import os
import signal
import threading
import time

import outbound_sendmail_rig as rig
from daemon import Daemon, patience
from outbound_sendmail_rig import flush, here, need, partner, partners, policy, reasons, send, wait_for, went
from tap import contains, equal, test

# recipient, the reason of a deferral or None, TLS version at the server
for TO, REASON, VERSION in [
        ("u@good.test", None, "TLSv1.3"), ("u@GOOD.Test", None, "TLSv1.3"), ("u@wrong.test", "certificate_subject", None),
        ("u@expired.test", "certificate_untrusted", None), ("u@self.test", "certificate_untrusted", None), ("u@plain.test", "no_tls", None),
        ("u@old.test", "tls_version:TLSv1.1 seen", None), ("u@wild.test", None, "TLSv1.3"), ("u@san.test", None, "TLSv1.3"),
        ("u@wildsan.test", None, "TLSv1.3"), ("u@pinned.test", None, "TLSv1.3"), ("u@mispinned.test", "certificate_fingerprint", None),
        ("u@testing.test", None, "plain"), ("u@excepted.test", None, "plain"), ("u@stranger.test", None, "plain"), ("u@old.suffix.test", None, "plain"),
        ("u@deep.sub.suffix.test", None, "TLSv1.3"), ("u@xn--mnchen-3ya.test", None, "TLSv1.3")]:
    @test(f"Sendmail: mail to {TO} is {'deferred: ' + REASON if REASON else 'sent over ' + VERSION}")
    def _(to=TO, reason=REASON, version=VERSION):
        need()
        host = "mx." + to.split("@")[1].lower()
        before, had = len(here.mta.lines_logged), len(went(host))
        found = send(to)
        if reason:
            contains(found[to], "Deferred")
            contains(reasons(to, before)[0], f"451 4.7.")
            contains(reasons(to, before)[0], f" {reason}")
            equal(len(went(host)), had, "what the server has")
        else:
            contains(found[to], "Sent")
            equal([one[1] for one in went(host)[had:]], [None if version == "plain" else version])


@test("Sendmail: the decisions are logged with queue id, recipient and server")
def _():
    send("u@good.test")
    line = [one for one in here.daemon.decisions() if one["to"] == "u@good.test"][-1]
    equal((line["partner"], line["verdict"], line["direction"], line["mta"], line["from"], line["server"].rstrip("."), line["server_addr"]),
          ("good.test", "pass", "outbound", "sendmail", "a@here.test", "mx.good.test", "127.0.1.1"))
    equal((line["tls"], line["verify"], line["subject"]), ("TLSv1.3", "OK", "/CN=mx.good.test"))
    equal(any(line["qid"] in logged for logged in here.mta.lines_logged), True, "the queue id is Sendmail's")
    equal([one for one in here.daemon.decisions() if one["to"] == "u@stranger.test"], [])


@test("Sendmail: a mail, also one that came over TLS, does not leave in plaintext where the server refuses STARTTLS")
def _():
    need()
    had = len(went("mx.refusing.test"))
    for found in (send("u@refusing.test"), rig.send_over_tls("u@refusing.test")):
        contains(found["u@refusing.test"], "Deferred")
    equal(len(went("mx.refusing.test")), had, "what the server has")
    lines = [one for one in here.daemon.decisions() if one["to"] == "u@refusing.test"]
    equal([(one["verify"], one["tls"], one["reasons"]) for one in lines],
          [("TEMP", "none", "no_tls")] * 2)


@test("Sendmail: of one message to several recipients each has its own answer")
def _():
    found = send("u@good.test", "u@plain.test", "u@stranger.test", "u@wrong.test")
    equal({to: "Sent" in stat for to, stat in found.items()},
          {"u@good.test": True, "u@plain.test": False, "u@stranger.test": True, "u@wrong.test": False})


@test("Sendmail: over one session each partner's recipients are judged by the partner's own rule")
def _():
    need()
    had = len(went("mx.good.test"))
    found = send("u@named.test", "u@unnamed.test", "v@named.test")
    equal({to for to, stat in found.items() if "Sent" in stat}, {"u@named.test", "v@named.test"})
    equal({to for to, _, _ in went("mx.good.test")[had:]}, {"u@named.test", "v@named.test"})


# ---- several MX hosts ----

for DOMAIN, HOST in [("two.test", "mx2.two.test"), ("tarpit.test", "mx2.tarpit.test"), ("third.test", "mx3.third.test")]:
    @test(f"Sendmail: {DOMAIN}: behind dead and silent MX hosts the next one is judged, and gets the mail")
    def _(domain=DOMAIN, host=HOST):
        need()
        had = len(went(host))
        contains(send(f"u@{domain}")[f"u@{domain}"], "Sent")
        equal([version for _, version, _ in went(host)[had:]], ["TLSv1.3"])


@test("Sendmail: a first MX with another certificate gets no mail, the second one does")
def _():
    before = len(need().mta.lines_logged)
    send("u@roll.test")
    wait_for(lambda: went("mx2.roll.test"), "the second MX")
    contains(reasons("u@roll.test", before)[0], "certificate_subject")
    equal(went("mx.roll.test"), [])


@test("O14 s names of one session do not count in the next one")
def _():
    need()
    here.zone["stale.test"] = [("MX", "mx.san.test")]
    found = send("u@san.test", "u@stale.test", "u@wrong.test", "u@good.test")
    equal({to for to, stat in found.items() if "Sent" in stat}, {"u@san.test", "u@good.test"})


# ---- the daemon fails ----

def restarted():
    """A new daemon in the place of one that was killed."""
    here.daemon.__exit__(None, None, None)
    here.daemon = Daemon(policy(partners(), rig.outside())).__enter__()


@test("Sendmail: while the daemon is dead, partners are deferred and strangers are sent; then the queue goes out")
def _():
    send("before@chain.test")
    had = len(went("mx.chain.test"))
    here.daemon.kill()
    before = len(here.mta.lines_logged)
    contains(send("dead@chain.test")["dead@chain.test"], "Deferred")
    contains(reasons("dead@chain.test", before)[0], "forcetls-milter does not answer")
    contains(send("dead@stranger.test")["dead@stranger.test"], "Sent")
    equal(len(went("mx.chain.test")), had)
    restarted()
    flush()
    wait_for(lambda: len(went("mx.chain.test")) > had, "the queue")
    equal([version for _, version, _ in went("mx.chain.test")[had:]], ["TLSv1.3"])


@test("Sendmail: while the daemon hangs, a partner waits, and strangers are sent to at once")
def _():
    need()
    had = len(went("mx.good.test"))
    os.kill(here.daemon.pid, signal.SIGSTOP)
    try:
        begun = time.monotonic()
        contains(send("hung@stranger.test")["hung@stranger.test"], "Sent")
        if time.monotonic() - begun > patience(10):
            raise AssertionError("the stranger waited")
        before = len(here.mta.lines_logged)
        waiting = threading.Thread(target=send, args=("hung@good.test",))
        waiting.start()
        wait_for(lambda: any("relay=mx.good.test., version=" in line for line in here.mta.lines_logged[before:]), "the session")
        waiting.join(2)
        equal((waiting.is_alive(), len(went("mx.good.test"))), (True, had), "it waits, and nothing left")
    finally:
        os.kill(here.daemon.pid, signal.SIGCONT)
    waiting.join(patience(30))
    wait_for(lambda: len(went("mx.good.test")) > had, "what waited")


@test("Sendmail: a new list of partners counts without a restart")
def _():
    need()
    listed = [*partners(), partner("stranger.test")]
    here.daemon.reload(policy(listed, rig.outside()))
    contains(send("before@stranger.test")["before@stranger.test"], "Sent")
    here.mta.write("mail/outbound_access", rig.exported(listed)[1])
    here.mta.makemap("outbound_access")
    contains(send("behind@stranger.test")["behind@stranger.test"], "Deferred")
    here.mta.write("mail/outbound_access", rig.exported(partners(), "--testing")[1])
    here.mta.makemap("outbound_access")
    here.daemon.reload(policy(partners(), rig.outside()))
    contains(send("again@stranger.test")["again@stranger.test"], "Sent")


# ---- the ruleset ----

@contextlib.contextmanager
def changed(*replacements):
    """Sendmail with other lines than those that export prints."""
    kept = need().mta.tail
    for old, new in replacements:
        contains(here.mta.tail, old)
        here.mta.tail = here.mta.tail.replace(old, new)
    try:
        here.mta.restart(here.mta.lines)
        yield
    finally:
        here.mta.tail = kept
        here.mta.restart(here.mta.lines)


@test("O15 s a map with the default OK sends while the daemon is dead; the one with <TMPF> defers")
def _():
    need()
    here.daemon.kill()
    contains(send("good@plain.test")["good@plain.test"], "Deferred")
    equal(went("mx.plain.test"), [])
    with changed(("Ksendmail socket -f -T<TMPF>", "Ksendmail socket -f"), ("$: <TMPF> $)>", "$: OK $)>")):
        contains(send("bad@plain.test")["bad@plain.test"], "Sent")
    equal([to for to, _, _ in went("mx.plain.test")], ["bad@plain.test"])
    here.servers["mx.plain.test"].messages.clear()
    restarted()


@test("O16 s a list of partners that is optional and missing lets all mail out; one that is required holds it")
def _():
    need()
    for options, sent in (("-o", True), ("-T<TMPF>", False)):
        with changed(("Kforcetls_partners hash -T<TMPF> /etc/mail/outbound_access", f"Kforcetls_partners hash {options} /etc/mail/missing")):
            send(f"u{options[1]}@plain.test")
        equal(len(went("mx.plain.test")), sent)
        here.servers["mx.plain.test"].messages.clear()


@test("O17 s a recipient at a host in brackets is the partner's")
def _():
    need()
    with changed(("R[ $+ ]\t\t\t$1\n", "")):
        contains(send("bad@[mx.plain.test]")["bad@[mx.plain.test]"], "Sent")
    here.servers["mx.plain.test"].messages.clear()
    contains(send("good@[mx.plain.test]")["good@[mx.plain.test]"], "Deferred")
    equal(went("mx.plain.test"), [])


@test("Sendmail: a reload is in force at the next recipient")
def _():
    need()
    listed = [one for one in partners() if one["name"] != "chain.test"]
    here.daemon.reload(policy([*listed, partner("chain.test", certificates=[{"name": "elsewhere.test"}])], rig.outside()))
    before = len(here.mta.lines_logged)
    contains(send("reloaded@chain.test")["reloaded@chain.test"], "Deferred")
    contains(reasons("reloaded@chain.test", before)[0], "certificate_subject")
    here.daemon.reload(policy(partners(), rig.outside()))
    contains(send("again@chain.test")["again@chain.test"], "Sent")
