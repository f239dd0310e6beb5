# SPDX-License-Identifier: BSD-2-Clause
"""Rows O of the catalogue: first with the mistake, then without it."""
import os
import signal
import threading
import time

from daemon import Daemon, patience
from outbound_detours_rig import here, need, policy, reload_postfix, send, set_parameter, submit, version, went
from tap import contains, equal, test


def compare(domain, bad, good):
    """What becomes of mail by the service with the mistake, and by the one without."""
    contains(send(f"bad@{domain}"), f"status={bad}", "with the mistake")
    contains(send(f"good@{domain}"), f"status={good}", "without it")


# domain, with the mistake, without it; TLS of what left wrongly
for ROW, WHAT, DOMAIN, BAD, GOOD, LEFT in [
        ("O01", "smtp_fallback_relay sends a partner's mail in plaintext", "fall.test", "sent", "deferred", ("mx.relay.test", None)),
        ("O03", "another map overtakes a suffix", "x.over.test", "sent", "deferred", ("mx.x.over.test", None)),
        ("O05", "pins by MD5 never match", "pinned.test", "deferred", "sent", None),
        ("O06", "smtp_tls_CApath outside of the chroot trusts nobody", "chroot.test", "deferred", "sent", None),
        ("O08", "a hole under a suffix cannot be made by NOTFOUND alone", "old.hole.test", "deferred", "sent", None),
        ("O09", "a partner's rule hides DANE", "hidden.test", "sent", "deferred", ("mx.hidden.test", "TLSv1.3")),
        ("O12", "encrypt alone takes old versions", "weak.test", "sent", "deferred", ("mx.weak.test", "TLSv1.1")),
        ("O13", "a service has no map", "override.test", "sent", "deferred", ("mx.override.test", None)),
        ("O19", "lmtp(8) never asks", "lmtp.test", "sent", "deferred", ("mx.lmtp.test", None))]:
    @test(f"{ROW} x {WHAT}")
    def _(domain=DOMAIN, bad=BAD, good=GOOD, left=LEFT):
        compare(domain, bad, good)
        if left:
            equal(went(left[0]), [(f"bad@{domain}", left[1])], "what left")
        else:
            equal([to for to, _ in went(f"mx.{domain}")], [f"good@{domain}"], "what arrived")


@test("Postfix: a service whose smtp_tls_security_level is none holds the rules")
def _():
    contains(send("level@plain.test"), "status=deferred (TLS is required")
    contains(send("level@two.test"), "status=sent")
    equal((went("mx.plain.test"), ("level@two.test", "TLSv1.3") in went("mx2.two.test")), ([], True))


@test("O04 x a socketmap that answers OK without a blank is not found")
def _():
    need()
    compare("blank.test", "sent" if version() < (3, 10) else "deferred", "deferred")
    equal([to for to, _ in went("mx.blank.test")], ["bad@blank.test"] if version() < (3, 10) else [])


@test("O07 x half DANE: Postfix ignores a level of dane where the MX record is not signed")
def _():
    need()
    ignored = version() < (3, 7, 13)
    compare("half.test", "sent" if ignored else "deferred", "deferred")
    equal([to for to, _ in went("mx.half.test")], ["bad@half.test"] if ignored else [])


@test("O18 x a header TLS-Required: no switches the rules off (Postfix 3.10)")
def _():
    need()
    ignored, header = version() < (3, 10), b"Subject: x\nTLS-Required: no\n"
    set_parameter("tls_required_enable", "yes")  # cleanup(8) reads it, too
    contains(send("bad@required.test", header), "status=deferred" if ignored else "status=sent", "with tls_required_enable")
    set_parameter("tls_required_enable", "no")
    contains(send("good@required.test", header), "status=deferred", "without it")
    equal([to for to, _ in went("mx.required.test")], [] if ignored else ["bad@required.test"])


@test("O21 x an answer of the upstream map that opens a brace takes our suites into its match")
def _():
    need()
    swallowed = version() >= (3, 10)
    compare("brace.test", "sent" if swallowed else "deferred", "deferred")
    equal(went("mx.brace.test"), [("bad@brace.test", "TLSv1.2")] if swallowed else [])


@test("O11 x mail that is routed by hand is asked for by its next hop")
def _():
    contains(send("bad@hop1.test"), "status=sent", "a next hop that is not listed")
    equal(went("mx.hop1.test"), [("bad@hop1.test", None)])
    contains(send("good@hop2.test"), "status=deferred", "one that is")
    equal(went("mx.hop2.test"), [])


