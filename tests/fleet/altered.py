# SPDX-License-Identifier: BSD-2-Clause
"""What was collected, with one thing altered each; every check of verify.py has something here that it must find."""
import verify


def without(counter, key):
    return {one: count for one, count in counter.items() if one != key}


def sender_of(got, condition):
    return next(attempt for attempt in got.attempts if condition(attempt))


def with_attempt(got, condition, **changes):
    """As if one attempt had been another one."""
    one = sender_of(got, condition)
    return got._replace(attempts=[attempt._replace(**changes) if attempt is one else attempt
                                  for attempt in got.attempts])


def with_events(got, change):
    """With another log of the first gateway."""
    name = got.gateways[0].name
    return got._replace(events={**got.events, name: change(list(got.events[name]))})


def without_decision(log):
    """Without the line of a decision behind which others follow."""
    log.remove(verify.decisions(log)[0])
    return log


def with_partner(got, **more):
    first, *others = got.report["partners"]
    changed = {key: first[key] + count for key, count in more.items()}
    return got._replace(report={**got.report, "partners": [{**first, **changed}, *others]})


def is_taken(attempt):
    return attempt.code == 250 and attempt.kind.always_accepted()


def is_refused(attempt):
    return attempt.code == 530


class Scraped:
    """A gateway of which the last scrape that has any has one decision more."""

    def __init__(self, gateway):
        self.__dict__ = dict(gateway.__dict__)
        generation, begun, ended, found = next(scrape for scrape in gateway.scrapes[::-1] if scrape[3])
        series = next(iter(found))
        self.scrapes = [(generation, begun, ended, {**found, series: found[series] + 1})]


# What is altered, and the check that must find it.
ALTERED = {
    "a mail that was taken and did not arrive": ("arrivals", lambda got: got._replace(
        arrived=without(got.arrived, sender_of(got, is_taken).sender))),
    "a mail of a partner that arrived unproved": ("arrivals", lambda got: got._replace(
        arrived={**got.arrived, sender_of(got, is_refused).sender: 1})),
    "a mail that nobody sent": ("arrivals", lambda got: got._replace(arrived={**got.arrived, "x@y.test": 1})),
    "a refusal that became an acceptance": ("answers", lambda got: with_attempt(
        got, is_refused, code=250, text="250 queued")),
    "an acceptance that became a refusal": ("answers", lambda got: with_attempt(
        got, is_taken, code=530, text="530 5.7.0 Must issue a STARTTLS command first [strict no_tls]")),
    "a deferral in quiet times": ("answers", lambda got: with_attempt(
        got, is_taken, code=451, text="451 4.7.1 Service unavailable", connected=0, begun=0, ended=1)),
    "a mail that nobody took": ("taken", lambda got: got._replace(attempts=[
        attempt._replace(code=451) if attempt.mail == sender_of(got, is_taken).mail else attempt
        for attempt in got.attempts])),
    "a line less": ("logged", lambda got: with_events(got, without_decision)),
    "a line twice": ("logged", lambda got: with_events(got, lambda log: log + verify.decisions(log)[-1:])),
    "a line with another verdict": ("logged", lambda got: with_events(got, lambda log: [
        {**line, "verdict": "undecidable"} if line is verify.decisions(log)[0] else line for line in log])),
    "a counter that counted one more": ("counters", lambda got: got._replace(
        gateways=[Scraped(got.gateways[0]), *got.gateways[1:]])),
    "a report with one mail more": ("reported", lambda got: with_partner(got, mails=1)),
    "a report with a failure less": ("reported", lambda got: with_partner(got, fail=-1)),
    "a report with a gap": ("reported", lambda got: got._replace(report={**got.report, "gaps": [
        {"gateway": "mx1", "kind": "lost", "from": None, "until": None, "lines": 1}]})),
    "a report that lacks a gateway": ("reported", lambda got: got._replace(
        report={**got.report, "gateways": got.report["gateways"][1:]})),
}
