# SPDX-License-Identifier: BSD-2-Clause
"""Every kind of certificate beside every kind of rule, next hops of every form, and what the guard files are for."""
import datetime
import os
import signal
import time

import outbound_tables as tables
from daemon import patience
from outbound_detours_rig import forget_deferred, here, need, policy, send, set_parameter, submit, went
from tap import contains, equal, test

for NUMBER, (WHAT, _, _, MEETS) in enumerate(tables.CERTIFICATES):
    @test(f"Postfix: a certificate that shows {WHAT} meets {', '.join(sorted(MEETS)) or 'no name'}")
    def _(number=NUMBER, meets=MEETS):
        need()
        for rule in tables.RULES:
            submit(f"u@{rule}{number}.test")
        for rule in tables.RULES:
            line = here.postfix.wait_log(f"to=<u@{rule}{number}.test>", 60)
            contains(line, "status=sent" if rule == "none" or rule in meets else "status=deferred (Server certificate not verified)", rule)
        equal({to for to, _ in went(f"mx.h{number}.test")}, {f"u@{rule}{number}.test" for rule in (*meets, "none")}, "what arrived")


# ---- next hops: the servers offer no TLS, so mail is deferred where the rule is found, and only there ----

def is_deferred(to, number, logged=None, sender="a@here.test"):
    need().postfix.sendmail(sender, to, b"Subject: x\n\nx\n")
    contains(here.postfix.wait_log(f"to=<{logged or to}>", 60), "status=deferred (TLS is required, but was not offered")
    equal(went(f"mx.next{number}.test"), [])


for NUMBER, (TO, WHAT, _, _) in enumerate(tables.HOPS):
    @test(f"Postfix: the rule is found for a next hop: {WHAT}")
    def _(number=NUMBER, to=TO):
        is_deferred(to, number, "u@next9.test" if number == 9 else to.rstrip("."))


@test("Postfix: the rule is found for a next hop: by the sender")
def _():
    is_deferred("u@next10.test", 10, sender="s10@here.test")


for NUMBER, (NAME, VALUE) in tables.SETTINGS.items():
    @test(f"Postfix: the rule is found for a next hop: {NAME}")
    def _(number=NUMBER, name=NAME, value=VALUE):
        need()
        forget_deferred()  # else other mail goes there, too
        set_parameter(name, value)
        try:
            is_deferred(f"u@next{number}.test", number)
        finally:
            set_parameter(name, "")


# ---- the daemon ----

@test("Postfix: while the daemon hangs, strangers are sent at once, and a partner's mail waits for it")
def _():
    need()
    forget_deferred()
    os.kill(here.daemon.pid, signal.SIGSTOP)
    try:
        submit("u@hung.test")
        begun = time.monotonic()
        contains(send("hung@stranger.test"), "status=sent")
        if time.monotonic() - begun > patience(10):
            raise AssertionError("the stranger waited")
        equal(("to=<u@hung.test>" in here.postfix.log(), went("mx.hung.test")), (False, []), "the partner's mail")
    finally:
        os.kill(here.daemon.pid, signal.SIGCONT)
    contains(here.postfix.wait_log("to=<u@hung.test>", 60), "status=sent")
    equal(went("mx.hung.test"), [("u@hung.test", "TLSv1.3")])


@test("Postfix: without an identity in force a partner's mail is deferred, and no other")
def _():
    contains(send("u@dates.test"), "status=deferred (client TLS configuration problem)")
    equal(went("mx.dates.test"), [])


@test("Postfix: a certificate takes over at its second")
def _():
    need()
    at = int(time.time()) + 4
    date = datetime.datetime.fromtimestamp(at, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    here.daemon.reload(policy(turn=[{"name": "a.turn.test", "until": date}, {"name": "b.turn.test", "from": date}]))
    contains(send("before@turn.test"), "status=deferred")
    equal((time.time() < at, went("mx.turn.test")), (True, []), "the mail before")
    time.sleep(max(0, at - time.time()))
    submit("after@turn.test")
    end = time.monotonic() + patience(60)
    while len(went("mx.turn.test")) < 2 and time.monotonic() < end:
        time.sleep(0.05)
    equal(sorted(went("mx.turn.test")), [("after@turn.test", "TLSv1.3"), ("before@turn.test", "TLSv1.3")])
    matches = [line["answer"].split(" ")[1] for line in here.daemon.events("outbound") if line["key"] == "turn.test"]
    equal((matches[0], matches[-1]), ("match=a.turn.test", "match=b.turn.test"))