@test("O02 x a connection that is open is not asked about again; postfix reload closes it")
def _():
    need()
    by_level = version() >= (3, 10, 3)  # a cached connection counts only at the level that it was made for
    contains(send("one@cache.test"), "status=sent")
    contains(send("again@cache.test"), "conn_use=2", "a second mail")
    here.daemon.reload(policy(cache="enforce"))
    contains(send("two@cache.test"), "status=deferred" if by_level else "status=sent", "after the rule was tightened")
    equal(went("mx.cache.test"), [(f"{who}@cache.test", None) for who in ("one", "again", "two")[:2 if by_level else 3]])
    reload_postfix()
    contains(send("three@cache.test"), "status=deferred")
    equal(len(went("mx.cache.test")), 2 if by_level else 3)


# ---- several MX hosts, names ----

for DOMAIN, HOST, WHAT in [("two.test", "mx2.two.test", "the first is dead"), ("tarpit.test", "mx2.tarpit.test", "the first is silent"),
                           ("three.test", "mx3.three.test", "one is dead, one silent"), ("roll.test", "mx2.roll.test", "the first has another certificate")]:
    @test(f"Postfix: several MX hosts: {WHAT}")
    def _(domain=DOMAIN, host=HOST):
        contains(send(f"u@{domain}"), "status=sent")
        equal([one for one in went(host) if one[0] == f"u@{domain}"], [(f"u@{domain}", "TLSv1.3")])
        equal([went(name) for name in here.servers if name.endswith("." + domain) and name != host], [[]] * (domain in ("tarpit.test", "three.test", "roll.test")))


@test("Postfix: A-labels and U-labels are one partner")
def _():
    contains(send("a@xn--mnchen-3ya.test"), "status=sent")
    contains(send("u@münchen.test"), "status=sent")
    lines = [one["partner"] for one in here.daemon.events("outbound") if "nchen" in one["key"]]
    equal(set(lines), {"xn--mnchen-3ya.test"})


# ---- DANE ----

for DOMAIN, STATUS, TEXT in [("dane.test", "sent", ""), ("danewrong.test", "deferred", "not verified"),
                             ("danenone.test", "deferred", "no TLSA records"), ("danefail.test", "deferred", "TLSA lookup error"),
                             ("daneunusable.test", "deferred", "TLSA records unusable"), ("unsigned.test", "deferred", "non DNSSEC")]:
    @test(f"Postfix: certificates: dane: {DOMAIN} is {STATUS}")
    def _(domain=DOMAIN, status=STATUS, text=TEXT):
        line = send(f"u@{domain}")
        contains(line, f"status={status}")
        contains(line, text)
        equal(len(went(f"mx.{domain}")), 1 if status == "sent" else 0)


# ---- faults ----

def restart():
    here.daemon.__exit__(None, None, None)
    here.daemon = Daemon(policy()).__enter__()


@test("Postfix: the daemon is killed, hangs, restarts and reloads while mail flows: nothing leaves against a rule")
def _():
    need()
    ended = threading.Event()

    def flow():
        number = 0
        while not ended.is_set():
            number += 1
            submit(f"u{number}@flow.test")
            submit(f"u{number}@plain.test")
    sending = threading.Thread(target=flow)
    sending.start()
    try:
        for _ in range(3):
            here.daemon.kill()
            time.sleep(0.3)
            restart()
            here.daemon.reload(policy(flow=[{"name": "elsewhere.test"}]))
            here.daemon.reload(policy())
            os.kill(here.daemon.pid, signal.SIGSTOP)
            time.sleep(0.3)
            os.kill(here.daemon.pid, signal.SIGCONT)
    finally:
        ended.set()
        sending.join(patience(60))
    end = time.monotonic() + patience(60)
    while not went("mx.flow.test") and time.monotonic() < end:
        time.sleep(0.05)
    equal({tls for _, tls in went("mx.flow.test")}, {"TLSv1.3"})
    equal(went("mx.plain.test"), [])


@test("O10 x with the socketmap alone a dead daemon stops all mail; with the guard files only partners' mail")
def _():
    need()
    here.daemon.kill()
    for who in ("bad@alone.test", "bad@stranger.test", "good@alone.test"):
        contains(send(who), "status=deferred", who)
    contains(send("good@stranger.test"), "status=sent")
    equal(went("mx.alone.test"), [])
    restart()
